"""Maintenance windows: people begin and end them, and their end deals with the alerts that they held."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.alerts.decisions import AlertOutcome, AlertWindow, HoldReason
from bot.domain.alerts.events import Occurrence
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.errors import UserError
from bot.domain.incident.incident import NewIncident
from bot.domain.incident.parts import AlertWait
from bot.domain.jobs import Job
from bot.domain.outage import Journal
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.maintenance.events import EventKeeping
from cogs.maintenance.plans import (
    PERMISSION,
    REASON_LIMIT,
    SHORTEST,
    TARGET_LIMIT,
    PlannedMaintenance,
    channel_of,
    window_line,
)
from cogs.maintenance.rules import MaintenanceDelivery, WindowData, WindowRules
from cogs.maintenance.store import Windows

log = structlog.get_logger(__name__)

#: The name of the job, as the queue stores it. Its payload: "<guild>:<window>".
END_WINDOW: Final = "end_window"


class MaintenanceWindows:
    """Begins and ends windows. Without the permission each call raises NotPermitted.

    Attributes:
        plans: Windows that are to come.
        events: These in the server's own list of events.
    """

    def __init__(self, core: Core) -> None:
        self._store = core.store
        self._policy = core.policy
        self._rules = core.policy.of(WindowRules)
        self._access = core.access
        self._alerts = core.held_alerts
        self.guild_id = core.guild_id
        self.plans = PlannedMaintenance(core.store, core.policy, core.access, self._announce)
        self.events = EventKeeping(core, channel=channel_of(core.policy))

    async def now(self) -> datetime:
        """Return the time from which a window's end is counted."""
        return await self._store.now()

    async def open_ones(self, guild_id: int) -> list[AlertWindow]:
        """Return the windows that hold alerts now."""
        return await Windows(self._store.sql).open(guild_id)

    async def begin(
        self, guild_id: int, target: str, *, until: datetime, reason: str, by: Person
    ) -> AlertWindow:
        """Hold the new alerts about *target* from now on, and say so to the team.

        A window that is open for the target is changed: it ends at *until* instead.

        Raises:
            NotPermitted. UserError: *until* is no time to come, or later than the policy allows.
        """
        await self._access.require(by, PERMISSION, guild_id=guild_id, act="begin_window", target=target)
        name = one_line(target, limit=TARGET_LIMIT)
        async with self._store.transaction() as tx:
            now = await tx.now()
            at_most = self._rules.at_most
            if until < now + SHORTEST:
                raise UserError("window_in_past", until=until)
            if until > now + at_most + SHORTEST:  # typed a moment ago
                raise UserError("window_too_long", latest=now + at_most)
            window = await Windows(tx.sql).begin(
                guild_id, name, ends_at=until, reason=one_line(reason, limit=REASON_LIMIT), by=by
            )
            await _audit(tx, window, by=by, action="alert_window_began")
            await self._announce(tx, window, planned=False)
        log.info("alert_window.began", window_id=window.id, ends_at=until.isoformat(), user_id=by.id)
        return window

    async def _announce(self, tx: Transaction, window: AlertWindow, *, planned: bool = True) -> None:
        """Tell the team of a window that begins or ends at another time now, and queue its end."""
        data = WindowData(
            target=window.target,
            by=window.by_name,
            reason=window.reason,
            until=window.ends_at,
            spares=self._rules.spares,
            planned=planned,
        )
        line = self._line(window, data, key=f"{window.ends_at.timestamp():.0f}")
        await DeliveryWrites(tx.sql).insert_deliveries([line])
        await tx.enqueue(_job(window, after=window.ends_at - await tx.now()))

    async def end(self, guild_id: int, window_id: int, *, by: Person) -> AlertWindow:
        """End a window before its time. What it has held is dealt with at once.

        Raises:
            NotPermitted. UserError: it has ended before.
        """
        await self._access.require(by, PERMISSION, guild_id=guild_id, act="end_window", window_id=window_id)
        async with self._store.transaction() as tx:
            window = await Windows(tx.sql).end(guild_id, window_id, by=by)
            if window is None:
                raise UserError("window_not_open")
            await _audit(tx, window, by=by, action="alert_window_ended")
            await tx.enqueue(_job(window, after=timedelta()))
        log.info("alert_window.ended", window_id=window.id, user_id=by.id)
        return window

    async def run_job(self, guild_id: int, window_id: int) -> timedelta | None:
        """Deal with a window whose time is over.

        First the window ends, so that it holds nothing more; then each alert that still fires is tracked, or
        held by something else, in a transaction of its own; at last one line says what was held. Each part
        may be done again.

        Returns:
            When to come again; None: there is nothing left to do.
        """
        async with self._store.transaction() as tx:
            await Windows(tx.sql).end(guild_id, window_id, by=None)
            now = await tx.now()
        window = await Windows(self._store.sql).find(guild_id, window_id)
        if window is None or window.next_at is None:
            return None
        if window.ended_at is None:
            return max(window.ends_at - now, SHORTEST / 60)
        waited = AlertWait(count=0, window=window.target)
        for fingerprint in await Windows(self._store.sql).held(window.id):
            async with self._store.transaction() as tx:
                opened = await self._alerts.let_go(tx, guild_id, fingerprint, waited=waited)
            if opened is not None:
                log.info("alert_window.alert_tracked", window_id=window.id, incident_id=opened)
        await self._tell(window)
        return None

    async def _tell(self, window: AlertWindow) -> None:
        async with self._store.transaction() as tx:
            windows = Windows(tx.sql)
            if not await windows.settle(window.id):
                return
            held = await windows.count(window.id)
            data = WindowData(
                target=window.target,
                by=window.ended_by or "",
                alerts=held.alerts,
                times=held.times,
                numbers=held.numbers,
                moved=held.moved,
            )
            await DeliveryWrites(tx.sql).insert_deliveries([self._line(window, data, key="ended")])
        log.info("alert_window.settled", window_id=window.id, alerts=held.alerts, still=len(held.numbers))

    def _line(self, window: AlertWindow, data: WindowData, *, key: str) -> NewDelivery:
        return window_line(self._policy, window.guild_id, data, key=f"alert_window:{window.id}:{key}")


