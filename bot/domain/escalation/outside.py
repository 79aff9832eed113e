"""The pages of a step that leave Discord: by which ways, to whom, and when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.delivery.attempts import PATIENCE
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging.ways import SYSTEMS, Also, Way
from bot.domain.severity import LadderStep, SeverityPolicy

#: The systems of a way to one person.
_SYSTEMS: Final = {also: systems for also, systems in SYSTEMS.items() if also.is_personal}


@dataclass(frozen=True, slots=True)
class OutsidePage:
    """A page to queue.

    Attributes:
        place: The on-call place whose person it is for; None: it goes out once for the incident.
        wait: How long it waits for an acknowledgement first.
    """

    way: Way
    place: str | None = None
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class OutsideRules:
    """What decides about the pages of a step.

    Attributes:
        is_mailed: An email goes to everybody with this step in any case.
        timezone: Of people's quiet hours.
    """

    severity: SeverityPolicy
    is_mailed: bool
    timezone: ZoneInfo

    def pages(
        self, rung: LadderStep, called: Mapping[str, OnCallPerson], *, now: datetime
    ) -> list[OutsidePage]:
        """Return the pages of a step that is taken at *now*: each person's, then the incident's own."""
        own = [page for place, who in called.items() for page in self._to(place, who, rung, now=now)]
        return [
            *own,
            *(OutsidePage(way) for also in rung.also if not also.is_personal for way in SYSTEMS[also]),
        ]

    def _to(self, place: str, who: OnCallPerson, rung: LadderStep, *, now: datetime) -> Iterator[OutsidePage]:
        """Yield a person's pages: at once what the step names, after their own wait what they chose."""
        chosen = () if who.notify is None else who.notify.ways
        for also, systems in _SYSTEMS.items():
            if also not in rung.also and also not in chosen:
                continue
            if also is Also.EMAIL and self.is_mailed:
                continue
            at = now if who.notify is None or also in rung.also else now + who.notify.wait
            if who.notify is not None and who.notify.quiet is not None and self.severity.quiet_hours:
                at = max(at, who.notify.quiet.end_after(at, self.timezone))
            wait = at - now
            if also is Also.EMAIL and self.severity.email_backup:
                wait = max(wait, PATIENCE)  # by then it is known if Discord is away, and an email goes anyway
            yield from (OutsidePage(way, place, wait) for way in systems if who.address(way) is not None)


def reachable_by(who: OnCallPerson) -> list[Way]:
    """Return the ways by which a person can be reached."""
    return [way for systems in _SYSTEMS.values() for way in systems if who.address(way) is not None]
