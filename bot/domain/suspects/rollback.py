"""The decision whether the last change is rolled back."""

from datetime import datetime
from typing import Final

from bot.domain.delivery.notices import Notice
from bot.domain.payloads import Payload
from bot.domain.suspects.card import SuspectCard
from bot.domain.timeline.entries import EntryData, TimelineKind

#: Characters of its reason.
REASON_LIMIT: Final = 300


class Rollback(Payload):
    """The decision that counts: the last one.

    Attributes:
        rolls_back: True: roll back; False: do not.
        reason: At most `REASON_LIMIT` characters.
        by_id, by_name, at: Who decided it, and when.
    """

    rolls_back: bool
    reason: str
    by_id: int
    by_name: str
    at: datetime


class FirstLook(Payload):
    """What is known of the suspects of an incident; empty for one that was not read to be shown.

    Attributes:
        card: None before it is read, or where no source is configured.
        rollback: None before it is decided.
    """

    card: SuspectCard | None = None
    rollback: Rollback | None = None


class RollbackEntry(EntryData, kind=TimelineKind.ROLLBACK_DECIDED):
    """A person has decided whether to roll back; attributes as `Rollback`."""

    rolls_back: bool
    reason: str


class RollbackNotice(Notice, name="rollback_decided"):
    """The same, in the thread; attributes as `Rollback`."""

    rolls_back: bool
    reason: str
