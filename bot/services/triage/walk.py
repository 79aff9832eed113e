"""A walk through the decision tree: what people see of it, and its lock while a person acts on it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.audit import AuditData
from bot.domain.incident.incident import Incident
from bot.domain.incident.relations import Rarity, TroubleReport, most_similar
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.session import StoredAnswer, StoredChoice, Triage, TriageStatus, severity_if_left
from bot.domain.triage.tree import Given, Path, Position
from bot.runbook.model import Policy
from bot.services.running_triages import refresh_triage_job, set_clock
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditWrites
from bot.storage.tables.triages import KnownMessage, TriageAnswerRows, TriageRows
from bot.storage.transaction import Transaction

#: How long ago an incident may have been raised to be offered.
OPENED_WITHIN: Final = timedelta(days=7)

#: How many open incidents a report is compared with, and among how many titles its words may be rare.
_MOST: Final = 100
_TITLES: Final = 300

#: How long ago another triage may have begun to be worth a mention: people report the same thing.
OTHERS_WITHIN: Final = timedelta(minutes=30)

#: A walk that is not continued expires after this time.
FORGOTTEN_AFTER: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Similar:
    """A similar incident.

    Attributes:
        rises: The triage's result is a higher severity: by joining, the incident gets it.
    """

    incident: Incident
    rises: bool


async def similar_to(
    tx: Transaction, policy: Policy, triage: Triage, severity: SeverityPolicy | None
) -> Similar | None:
    """Return the open incident that is most similar to an open triage with *severity* as its result, or None.

    It is never a private incident: people who do not know of that one read the report.
    """
    if severity is None or triage.status is not TriageStatus.OPEN:
        return None
    incident = await _most_similar(tx, triage, triage.guild_id, message_id=triage.source_message_id)
    return None if incident is None else Similar(incident, rises(policy, incident, severity))


class SimilarIncidents:
    """Finds what an incident that was raised without questions may have in common with another open one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def beside(self, incident: Incident) -> Incident | None:
        """Return the most similar of the open incidents raised before *incident*; None for a private one.

        Only the newer one names the older, so that two people do not merge each into the other. A drill has
        none either, nor has one that has ended.
        """
        if incident.is_private or incident.is_drill or not incident.is_open:
            return None
        async with self._store.transaction() as tx:
            return await _most_similar(tx, incident, incident.guild_id, before=incident.id)


async def _most_similar(
    tx: Transaction,
    report: TroubleReport,
    guild_id: int,
    *,
    message_id: int | None = None,
    before: int | None = None,
) -> Incident | None:
    known = await TriageRows(tx.sql).open_reports(
        guild_id, message_id=message_id, within=OPENED_WITHIN, limit=_MOST, titles=_TITLES
    )
    others = [one for one in known.open if before is None or one.number < before]
    found = most_similar(report, others, Rarity.of(known.titles))
    return None if found is None else found.incident()


def rises(policy: Policy, incident: Incident, severity: SeverityPolicy) -> bool:
    """Return True if *severity* is higher than the incident's."""
    return severity.rank < policy.rules_of(incident).rank


def has_become(known: KnownMessage | None) -> bool:
    """Return True if a triage's message has become an incident: then it is about that one."""
    return known is not None and known.raised is not None


class PressResult(StrEnum):
    """Why a press did not do what it says on the button, or a form did not begin a triage."""

    ANSWERED = "answered"  # another person was first
    CHANGED = "changed"  # the result is another one than the screen showed
    REOPENED = "reopened"  # an answer was taken back: a question is open again
    JOINED = "joined"  # the message is being triaged already
    HELD = "held"  # the message waits for its re-evaluation
    GONE = "gone"  # the incident that it was to join is not open any more, or not for all to see
    OUTDATED = "outdated"  # the policy has changed: answers that fit no more were withdrawn


