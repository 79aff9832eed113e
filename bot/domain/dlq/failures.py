"""Notifications that were not delivered. Source: the runbook, 通知が届かなかった疑いがあるとき (DLQ 確認)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from bot.domain.dlq.table import DlqColumn
from bot.domain.dlq.views import Cursor, DlqFilter

SHORTEST: Final = 4  # an ending of fewer would name too many

#: Characters of a payload that are read: a longer one is no message.
PAYLOAD_LIMIT: Final = 2_000_000

#: Failures that a list and the HTTP view count at most: a number of seven digits is not worth the wait.
COUNTED: Final = 1_000
COUNTED_BY_STATUS: Final = 100_000

#: Characters that tell an id of ours apart, where the column cuts it.
_CUT: Final = 16

#: The name under which a webhook posts a failure again. It tells replays from alerts of the same webhook,
#: even to a bot that may not read messages.
REPLAYED_AS: Final = "↻ DLQ"

#: Start of the reason for a message that Discord accepted, but that did not ring.
MUTE: Final = "posted, but @here did not ring"


@dataclass(frozen=True, slots=True)
class DlqEntry:
    """One row of the table. A column that the table lacks reads as None.

    Attributes:
        id: A uuid, a number or any other text, as PostgreSQL writes it.
        payload: The stored message; None if it was not asked for, or is no JSON object.
        stored: The payload as it is stored, whatever that is; None if it was not asked for.
        extra: Columns that the policy does not name, with their values as text, cut.
    """

    id: str
    attempted_at: datetime
    channel: str | None
    severity: str | None
    title: str | None
    http_status: int | None
    retry_count: int | None
    error_message: str | None
    status: str | None
    fallback_email_sent: bool | None
    payload: dict[str, object] | None = None
    stored: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def without_words(self, label: str) -> "DlqEntry":
        """Return the entry for people who may not read it: *label* as its title, and no payload."""
        return replace(self, title=label, payload={}, stored=None, extra=())


@dataclass(frozen=True, slots=True)
class DlqPage:
    """A page of failures, newest first.

    Attributes:
        total: Failures that the filter admits, at most `COUNTED`; None: counting them took too long.
        is_more: There are more than *total*.
        newer, older: Where the pages beside this one begin; None: there is none.
        missing: Columns that the table lacks.
    """

    entries: tuple[DlqEntry, ...]
    filter: DlqFilter
    total: int | None
    is_more: bool = False
    newer: Cursor | None = None
    older: Cursor | None = None
    missing: frozenset[DlqColumn] = frozenset()


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many failures ended with one HTTP status; None: no answer came."""

    http_status: int | None
    count: int


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """Failures of a period per HTTP status, most frequent first.

    Attributes:
        is_cut: There were more; only the latest `COUNTED_BY_STATUS` are counted.
        missing: Columns that the table lacks.
    """

    counts: tuple[StatusCount, ...]
    hours: int
    is_cut: bool = False
    missing: frozenset[DlqColumn] = frozenset()

    @property
    def total(self) -> int:
        """Return the number of entries in all statuses together."""
        return sum(each.count for each in self.counts)


@dataclass(frozen=True, slots=True)
class MostSevere:
    """The latest failures of the highest severity that were given up, newest first.

    Attributes:
        is_more: There are older ones.
        missing: Columns that the table lacks.
    """

    entries: tuple[DlqEntry, ...]
    is_more: bool = False
    missing: frozenset[DlqColumn] = frozenset()


@dataclass(frozen=True, slots=True)
class DlqCounts:
    """Failures in a period, for the digest.

    Attributes:
        by_channel, by_status: The most frequent first.
        answers: How the failures of each channel ended, the most frequent first; empty if the table lacks it.
    """

    total: int
    by_channel: tuple[tuple[str, int], ...]
    p0_failed: int
    p0_emailed: int
    by_status: tuple[tuple[str, int], ...] = ()
    answers: Mapping[str, tuple[StatusCount, ...]] = field(default_factory=dict)


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


def failure_id(nonce: str) -> UUID:
    """Return the id of the DLQ's entry for the delivery with this nonce: written twice, it is one row."""
    return uuid5(NAMESPACE_URL, f"incident-bot:{nonce}")


def number_for(failure: UUID, *, bits: int) -> int:
    """Return the id of a failure of ours where ids are numbers of so many *bits*.

    It is negative, so that no sequence ever gives it.
    """
    return -1 - (failure.int & ((1 << (bits - 1)) - 1))


def is_ours(entry_id: str, failure: UUID) -> bool:
    """Return True if the entry of this id is the bot's own *failure*, whatever type an id has there."""
    text = str(failure)
    is_cut = len(entry_id) >= _CUT and text.startswith(entry_id)
    return is_cut or entry_id in {str(number_for(failure, bits=bits)) for bits in (32, 64)}
