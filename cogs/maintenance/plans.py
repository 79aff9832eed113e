"""Planned maintenance: people and the policy plan windows, and a job begins each when its time has come."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.audit import AuditData
from bot.domain.calendar.typed_times import format_duration
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.errors import UserError
from bot.domain.jobs import Job
from bot.domain.oncall.moments import names_span, parse_later
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.runbook.model import Policy
from bot.services.shared.access import Access
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.transaction import Transaction
from cogs.maintenance.recurrence import Recurrence, read_recurrence
from cogs.maintenance.rules import (
    MaintenanceDelivery,
    MaintenancePlan,
    NewPlan,
    PolicyPlan,
    PolicyPlans,
    WindowData,
    WindowRules,
)
from cogs.maintenance.store import Plans

log = structlog.get_logger(__name__)

#: The name of the job, as the queue stores it. Its payload: "<guild>:<plan>".
BEGIN_WINDOW: Final = "begin_window"
#: The key below ``[permissions]``.
PERMISSION: Final = "mute"
TARGET_LIMIT: Final = 80
REASON_LIMIT: Final = 200
SHORTEST: Final = timedelta(minutes=1)
_MOST: Final = 100  # of a guild
#: From here the policy's rules count, so that "every other week" does not depend on when the file is read.
_MONDAY: Final = datetime(2024, 1, 1)  # noqa: DTZ001 -- in the policy's zone
#: The planner of the policy's entries. Without a name, the screens name the policy file.
_POLICY: Final = Person(id=0, name="", is_bot=True)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person types to plan maintenance. An empty text is left out; in an edit, it stays as it is.

    Attributes:
        until: The end, or how long it lasts.
        at: When it begins, once.
        every: When it comes again and again.
    """

    target: str
    until: str = ""
    reason: str = ""
    at: str = ""
    every: str = ""


