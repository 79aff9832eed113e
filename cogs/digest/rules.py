"""When a weekly digest is due (`week_due`), where it is posted, its figures, and what it asks.

Source: the runbook, 週次自動 digest は月曜 18:00 JST.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.action_items import ActionItem, OpenAction
from bot.domain.calendar.business_time import Weekday, local_moment
from bot.domain.delivery.delivery import FileRef
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKindSpec
from bot.domain.dlq import DlqCounts
from bot.domain.incident.incident import Incident
from bot.domain.payloads import Payload
from bot.domain.postmortems import OwedPostmortem
from bot.domain.statistics.figures import AlertQuality, Examples, IncidentFigures, TeamFigures, WeekFigures
from bot.domain.statistics.load import PageCounts, PersonLoad
from bot.domain.statistics.period import IsoWeek


class DigestDelivery(AnyDeliveryKind):
    """The kinds of delivery of the digest."""

    POST = "digest", DeliveryKindSpec(links_places=True)
    #: The line that says what the team has decided about a noisy alert.
    VERDICT = "alert_verdict", DeliveryKindSpec(may_answer=True)


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """When and where the bot posts the weekly digest; *day* and *time* are local."""

    channel: str
    day: Weekday
    time: time


def week_due(*, now: datetime, weekday: int, at: time, zone: ZoneInfo) -> tuple[IsoWeek, datetime]:
    """Return the week whose digest was due last, and when that was.

    The digest of a week is due on the first *weekday* (Monday = 0) at *at* after the week has ended.

    Returns:
        The week that ended before the latest due time <= *now*, and that due time.
    """
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=(local.weekday() - weekday) % 7)
    due = datetime.combine(day, at, zone)
    if due > now:
        due = datetime.combine(day - timedelta(days=7), at, zone)
    return IsoWeek.of(due.date()).previous(), due


def next_due(now: datetime, *, weekday: int, at: time, zone: ZoneInfo) -> datetime:
    """Return when the next digest after *now* is due, in UTC; *weekday* and *at* as for `week_due`."""
    today = now.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in count((weekday - today.weekday()) % 7, 7))
    moments = (local_moment(day, at, timezone=zone) for day in days)
    return next(moment for moment in moments if moment > now).astimezone(UTC)


class Verdict(StrEnum):
    """What becomes of an alert that comes again and again."""

    KEEP = "keep"
    MUTE = "mute"  # it is passed over
    DROP = (
        "drop"  # its rule is to be removed where it is defined, which the bot cannot do; noted for the team
    )


#: How long each holds. Then the digest asks again: a mute without an end would hide real trouble one day.
HOLDS_FOR: Final = {
    Verdict.KEEP: timedelta(days=28),
    Verdict.MUTE: timedelta(days=7),
    Verdict.DROP: timedelta(days=28),
}


@dataclass(frozen=True, slots=True)
class AlertVerdict:
    """The team's last word on an alert, by its fingerprint.

    Attributes:
        incident_id: The alert that was asked about.
        severity: Of that one. A more severe alert is tracked although it is muted.
        by_name: Who has decided.
        passed_over: The messages that were not tracked because of it.
    """

    guild_id: int
    fingerprint: str
    incident_id: int
    verdict: Verdict
    severity: str
    by_id: int
    by_name: str
    at: datetime
    holds_until: datetime
    passed_over: int = 0


class AlertVerdictData(Payload):
    """The line that tells the team what was decided about an alert.

    Attributes:
        answers: The message that has asked.
        verdict: None: the last one was taken back.
        by: Who has decided.
        until: When a mute ends.
    """

    answers: int | None = None
    verdict: Verdict | None = None
    by: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AskedAlerts:
    """The noisiest alerts, of which a digest asks if the team still needs them.

    Attributes:
        alerts: The incidents that tracked each last, the noisiest first; three at most.
        verdicts: The answers that hold, by the numbers of these.
    """

    alerts: tuple[Incident, ...] = ()
    verdicts: Mapping[int, AlertVerdict] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the incidents that the digest asks about."""
        return tuple(one.id for one in self.alerts)


class DigestData(Payload):
    """The post of a week.

    Attributes:
        week: As `IsoWeek.parse` takes it.
        asked: As `AskedAlerts.numbers`.
        files: Its charts.
    """

    week: str
    asked: tuple[int, ...] = ()
    files: tuple[FileRef, ...] = ()


def week_number(week: IsoWeek) -> int:
    """Return *week* as the number of a button: 202647."""
    return week.year * 100 + week.number


def week_numbered(number: int) -> IsoWeek:
    """Return the week of a button's number.

    Raises:
        ValueError: it is none.
    """
    year, week = divmod(number, 100)
    return IsoWeek.of(date.fromisocalendar(year, week, 1))


def digest_key(guild_id: int, week: IsoWeek) -> str:
    """Return the key of the delivery that tells *week*."""
    return f"digest:{guild_id}:{week}"


