"""Triages that wait under a clock: for 再評価, or because they were left before their end.

A triage is held until the bot asks about it in the policy's channel. It waits there for an answer,
and is raised without one. Each deadline is a row; the commit that moves it also sets or cancels its
job. If a walk was left, the bot asks the person by DM, then raises the triage or offers it to the
team. An answer in a walk does not move its deadline: at the deadline, the bot looks at the time of
the last act in the walk. Once the bot has asked the person, any further act takes the question
back. Source: the runbook, Triage 判定フロー.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.people import Person
from bot.domain.triage.session import SignOfLife, Triage
from bot.runbook.model import Policy
from bot.services.delivery.handling import DeliveryHandler
from bot.services.running_triages import (
    go_on_question,
    held,
    is_dealt_with,
    is_out_of_date,
    lock_walk,
    monitor_of,
    question,
    refresh_triage_job,
    save_walk,
    set_clock,
    triage_of,
    unfinished_line,
)
from bot.services.shared.access import Access
from bot.services.triage.raising import Raising
from bot.services.triage.walk import PressResult, TriageView, continued, raised_if_left, view_of
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.tables.triages import TriageAnswerRows, TriageRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


class Reevaluations:
    """Holds a triage, asks about it, and takes the answer.

    A person's answer raises NotPermitted if they may not triage, and UserError if there is no such triage.
    """

    def __init__(self, store: Store, policy: Policy, access: Access, raising: Raising) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._raising = raising

    async def hold(self, tx: Transaction, triage: Triage, *, by: Person) -> None:
        """Put a locked *triage* to re-evaluation, as a part of the caller's transaction."""
        due_at = await tx.now() + self._policy.reevaluate.after
        waiting = triage.hold(by=by, due_at=due_at)
        monitor = await monitor_of(tx, triage)
        await DeliveryWrites(tx.sql).insert_deliveries([held(waiting, self._policy, monitor=monitor)])
        await self._save(tx, waiting, by=by, action="triage.held")

    async def run_job(self, triage_id: int) -> None:
        """Handle the deadline of a triage: ask, raise one that got no answer, or expire a forgotten walk.

        A triage that was dealt with meanwhile ends without a question. It was ended then, so this is a guard.

        A second call, or one before the deadline, changes nothing.
        """
        async with self._store.transaction() as tx:
            triage = await lock_walk(tx, triage_id)
            now = await tx.now()
            if triage.due_at is None:
                return
            if triage.due_at > now:
                await set_clock(tx, triage, self._policy)
            elif triage.is_forgotten(now):
                await save_walk(tx, triage.expire(at=now), self._policy)
            elif await is_dealt_with(tx, self._policy, triage):
                log.info("triage.dealt_with", triage_id=triage_id)
            elif triage.asked_at is None:
                asked = triage.ask(at=now, due_at=now + self._policy.reevaluate.answer_within)
                monitor = await monitor_of(tx, triage)
                await DeliveryWrites(tx.sql).insert_deliveries(
                    [question(asked, self._policy, monitor=monitor)]
                )
                await save_walk(tx, asked, self._policy)
                log.info("triage.asked", triage_id=triage.id)
            else:
                await self._raising.promote(tx, triage, by=None)

    async def promote(self, triage_id: int, *, by: Person) -> TriageView:
        """Raise a triage under re-evaluation; the view has a notice if it was answered before."""
        await admit(self._store, self._access, triage_id, by=by, act="triage.promote")
        async with self._store.transaction() as tx:
            triage = await lock_walk(tx, triage_id)
            if not triage.is_under_reevaluation:
                return await self._answered_before(tx, triage)
            incident = await self._raising.promote(tx, triage, by=by)
            data = AuditData(facts={"triage": triage.id, "incident": incident.id})
            await AuditWrites(tx.sql).audit(
                guild_id=triage.guild_id, by=by, action="triage.raised", data=data
            )
            return await view_of(tx, self._policy, await TriageRows(tx.sql).triage(triage_id))

    async def dismiss(self, triage_id: int, *, by: Person) -> TriageView:
        """End a triage that was looked at again: nothing is wrong. The view is as for `promote`."""
        await admit(self._store, self._access, triage_id, by=by, act="triage.dismiss")
        async with self._store.transaction() as tx:
            triage = await TriageRows(tx.sql).triage(triage_id, lock=True)
            if not triage.is_under_reevaluation:
                return await self._answered_before(tx, triage)
            ended = triage.dismiss(by=by, at=await tx.now())
            await self._save(tx, ended, by=by, action="triage.dismissed")
            return await view_of(tx, self._policy, ended)

    async def look_again(self, triage_id: int, *, by: Person) -> TriageView:
        """Ask the questions from the start (もう一度見る), while its clock goes on: `Triage.look_again`."""
        await admit(self._store, self._access, triage_id, by=by, act="triage.look_again")
        async with self._store.transaction() as tx:
            triage = await TriageRows(tx.sql).triage(triage_id, lock=True)
            if not triage.is_under_reevaluation:
                return await self._answered_before(tx, triage)
            if triage.taken_by_name is not None:  # another person answers it: join them
                return await view_of(tx, self._policy, triage)
            if triage.answers:
                await TriageAnswerRows(tx.sql).withdraw_answers(
                    triage_id, since=triage.answers[0].question, by=by
                )
            within = self._policy.reevaluate.answer_within
            again = triage.look_again(by=by, at=await tx.now(), within=within)
            await self._save(tx, again, by=by, action="triage.reopened")
            return await view_of(tx, self._policy, await TriageRows(tx.sql).triage(triage_id))

    async def _save(self, tx: Transaction, triage: Triage, *, by: Person, action: str) -> None:
        await save_walk(tx, triage, self._policy)
        data = AuditData(facts={"triage": triage.id})
        await AuditWrites(tx.sql).audit(guild_id=triage.guild_id, by=by, action=action, data=data)

    async def _answered_before(self, tx: Transaction, triage: Triage) -> TriageView:
        return await view_of(tx, self._policy, triage, notice=PressResult.ANSWERED)


