"""Maintenance windows: the policy's rules, the alerts that a window held back, and the lines about both."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.alerts.decisions import HeldAlert
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.payloads import Payload


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
class HeldGroup:
    """One alert that a window has held, however often it came.

    Attributes:
        said_id: Of the last time that it came.
        alert: Of that time.
        times, first_at: How often it came, and when first.
    """

    fingerprint: str
    said_id: int
    alert: HeldAlert
    times: int
    first_at: datetime


@dataclass(frozen=True, slots=True)
class HeldCount:
    """What a window has held.

    Attributes:
        alerts, times: How many different ones, and how often they came.
        numbers: The incidents that those have become that still fired.
    """

    alerts: int
    times: int
    numbers: tuple[int, ...]


class WindowData(Payload):
    """The line that tells the team of a window: it began, was changed, or ended.

    Attributes:
        by: Who has begun or ended it; empty: its time was over.
        until: When it ends; None: it has ended.
        spares: Names of the severities that it does not hold.
        alerts, times, numbers: As in `HeldCount`, of one that has ended.
    """

    target: str
    by: str = ""
    reason: str = ""
    until: datetime | None = None
    spares: tuple[str, ...] = ()
    alerts: int = 0
    times: int = 0
    numbers: tuple[int, ...] = ()
