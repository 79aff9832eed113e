"""Unfinished triages: the bot asks the person by DM, then raises the triage or offers it to the team.

An answer in a walk does not move its deadline: at the deadline, the bot looks at the time of the last act in
the walk. Once the bot has asked the person, any further act takes the question back.
"""

from dataclasses import replace
from datetime import datetime

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Delivery
from bot.domain.people import Person
from bot.domain.triage.session import SignOfLife, Triage
from bot.runbook.model import Policy
from bot.services.running_triages.endings import is_dealt_with, lock_walk
from bot.services.running_triages.posts import (
    go_on_question,
    save_walk,
    set_clock,
    triage_of,
    unfinished_line,
)
from bot.services.shared.access import Access
from bot.services.triage.raising import Raising
from bot.services.triage.reevaluations import admit
from bot.services.triage.views import TriageView, raised_if_left, view_of
from bot.services.triage.walk import continued
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.tables.triages import TriageRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)


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
