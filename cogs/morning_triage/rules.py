"""The morning triage: the incidents due on a business day, and reminders until each is taken.

Source: the runbook, SEV3 翌営業日対応 / 朝の triage で確認.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

from bot.domain.calendar.business_time import BusinessHours, local_moment
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.incident.incident import Incident, Status
from bot.domain.payloads import Payload


@dataclass(frozen=True, slots=True)
class MorningTriage:
    """The rules for 朝の triage: one post gathers the incidents that are due on a business day.

    Attributes:
        channel: Where the post goes.
        time: Local time of the post, within business hours, not after `BusinessHours.triage_by`.
        nag_every: From `triage_by` on, time between two reminders of unacknowledged incidents; None for none.
        mention: The on-call place whose person a reminder mentions; None for no mention.
    """

    channel: str
    time: time
    nag_every: timedelta | None
    mention: str | None


@dataclass(frozen=True, slots=True)
class MorningRules:
    """What the policy says of morning triages.

    Attributes:
        triage: None for no morning triage.
    """

    triage: MorningTriage | None


class MorningDelivery(AnyDeliveryKind):
    """The posts of a business day."""

    #: The post that gathers what is due on a business day, for people to take.
    POST = "morning"
    #: The reminder of items that are not taken yet.
    NAG = "morning_nag", DeliveryKindSpec(may_answer=True)


@dataclass(frozen=True, slots=True)
class Morning:
    """One business day's gathering.

    Attributes:
        day: The local date.
        incident_ids: The incidents that it gathered, oldest first.
        nag_at: When the next reminder is due; None when everything is taken, or when the day is over.
        nags: The number of reminders so far.
    """

    guild_id: int
    day: date
    incident_ids: tuple[int, ...]
    nag_at: datetime | None = None
    nags: int = 0

    def asked(self, *, following: datetime | None) -> "Morning":
        """Count a reminder; *following* is the time of the next."""
        return replace(self, nags=self.nags + 1, nag_at=following)

    def over(self) -> "Morning":
        """Return the morning without further reminders."""
        return replace(self, nag_at=None)


@dataclass(frozen=True, slots=True)
class MorningView:
    """A gathering with its incidents as they are now."""

    morning: Morning
    incidents: tuple[Incident, ...]

    @property
    def waiting(self) -> tuple[Incident, ...]:
        """Return the incidents that are not taken yet."""
        return tuple(one for one in self.incidents if one.status is Status.TRIGGERED)


def morning_of(now: datetime, hours: BusinessHours, *, at: time) -> date | None:
    """Return the local date of the gathering due at *now* (aware): today, from *at* on, on a business day."""
    local = now.astimezone(hours.timezone)
    is_due = hours.is_business_day(local.date()) and local >= local_moment(
        local.date(), at, timezone=hours.timezone
    )
    return local.date() if is_due else None


def next_gathering(now: datetime, hours: BusinessHours, *, at: time) -> datetime:
    """Return when the next gathering after *now* (aware) is due, in UTC."""
    today = now.astimezone(hours.timezone).date()
    days = (today + timedelta(days=ahead) for ahead in count())
    moments = (local_moment(day, at, timezone=hours.timezone) for day in days if hours.is_business_day(day))
    return next(moment for moment in moments if moment > now).astimezone(UTC)


def end_of(day: date, hours: BusinessHours) -> datetime:
    """Return the local midnight after *day*, in UTC: what is due before it is due that day."""
    return local_moment(day + timedelta(days=1), time(0), timezone=hours.timezone).astimezone(UTC)


def first_nag(now: datetime, hours: BusinessHours, *, every: timedelta) -> datetime | None:
    """Return when the first reminder of a gathering posted at *now* is due: the end of the morning triage.

    Args:
        now: Aware.
        hours: When the team works.
        every: Time between two reminders, and from *now* to the first one if the morning triage is over.

    Returns:
        Aware; None if business is over by then: the next morning gathers what is left.
    """
    day = now.astimezone(hours.timezone).date()
    at = local_moment(day, hours.triage_by, timezone=hours.timezone)
    return _within_business(at if at > now else now + every, hours)


def next_nag(now: datetime, hours: BusinessHours, *, every: timedelta) -> datetime | None:
    """Return when the next reminder after *now* is due; as `first_nag`."""
    return _within_business(now + every, hours)


def _within_business(at: datetime, hours: BusinessHours) -> datetime | None:
    return at if hours.is_open(at) else None


class MorningData(Payload):
    """The stored data of the morning post: the day that it is about."""

    day: date


class MorningNagData(MorningData):
    """A reminder.

    Attributes:
        asks: The on-call place whose person it mentions.
        answers: The id of the post, once that is sent.
    """

    asks: str | None
    answers: int | None = None
