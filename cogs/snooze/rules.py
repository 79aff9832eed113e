"""When an incident may be put to rest, and what is recorded of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import Notice
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.incident.incident import Incident, Status
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.timeline.entries import EntryData, EntryKind

_AT_MOST: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Snoozed:
    """An incident that asks again at `until`; `by_id` and `by_name` are who put it to rest."""

    incident_id: int
    guild_id: int
    until: datetime
    by_id: int
    by_name: str


def snoozed(incident: Incident, *, until: datetime, by: Person, at: datetime) -> Snoozed:
    """Put an acknowledged incident to rest until *until*.

    Raises:
        InvalidTransition: it is not acknowledged.
        UserError: *until* is past, or over a day away.
    """
    if incident.status is not Status.ACKNOWLEDGED:
        raise InvalidTransition("snooze_not_acknowledged", incident=incident.label)
    if until <= at:
        raise UserError("snooze_in_past", until=until)
    if until > at + _AT_MOST + timedelta(minutes=1):  # typed a moment ago
        raise UserError("snooze_too_long", latest=at + _AT_MOST)
    return Snoozed(incident.id, incident.guild_id, until, by.id, by.name)


class SnoozeEntry(EntryKind):
    """What the timeline has of it."""

    SNOOZED = "snoozed"
    WOKEN = "woken"


class SnoozedEntry(EntryData, kind=SnoozeEntry.SNOOZED):
    """It was put to rest."""

    until: datetime


class WokenEntry(EntryData, kind=SnoozeEntry.WOKEN):
    """Its time came, and nobody had written since."""


class SnoozedNotice(Notice, name="snoozed"):
    """The line in the thread that says until when."""

    until: datetime


class SnoozeDelivery(AnyDeliveryKind):
    """The message that asks again."""

    WOKEN = "snooze_woken", DeliveryKindSpec(is_dated=True)


class WokenData(Payload):
    """What that message says: who put the incident to rest, and when its time came."""

    by_id: int
    by: str
    until: datetime