def _job(window: AlertWindow, *, after: timedelta) -> Job:
    payload = f"{window.guild_id}:{window.id}"
    return Job(END_WINDOW, payload, f"end_window:{payload}", after=after, sooner=True)


async def _audit(tx: Transaction, window: AlertWindow, *, by: Person, action: str) -> None:
    data = AuditData(facts={"window_id": window.id, "target": window.target})
    await AuditWrites(tx.sql).audit(guild_id=window.guild_id, by=by, action=action, data=data)


async def holding(tx: Transaction, policy: Policy, alert: Occurrence) -> HoldReason | None:
    """Return the window that holds an alert, if one does."""
    if alert.severity.name in policy.of(WindowRules).spares:
        return None
    windows = await Windows(tx.sql).holding(alert.guild_id)
    window_id = next((one.id for one in windows if one.is_about(alert)), None)
    return None if window_id is None else HoldReason(AlertOutcome.HELD, window_id=window_id)


def holds_meanwhile(policy: Policy, journal: Journal, new: NewIncident, now: datetime) -> bool:
    """Return True if a window that was open when the database went away holds the alert."""
    name = next(iter(new.targets), None) or new.title
    return new.severity not in policy.of(WindowRules).spares and journal.is_held(name, now)


def build(core: Core) -> MaintenanceWindows:
    """Make the use cases of a guild."""
    return MaintenanceWindows(core)


def deliveries(_windows: MaintenanceWindows, _core: Core) -> list[DeliveryHandler]:
    """Return the handlers of the lines about windows, which need nothing but to be sent."""
    return [DeliveryHandler(kind) for kind in MaintenanceDelivery]


async def end_window(windows: MaintenanceWindows, payload: str) -> timedelta | None:
    """Do the job of a window's end."""
    guild_id, _, window_id = payload.partition(":")
    return await windows.run_job(int(guild_id), int(window_id))


async def begin_window(windows: MaintenanceWindows, payload: str) -> timedelta | None:
    """Do the job of a planned window's beginning."""
    guild_id, _, plan_id = payload.partition(":")
    return await windows.plans.run_job(int(guild_id), int(plan_id))


async def keep_events(windows: MaintenanceWindows) -> None:
    """Let the server's events follow the plans."""
    await windows.events.keep()


async def check_events(windows: MaintenanceWindows) -> None:
    """Compare the events with Discord's list, and mend them."""
    await windows.events.check()


async def begin(windows: MaintenanceWindows) -> None:
    """Let the plans of the policy's file be there, at each start of the process."""
    await windows.plans.sync(windows.guild_id)
