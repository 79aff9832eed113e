"""A walk through the decision tree, answer by answer; the rules are in `bot.domain.triage.tree`.

Several people may answer the same walk, from screens that show it as it was a while ago, under a policy
that has changed since: a press that no longer fits changes nothing, and shows the walk as it is now.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.domain.audit import AuditData
from bot.domain.people import Person
from bot.domain.triage.session import NewTriage, TriageStatus
from bot.domain.triage.tree import LATER, StaleTriage
from bot.runbook.model import Policy
from bot.services.incidents.opening import clean_title
from bot.services.running_triages import line, lock_walk, set_clock
from bot.services.shared.access import Access
from bot.services.triage.clocks import Reevaluations, admit
from bot.services.triage.raising import MayNotLower, Raising
from bot.services.triage.sources import AlreadyRaised, TriageSources, require_open
from bot.services.triage.walk import FORGOTTEN_AFTER, PressResult, TriageView, Walk, path_of, view_of
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.tables.triages import TriageAnswerRows, TriageRows
from bot.storage.transaction import Transaction


class Triages:
    """Starts a walk, takes answers to it, goes back, and ends it.

    Every method raises NotPermitted if *by* may not triage, and UserError if there is no such triage.
    """

    def __init__(
        self, store: Store, policy: Policy, access: Access, raising: Raising, reevaluations: Reevaluations
    ) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._raising = raising
        self._reevaluations = reevaluations
        self.sources = TriageSources(store)

    async def start(self, new: NewTriage) -> TriageView:
        """Begin a walk, and post a line about it in the channel where it was started.

        A second call with the same `key` returns the first.

        The secrets in the message that it is about are masked: what is copied may leave the channel.

        If the message is being triaged already, return that walk with a notice: the second person joins it.

        Raises:
            AlreadyRaised: the message has become an incident that is still open, or shows one.
            UserError: the title is empty. SourceRefused: the message that it is about is a drill's, or from
                the thread of a private incident; on record.
        """
        await self._access.require(new.by, "triage", guild_id=new.guild_id, act="triage.begin")
        async with self.sources.recording(by=new.by, act="triage.begin"), self._store.transaction() as tx:
            return await self.start_within(tx, new)

    async def start_within(self, tx: Transaction, new: NewTriage) -> TriageView:
        """Do `start` in the caller's transaction, without the check of permissions."""
        title = clean_title(new.title)
        if new.source_message_id is not None:
            self.sources.remember_triaged(new.source_message_id)
        await require_open(tx, new.guild_id, new.channel_id, new.source_message_id)
        if known := await self._known(tx, new):
            return known
        now, ask_after = await tx.now(), self._policy.unfinished.ask_after
        evidence = None if new.evidence is None else new.evidence.masked()
        triage, is_new = await TriageRows(tx.sql).insert_triage(
            replace(new, title=title, evidence=evidence),
            due_at=now + FORGOTTEN_AFTER,
            idle_due_at=None if ask_after is None else now + ask_after,
        )
        if is_new:
            told = line(triage)
            await DeliveryWrites(tx.sql).insert_deliveries([] if told is None else [told])
            await set_clock(tx, triage, self._policy)
            about = AuditData(facts={"triage": triage.id})
            await AuditWrites(tx.sql).audit(
                guild_id=new.guild_id, by=new.by, action="triage.begun", data=about
            )
        return await view_of(tx, self._policy, triage)

    async def _known(self, tx: Transaction, new: NewTriage) -> TriageView | None:
        """Return the view of the running walk about the same message, if there is one."""
        if new.channel_id is None or new.source_message_id is None:
            return None
        place = (new.channel_id, new.source_message_id)
        await TriageRows(tx.sql).lock_message(*place)
        if incident := (await TriageRows(tx.sql).known_message(*place)).raised:
            raise AlreadyRaised(incident)
        triage = await TriageRows(tx.sql).triage_of_message(*place)
        if triage is None:
            return None
        if triage.user_id == new.by.id:
            return await view_of(tx, self._policy, triage)
        about = AuditData(facts={"triage": triage.id})
        await AuditWrites(tx.sql).audit(guild_id=new.guild_id, by=new.by, action="triage.joined", data=about)
        is_held = triage.status is TriageStatus.REEVALUATING
        return await view_of(
            tx, self._policy, triage, notice=PressResult.HELD if is_held else PressResult.JOINED
        )

    async def view(self, triage_id: int, *, by: Person) -> TriageView:
        """Return the view of a walk, for a person who joins."""
        async with self._walk(triage_id, by=by, act="triage.view") as walk:
            return await walk.view()

    async def answer(self, triage_id: int, *, question: str, answer: str, by: Person) -> TriageView:
        """Answer *question* (`UNSURE` counts as the answer with the higher severity).

        If another person has answered it meanwhile, nothing changes and the view shows their answer.
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
                return await walk.view(notice=PressResult.OUTDATED)
            await TriageAnswerRows(walk.tx.sql).add_answer(
                triage_id, question=given.node, answer=given.answer, unsure=given.unsure, by=by
            )
            about = {"question": given.node, "answer": given.answer, "unsure": given.unsure}
            await walk.audit("triage.answered", **about)
            await walk.go_on()
            return await walk.read_again()

    async def back(self, triage_id: int, *, by: Person) -> TriageView:
        """Withdraw the last answer, and any severity that was chosen by hand."""
        async with self._walk(triage_id, by=by, act="triage.back") as walk:
            last = walk.triage.answers[-1:]
            return await walk.withdraw(last[0].question) if last else await walk.view()

    async def revise(self, triage_id: int, *, question: str, by: Person) -> TriageView:
        """Go back to *question*: its answer and the later ones are withdrawn."""
        async with self._walk(triage_id, by=by, act="triage.revise") as walk:
            return await walk.withdraw(question)

    async def choose_severity(self, triage_id: int, *, severity: str, by: Person) -> TriageView:
        """Overrule the tree by hand; the path stays on record, with what it had led to."""
        async with self._walk(triage_id, by=by, act="triage.choose_severity") as walk:
            if not walk.is_open:
                return await walk.view()
            if severity not in self._policy.severities:
                return await walk.view(notice=PressResult.OUTDATED)
            if severity == walk.triage.severity:  # Discord has delivered the same interaction twice
                return await walk.view()
            return await walk.choose(severity)

    async def cancel(self, triage_id: int, *, by: Person) -> TriageView:
        """Stop without an incident; of a re-evaluation only the second look ends."""
        async with self._walk(triage_id, by=by, act="triage.cancel") as walk:
            if not walk.is_open:
                return await walk.view()
            await walk.audit("triage.cancelled")
            return await walk.save(walk.triage.give_up(by=by, at=await walk.tx.now()))

    async def confirm(self, triage_id: int, *, by: Person, shown: str | None = None) -> TriageView:
        """Open the incident that the walk led to, or put it to re-evaluation; twice opens one incident.

        If another person has raised an incident from its message meanwhile, the walk ends in that incident.

        Args:
            shown: What the screen said it would open: a severity's name, or `LATER`. When it would
                be another one by now nothing is opened, and the view says so. None asks no questions.

        Raises:
            UserError: it would lower an alert, which *by* may not. SourceRefused: as in `start`.
        """
        try:
            async with self.sources.recording(by=by, act="triage.confirm"):
                return await self._confirm(triage_id, by=by, shown=shown)
        except MayNotLower as refused:
            raise await self._raising.refusal(refused, by=by) from None

    async def _confirm(self, triage_id: int, *, by: Person, shown: str | None) -> TriageView:
        async with self._walk(triage_id, by=by, act="triage.confirm", may_end_in_incident=True) as walk:
            if not walk.is_open or walk.notice is not None:
                return await walk.view()
            about = walk.triage  # made private since the walk began, or not known then as what it is
            await require_open(walk.tx, about.guild_id, about.channel_id, about.source_message_id)
            if not walk.has_result:  # an answer was taken back meanwhile
                return await walk.view(notice=PressResult.REOPENED)
            severity = walk.severity
            if shown not in (None, LATER if severity is None else severity.name):
                return await walk.view(notice=PressResult.CHANGED)
            incident = await self._raising.join(walk.tx, walk.triage, severity, by=by)
            if incident is None and severity is not None:
                incident = await self._raising.raise_alert(walk.tx, walk.triage, severity, by=by)
            if incident is None:
                await self._reevaluations.hold(walk.tx, walk.triage, by=by)
            else:
                await walk.audit("triage.raised", incident=incident.id)
            return await walk.read_again()

    @asynccontextmanager
    async def _walk(
        self, triage_id: int, *, by: Person, act: str, may_end_in_incident: bool = False
    ) -> AsyncIterator[Walk]:
        """Lock a walk, expire it if it was forgotten, and withdraw answers that no longer fit the policy."""
        await admit(self._store, self._access, triage_id, by=by, act=act)
        async with self._store.transaction() as tx:
            lock = (
                lock_walk(tx, triage_id)
                if may_end_in_incident
                else TriageRows(tx.sql).triage(triage_id, lock=True)
            )
            walk = Walk(tx, self._policy, await lock, by)
            await walk.settle()
            yield walk