class DigestPart(StrEnum):
    """A part of a digest that is counted by itself: where that fails, the others are posted without it."""

    INCIDENTS = "incidents"
    TREND = "trend"
    LATE = "late"
    OPEN = "open"
    LOAD = "load"
    EXAMPLES = "examples"
    ALERTS = "alerts"
    DLQ = "dlq"
    POSTMORTEMS = "postmortems"
    ACTIONS = "actions"


#: The parts that the harms of a week are counted from.
_HARM_PARTS: Final = frozenset({DigestPart.INCIDENTS, DigestPart.LOAD, DigestPart.DLQ})

#: How far ahead of its day an action item is listed.
_AHEAD: Final = timedelta(days=7)

#: From so many messages in a week on, the team is asked if it still needs an alert.
ASKED_FROM: Final = 3


@dataclass(frozen=True, slots=True)
class DueAction:
    """An action item that is due, with the incident that it follows from; None for none."""

    item: ActionItem
    incident: Incident | None = None


@dataclass(frozen=True, slots=True)
class ActionsDue:
    """The open action items, those of drills left out.

    Attributes:
        overdue: Their day has passed; the longest ago first.
        due: Due until the next digest, a week from now; the nearest first.
        private: The number of overdue or due items of private incidents, which are among neither.
        private_overdue: How many of these are overdue.
        later: The number of all others.
    """

    overdue: tuple[DueAction, ...] = ()
    due: tuple[DueAction, ...] = ()
    private: int = 0
    private_overdue: int = 0
    later: int = 0

    @property
    def late(self) -> int:
        """Return the number of items that are overdue."""
        return len(self.overdue) + self.private_overdue

    @property
    def waiting(self) -> int:
        """Return the number of items that are overdue or due."""
        return len(self.overdue) + len(self.due) + self.private


def actions_due(items: Iterable[OpenAction], incidents: Mapping[int, Incident], *, today: date) -> ActionsDue:
    """Sort the open action items by how near their day is.

    Args:
        items: Open ones, by due date.
        incidents: Those that they follow from, by number, as far as they are known.
        today: The local day.
    """
    there = [one for one in items if not one.is_drill]
    near = [one for one in there if one.item.due_on <= today + _AHEAD]
    shown = [
        DueAction(one.item, incidents.get(one.item.incident_id or 0)) for one in near if not one.is_private
    ]
    return ActionsDue(
        overdue=tuple(one for one in shown if one.item.is_overdue(today)),
        due=tuple(one for one in shown if not one.item.is_overdue(today)),
        private=sum(one.is_private for one in near),
        private_overdue=sum(one.is_private and one.item.is_overdue(today) for one in near),
        later=len(there) - len(near),
    )


class Harm(StrEnum):
    """What a week can be worse or better in, the gravest first."""

    NIGHT = "night"  # pages in the sleep hours
    UNOWNED = "unowned"  # seconds without an owner
    LATE = "late"  # missed ack deadlines
    PAGES = "pages"
    INCIDENTS = "incidents"  # of one severity
    DLQ = "dlq"  # notifications that did not arrive


#: A week with less than this more or less of it is neither worse nor better, seconds.
_UNOWNED_MARGIN_S: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class HarmFigure:
    """One harm in numbers, of the week and of the one before.

    Attributes:
        severity: Of the incidents, else empty.
    """

    harm: Harm
    now: float
    before: float
    severity: str = ""

    @property
    def rose(self) -> bool:
        """Return True if the week was worse in it."""
        return self.now > self.before and self._counts

    @property
    def fell(self) -> bool:
        """Return True if the week was better in it."""
        return self.now < self.before and self._counts

    @property
    def _counts(self) -> bool:
        return self.harm is not Harm.UNOWNED or abs(self.now - self.before) >= _UNOWNED_MARGIN_S


class Course(StrEnum):
    """How a week was beside the one before."""

    WORSE = "worse"  # in any harm, whatever was better
    BETTER = "better"  # in one harm at least, while no other rose at all
    SAME = "same"
    UNKNOWN = "unknown"  # something could not be counted, or there is nothing to compare with


