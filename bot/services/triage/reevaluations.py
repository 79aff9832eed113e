"""再評価: a state with a clock of its own. Source: the runbook, Triage 判定フロー.

A triage is held until the bot asks about it in the policy's channel. It waits there for an answer, and is
raised without one. Each deadline is a row; the commit that moves it also sets or cancels its job.
"""

from datetime import datetime

import structlog

from bot.domain.audit import AuditData
from bot.domain.people import Person
from bot.domain.triage.session import Triage
from bot.runbook.model import Policy
from bot.services.running_triages.endings import is_dealt_with, lock_walk
from bot.services.running_triages.posts import held, monitor_of, question, save_walk, set_clock
from bot.services.shared.access import Access
from bot.services.triage.raising import Raising
from bot.services.triage.views import PressResult, TriageView, view_of
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
                await self._ask(tx, triage, now=now)
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

    async def _ask(self, tx: Transaction, triage: Triage, *, now: datetime) -> None:
        asked = triage.ask(at=now, due_at=now + self._policy.reevaluate.answer_within)
        monitor = await monitor_of(tx, triage)
        await DeliveryWrites(tx.sql).insert_deliveries([question(asked, self._policy, monitor=monitor)])
        await save_walk(tx, asked, self._policy)
        log.info("triage.asked", triage_id=triage.id)

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
