"""A walk through the decision tree while a person acts on it: locked, in one transaction."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.domain.audit import AuditData
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.session import Triage, TriageStatus
from bot.runbook.model import Policy
from bot.services.running_triages.posts import refresh_triage_job, set_clock
from bot.services.triage.views import PressResult, TriageView, path_of, view_of
from bot.storage.tables.timeline import AuditWrites
from bot.storage.tables.triages import TriageAnswerRows, TriageRows
from bot.storage.transaction import Transaction

#: A walk that is not continued expires after this time.
FORGOTTEN_AFTER: Final = timedelta(hours=24)


def continued(triage: Triage, policy: Policy, *, by: Person, at: datetime) -> Triage:
    """Return the unfinished walk *triage*, taken over by *by*, with its clocks restarted from *at*."""
    ask_after = policy.unfinished.ask_after
    idle = triage.idle.continued(by=by, at=at, due_at=None if ask_after is None else at + ask_after)
    return replace(triage.with_idle(idle), due_at=at + FORGOTTEN_AFTER)


class Walk:
    """A locked triage in one transaction, and the person who acts on it."""

    def __init__(self, tx: Transaction, policy: Policy, triage: Triage, by: Person) -> None:
        self.tx = tx
        self.triage = triage
        self.notice: PressResult | None = None
        self._policy = policy
        self._by = by

    @property
    def is_open(self) -> bool:
        """Return True while the walk's questions can be answered."""
        return self.triage.status is TriageStatus.OPEN

    @property
    def has_result(self) -> bool:
        """Return True if no question is open."""
        triage, tree = self.triage, self._policy.tree
        return triage.severity is not None or tree.follow(path_of(triage)).outcome is not None

    @property
    def severity(self) -> SeverityPolicy | None:
        """Return the severity of the incident that confirming would open; None for a re-evaluation."""
        if self.triage.severity is not None:
            return self._policy.rules(self.triage.severity)
        outcome = self._policy.tree.follow(path_of(self.triage)).outcome
        name = None if outcome is None else outcome.severity
        return None if name is None else self._policy.severities[name]

    async def audit(self, action: str, **facts: object) -> None:
        """Write an act in this walk to the audit log."""
        about = AuditData(facts={"triage": self.triage.id, **facts})
        await AuditWrites(self.tx.sql).audit(
            guild_id=self.triage.guild_id, by=self._by, action=action, data=about
        )

    async def settle(self) -> None:
        """Expire the walk if it is forgotten, and withdraw answers that a new policy's tree does not fit."""
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
                await TriageAnswerRows(self.tx.sql).withdraw_answers(
                    self.triage.id, since=unfit[0].question, by=self._by
                )
            await self._write(self.triage.choose(None))
            self.notice = PressResult.OUTDATED

    async def go_on(self) -> None:
        """Continue an unfinished walk as the acting person if the bot has asked about it."""
        if self.triage.is_unfinished and self.triage.idle.asked_at is not None:
            now = await self.tx.now()
            await self._write(continued(self.triage, self._policy, by=self._by, at=now))

    async def withdraw(self, question: str) -> TriageView:
        """Take the answer to *question* back, and all after it."""
        if not self.is_open or question not in {given.question for given in self.triage.answers}:
            return await self.view()
        await TriageAnswerRows(self.tx.sql).withdraw_answers(self.triage.id, since=question, by=self._by)
        await self.audit("triage.withdrawn", since=question)
        await self.go_on()
        return await self.save(self.triage.choose(None))

    async def choose(self, severity: str) -> TriageView:
        """Overrule the tree with *severity*; record the person and the tree's outcome."""
        outcome = self._policy.tree.follow(path_of(self.triage)).outcome
        proposed = None if outcome is None else outcome.name
        await TriageAnswerRows(self.tx.sql).add_choice(
            self.triage.id, proposed=proposed, severity=severity, by=self._by
        )
        await self.audit("triage.severity_chosen", severity=severity, proposed=proposed)
        await self.go_on()
        return await self.save(self.triage.choose(severity))

    async def save(self, triage: Triage) -> TriageView:
        """Store the walk, and refresh its posts."""
        await self._write(triage)
        return await self.view()

    async def read_again(self) -> TriageView:
        """Return the view after a change that other code has written."""
        self.triage = await TriageRows(self.tx.sql).triage(self.triage.id)
        return await self.view()

    async def _write(self, triage: Triage) -> None:
        """Write *triage*; if its status or a deadline changes, set its clocks and update its posts."""
        before = (self.triage.status, self.triage.due_at, self.triage.idle)
        if triage.severity is None and self.triage.severity is not None:
            await TriageAnswerRows(self.tx.sql).withdraw_choice(triage.id, by=self._by)
        await TriageRows(self.tx.sql).save_triage(triage)
        if (triage.status, triage.due_at, triage.idle) != before:
            await set_clock(self.tx, triage, self._policy)
            await self.tx.enqueue(refresh_triage_job(triage.id))
        self.triage = await TriageRows(self.tx.sql).triage(self.triage.id)

    async def view(
        self, *, answered: str | None = None, notice: PressResult | None = None, gone: int | None = None
    ) -> TriageView:
        """Return the current view.

        Args:
            answered: A question that is no longer open; the view says so if another person has answered it.
            notice: Why nothing was changed.
            gone: The number of the incident that cannot be joined.
        """
        first = next((given for given in self.triage.answers if given.question == answered), None)
        if first is None or first.by_id == self._by.id or self.notice is not None:
            return await view_of(self.tx, self._policy, self.triage, notice=notice or self.notice, gone=gone)
        return await view_of(
            self.tx, self._policy, self.triage, notice=PressResult.ANSWERED, first_answer=first
        )
