"""Rules that name the person on call, asked hour by hour: slow, simple, and not the bot's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Turns:
    """People who take turns of whole days on the local clock.

    Attributes:
        first: When the first turn begins, in local time (naive).
        hours: The local hours at which it counts; None for all. They may cross midnight.
    """

    people: tuple[str, ...]
    first: datetime
    days: int
    timezone: ZoneInfo
    hours: tuple[int, int] | None = None

    def at(self, moment: datetime) -> str | None:
        local = moment.astimezone(self.timezone).replace(tzinfo=None)
        if self.hours is not None:
            begins, ends = self.hours
            inside = (
                begins <= local.hour < ends if begins < ends else local.hour >= begins or local.hour < ends
            )
            if not inside:
                return None
        return self.people[(local - self.first).days // self.days % len(self.people)]

    @property
    def begins(self) -> datetime:
        return self.first.replace(tzinfo=self.timezone)

    @property
    def opens(self) -> time:
        assert self.hours is not None
        return time(self.hours[0])


def hours(since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every full hour of [since, until), in UTC."""
    at = since.astimezone(UTC)
    while at < until:
        yield at
        at += HOUR


def stretches(
    who: Callable[[datetime], str | None], since: datetime, until: datetime
) -> list[tuple[str, datetime, datetime]]:
    """Return what *who* answers from hour to hour, equal neighbours as one stretch."""
    found: list[tuple[str, datetime, datetime]] = []
    for at in hours(since, until):
        person = who(at)
        if found and found[-1][0] == person and found[-1][2] == at:
            found[-1] = (found[-1][0], found[-1][1], at + HOUR)
        elif person is not None:
            found.append((person, at, at + HOUR))
    return found