@dataclass(frozen=True, slots=True)
class TriageView:
    """The state of a walk.

    Attributes:
        position: The question to ask, or the outcome.
        severity: What confirming would open: the one chosen by hand, else the outcome's; None while a
            question is open or when the outcome is to re-evaluate.
        ack_due_at: The deadline if it were confirmed now.
        incident: What it became.
        others: Walks that began lately and have not ended: perhaps about the same thing.
        notice: Set when what was done last changed nothing.
        choice: The choice of *severity* by hand; None if there is none, or it is not known.
        first_answer: With `PressResult.ANSWERED` on a question: the answer that counts.
        in_drill: It was begun in the thread of a drill, and is real all the same.
        similar: An open incident that its result may be about as well.
        gone: With `PressResult.GONE`: the number of the incident that cannot be joined.
    """

    triage: Triage
    position: Position
    severity: SeverityPolicy | None
    ack_due_at: datetime | None
    incident: Incident | None = None
    others: tuple[Triage, ...] = ()
    notice: PressResult | None = None
    first_answer: StoredAnswer | None = None
    choice: StoredChoice | None = None
    in_drill: bool = False
    similar: Similar | None = None
    gone: int | None = None
    team: str | None = None


async def view_of(
    tx: Transaction,
    policy: Policy,
    triage: Triage,
    *,
    notice: PressResult | None = None,
    first_answer: StoredAnswer | None = None,
    gone: int | None = None,
) -> TriageView:
    """Return the view of *triage* as this transaction sees it."""
    known = None  # after its end the incident says what the triage is
    if triage.status is TriageStatus.OPEN and triage.channel_id is not None:
        known = await TriageRows(tx.sql).known_message(triage.channel_id, triage.source_message_id)
    position = policy.tree.follow(policy.tree.fitting(path_of(triage)))
    name = triage.severity or (position.outcome.severity if position.outcome else None)
    team = policy.team_of(triage.targets, said=None if known is None else known.team)
    severity = None if name is None else policy.rules(name, team=team)
    return TriageView(
        triage=triage,
        position=position,
        severity=severity,
        ack_due_at=None if severity is None else policy.ack_due(severity, at=await tx.now()),
        incident=None
        if triage.incident_id is None
        else await IncidentRows(tx.sql).incident(triage.incident_id),
        others=await _others(tx, triage),
        notice=notice,
        first_answer=first_answer,
        choice=None
        if triage.severity is None
        else triage.standing(await TriageAnswerRows(tx.sql).given_choices(triage.id)),
        in_drill=known is not None and known.is_of_drill,
        similar=None if has_become(known) else await similar_to(tx, policy, triage, severity),
        gone=gone,
        team=team,
    )


def raised_if_left(policy: Policy, triage: Triage) -> SeverityPolicy | None:
    """Return the severity for raising an unfinished walk that is not continued; None if it is not raised."""
    if not policy.unfinished.raises:
        return None
    path = policy.tree.fitting(path_of(triage))
    chosen = triage.severity if triage.severity in policy.severities else None
    return severity_if_left(policy.tree, policy.severities, path=path, chosen=chosen)


def path_of(triage: Triage) -> Path:
    """Return the answers that count, as the tree takes them."""
    return tuple(Given(a.question, a.answer, a.unsure) for a in triage.answers)


async def _others(tx: Transaction, triage: Triage) -> tuple[Triage, ...]:
    """Return other triages that began lately; none after the first answer, when joining them is no use."""
    if triage.status is not TriageStatus.OPEN or triage.answers:
        return ()
    found = await TriageRows(tx.sql).open_triages(triage.guild_id, within=OTHERS_WITHIN)
    return tuple(one for one in found if one.id != triage.id)


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

    async def choose(self, severity: str, *, said_by: Person | None = None) -> TriageView:
        """Overrule the tree with *severity*; record the tree's outcome, and who chose.

        Args:
            said_by: Who did, if not the person who acts: whose report is taken up.
        """
        outcome = self._policy.tree.follow(path_of(self.triage)).outcome
        proposed = None if outcome is None else outcome.name
        await TriageAnswerRows(self.tx.sql).add_choice(
            self.triage.id, proposed=proposed, severity=severity, by=said_by or self._by
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
