"""Ending an incident, merging it into another, and opening it again.

A merge never silences the other incident. The rules: `bot.domain.incident.transitions`.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.capability import IncidentEvent
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.incident import relations, transitions
from bot.domain.incident.incident import Incident, IncidentKind, PersonRef, Status
from bot.domain.incident.parts import Aftermath
from bot.domain.incident.posting import archived
from bot.domain.incident.records import (
    CancelledNotice,
    End,
    LinkedEntry,
    LinkedNotice,
    MergedHereNotice,
    MergedNotice,
    ReopenedEntry,
    ReopenedNotice,
    ResolvedNotice,
    UnlinkedNotice,
    UnmergedEntry,
    UnmergedNotice,
    entry_of,
)
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.text import one_line
from bot.domain.timeline.entries import TimelineKind
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger, stop_ladder
from bot.services.acknowledging.reconciliation import OldReactions
from bot.services.escalation.decisions import Escalations
from bot.services.incidents.details import NewResolution, keep_resolution, with_aftermath
from bot.services.incidents.opening import declare_within
from bot.services.incidents.roles import give_up
from bot.services.incidents.severity_change import Cause, Regraded, Regrading
from bot.services.ports import Discord
from bot.services.running_triages import dismiss_walks, take_in_walks
from bot.services.shared.access import Access, Act, AnyAct
from bot.services.shared.changes import Change, Changes, link_both, unlink_both
from bot.services.shared.contributions import owe
from bot.services.shared.jobs import archive_job, archive_key, refresh_job, remind_later, reminder_key
from bot.services.shared.shown_incidents import ShownIncidents
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementWrites
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows

#: Characters of a reason: one line in the thread.
REASON_LIMIT = 300

log = structlog.get_logger(__name__)


class Lifecycle:
    """Decisions about an incident as a whole.

    Those that people make raise as `Changes.change`, and InvalidTransition if the incident's state does not
    allow them.
    """

    def __init__(
        self,
        store: Store,
        discord: Discord,
        policy: Policy,
        changes: Changes,
        escalations: Escalations,
        shown: ShownIncidents,
    ) -> None:
        self._shown = shown
        self._store = store
        self._discord = discord
        self._old = OldReactions(store, discord)
        self._policy = policy
        self._changes = changes
        self._escalations = escalations
        self._regrading = Regrading(policy, escalations)

    async def require_open(
        self, incident_id: int, *, by: Person, act: AnyAct, digest: str | None = None
    ) -> Incident:
        """Return an open incident that *by* may change, so that a refusal comes before the form.

        Args:
            digest: What the pressed button carries. With it, the incident is only for showing, and may be
                older than the row; see `ShownIncidents.as_shown`.
        """
        incident = await self._shown.as_shown(incident_id, digest)
        await self._changes.require(incident, by=by, act=act)
        transitions.require_open(incident)
        return incident

    async def resolve(
        self,
        incident_id: int,
        *,
        by: Person,
        stated: NewResolution | None = None,
        owner: Person | None = None,
    ) -> Incident:
        """Resolve an incident, cancel the rest of its ladder, and set who owes the postmortem.

        Args:
            stated: How it was resolved; None: nothing is said of it.
            owner: Who is to write the postmortem if one is owed; None: by the rule.

        Returns:
            The incident with its aftermath.

        Raises:
            As `owe`; nothing is resolved then.
        """
        key = None if stated is None else stated.key
        async with self._changes.change(incident_id, by=by, act=Act.RESOLVE) as change:
            if key is not None and TimelineKind.RESOLVED in await change.recorded_under(key):
                return await with_aftermath(change)  # Discord has delivered the interaction twice
            at, archive_at = change.now, self.archive_at(change)
            ended = transitions.resolve(change.incident, by=by, at=at, archive_at=archive_at)
            owed = await owe(self._changes.access, change, ended, owner=owner)
            resolution = await keep_resolution(change, stated)
            told = ResolvedNotice(at=at, said=resolution, key=key)
            if owed is not None and owed.is_owed:
                writer = PersonRef(owed.owner_id, owed.owner_name)
                told = replace(told, owner=writer, due_on=owed.due_on)
            await self.end(change, ended, told)
        return replace(ended, aftermath=Aftermath(resolution=resolution, postmortem=owed))

    async def cancel(self, incident_id: int, *, by: Person, reason: str = "") -> Incident:
        """Cancel an incident as a false alarm."""
        async with self._changes.change(incident_id, by=by, act=Act.CANCEL) as change:
            return await self._cancel(change, reason)

    async def dismiss(self, incident_id: int, *, by: Person) -> Incident:
        """Cancel a tracked alert as a false alarm, unless it is an incident by now."""
        async with self._changes.change(incident_id, by=by, act=Act.CANCEL) as change:
            transitions.require_tracked(change.incident)
            return await self._cancel(change, "")

    async def _cancel(self, change: Change, reason: str) -> Incident:
        at, archive_at = change.now, self.archive_at(change)
        ended = transitions.cancel(change.incident, by=change.by, at=at, archive_at=archive_at)
        await self.end(change, ended, CancelledNotice(reason=_reason(reason), at=change.now))
        return ended

    async def reopen(self, incident_id: int, *, by: Person, reason: str = "") -> Incident:
        """Reopen an incident, with *by* as its only responder and without an escalation.

        If it was merged, the incident it was merged into gets a note that this one goes on by itself again.
        """
        seen = await IncidentRows(self._store.sql).incident(incident_id)
        unmarked = [] if seen.is_open else await self._old.unmarked(seen)
        into = seen.merged_into_id
        told = [] if into is None else [into]
        async with self._changes.change(incident_id, by=by, act=Act.REOPEN, noted_on=told) as change:
            was_merged_into = change.incident.merged_into_id
            if was_merged_into not in (None, into):  # another person was first, twice
                transitions.require_open(change.incident)
            owed = self._policy.update_due(self._policy.rules_of(change.incident), at=change.now)
            opened = transitions.reopen(change.incident, by=by, at=change.now, next_update_at=owed)
            await change.save(opened)
            await give_up(
                change, {one.id for one in await MemberRows(change.tx.sql).removed_members(incident_id)}
            )
            await AcknowledgementWrites(change.tx.sql).leave(
                incident_id, unmarked=unmarked
            )  # the responders from before it ended
            await AcknowledgementWrites(change.tx.sql).join(incident_id, by, via=AckVia.REOPENED)
            await change.tx.cancel_jobs([archive_key(incident_id)])
            await remind_later(change.tx, change.incident, now=change.now)
            line, news = f"reopened:{opened.version}", ReopenedNotice(reason=_reason(reason))
            await change.record(ReopenedEntry(reason=news.reason), line=line)
            await change.say(news, key=line)
            await change.then(IncidentEvent.REOPENED)
            if was_merged_into is not None:
                await _unmerge(change.beside[was_merged_into], change.incident)
        return change.incident

    async def link(self, incident_id: int, *, with_: int, by: Person) -> bool:
        """Link two related incidents; return False if they were linked already.

        Raises:
            UserError: they are the same one; DrillAndReal.
        """
        if incident_id == with_:
            raise UserError("link_with_itself")
        async with self._changes.change(incident_id, by=by, act=Act.LINK, also=[with_]) as change:
            other = change.beside[with_]
            relations.require_alike(change.incident, other.incident)
            if not await IncidentWrites(change.tx.sql).link(incident_id, with_, by=by):
                return False
            await link_both(change, other)
            await _tell_both(LinkedNotice, change, other)
        return True

    async def unlink(self, incident_id: int, *, with_: int, by: Person) -> bool:
        """Remove the link between two incidents; return False if they were not linked."""
        async with self._changes.change(incident_id, by=by, act=Act.UNLINK, also=[with_]) as change:
            other = change.beside[with_]
            if not await IncidentWrites(change.tx.sql).unlink(incident_id, with_):
                return False
            await unlink_both(change, other)
            await _tell_both(UnlinkedNotice, change, other)
        return True

    async def change_severity(
        self, incident_id: int, *, to: str, by: Person, reason: str, was: str | None = None
    ) -> Regraded:
        """Change an incident's severity, and with it the channel, mention, deadline and ladder.

        It is announced anew if the new severity has another channel, or mentions people and the old one did
        not. Otherwise the existing post is edited.

        Args:
            to: The new severity's name.
            reason: Why; kept and shown, up to `REASON_LIMIT` characters.
            was: The severity that *by* was shown; None if not known.

        Raises:
            InvalidTransition: its severity is not the one that was shown; UserError: the policy has no such
                severity, or no reason is given.
        """
        severity = self._policy.severities.get(to)
        if severity is None:
            raise UserError("severity_unknown", value=to)
        why = _reason(reason)
        if not why:
            raise UserError("reason_empty")
        async with self._changes.change(incident_id, by=by, act=Act.CHANGE_SEVERITY) as change:
            now = change.incident.severity
            if was is not None and now not in (was, to):
                raise InvalidTransition("severity_moved", incident=change.incident.label, severity=now)
            return await self._regrading.regrade(change, severity, why=Cause(reason=why))

    async def declare(self, incident_id: int, *, by: Person) -> Incident:
        """Make a tracked alert an incident: posted as one, with its thread. Its clock goes on."""
        async with self._changes.change(incident_id, by=by, act=Act.DECLARE) as change:
            severity = self._policy.rules_of(change.incident)
            declared = await declare_within(change, severity, self._escalations)
            await take_in_walks(change)
        return declared

    async def archive(self, incident_id: int) -> None:
        """Archive the thread of an ended incident, unless it was reopened.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        if incident.thread.archive_at is None or incident.thread.archive_at > await self._store.now():
            return
        for post in await DeliveryRows(self._store.sql).posts(incident_id):
            if post.kind.spec.opens_thread and post.message_id is not None:
                await self._discord.archive(post.message_id)
        async with self._store.transaction() as tx:
            locked = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            if locked.thread.archive_at == incident.thread.archive_at:
                await IncidentWrites(tx.sql).save(archived(locked))
            elif locked.is_open:  # it was reopened just now: its thread must be open
                await tx.enqueue(refresh_job(locked, severity=self._policy.rules_of(locked)))

    async def end(self, change: Change, ended: Incident, ending: End) -> None:
        """Do the work that every end of an incident entails, in the caller's transaction.

        Args:
            ended: As `transitions` has ended it.
            ending: The line in the thread: why, or in favour of what, at `change.now`.
        """
        await change.save(ended)
        await stop_ladder(change.tx, ended.id)
        await change.tx.cancel_jobs([reminder_key(ended.id)])
        await change.tx.enqueue(archive_job(ended.id, after=self._policy.archive_after))
        if ended.kind is IncidentKind.ALERT and ended.merged_into_id is None:
            await dismiss_walks(change)
        line = f"{ending.name}:{ended.version}"
        await change.record(entry_of(ending, is_drill=ended.is_drill), line=line)
        if ended.is_drill:  # its score says that it is over
            await change.then(IncidentEvent.DRILL_ENDED)
        else:
            await change.say(ending, key=line)
            await change.then(IncidentEvent.ENDED)

    def archive_at(self, change: Change) -> datetime:
        """Return when the thread of an incident that ends now is archived."""
        return change.now + self._policy.archive_after


