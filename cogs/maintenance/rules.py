"""Maintenance windows: the policy's rules, the alerts that a window held back, and the lines about both."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.payloads import Payload
from cogs.maintenance.recurrence import Recurrence


class MaintenanceDelivery(AnyDeliveryKind):
    """The kind of delivery of maintenance windows."""

    #: The line about a maintenance window: it began, was changed, or is over.
    ALERT_WINDOW = "alert_window"


@dataclass(frozen=True, slots=True)
class WindowRules:
    """What the policy says of maintenance windows.

    Attributes:
        at_most: How long a window may be.
        spares: Names of the severities whose alerts no window holds.
        channel: Where windows are announced; None: in the channel of the highest severity.
    """

    at_most: timedelta = timedelta(hours=24)
    spares: tuple[str, ...] = ()
    channel: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """An entry ``[[maintenance]]`` of the policy, for one of its targets.

    Attributes:
        said: When it comes, as the file writes it.
        recurrence: None: it comes once, at `at`, a wall time of the policy's zone.
    """

    target: str
    said: str
    lasts: timedelta
    reason: str = ""
    recurrence: Recurrence | None = None
    at: datetime | None = None

    @property
    def source(self) -> str:
        """Return what makes it the same entry when the file is read again."""
        return f"{self.target.casefold()}|{self.said}|{self.lasts.total_seconds():.0f}|{self.reason}"


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

    @property
    def lasts(self) -> timedelta:
        """Return how long each of its windows is."""
        return timedelta(seconds=self.lasts_s)

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


class WindowData(Payload):
    """The line that tells the team of a window: it began, was changed, or ended.

    Attributes:
        by: Who has begun or ended it; empty: its time was over.
        planned: It began by a plan; *by* is who has planned it.
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
