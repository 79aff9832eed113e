"""What changed before an incident, whether it is rolled back, and the past incidents that resemble it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, cast

import structlog

from bot.domain.delivery.delivery import priority_of
from bot.domain.errors import OutboundFailed, UpstreamUnavailable, UserError
from bot.domain.incident import transitions
from bot.domain.incident.forms import ChecklistPick, Filled, fill_in
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.incident.records import StepDoneEntry
from bot.domain.jobs import Job
from bot.domain.masking.masking import mask
from bot.domain.people import Person
from bot.domain.systems import RecentChange
from bot.domain.text import one_line
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.shared.access import Access, AnyAct
from bot.services.shared.changes import Change, Changes
from bot.services.shared.jobs import refresh_job
from bot.services.shared.postings import thread_line
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import TimelineRows
from bot.storage.transaction import Transaction
from cogs.suspects.rules import (
    REASON_LIMIT,
    ChangesCut,
    ChangeSource,
    KnownReport,
    PastIncident,
    Resemblance,
    Rollback,
    RollbackEntry,
    RollbackNotice,
    SourceProblem,
    SuspectCard,
    SuspectEntryKind,
    SuspectKind,
    SuspectRules,
    UnreadSource,
    card_of,
    problem_of,
    resembling,
)
from cogs.suspects.sources import ChangeSources
from cogs.suspects.store import EndedIncident, SuspectStore

log = structlog.get_logger(__name__)

#: The queue's job that makes the card; its payload is an incident's number.
SUSPECTS: Final = "suspects"


class SuspectAct(AnyAct):
    """What people decide about suspects."""

    DECIDE_ROLLBACK = "decide_rollback"


def wants_card(policy: Policy, incident: Incident) -> bool:
    """Return True if *incident* is to have a card, where there is a source."""
    is_theirs = incident.is_open and incident.kind is IncidentKind.INCIDENT
    return is_theirs and policy.of(SuspectRules).has(incident.severity)


async def ask_for_card(change: Change) -> None:
    """Queue the job that makes the card, or makes it anew: behind the messages that people wait for."""
    incident = change.incident
    if wants_card(change.policy, incident):
        priority = priority_of(change.policy.rules_of(incident).rank) - 2
        key = f"{SUSPECTS}:{incident.id}"
        await change.tx.enqueue(Job(SUSPECTS, str(incident.id), key, priority=priority, sooner=True))


#: How many past incidents are looked through, the latest.
PAST_KNOWN: Final = 2_000

#: Characters of a cause, of a fix and of an action item that are kept.
_SAID_LIMIT: Final = 200


@dataclass(frozen=True, slots=True)
class SeenBeforeView:
    """What `/incident similar` shows."""

    incident: Incident
    past: tuple[PastIncident, ...]


class SeenBefore:
    """Compares an incident with the past ones.

    Private incidents are never among those, not even for people who may see them: the list is read by others.
    """

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    async def view(self, incident_id: int, *, by: Person) -> SeenBeforeView:
        """Return an incident with the past ones like it.

        Raises:
            IncidentNotFound: no such number, or not theirs to see.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="show")
        return SeenBeforeView(incident, await self.like(incident))

    async def like(self, incident: Incident) -> tuple[PastIncident, ...]:
        """Return the past incidents that resemble *incident*, the most similar first, three at most."""
        past = await SuspectStore(self._store.sql).past_reports(incident.guild_id, limit=PAST_KNOWN)
        report = KnownReport(
            number=incident.id,
            title=incident.title,
            targets=incident.targets,
            symptoms=incident.symptoms,
            fingerprint=incident.tracked.fingerprint,
        )
        # Thousands of titles take tens of milliseconds, which nothing else is to wait for.
        alike = await asyncio.to_thread(resembling, report, past)
        ended = await SuspectStore(self._store.sql).ended_incidents(
            incident.guild_id, [one.number for one in alike]
        )
        known = {one.incident.id: one for one in ended}
        return tuple(_past(one, known[one.number]) for one in alike if one.number in known)


def _past(resemblance: Resemblance, ended: EndedIncident) -> PastIncident:
    incident, resolution = ended.incident, ended.incident.aftermath.resolution
    return PastIncident(
        number=incident.id,
        title=incident.title,
        severity=incident.severity,
        ended_at=incident.triggered_at if incident.ended is None else incident.ended.at,
        where=_where(incident),
        cause="" if resolution is None else resolution.cause[:_SAID_LIMIT],
        fix="" if resolution is None else resolution.fix[:_SAID_LIMIT],
        open_items=tuple(item[:_SAID_LIMIT] for item in ended.open_items[:3]),
        topics=ended.topics[:3],
        same_targets=resemblance.same_targets,
        same_alert=resemblance.same_alert,
        words=resemblance.words,
    )


def _where(incident: Incident) -> tuple[int, ...]:
    """Return the ids of its thread's address, or else of its alert's."""
    thread, post = incident.thread.id, incident.post
    if thread is not None:
        return (incident.guild_id, thread)
    if post.channel_id is None or post.message_id is None:
        return ()
    return (incident.guild_id, post.channel_id, post.message_id)


