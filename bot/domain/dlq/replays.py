"""Sending an undelivered notification again: what of it may be sent, and who did so."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.payloads import Payload


@dataclass(frozen=True, slots=True)
class ReplayRecord:
    """A replay of a DLQ entry. An entry has one, and one more after each that Discord refused for good.

    Attributes:
        channel_id, message_id: Where it arrived, once it did.
        error: Why it did not.
    """

    entry_id: str
    requested_by_id: int
    requested_by_name: str
    requested_at: datetime
    channel: str
    channel_id: int | None = None
    message_id: int | None = None
    error: str | None = None


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