async def _tell_both(kind: type[LinkedNotice | UnlinkedNotice], one: Change, other: Change) -> None:
    """Queue a line in the thread of each, unless the other one is private: as in `link_both`."""
    for here, there in ((one, other), (other, one)):
        if not there.incident.is_private:
            number = there.incident.id
            key = f"{kind.name}:{number}:{here.incident.version}"  # once more each time that it is done
            await here.say(kind(number=number), key=key)


async def _unmerge(other: Change, reopened: Incident) -> None:
    """Note on *other* that *reopened*, which was merged into *other*, continues on its own."""
    await other.save(relations.remove_duplicate(other.incident, reopened.id))
    await other.record(UnmergedEntry(with_=reopened.id))
    if reopened.is_private and not other.incident.is_private:
        return
    key = f"unmerged:{reopened.id}:{reopened.version}"
    await other.say(UnmergedNotice(number=reopened.id), key=key)


def _reason(text: str) -> str:
    return one_line(text, limit=REASON_LIMIT)


class _MergeMayNotRaise(Exception):  # a signal to ourselves: the refusal is recorded once the locks are gone
    """The merge would raise the other incident's severity, and the person who merges may not do that."""

    def __init__(self, incident: Incident, into: Incident) -> None:
        super().__init__()
        self.incident, self.into = incident, into