async def admit(store: Store, access: Access, triage_id: int, *, by: Person, act: str) -> None:
    """Let *by* pass; only a refusal costs a query.

    Raises:
        NotPermitted: they may not triage, or not any more.
    """
    if not access.allows(by, "triage"):
        triage = await TriageRows(store.sql).triage(triage_id)
        await access.require(by, "triage", guild_id=triage.guild_id, act=act, triage_id=triage_id)


class Unfinished:
    """Asks the person of an unfinished triage to continue, and raises it or offers it to the team if not."""

    def __init__(self, store: Store, policy: Policy, access: Access, raising: Raising) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._raising = raising

    async def run_job(self, triage_id: int) -> None:
        """Handle the deadline of a walk: ask its person to continue, or decide without them.

        A second call, or one before the deadline, changes nothing.
        """
        async with self._store.transaction() as tx:
            triage = await lock_walk(tx, triage_id)
            now, due_at = await tx.now(), triage.idle.due_at
            if due_at is None or triage.is_forgotten(now):
                return  # the other clock expires a forgotten walk
            if not triage.is_unfinished:  # an older version, which knows no such clock, has gone on with it
                await TriageRows(tx.sql).save_triage(replace(triage, idle=triage.idle.stopped()))
            elif due_at > now:
                await set_clock(tx, triage, self._policy)
            elif (asked_at := triage.idle.asked_at) is None:
                await self._look(tx, triage, await TriageRows(tx.sql).sign_of_life(triage_id), now=now)
            elif (last := await TriageRows(tx.sql).sign_of_life(triage_id)).at > asked_at:
                # An older version, which takes no question back, has taken an answer.
                by = Person(id=last.by_id, name=last.by_name)
                await save_walk(tx, continued(triage, self._policy, by=by, at=last.at), self._policy)
            elif not await is_dealt_with(tx, self._policy, triage):
                await self._decide(tx, triage)

    async def go_on(self, triage_id: int, *, by: Person) -> TriageView:
        """Continue a walk as *by* (続ける), and return its view.

        Raises:
            NotPermitted, UserError: no such triage.
        """
        await admit(self._store, self._access, triage_id, by=by, act="triage.continue")
        async with self._store.transaction() as tx:
            triage = await TriageRows(tx.sql).triage(triage_id, lock=True)
            if triage.is_unfinished:
                triage = continued(triage, self._policy, by=by, at=await tx.now())
                await save_walk(tx, triage, self._policy)
                about = AuditData(facts={"triage": triage_id})
                await AuditWrites(tx.sql).audit(
                    guild_id=triage.guild_id, by=by, action="triage.continued", data=about
                )
            return await view_of(tx, self._policy, triage)

    async def _look(self, tx: Transaction, triage: Triage, last: SignOfLife, *, now: datetime) -> None:
        """Ask the walk's person whether they go on, or look again later when they have just answered."""
        rule = self._policy.unfinished
        if rule.ask_after is None:  # the policy has changed meanwhile
            await save_walk(tx, triage.with_idle(triage.idle.stopped()), self._policy)
        elif (due_at := last.at + rule.ask_after) > now:
            later = triage.idle.due(due_at)
            await save_walk(tx, triage.with_idle(later), self._policy)
        elif not await is_dealt_with(tx, self._policy, triage):
            idle = triage.idle.asked(last.by_name, at=now, due_at=now + rule.decide_after)
            asked = triage.with_idle(idle)
            await DeliveryWrites(tx.sql).insert_deliveries([go_on_question(asked, user_id=last.by_id)])
            await save_walk(tx, asked, self._policy)
            log.info("triage.left", triage_id=triage.id, user_id=last.by_id)

    async def _decide(self, tx: Transaction, triage: Triage) -> None:
        """Raise an unfinished walk's incident if its answers suffice; else offer the walk to the team."""
        severity = raised_if_left(self._policy, triage)
        if severity is not None:
            await self._raising.raise_unfinished(tx, triage, severity)
            return
        await DeliveryWrites(tx.sql).insert_deliveries([unfinished_line(triage, self._policy)])
        await save_walk(tx, triage.with_idle(triage.idle.stopped()), self._policy)
        log.info("triage.left_to_team", triage_id=triage.id)