#: Seconds that a source has to answer. The card is due ten seconds after the alert.
DEADLINE_S: Final = 7.0

#: When a source is read again that was away, and how often all of them are read at most.
_AGAIN: Final = timedelta(minutes=1)
_MOST_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _SourceReading:
    """What one source has answered: changes, a problem, or both if there were too many."""

    changes: Sequence[RecentChange] = ()
    unread: UnreadSource | None = None


class Suspects:
    """Handler of the queue's job; may run twice without harm.

    Args:
        deadline_s: As `DEADLINE_S`.
    """

    def __init__(
        self,
        store: Store,
        policy: Policy,
        sources: Sequence[ChangeSource],
        seen: SeenBefore,
        *,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._store = store
        self._policy = policy
        self._sources = sources
        self._seen = seen
        self._deadline_s = deadline_s

    async def read(self, incident_id: int) -> timedelta | None:
        """Make the card of an incident, or make it anew, and post it unless its thread has it.

        Returns:
            When to come again, because a source was away; None: not at all.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        if not self._wants(incident):
            return None
        before = await SuspectStore(self._store.sql).card(incident_id)
        if before is not None and before.started_at == incident.started_at and not _is_due(before):
            card = before  # its thread may be another one by now
        else:
            card = await self._read(incident, before)
        # Without a change, a card is worth it only if some source knows that there was none.
        knows_of_none = not all(source.is_partial for source in self._sources)
        if before is None and not card.changes and not knows_of_none:
            return None
        async with self._store.transaction() as tx:
            card = await _without_private(tx, incident.guild_id, card)
            now = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            if not self._wants(now):
                return None
            await self._show(tx, now, card, before)
        log.info("suspects.read", incident_id=incident_id, changes=len(card.changes), unread=len(card.unread))
        return _AGAIN if _is_due(card) else None

    async def forget(self, incident: Incident) -> None:
        """Take an incident out of the cards of others if it is private."""
        if not incident.is_private:
            return
        for other in await SuspectStore(self._store.sql).cards_with(incident.guild_id, incident.id):
            async with self._store.transaction() as tx:
                locked = await IncidentWrites(tx.sql).incident(other, lock=True)
                card = await SuspectStore(tx.sql).card(other)
                if card is not None:
                    await self._show(tx, locked, card.without(incident.id), card)

    def _wants(self, incident: Incident) -> bool:
        """Return True if *incident* is to have a card: without a source there is none."""
        return bool(self._sources) and wants_card(self._policy, incident)

    async def _show(
        self, tx: Transaction, incident: Incident, card: SuspectCard, before: SuspectCard | None
    ) -> None:
        """Store the card and have it posted; where it has been, it is edited if it differs."""
        if card != before:
            await SuspectStore(tx.sql).save_card(incident, card)
        if before is not None and card != before:
            await IncidentWrites(tx.sql).save(transitions.renewed(incident))
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules_of(incident)))
        if self._wants(incident):
            # One message for each thread that the incident has had.
            line = thread_line(incident, self._policy, key=f"suspects:{incident.thread.posting}", stored={})
            await DeliveryWrites(tx.sql).insert_deliveries([replace(line, kind=SuspectKind.SUSPECTS)])

    async def _read(self, incident: Incident, before: SuspectCard | None) -> SuspectCard:
        is_retry = before is not None and before.started_at == incident.started_at
        rules, start = self._policy.of(SuspectRules), incident.started_at
        reading = (self._ask(source, start - rules.within, start) for source in self._sources)
        past, readings = await asyncio.gather(self._seen.like(incident), asyncio.gather(*reading))
        card = card_of(
            [change for one in readings for change in one.changes],
            [one.unread for one in readings if one.unread is not None],
            started_at=start,
            within=rules.within,
            tries=before.tries + 1 if is_retry and before is not None else 1,
        )
        return replace(card, past=past)

    async def _ask(self, source: ChangeSource, since: datetime, until: datetime) -> _SourceReading:
        try:
            async with asyncio.timeout(self._deadline_s):
                return _SourceReading(await source.read(since, until))
        except ChangesCut as cut:
            log.warning("suspects.source_cut", source=source.name, about=source.about)
            unread = UnreadSource(
                source=source.name, about=source.about, problem=SourceProblem.SLOW, read_from=cut.read_from
            )
            return _SourceReading(cut.changes, unread)
        except TimeoutError:
            problem = SourceProblem.SLOW
        except OutboundFailed as failed:
            problem = problem_of(failed.problem)
        except UpstreamUnavailable:
            problem = SourceProblem.AWAY
        except Exception:  # a bug of one source must not cost the card, which has the others
            log.exception("suspects.source_broken", source=source.name)
            problem = SourceProblem.AWAY
        log.warning("suspects.source_unread", source=source.name, about=source.about, problem=problem)
        return _SourceReading(unread=UnreadSource(source=source.name, about=source.about, problem=problem))


async def _without_private(tx: Transaction, guild_id: int, card: SuspectCard) -> SuspectCard:
    """Return the card without what has become private while it was read; what does so later is forgotten.

    The past incidents have the lower numbers, so they are locked before the incident itself.
    """
    numbers = [one.number for one in card.past]
    public = await SuspectStore(tx.sql).still_public(guild_id, numbers) if numbers else frozenset()
    return replace(card, past=tuple(one for one in card.past if one.number in public))


def _is_due(card: SuspectCard) -> bool:
    """Return True if the incident's sources must be read again."""
    return card.may_grow and card.tries < _MOST_TRIES


@dataclass(frozen=True, slots=True)
class NewRollback:
    """The form as a person filled it in.

    Attributes:
        rolls_back: As in `Rollback`.
        reason: As typed.
        key: The same key is recorded once ("interaction:123").
    """

    rolls_back: bool
    reason: str
    key: str


class Rollbacks:
    """Records decisions. Each is on the timeline; the last one counts."""

    def __init__(self, policy: Policy, changes: Changes) -> None:
        self._policy = policy
        self._changes = changes

    async def begin(self, incident_id: int, *, by: Person) -> Incident:
        """Return the incident if *by* may decide, so that a refusal comes before the form.

        Raises:
            As `decide`.
        """
        incident = await self._changes.allowed(incident_id, by=by, act=SuspectAct.DECIDE_ROLLBACK)
        transitions.require_open(incident)
        return incident

    async def decide(self, incident_id: int, new: NewRollback, *, by: Person) -> Incident:
        """Record a decision: on the timeline, in the thread, on the card, and as a step that is done.

        Secrets in the reason are masked before it is stored.
        Of two people who decide at the same time, each is recorded, one after the other.

        Raises:
            As `Changes.change`; InvalidTransition: it has ended; UserError: there is no reason.
        """
        reason = one_line(mask(new.reason).text, limit=REASON_LIMIT)
        if not reason:
            raise UserError("rollback_unexplained")
        async with self._changes.change(incident_id, by=by, act=SuspectAct.DECIDE_ROLLBACK) as change:
            transitions.require_open(change.incident)
            entries = await TimelineRows(change.tx.sql).timeline(change.incident.id)
            is_recorded = any(  # Discord has delivered the same interaction before
                one.kind is SuspectEntryKind.ROLLBACK_DECIDED and one.key == new.key for one in entries
            )
            if not is_recorded:
                await self._record(change, new, reason)
        return change.incident

    async def _record(self, change: Change, new: NewRollback, reason: str) -> None:
        last = Rollback(
            rolls_back=new.rolls_back,
            reason=reason,
            by_id=change.by.id,
            by_name=change.by.name,
            at=change.now,
        )
        await SuspectStore(change.tx.sql).save_rollback(change.incident, last)
        filled = self._tick(change)
        changed = filled.incident if filled.ticked else transitions.renewed(change.incident)
        await change.save(changed)
        line = f"rollback:{changed.version}"
        entry = RollbackEntry(rolls_back=new.rolls_back, reason=reason, key=new.key)
        await change.record(entry, line=line)
        await change.say(RollbackNotice(rolls_back=new.rolls_back, reason=reason), key=line)
        sheet = self._policy.checklist(change.incident.severity)
        for place in filled.ticked:
            step = sheet.steps[place]
            words = {"ja": step.ja, "en": step.en}
            await change.record(StepDoneEntry(severity=sheet.severity, number=place + 1, words=words))

    def _tick(self, change: Change) -> Filled:
        """Tick the step that the policy names for this, unless it is ticked or there is none."""
        severity = change.incident.severity
        sheet, number = self._policy.checklist(severity), self._policy.rollback_step(severity)
        if number == 0:
            return Filled(change.incident)
        pick = ChecklistPick(sheet.edition, shown=frozenset(), chosen=frozenset({number - 1}))
        return fill_in(change.incident, sheet, pick, by=change.by, at=change.now)


@dataclass(frozen=True, slots=True)
class SuspectUseCases:
    """The use cases of one guild."""

    cards: Suspects
    rollbacks: Rollbacks
    seen_before: SeenBefore


def build(core: Core) -> SuspectUseCases:
    """Put the use cases of one guild together."""
    sources = cast("ChangeSources | None", core.opened)
    seen = SeenBefore(core.store, core.access)
    return SuspectUseCases(
        cards=Suspects(core.store, core.policy, () if sources is None else sources.of(core), seen),
        rollbacks=Rollbacks(core.policy, core.changes),
        seen_before=seen,
    )


async def read_card(suspects: SuspectUseCases, payload: str) -> timedelta | None:
    """Run the job that makes the card of an incident."""
    return await suspects.cards.read(int(payload))


async def forget(suspects: SuspectUseCases, incident: Incident) -> None:
    """Take an incident that is private by now out of the cards of others."""
    await suspects.cards.forget(incident)
