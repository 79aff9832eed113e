"""Merges a duplicate into another incident without silencing that one."""

from dataclasses import dataclass

import structlog

from bot.capability import IncidentEvent
from bot.domain.errors import UserError
from bot.domain.incident import relations, transitions
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.records import LinkedEntry, MergedHereNotice, MergedNotice
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.incidents.severity_change import Cause, Regraded, Regrading
from bot.services.running_triages.endings import take_in_walks
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change, Changes

log = structlog.get_logger(__name__)


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
            severity = other.policy.rules(ended.severity)
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
    return change.policy.rules(change.incident.severity).rank