async def tell_team(tx: Transaction, delivery: Delivery, *, policy: Policy) -> None:
    """Offer a walk to the team at once: Discord does not take the DM that asks its person.

    The walk is not locked: its lock comes before that of a delivery.
    """
    triage = await TriageRows(tx.sql).triage(triage_of(delivery))
    if triage.is_unfinished and triage.idle.asked_at is not None:
        await DeliveryWrites(tx.sql).insert_deliveries([unfinished_line(triage, policy)])


class TriageDeliveries(DeliveryHandler):
    """Posts that report the state of a triage; once it has an incident, they are about that."""

    def __init__(self, store: Store, policy: Policy) -> None:
        super().__init__(*(kind for kind in DeliveryKind if kind.spec.shows_triage))
        self._store = store
        self._policy = policy

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True if the post is no longer true, or may no longer be shown."""
        return await is_out_of_date(tx, delivery)

    async def load(self, delivery: Delivery) -> Triage:
        """Return the triage that the post is about."""
        return await TriageRows(self._store.sql).triage(triage_of(delivery))

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Refresh the posts: the triage may have changed meanwhile."""
        await tx.enqueue(refresh_triage_job(triage_of(delivery)))

    async def report(self, tx: Transaction, delivery: Delivery) -> None:
        """Offer the triage to the team if its person takes no DM."""
        if delivery.kind is DeliveryKind.UNFINISHED_DM:
            await tell_team(tx, delivery, policy=self._policy)
        else:
            await super().report(tx, delivery)