@dataclass(frozen=True, slots=True)
class Digest:
    """One week in figures, which are defined in `bot.domain.statistics`.

    Attributes:
        figures: Of the week.
        before: The same of the week before it.
        trend: The weeks up to this one, the earliest first.
        missed: Incidents and ringing alerts of the week that were not acknowledged by the deadline, oldest
            first; no more than are listed. `figures.ack_deadlines` has their number.
        open: The same, not resolved at the time of counting, the most severe first, whenever they began.
        load: What the week cost each person.
        load_before: The same of the week before it.
        examples: Where the lines of figures lead.
        teams: By team, the default one first; empty if the policy has no teams.
        dlq: None: the DLQ could not be asked, or is none of this guild's business.
        previous_dlq: Failures one week earlier; None as `dlq`.
        postmortems: Owed by now, whenever they became due.
        actions: As they are by now.
        today: The local day of counting.
        missing: The parts that could not be counted; their values say nothing.
    """

    week: IsoWeek
    figures: IncidentFigures = field(default_factory=IncidentFigures)
    before: IncidentFigures = field(default_factory=IncidentFigures)
    trend: tuple[WeekFigures, ...] = ()
    missed: tuple[Incident, ...] = ()
    open: tuple[Incident, ...] = ()
    load: tuple[PersonLoad, ...] = ()
    load_before: tuple[PersonLoad, ...] = ()
    examples: Examples = field(default_factory=Examples)
    alerts: AlertQuality = field(default_factory=AlertQuality)
    asked_alerts: AskedAlerts = field(default_factory=AskedAlerts)
    postmortems: tuple[OwedPostmortem, ...] = ()
    actions: ActionsDue = field(default_factory=ActionsDue)
    today: date = date.min
    teams: tuple[TeamFigures, ...] = ()
    dlq: DlqCounts | None = None
    previous_dlq: int | None = None
    missing: frozenset[DigestPart] = frozenset()

    @property
    def total(self) -> int:
        """Return the number of incidents of the week."""
        return self.figures.incidents

    @property
    def pages(self) -> PageCounts:
        """Return the pages of the week to all people together."""
        return sum((one.pages for one in self.load), PageCounts())

    @property
    def pages_before(self) -> PageCounts:
        """Return the same of the week before it."""
        return sum((one.pages for one in self.load_before), PageCounts())

    @property
    def is_comparable(self) -> bool:
        """Return True if anything is known of the weeks before it: else the bot may just have come."""
        earlier = any(week.incidents for week in self.trend[:-1])
        known = self.before.incidents or self.before.ack_deadlines.total
        return bool(earlier or known or self.pages_before.total or self.previous_dlq)

    @property
    def harms(self) -> tuple[HarmFigure, ...]:
        """Return what was counted of both weeks, the gravest first."""
        found: list[HarmFigure] = []
        if DigestPart.LOAD not in self.missing:
            found.append(HarmFigure(Harm.NIGHT, self.pages.asleep, self.pages_before.asleep))
        if DigestPart.INCIDENTS not in self.missing:
            now, before = self.figures, self.before
            found.append(HarmFigure(Harm.UNOWNED, now.unowned.total_s, before.unowned.total_s))
            found.append(HarmFigure(Harm.LATE, now.ack_deadlines.missed, before.ack_deadlines.missed))
        if DigestPart.LOAD not in self.missing:
            found.append(HarmFigure(Harm.PAGES, self.pages.total, self.pages_before.total))
        if DigestPart.INCIDENTS not in self.missing:
            counts = [{one.severity: one.incidents for one in of.severities} for of in (now, before)]
            found += [
                HarmFigure(Harm.INCIDENTS, counts[0].get(name, 0), counts[1].get(name, 0), name)
                for name in {**counts[0], **counts[1]}
            ]
        if self.dlq is not None and self.previous_dlq is not None:
            found.append(HarmFigure(Harm.DLQ, self.dlq.total, self.previous_dlq))
        return tuple(found)

    @property
    def course(self) -> tuple[Course, HarmFigure | None]:
        """Return how the week was beside the one before, and the gravest figure that says so."""
        if not self.is_comparable:
            return Course.UNKNOWN, None
        worse = next((one for one in self.harms if one.rose), None)
        if worse is not None:
            return Course.WORSE, worse
        if self.missing & _HARM_PARTS:
            return Course.UNKNOWN, None
        better = next((one for one in self.harms if one.fell), None)
        if better is not None and all(one.now <= one.before for one in self.harms):
            return Course.BETTER, better
        return Course.SAME, None

    @property
    def is_quiet(self) -> bool:
        """Return True if nothing happened in the week and nothing is left to do."""
        aside = self.figures.set_aside
        happened = self.total or aside.false_alarms or aside.duplicates or self.asked_alerts.alerts
        has_harm = self.pages.total or self.figures.unowned.total_s
        is_owed = self.open or self.postmortems or self.actions.waiting
        is_unknown = self.missing - {DigestPart.DLQ}  # of which a quiet week's line tells as well
        return not (
            happened or has_harm or is_owed or is_unknown or (self.dlq is not None and self.dlq.total)
        )

    @property
    def has_trend(self) -> bool:
        """Return True if there is anything to draw: an incident in any of the weeks."""
        return any(week.incidents for week in self.trend)


def alerts_to_ask_about(quality: AlertQuality) -> tuple[int, ...]:
    """Return the noisy alerts that the team is asked about, by the incident that tracked each last."""
    noisy = (one for one in quality.noisiest if one.counts.messages >= ASKED_FROM)
    return tuple(one.latest.id for one in noisy)
