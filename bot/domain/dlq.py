"""Notifications that were not delivered. Source: the runbook, 通知が届かなかった疑いがあるとき (DLQ 確認)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.domain.delivery.delivery import Posted
from bot.domain.payloads import Payload

#: Digits of an id as people type it: among a thousand entries, two with the same ones are unlikely.
_SHORT: Final = 6

#: Start of the reason for a message that Discord accepted, but that did not ring.
MUTE: Final = "posted, but @here did not ring"


def short_id(entry_id: UUID | str) -> str:
    """Return an entry's id as people type it: the last six hexadecimal digits.

    The first ones are the time in ids of version 7, and shared by all failures of some hours.
    """
    return str(entry_id)[-_SHORT:]


@dataclass(frozen=True, slots=True)
class DlqEntry:
    """One row of `admin.notification_failures`."""

    id: UUID
    attempted_at: datetime
    channel: str
    severity: str | None
    title: str | None
    http_status: int | None
    retry_count: int | None
    error_message: str | None
    status: str | None
    fallback_email_sent: bool | None
    payload: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class DlqFilter:
    """Which failures to list.

    Attributes:
        hours: How far back, 1..720.
        severity: A priority as the table holds it ("P0"), or None for all.
        channel: Without '#', or None for all.
    """

    hours: int = 24
    severity: str | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class DlqPage:
    """A page of failures, newest first.

    Attributes:
        number: From 1.
        total: Failures that the filter admits, over all pages.
        pages: >= 1.
    """

    entries: tuple[DlqEntry, ...]
    number: int
    pages: int
    total: int
    filter: DlqFilter


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many failures ended with one HTTP status; None: no answer came."""

    http_status: int | None
    count: int


@dataclass(frozen=True, slots=True)
class DlqCounts:
    """Failures in a period, for the digest."""

    total: int
    by_channel: tuple[tuple[str, int], ...]
    p0_failed: int
    p0_emailed: int


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """A replay of a DLQ entry. An entry has one, and one more after each that Discord refused for good.

    Attributes:
        channel_id, message_id: Where it arrived, once it did.
        error: Why it did not.
    """

    entry_id: UUID
    requested_by_id: int
    requested_by_name: str
    requested_at: datetime
    channel: str
    channel_id: int | None = None
    message_id: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class NewFailure:
    """A delivery of ours that failed for good, on its way into the DLQ.

    Attributes:
        id: Derived from the delivery, so that writing it twice leaves one row.
        payload: The full Discord body.
    """

    id: UUID
    attempted_at: datetime
    channel: str
    severity: str | None
    title: str
    http_status: int | None
    retry_count: int
    error_message: str
    fallback_email_sent: bool
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class Origin:
    """The delivery that an entry of the DLQ is about.

    Attributes:
        incident_id: None: it is about no incident.
        channel_id, message_id: Where it is by now, if it has arrived after all.
    """

    nonce: str
    incident_id: int | None = None
    channel_id: int | None = None
    message_id: int | None = None

    @property
    def delivered(self) -> Posted | None:
        """Return the message that it has become since; None if it has not arrived."""
        if self.channel_id is None or self.message_id is None:
            return None
        return Posted(self.channel_id, self.message_id)


def failure_id(nonce: str) -> UUID:
    """Return the id of the DLQ's entry for the delivery with this nonce: written twice, it is one row."""
    return uuid5(NAMESPACE_URL, f"incident-bot:{nonce}")


#: Top-level keys of a Discord message that a replay keeps. Mentions are always stripped.
REPLAYABLE_KEYS = frozenset({"content", "embeds"})


def sanitise_payload(payload: dict[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the part of a stored payload that may be sent again, and the sorted names of the dropped keys.

    `allowed_mentions` is empty: a replay notifies no one.
    """
    kept = {key: value for key, value in payload.items() if key in REPLAYABLE_KEYS and value}
    dropped = tuple(sorted(key for key in payload if key not in kept and payload[key]))
    return {**kept, "allowed_mentions": {"parse": []}}, dropped


class ReplayData(Payload):
    """A DLQ entry sent again.

    Attributes:
        body: The message as it was meant, sanitised.
        entry: The entry's id.
        by: The name of the person who sends it.
    """

    body: dict[str, object]
    entry: str
    by: str
