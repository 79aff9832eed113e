"""A walk through the decision tree, answer by answer; the rules are in `bot.domain.triage`.

Several people may answer the same walk, from screens that show it as it was a while ago, under a policy
that has changed since: a press that no longer fits changes nothing, and shows where the walk stands.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.evidence import Evidence
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.triage import StaleTriage
from bot.domain.triage_session import NewTriage, Triage, TriageStatus
from bot.runbook.model import Policy
from bot.services.access import Access
from bot.services.incidents import clean_title
from bot.services.ports import Store, Transaction
from bot.services.raising import MayNotLower, Raising
from bot.services.reevaluations import Reevaluations, admit
from bot.services.triage_posts import line, refresh_triage_job, set_clock
from bot.services.triage_views import Notice, TriageView, path_of, view_of

log = structlog.get_logger(__name__)

#: A walk that nobody goes on with is put away after this long.
FORGOTTEN_AFTER: Final = timedelta(hours=24)

#: What a screen that leads to 再評価 shows in place of a severity.
REEVALUATE: Final = "reevaluate"


class Triages:
    """Starts, answers, goes back, ends."""

    def __init__(
        self, store: Store, policy: Policy, access: Access, raising: Raising, reevaluations: Reevaluations
    ) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._raising = raising
        self._reevaluations = reevaluations

    async def start(self, new: NewTriage) -> TriageView:
        """Begin a walk, and say so where it was started; the same `key` gives the first one back.

        Raises:
            NotPermitted: they may not triage. UserError: the title is empty.
        """
        await self._access.require(new.by, "triage", guild_id=new.guild_id, act="triage.begin")
        title = clean_title(new.title)
        async with self._store.transaction() as tx:
            due_at = await tx.now() + FORGOTTEN_AFTER
            triage, is_new = await tx.insert_triage(replace(new, title=title), due_at=due_at)
            if is_new:
                told = line(triage)
                await tx.insert_deliveries([] if told is None else [told])
                await set_clock(tx, triage, self._policy)
            return await view_of(tx, self._policy, triage)

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        """Keep the message that a form was opened from until the form comes back."""
        await self._store.note_message(channel_id, message_id, evidence)

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        """What was kept of it; None when it could not be, or that was more than a day ago."""
        return await self._store.noted_message(channel_id, message_id)

    async def view(self, triage_id: int, *, by: Person) -> TriageView:
        """Where it stands, for somebody who joins.

        Raises:
            NotPermitted, UserError: no such triage.
        """
        async with self._walk(triage_id, by=by, act="triage.view") as walk:
            return await walk.view()

    async def answer(self, triage_id: int, *, question: str, answer: str, by: Person) -> TriageView:
        """Answer *question* (`UNSURE` counts as the graver answer).

        A question that somebody has answered meanwhile is not answered again: their answer comes back.

        Raises:
            NotPermitted, UserError: no such triage.
        """
        async with self._walk(triage_id, by=by, act="triage.answer") as walk:
            if not walk.is_open:
                return await walk.view()
            asked = self._policy.tree.follow(path_of(walk.triage)).question
            if asked is None or asked.id != question:
                return await walk.view(answered=question)
            try:
                given = self._policy.tree.give(path_of(walk.triage), answer)[-1]
            except StaleTriage:
                return await walk.view(notice=Notice.OUTDATED)
            await walk.tx.add_answer(
                triage_id, question=given.node, answer=given.answer, unsure=given.unsure, by=by
            )
            return await walk.read_again()

    async def back(self, triage_id: int, *, by: Person) -> TriageView:
        """Withdraw the last answer, and any severity that was chosen by hand.

        Raises:
            NotPermitted, UserError: no such triage.
        """
        async with self._walk(triage_id, by=by, act="triage.back") as walk:
            last = walk.triage.answers[-1:]
            return await walk.withdraw(last[0].question) if last else await walk.view()

    async def revise(self, triage_id: int, *, question: str, by: Person) -> TriageView:
        """Go back to *question*: its answer and the later ones are withdrawn.

        Raises:
            NotPermitted, UserError: no such triage.
        """
        async with self._walk(triage_id, by=by, act="triage.revise") as walk:
            return await walk.withdraw(question)

    async def choose_severity(self, triage_id: int, *, severity: str, by: Person) -> TriageView:
        """Overrule the tree by hand; the path stays on record.

        Raises:
            NotPermitted, UserError: no such triage.
        """
        async with self._walk(triage_id, by=by, act="triage.choose_severity") as walk:
            if not walk.is_open:
                return await walk.view()
            if severity not in self._policy.severities:
                return await walk.view(notice=Notice.OUTDATED)
            data = {"triage": triage_id, "severity": severity}
            guild_id, action = walk.triage.guild_id, "triage.severity_chosen"
            await walk.tx.audit(guild_id=guild_id, by=by, action=action, data=data)
            return await walk.save(walk.triage.choose(severity))

    async def cancel(self, triage_id: int, *, by: Person) -> TriageView:
        """Stop without an incident; of a re-evaluation only the second look ends.

        Raises:
            NotPermitted, UserError: no such triage.
        """
        async with self._walk(triage_id, by=by, act="triage.cancel") as walk:
            if not walk.is_open:
                return await walk.view()
            await walk.tx.audit(
                guild_id=walk.triage.guild_id, by=by, action="triage.cancelled", data={"triage": triage_id}
            )
            return await walk.save(walk.triage.give_up(by=by, at=await walk.tx.now()))

    async def confirm(self, triage_id: int, *, by: Person, shown: str | None = None) -> TriageView:
        """Open the incident that the walk led to, or put it to re-evaluation; twice opens one incident.

        Args:
            shown: What the screen said it would open: a severity's name, or `REEVALUATE`. When it would
                be another one by now nothing is opened, and the view says so. None asks no questions.

        Raises:
            NotPermitted; UserError: no such triage, or it would lower an alert, which *by* may not.
        """
        try:
            return await self._confirm(triage_id, by=by, shown=shown)
        except MayNotLower as refused:
            raise await self._raising.refusal(refused, by=by) from None

    async def _confirm(self, triage_id: int, *, by: Person, shown: str | None) -> TriageView:
        async with self._walk(triage_id, by=by, act="triage.confirm") as walk:
            if not walk.is_open or walk.notice is not None:
                return await walk.view()
            if not self._has_result(walk.triage):  # somebody has taken an answer back meanwhile
                return await walk.view(notice=Notice.REOPENED)
            severity = self._severity(walk.triage)
            if shown not in (None, REEVALUATE if severity is None else severity.name):
                return await walk.view(notice=Notice.CHANGED)
            if severity is None:
                await self._reevaluations.hold(walk.tx, walk.triage, by=by)
            else:
                incident = await self._raising.raise_alert(walk.tx, walk.triage, severity, by=by)
                data = {"triage": triage_id, "incident": incident.id}
                await walk.tx.audit(guild_id=incident.guild_id, by=by, action="triage.raised", data=data)
            return await walk.read_again()

    def _has_result(self, triage: Triage) -> bool:
        """Whether no question is open."""
        return triage.severity is not None or self._policy.tree.follow(path_of(triage)).outcome is not None

    def _severity(self, triage: Triage) -> SeverityPolicy | None:
        """What confirming a walk with a result opens; None: re-evaluate."""
        if triage.severity is not None:
            return self._policy.rules(triage.severity)
        outcome = self._policy.tree.follow(path_of(triage)).outcome
        name = None if outcome is None else outcome.severity
        return None if name is None else self._policy.severities[name]

    @asynccontextmanager
    async def _walk(self, triage_id: int, *, by: Person, act: str) -> AsyncIterator["_Walk"]:
        """The walk, locked, without answers that fit the policy no more, put away if it was forgotten."""
        await admit(self._store, self._access, triage_id, by=by, act=act)
        async with self._store.transaction() as tx:
            walk = _Walk(tx, self._policy, await tx.triage(triage_id, lock=True), by)
            await walk.settle()
            yield walk


class _Walk:
    """A locked triage in one transaction, and whoever acts on it."""

    def __init__(self, tx: Transaction, policy: Policy, triage: Triage, by: Person) -> None:
        self.tx = tx
        self.triage = triage
        self.notice: Notice | None = None
        self._policy = policy
        self._by = by

    @property
    def is_open(self) -> bool:
        """Its questions can be answered."""
        return self.triage.status is TriageStatus.OPEN

    async def settle(self) -> None:
        """What time and a new policy have done to it."""
        now = await self.tx.now()
        if self.triage.is_forgotten(now):
            await self._write(self.triage.expire(at=now))
        if not self.is_open:
            return
        fitting = self._policy.tree.fitting(path_of(self.triage))
        unfit = self.triage.answers[len(fitting) :]
        is_known = self.triage.severity is None or self.triage.severity in self._policy.severities
        if unfit or not is_known:
            if unfit:
                await self.tx.withdraw_answers(self.triage.id, since=unfit[0].question, by=self._by)
            await self._write(self.triage.choose(None))
            self.notice = Notice.OUTDATED

    async def withdraw(self, question: str) -> TriageView:
        """Take the answer to *question* back, and all after it."""
        if not self.is_open or question not in {given.question for given in self.triage.answers}:
            return await self.view()
        await self.tx.withdraw_answers(self.triage.id, since=question, by=self._by)
        return await self.save(self.triage.choose(None))

    async def save(self, triage: Triage) -> TriageView:
        """Write it, and show it."""
        await self._write(triage)
        return await self.view()

    async def read_again(self) -> TriageView:
        """The view after a change that somebody else has written."""
        self.triage = await self.tx.triage(self.triage.id)
        return await self.view()

    async def _write(self, triage: Triage) -> None:
        """When a stretch of it ends, its clock and its posts follow."""
        before = (self.triage.status, self.triage.due_at)
        await self.tx.save_triage(triage)
        if (triage.status, triage.due_at) != before:
            await set_clock(self.tx, triage, self._policy)
            await self.tx.enqueue(refresh_triage_job(triage.id))
        self.triage = await self.tx.triage(self.triage.id)

    async def view(self, *, answered: str | None = None, notice: Notice | None = None) -> TriageView:
        """The view as it stands.

        Args:
            answered: A question that was not asked any more; told when somebody else has answered it.
            notice: Why nothing was changed.
        """
        first = next((given for given in self.triage.answers if given.question == answered), None)
        if first is None or first.by_id == self._by.id or self.notice is not None:
            return await view_of(self.tx, self._policy, self.triage, notice=notice or self.notice)
        return await view_of(self.tx, self._policy, self.triage, notice=Notice.ANSWERED, first_answer=first)