@dataclass(frozen=True, slots=True)
class Merged:
    """The result of a merge.

    Attributes:
        incident: The duplicate, ended.
        raised: The other incident, raised to the duplicate's severity; None when that was not higher.
    """

    incident: Incident
    raised: Regraded | None = None


class Merging:
    """Merges an incident into the one that it duplicates."""

    def __init__(
        self,
        access: Access,
        changes: Changes,
        acknowledger: Acknowledger,
        lifecycle: Lifecycle,
        regrading: Regrading,
    ) -> None:
        self._access = access
        self._changes = changes
        self._acknowledger = acknowledger
        self._lifecycle = lifecycle
        self._regrading = regrading

    async def merge(self, incident_id: int, *, into: int, by: Person) -> Merged:
        """Merge an incident into another open one about the same trouble, which gets a note of it.

        If the duplicate's severity is higher, the other is raised to it in the same commit, with all effects
        of that: otherwise the merge would silence it. This also takes the permission to change the severity.
        If the duplicate's severity is at least as high, its responder becomes the responder of the other
        incident, provided that it has none and that they may see it.

        Raises:
            NotPermitted, IncidentNotFound, InvalidTransition; UserError: the other one would be raised, which
                *by* may not.
        """
        try:
            return await self._merge(incident_id, into, by=by)
        except _MergeMayNotRaise as refused:
            raise await self._refusal(refused.incident, refused.into, by=by) from None

    async def _merge(self, incident_id: int, into: int, *, by: Person) -> Merged:
        async with self._changes.change(incident_id, by=by, act=Act.MERGE, also=[into]) as change:
            other, found = change.beside[into], change.incident
            is_more_severe, is_less = _rank(change) < _rank(other), _rank(change) > _rank(other)
            archive_at = self._lifecycle.archive_at(change)
            ended = transitions.merge(found, into=other.incident, by=by, at=change.now, archive_at=archive_at)
            if is_more_severe and not self._access.allows(by, Act.CHANGE_SEVERITY.permission):
                raise _MergeMayNotRaise(found, other.incident)
            await self._lifecycle.end(change, ended, MergedNotice(into=into, at=change.now))
            if not ended.is_private:  # then the other one is private, too, and its thread alone hears of it
                await other.save(relations.add_duplicate(other.incident, incident_id))
            await other.record(LinkedEntry(merged=incident_id))
            if not is_less:
                await self._carry_ack(found, other, by=by)
            raised = await self._tell(ended, other, is_more_severe=is_more_severe)
            await other.then(IncidentEvent.TOOK_IN)  # it tells the duplicate's users from now on
            if other.incident.kind is IncidentKind.INCIDENT:
                await take_in_walks(other)
        return Merged(ended, raised)

    async def _carry_ack(self, duplicate: Incident, other: Change, *, by: Person) -> None:
        """Acknowledge *other* for the responder of *duplicate*: an escalation would only add a second person.

        A private incident stays unacknowledged unless they merge it themselves, are named in it, or are on
        call: the bot does not ask Discord whether one of their roles may see it.
        """
        holder = duplicate.on_it
        if holder is None or other.incident.status is not Status.TRIGGERED:
            return
        responder = by if by.id == holder.id else Person(holder.id, holder.name)
        if not await self._access.sees(responder, other.incident, source=other.tx):
            log.info("incident.ack_not_carried", incident_id=other.incident.id, user_id=holder.id)
            return
        result = await self._acknowledger.record(other.tx, other.incident, by=responder, via=AckVia.MERGED)
        other.incident = result.incident

    async def _tell(self, ended: Incident, other: Change, *, is_more_severe: bool) -> Regraded | None:
        """Queue one line in the other incident's thread, whether or not that incident is raised."""
        if is_more_severe:
            severity = other.policy.rules_of(ended)
            return await self._regrading.regrade(other, severity, why=Cause(merged=ended.id))
        key = f"merged_here:{ended.id}:{ended.version}"  # once more if it was reopened in between
        await other.say(MergedHereNotice(number=ended.id), key=key)
        return None

    async def _refusal(self, incident: Incident, into: Incident, *, by: Person) -> UserError:
        """Return the error to show *by*, and record the refusal."""
        permission = Act.CHANGE_SEVERITY.permission
        await self._access.note_refused(
            by, permission, guild_id=into.guild_id, act=Act.MERGE, incident_id=into.id
        )
        return UserError(
            "merge_raises",
            incident=incident.label,
            severity=incident.severity,
            other=into.label,
            roles=self._access.roles(permission),
        )


def _rank(change: Change) -> int:
    return change.policy.rules_of(change.incident).rank
