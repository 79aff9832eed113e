"""Maintenance windows: the policy's rules, the alerts that a window held back, and the lines about both."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.calendar.typed_times import local_time
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.payloads import Payload
from bot.domain.server_events import EventShown
from cogs.maintenance.recurrence import Recurrence

_AHEAD: Final = timedelta(seconds=30)


class MaintenanceDelivery(AnyDeliveryKind):
    """The kind of delivery of maintenance windows."""

    #: The line about a maintenance window: it began, was changed, or is over.
    ALERT_WINDOW = "alert_window"
    #: The line that Discord refuses an event for planned maintenance.
    EVENT_PROBLEM = "window_event_problem"


@dataclass(frozen=True, slots=True)
class WindowRules:
    """What the policy says of maintenance windows.

    Attributes:
        at_most: How long a window may be.
        spares: Names of the severities whose alerts no window holds.
        channel: Where windows are announced; None: in the channel of the highest severity.
        events: Planned windows are in the server's own list of events.
    """

    at_most: timedelta = timedelta(hours=24)
    spares: tuple[str, ...] = ()
    channel: str | None = None
    events: bool = False


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """An entry ``[[maintenance]]`` of the policy, for one of its targets.

    Attributes:
        said: When it comes, as the file writes it.
        recurrence: None: it comes once, at `at`, a wall time of the policy's zone.
        by_clock: As in `NewPlan`.
    """

    target: str
    said: str
    lasts: timedelta
    reason: str = ""
    recurrence: Recurrence | None = None
    at: datetime | None = None
    by_clock: bool = False

    def source_in(self, zone: ZoneInfo) -> str:
        """Return what makes it the same entry when the file is read again; its times are those of *zone*."""
        said = f"{self.said}|{self.lasts.total_seconds():.0f}|{self.reason}"
        return f"{self.target.casefold()}|{said}|{zone.key}"


@dataclass(frozen=True, slots=True)
class PolicyPlans:
    """The maintenance that the policy plans."""

    entries: tuple[PolicyPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class NewPlan:
    """Maintenance to be planned.

    Attributes:
        said: When it comes, as a person wrote it.
        rule: An RRULE in the policy's zone; empty: once, at `first_at`.
        first_at: From when the rule counts.
        next_at: When it begins next.
        source: Which entry of the policy it is; None: a person plans it.
        replaces_id: The plan that this one is an edit of.
        is_kept: False: it is only previewed so far.
        by_clock: It ends at a time of day, so `lasts_s` counts what wall clocks show, not time that passes.
    """

    guild_id: int
    target: str
    reason: str
    said: str
    rule: str
    first_at: datetime
    lasts_s: int
    next_at: datetime | None
    source: str | None = None
    replaces_id: int | None = None
    is_kept: bool = True
    by_clock: bool = False


@dataclass(frozen=True, slots=True)
class MaintenancePlan:
    """Maintenance that is planned: once at a time to come, or again and again. See `NewPlan`."""

    id: int
    guild_id: int
    target: str
    reason: str
    said: str
    rule: str
    first_at: datetime
    lasts_s: int
    by_id: int
    by_name: str
    source: str | None = None
    replaces_id: int | None = None
    next_at: datetime | None = None
    by_clock: bool = False

    @property
    def lasts(self) -> timedelta:
        """Return how long each of its windows is."""
        return timedelta(seconds=self.lasts_s)

    @property
    def next_s(self) -> int:
        """Return when it begins next, seconds since 1970; 0: never."""
        return 0 if self.next_at is None else int(self.next_at.timestamp())

    def ends_at(self, begins: datetime, zone: ZoneInfo) -> datetime:
        """Return when the window that begins at *begins* ends."""
        if not self.by_clock:
            return begins + self.lasts
        local = begins.astimezone(zone)
        wall = local.replace(tzinfo=None) + self.lasts
        return local_time(wall.date(), wall.time(), local).astimezone(UTC)

    def after(self, moment: datetime, zone: ZoneInfo) -> list[datetime]:
        """Return the next three times that it begins after *moment*."""
        if not self.rule:
            return [self.first_at] if self.first_at > moment else []
        return list(islice(Recurrence(self.rule).after(moment, first_at=self.first_at, zone=zone), 3))


@dataclass(frozen=True, slots=True)
class HeldCount:
    """What a window has held.

    Attributes:
        alerts, times: How many different ones, and how often they came.
        numbers: The incidents that those have become that still fired.
        moved: How many of them something else holds by now, as an incident of what they depend on.
    """

    alerts: int
    times: int
    numbers: tuple[int, ...]
    moved: int


@dataclass(frozen=True, slots=True)
class WindowEvent:
    """An event in the server's list that the bot has made for a plan, or is about to make.

    Attributes:
        event_id: Discord's; None: it may have made the event or not.
        shown: What the event is to show, by what Discord was last asked.
    """

    id: int
    plan_id: int
    event_id: int | None
    shown: EventShown

    def is_to_come(self, now: datetime) -> bool:
        """Return True if its start lies ahead."""
        return self.shown.starts_at > now


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """What the event for the next time of a plan shows.

    Attributes:
        replaces_id: The plan that this one is an edit of: its event becomes the plan's.
    """

    plan_id: int
    shown: EventShown
    replaces_id: int | None = None


@dataclass(frozen=True, slots=True)
class EventStep:
    """What is to be with one event.

    Attributes:
        known: None: it is to be made.
        shown: What it is to show; None: it is to end.
    """

    plan_id: int
    known: WindowEvent | None
    shown: EventShown | None

    @property
    def is_due(self) -> bool:
        """Return True if Discord must be asked for it."""
        return self.known is None or self.known.event_id is None or self.known.shown != self.shown


def event_steps(
    known: Iterable[WindowEvent],
    planned: Iterable[PlannedEvent],
    ends: Mapping[str, datetime],
    now: datetime,
) -> list[EventStep]:
    """Return what is to be with each event, those that exist first.

    An event to come follows its plan, also to another time. One whose time has come follows the open window
    of its target, and ends with it.

    Args:
        planned: The next time of each plan.
        ends: When the open windows end, by target in lower case.
    """
    plans = {one.plan_id: one for one in planned}
    steps = []
    for event in known:
        plan = plans.get(event.plan_id)
        if plan is not None and plan.shown.starts_at == event.shown.starts_at:  # its window is about to begin
            steps.append(EventStep(event.plan_id, event, plan.shown))
            del plans[event.plan_id]
        elif event.is_to_come(now):
            heirs = (one for one in plans.values() if one.replaces_id == event.plan_id)
            plan = plan or next(heirs, None)
            steps.append(
                EventStep(event.plan_id if plan is None else plan.plan_id, event, _to_come(plan, now))
            )
            if plan is not None:
                del plans[plan.plan_id]
        else:
            ends_at = ends.get(event.shown.location.casefold())
            shown = None if ends_at is None else replace(event.shown, ends_at=ends_at)
            steps.append(EventStep(event.plan_id, event, shown))
    made = (EventStep(plan.plan_id, None, _to_come(plan, now)) for plan in plans.values())
    return [*steps, *(one for one in made if one.shown is not None)]


def _to_come(plan: PlannedEvent | None, now: datetime) -> EventShown | None:
    """Return what a new or moved event shows; None if there is none. Discord wants its start to lie ahead."""
    return plan.shown if plan is not None and plan.shown.starts_at > now + _AHEAD else None


class EventProblemData(Payload):
    """What the line about a refused event says: Discord's code."""

    code: int = 0


class WindowData(Payload):
    """The line that tells the team of a window: it began, was changed, or ended.

    Attributes:
        by: Who has begun or ended it; empty: its time was over.
        planned: It began by a plan; *by* is who has planned it, empty: the policy's file.
        change: What *by* did with a plan: "kept", "skipped" or "dropped"; empty: the line is about a window.
        next_at: When the plan begins next; None: never.
        until: When it ends; None: it has ended.
        spares: Names of the severities that it does not hold.
        alerts, times, numbers, moved: As in `HeldCount`, of one that has ended.
    """

    target: str
    by: str = ""
    reason: str = ""
    until: datetime | None = None
    spares: tuple[str, ...] = ()
    alerts: int = 0
    times: int = 0
    numbers: tuple[int, ...] = ()
    moved: int = 0
    planned: bool = False
    change: str = ""
    next_at: datetime | None = None
