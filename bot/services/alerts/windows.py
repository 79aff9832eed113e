"""Maintenance windows: people begin and end them, and what they have held is dealt with when they end."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.domain.alerts.windows import AlertWindow, HeldGroup, WindowData
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.incident.locations import Waited
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.runbook.model import Policy
from bot.services.incidents.opening import Incidents
from bot.services.ports import Job, JobName, Store, Transaction
from bot.services.shared.access import Access

log = structlog.get_logger(__name__)

#: The key below ``[permissions]``.
_PERMISSION: Final = "mute"
_TARGET_LIMIT: Final = 80
_REASON_LIMIT: Final = 200
_SHORTEST: Final = timedelta(minutes=1)


class MaintenanceWindows:
    """Begins and ends windows. Without the permission each call raises NotPermitted."""

    def __init__(self, store: Store, policy: Policy, access: Access, incidents: Incidents) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._incidents = incidents

    async def now(self) -> datetime:
        """Return the time from which a window's end is counted."""
        return await self._store.now()

    async def open_ones(self, guild_id: int) -> list[AlertWindow]:
        """Return the windows that hold alerts now."""
        return await self._store.open_windows(guild_id)

    async def begin(
        self, guild_id: int, target: str, *, until: datetime, reason: str, by: Person
    ) -> AlertWindow:
        """Hold the new alerts about *target* from now on, and say so to the team.

        A window that is open for the target is changed: it ends at *until* instead.

        Raises:
            NotPermitted. UserError: *until* is no time to come, or later than the policy allows.
        """
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="begin_window", target=target)
        name = one_line(target, limit=_TARGET_LIMIT)
        async with self._store.transaction() as tx:
            now = await tx.now()
            self._check(until, now=now)
            window = await tx.begin_window(
                guild_id, name, ends_at=until, reason=one_line(reason, limit=_REASON_LIMIT), by=by
            )
            await _audit(tx, window, by=by, action="alert_window_began")
            spares = self._policy.alerts.windows.spares
            told = WindowData(target=name, by=by.name, reason=window.reason, until=until, spares=spares)
            await tx.insert_deliveries([self._line(window, told, key=f"{until.timestamp():.0f}")])
            await tx.enqueue(_job(window, after=until - now))
        log.info("alert_window.began", window_id=window.id, ends_at=until.isoformat(), user_id=by.id)
        return window

    async def end(self, guild_id: int, window_id: int, *, by: Person) -> AlertWindow:
        """End a window before its time. What it has held is dealt with at once.

        Raises:
            NotPermitted. UserError: it has ended before.
        """
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="end_window", window_id=window_id)
        async with self._store.transaction() as tx:
            window = await tx.end_window(guild_id, window_id, by=by)
            if window is None:
                raise UserError("window_not_open")
            await _audit(tx, window, by=by, action="alert_window_ended")
            await tx.enqueue(_job(window, after=timedelta()))
        log.info("alert_window.ended", window_id=window.id, user_id=by.id)
        return window

    async def run_job(self, guild_id: int, window_id: int) -> timedelta | None:
        """Deal with a window whose time is over. Handler of the queue's end_window job.

        First the window ends, so that it holds nothing more; then each alert that still fires is tracked, in
        a transaction of its own; at last one line says what was held. Each part may be done again.

        Returns:
            When to come again; None: there is nothing left to do.
        """
        async with self._store.transaction() as tx:
            await tx.end_window(guild_id, window_id, by=None)
            now = await tx.now()
        window = await self._store.alert_window(guild_id, window_id)
        if window is None or window.next_at is None:
            return None
        if window.ended_at is None:
            return max(window.ends_at - now, _SHORTEST / 60)
        for held in await self._store.held_alerts(window.id):
            await self._settle(window, held)
        await self._tell(window)
        return None

    async def _settle(self, window: AlertWindow, held: HeldGroup) -> None:
        """Track an alert that the window has held, if it still fires."""
        async with self._store.transaction() as tx:
            await tx.lock_fingerprint(window.guild_id, held.fingerprint)
            number = await tx.tracked_since(window.guild_id, held)
            if number is None:
                if not await tx.fires_still(window.guild_id, window.id, held.fingerprint):
                    return
                number = (await self._open(tx, window, held)).id
            await tx.adopt_held(window.id, held.fingerprint, incident_id=number)
        log.info("alert_window.alert_tracked", window_id=window.id, incident_id=number)

    async def _open(self, tx: Transaction, window: AlertWindow, held: HeldGroup) -> Incident:
        waited = Waited(count=held.times, window=window.target)
        new = held.alert.as_incident(window.guild_id, waited, began=held.first_at)
        known = self._policy.rules(new.severity).name  # the policy may have changed meanwhile
        return await self._incidents.open_within(tx, replace(new, severity=known), by=None)

    async def _tell(self, window: AlertWindow) -> None:
        async with self._store.transaction() as tx:
            if not await tx.settle_window(window.id):
                return
            found = await tx.count_held(window.id)
            told = WindowData(
                target=window.target,
                by=window.ended_by or "",
                alerts=found.alerts,
                times=found.times,
                numbers=found.numbers,
            )
            await tx.insert_deliveries([self._line(window, told, key="ended")])
        log.info("alert_window.settled", window_id=window.id, alerts=found.alerts, still=len(found.numbers))

    def _check(self, until: datetime, *, now: datetime) -> None:
        at_most = self._policy.alerts.windows.at_most
        if until < now + _SHORTEST:
            raise UserError("window_in_past", until=until)
        if until > now + at_most + _SHORTEST:  # typed a moment ago
            raise UserError("window_too_long", latest=now + at_most)

    def _line(self, window: AlertWindow, told: WindowData, *, key: str) -> NewDelivery:
        channel = self._policy.alerts.windows.channel or self._policy.most_severe.channel
        return NewDelivery(
            kind=DeliveryKind.ALERT_WINDOW,
            to=f"channel:{channel}",
            key=f"alert_window:{window.id}:{key}",
            guild_id=window.guild_id,
            data=told.to_json(),
        )


def _job(window: AlertWindow, *, after: timedelta) -> Job:
    payload = f"{window.guild_id}:{window.id}"
    return Job(JobName.END_WINDOW, payload, f"end_window:{payload}", after=after, sooner=True)


async def _audit(tx: Transaction, window: AlertWindow, *, by: Person, action: str) -> None:
    data = AuditData(facts={"window_id": window.id, "target": window.target})
    await tx.audit(guild_id=window.guild_id, by=by, action=action, data=data)