class PlannedMaintenance:
    """Plans, edits, skips and ends maintenance. Without the permission each call raises NotPermitted.

    Args:
        tell: Announces a window that begins, and queues its end, in the transaction that opens it.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        access: Access,
        tell: Callable[[Transaction, AlertWindow], Awaitable[None]],
    ) -> None:
        self._store = store
        self._policy = policy
        self._rules = policy.of(WindowRules)
        self._access = access
        self._tell = tell

    async def kept(self, guild_id: int) -> list[MaintenancePlan]:
        """Return the plans that will begin, the next one first."""
        return await Plans(self._store.sql).kept(guild_id)

    async def upcoming(self, plan: MaintenancePlan) -> list[datetime]:
        """Return the next three times that a plan begins."""
        return plan.after(await self._store.now(), self._policy.timezone)

    async def preview(self, guild_id: int, wish: Wish, *, edits: int | None, by: Person) -> MaintenancePlan:
        """Store a plan that nothing comes of until `keep`.

        Args:
            edits: The plan that it is to replace, whose words hold where *wish* has none.

        Raises:
            NotPermitted. UserError: a time cannot be read, is over, comes too often or lasts too long.
        """
        await self._access.require(
            by, PERMISSION, guild_id=guild_id, act="plan_window", target=wish.target or str(edits)
        )
        async with self._store.transaction() as tx:
            now = (await tx.now()).astimezone(self._policy.timezone)
            known = None if edits is None else await Plans(tx.sql).lock(guild_id, edits)
            if edits is not None and known is None:
                raise UserError("maintenance_plan_gone")
            if known is not None and known.source is not None:
                raise UserError("maintenance_plan_of_policy")
            if len(await Plans(tx.sql).kept(guild_id)) >= _MOST:
                raise UserError("maintenance_plans_full", most=_MOST)
            plan = await Plans(tx.sql).add(self._planned(guild_id, wish, known, now), by=by)
        if plan is None:
            raise UserError("maintenance_plan_gone")
        return plan

    def _planned(self, guild_id: int, wish: Wish, known: MaintenancePlan | None, now: datetime) -> NewPlan:
        new, lasts = self._when(guild_id, wish, known, now)
        by_clock = new.by_clock
        if wish.until:
            begins = (new.next_at or now).astimezone(now.tzinfo)
            until = parse_later(wish.until, now=now, base=begins)
            by_clock = bool(new.rule) and not names_span(wish.until)
            # Two times of one zone differ by what its clocks show.
            lasts = until - begins if by_clock else until.astimezone(UTC) - begins.astimezone(UTC)
        elif lasts is None:
            raise UserError("maintenance_until_missing")
        if lasts < SHORTEST:
            raise UserError("maintenance_ends_before")
        if lasts > self._rules.at_most:
            raise UserError("maintenance_too_long", most=format_duration(self._rules.at_most))
        target = wish.target or ("" if known is None else known.target)
        reason = wish.reason or ("" if known is None else known.reason)
        return replace(
            new,
            target=one_line(target, limit=TARGET_LIMIT),
            reason=one_line(reason, limit=REASON_LIMIT),
            lasts_s=int(lasts.total_seconds()),
            by_clock=by_clock,
        )

    def _when(
        self, guild_id: int, wish: Wish, known: MaintenancePlan | None, now: datetime
    ) -> tuple[NewPlan, timedelta | None]:
        """Return a plan with its times alone, and how long each window is if that is known."""
        if wish.at and not wish.every and known is not None and known.rule:
            raise UserError("maintenance_at_alone", said=known.said)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        lasts, by_clock = (None, False) if known is None else (known.lasts, known.by_clock)
        if wish.every:
            found = read_recurrence(wish.every)
            by_clock = by_clock if found.lasts is None else True
            start = parse_later(wish.at, now=now) if wish.at else midnight
            said, rule, lasts = wish.every, found.rule, found.lasts or lasts
        elif wish.at:
            said, rule, start = wish.at, "", parse_later(wish.at, now=now)
        elif known is not None:
            said, rule, start = known.said, known.rule, known.first_at
        else:
            raise UserError("maintenance_until_missing")
        next_at = _next(rule, start, now, self._policy)
        if next_at is None:
            raise UserError("maintenance_never_again")
        new = NewPlan(
            guild_id,
            "",
            "",
            one_line(said, limit=REASON_LIMIT),
            rule,
            start,
            0,
            next_at,
            replaces_id=None if known is None else known.id,
            is_kept=False,
            by_clock=by_clock,
        )
        return new, lasts

    async def keep(self, guild_id: int, plan_id: int, *, by: Person) -> MaintenancePlan:
        """Keep a plan that was previewed, and end the one that it replaces. A second press changes nothing.

        Raises:
            NotPermitted. UserError: it, or the plan that it replaces, is gone, or its time is over.
        """
        async with self._changed(guild_id, plan_id, by=by, act="plan_window") as (tx, plan):
            plans, now = Plans(tx.sql), await tx.now()
            next_at = _next(plan.rule, plan.first_at, now, self._policy)
            if next_at is None:
                raise UserError("maintenance_never_again")
            if await plans.keep(plan.id, next_at):
                if plan.replaces_id is not None:
                    if await plans.lock(guild_id, plan.replaces_id) is None:
                        raise UserError("maintenance_plan_gone")  # replaced by another edit, removed, or over
                    await plans.move(plan.replaces_id, None)
                await self._record(tx, replace(plan, next_at=next_at), by=by, change="kept")
                await tx.enqueue(_job(plan, after=next_at - now))
        return replace(plan, next_at=next_at)

    async def skip(self, guild_id: int, plan_id: int, *, at_s: int, by: Person) -> MaintenancePlan:
        """Leave out the next time of a plan.

        Args:
            at_s: The time that the person saw as the next one, as `MaintenancePlan.next_s`.

        Raises:
            NotPermitted. UserError: the plan is not there any more, or another time is its next one.
        """
        async with self._changed(guild_id, plan_id, by=by, act="skip_window") as (tx, plan):
            if plan.next_s != at_s:
                raise UserError("maintenance_not_next")
            coming = plan.after(max(plan.next_at or plan.first_at, await tx.now()), self._policy.timezone)
            skipped = replace(plan, next_at=next(iter(coming), None))
            await Plans(tx.sql).move(plan.id, skipped.next_at)
            await self._record(tx, skipped, by=by, change="skipped")
        return skipped

    async def drop(self, guild_id: int, plan_id: int, *, by: Person) -> MaintenancePlan:
        """End a plan: it begins never again. A window of it that is open goes on.

        Raises:
            NotPermitted. UserError: it is not there any more, or the policy's, which would plan it again.
        """
        async with self._changed(guild_id, plan_id, by=by, act="drop_plan") as (tx, plan):
            if plan.source is not None:
                raise UserError("maintenance_plan_of_policy")
            await Plans(tx.sql).move(plan.id, None)
            await self._record(tx, replace(plan, next_at=None), by=by, change="dropped")
        return plan

    async def run_job(self, guild_id: int, plan_id: int) -> timedelta | None:
        """Begin the window of a plan whose time has come.

        The window, its announcement, and when the plan comes next are one commit. A time that was over before
        the bot came to it is left out.

        Returns:
            When to come again; None: never.
        """
        async with self._store.transaction() as tx:
            plans, now = Plans(tx.sql), await tx.now()
            plan = await plans.lock(guild_id, plan_id)
            if plan is None or plan.next_at is None:
                return None
            if plan.next_at > now:
                return plan.next_at - now
            ends_at = plan.ends_at(plan.next_at, self._policy.timezone)
            window = None
            if ends_at > now + SHORTEST / 60:
                window = await plans.begin(plan, ends_at, at_most=self._rules.at_most)
            if window is not None:
                await self._tell(tx, window)
            next_at = _next(plan.rule, plan.first_at, now, self._policy)
            await plans.move(plan.id, next_at)
        log.info("alert_plan.came", plan_id=plan.id, window_id=None if window is None else window.id)
        return None if next_at is None else next_at - now

    async def sync(self, guild_id: int) -> None:
        """Let exactly the plans of the policy's file be there; a skipped time stays skipped."""
        zone = self._policy.timezone
        entries = {one.source_in(zone): one for one in self._policy.of(PolicyPlans).entries}
        async with self._store.transaction() as tx:
            plans, now = Plans(tx.sql), await tx.now()
            await plans.forget_policy(guild_id, tuple(entries))
            for entry in entries.values():
                new = self._of_policy(guild_id, entry, now)
                plan = None if new.next_at is None else await plans.add(new, by=_POLICY)
                if plan is not None and plan.next_at is not None:
                    await tx.enqueue(_job(plan, after=plan.next_at - now))

    def _of_policy(self, guild_id: int, entry: PolicyPlan, now: datetime) -> NewPlan:
        start, rule = _rule_of(self._policy, entry, now)
        return NewPlan(
            guild_id,
            entry.target,
            entry.reason,
            entry.said,
            rule,
            start,
            int(entry.lasts.total_seconds()),
            _next(rule, start, now, self._policy),
            source=entry.source_in(self._policy.timezone),
            by_clock=entry.by_clock,
        )

    async def _record(self, tx: Transaction, plan: MaintenancePlan, *, by: Person, change: str) -> None:
        """Audit what a person did with a plan, and tell the team."""
        facts = AuditData(facts={"plan_id": plan.id, "target": plan.target})
        action = f"alert_plan_{change}"
        await AuditWrites(tx.sql).audit(guild_id=plan.guild_id, by=by, action=action, data=facts)
        data = WindowData(
            target=plan.target, by=by.name, reason=plan.said, change=change, next_at=plan.next_at
        )
        key = f"alert_plan:{plan.id}:{change}:{plan.next_s}"
        line = window_line(self._policy, plan.guild_id, data, key=key)
        await DeliveryWrites(tx.sql).insert_deliveries([line])

    @asynccontextmanager
    async def _changed(
        self, guild_id: int, plan_id: int, *, by: Person, act: str
    ) -> AsyncIterator[tuple[Transaction, MaintenancePlan]]:
        """Change a plan, locked, in a transaction."""
        await self._access.require(by, PERMISSION, guild_id=guild_id, act=act, plan_id=plan_id)
        async with self._store.transaction() as tx:
            plan = await Plans(tx.sql).lock(guild_id, plan_id)
            if plan is None:
                raise UserError("maintenance_plan_gone")
            yield tx, plan
        log.info("alert_plan.changed", plan_id=plan_id, act=act, user_id=by.id)


