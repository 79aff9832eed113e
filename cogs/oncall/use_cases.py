"""The use cases of `/oncall` and of the handovers, as they are built for one guild."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.ports.systems import Charts
from cogs.oncall.calendars import CalendarFiles, WorkerCalendars
from cogs.oncall.changes import ScheduleChanges, Undoing
from cogs.oncall.handovers import Handovers, OnCallDeliveries
from cogs.oncall.schedules import ChangeChecks, Clearing, Notifying, Rotating, Schedules


@dataclass(frozen=True, slots=True)
class OnCallUseCases:
    """Changing who is on call, and telling of it."""

    guild_id: int
    schedules: Schedules
    rotating: Rotating
    clearing: Clearing
    undoing: Undoing
    checks: ChangeChecks
    notifying: Notifying
    calendars: CalendarFiles
    handovers: Handovers
    charts: Charts


def build(core: Core) -> OnCallUseCases:
    """Make the use cases of one guild."""
    store, policy, oncall = core.store, core.policy, core.oncall
    schedules = Schedules(store, policy, core.access, oncall, ScheduleChanges(store))
    calendars = WorkerCalendars(policy.timezone.key)
    return OnCallUseCases(
        guild_id=core.guild_id,
        schedules=schedules,
        rotating=Rotating(store, policy, oncall, schedules),
        clearing=Clearing(store, oncall, schedules),
        undoing=Undoing(store, core.access, oncall),
        checks=ChangeChecks(store, policy, oncall, core.reach),
        notifying=Notifying(store, core.access, ways=core.ways),
        calendars=CalendarFiles(store, policy, schedules, oncall, reach=core.reach, calendars=calendars),
        handovers=Handovers(store, policy, oncall, core.reach),
        charts=core.charts,
    )


def deliveries(_use_cases: OnCallUseCases, core: Core) -> Sequence[DeliveryHandler]:
    """Return the handler of what is sent about who is on call."""
    return [OnCallDeliveries(core.policy, core.oncall)]


async def begin(use_cases: OnCallUseCases) -> None:
    """Begin the watch over handovers, at each start of the process."""
    await use_cases.handovers.begin(use_cases.guild_id)


async def hand_over(use_cases: OnCallUseCases, guild_id: str) -> None:
    """Announce the handovers that have come."""
    await use_cases.handovers.run_job(int(guild_id))


async def look_ahead(use_cases: OnCallUseCases, guild_id: str) -> timedelta | None:
    """Check the people who come on call soon; return when to try again."""
    return await use_cases.handovers.look_ahead(int(guild_id))