def window_line(policy: Policy, guild_id: int, data: WindowData, *, key: str) -> NewDelivery:
    """Return the line about a window or a plan for the channel in which they are announced."""
    return NewDelivery(
        kind=MaintenanceDelivery.ALERT_WINDOW,
        to=f"channel:{channel_of(policy)}",
        key=key,
        guild_id=guild_id,
        data=data.to_json(),
    )


def channel_of(policy: Policy) -> str:
    """Return the channel in which windows are announced."""
    return policy.of(WindowRules).channel or policy.most_severe.channel


def next_of(policy: Policy, entry: PolicyPlan, now: datetime) -> datetime | None:
    """Return when the maintenance of an entry of the policy comes next; None: never."""
    start, rule = _rule_of(policy, entry, now)
    return _next(rule, start, now, policy)


def _rule_of(policy: Policy, entry: PolicyPlan, now: datetime) -> tuple[datetime, str]:
    """Return from when an entry of the policy counts, and its rule."""
    zone = policy.timezone
    if entry.at is not None:
        return entry.at.replace(tzinfo=zone).astimezone(UTC), ""
    rule = "" if entry.recurrence is None else entry.recurrence.rule
    if "COUNT=" in rule:
        return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0), rule
    return _MONDAY.replace(tzinfo=zone), rule


def _next(rule: str, first_at: datetime, now: datetime, policy: Policy) -> datetime | None:
    """Return when a plan begins next after *now*; None: never."""
    if not rule:
        return first_at if first_at > now else None
    return next(Recurrence(rule).after(now, first_at=first_at, zone=policy.timezone), None)


def _job(plan: MaintenancePlan, *, after: timedelta) -> Job:
    payload = f"{plan.guild_id}:{plan.id}"
    return Job(BEGIN_WINDOW, payload, f"{BEGIN_WINDOW}:{payload}", after=after, sooner=True)
