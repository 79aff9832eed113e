"""Permissions: checks the roles that the policy asks for, records refusals, and shows the audit log."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

import structlog

from bot.domain.audit import AuditData, AuditQuestion, AuditRow
from bot.domain.errors import IncidentNotFound, NotPermitted
from bot.domain.incident import relations
from bot.domain.incident.incident import Incident
from bot.domain.people import Person, has_role
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import OfTeam, Policy
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import AuditRows
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

PAGE_SIZE: Final = 12

#: The permission of responders, which a team's role gives for the incidents of the team.
_RESPONDING: Final = "acknowledge"


class VisibilityChanged(Exception):  # a signal to the caller that locks: check the permission once more
    """An incident was made private, or a private one changed, between the read and the lock."""


class AnyAct(StrEnum):
    """An act on an incident; a refusal names it. A capability's own are a subclass.

    Attributes:
        permission: The key below ``[permissions]`` that it takes. Responding consists of most of them.
    """

    permission: str

    def __new__(cls, name: str, permission: str = "acknowledge") -> Self:
        """Make the act called *name* in the audit."""
        act = str.__new__(cls, name)
        act._value_ = name
        act.permission = permission
        return act


class Act(AnyAct):
    """The acts of the core."""

    ACKNOWLEDGE = "acknowledge"
    RELEASE = "release"
    DECLINE = "decline"
    RESOLVE = "resolve"
    CORRECT_RESOLUTION = "correct_resolution"
    CANCEL = "cancel"
    MERGE = "merge"
    REOPEN = "reopen"
    LINK = "link"
    UNLINK = "unlink"
    CHANGE_SEVERITY = "change_severity", "severity"
    DECLARE = "declare", "triage"
    UPDATE = "update"
    EDIT = "edit"
    TAKE_ROLE = "take_role"
    GIVE_ROLE = "give_role"
    RELEASE_ROLE = "release_role"
    CHECK_STEP = "check_step"
    NOTE = "note"
    CORRECT = "correct"
    PIN = "pin"
    PASTE_OUTPUT = "paste_output"
    MAKE_PRIVATE = "make_private", "private"
    ADD_MEMBER = "add_member", "private"
    REMOVE_MEMBER = "remove_member", "private"
    LEAVE = "leave", "private"
    ENTER = "enter", "private"
    DELETE_THREAD = "delete_thread", "private"
    CHECK_SYSTEMS = "check_systems"


class PrivateAccess(StrEnum):
    """The reason why a person sees every private incident, whether or not they are a member of it."""

    ROLE = "role"
    ON_CALL = "on_call"  # they are paged about them, by a DM that says what it is about


class Access:
    """The policy's ``[permissions]``. A *source* is the caller's transaction, if there is one."""

    def __init__(self, store: Store, policy: Policy, oncall: OnCall) -> None:
        self._store = store
        self._policy = policy
        self._oncall = oncall

    async def require(
        self,
        person: Person,
        action: str,
        *,
        guild_id: int,
        act: str,
        incident_id: int | None = None,
        **facts: object,
    ) -> None:
        """Let *person* pass, or record the refusal.

        Args:
            action: A key below ``[permissions]``: "triage", "acknowledge", "dlq", "replay", ... The key
                of an act on an incident is its `Act.permission`; to resolve takes "acknowledge".
            act: What they were about to do, for the audit row.
            incident_id: The incident that it was about, if any, for the audit row.
            facts: What else it was about, for the audit row; JSON-able.

        Raises:
            NotPermitted: with the roles that would do.
        """
        if not self.allows(person, action):
            await self.note_refused(
                person, action, guild_id=guild_id, act=act, incident_id=incident_id, **facts
            )
            raise NotPermitted(action=action, roles=self.roles(action))

    async def require_incident(self, person: Person, act: AnyAct, incident: Incident) -> None:
        """Require the permission for *act*; hide a private incident from people who may not see it.

        Raises:
            NotPermitted: with the roles that would do. IncidentNotFound: it is private, and not theirs.
        """
        await self.require_visible(person, act.permission, incident, act=act)
        if act is Act.LEAVE:  # a person who sees it may always leave
            return
        if not self.allows(person, act.permission, about=incident):
            await self.note_refused(
                person, act.permission, guild_id=incident.guild_id, act=act, incident_id=incident.id
            )
            raise NotPermitted(action=act.permission, roles=self.roles(act.permission, about=incident))

    @asynccontextmanager
    async def locked(
        self, incident: Incident, *, by: Person, act: AnyAct
    ) -> AsyncIterator[tuple[Transaction, Incident]]:
        """Lock *incident* in a transaction of its own, and yield it as it is now, if *by* may do *act* to it.

        That is asked before the lock, and once more when meanwhile it was made private, or a private one was
        changed. The lock costs no round trip beside the transaction's own.

        Raises:
            As `require_incident`.
        """
        seen = incident
        while True:
            await self.require_incident(by, act, seen)
            try:
                async with self._store.transaction(locking=seen.id) as tx:
                    found = await IncidentWrites(tx.sql).incident(seen.id, lock=True, known=seen)
                    require_as_seen(found, seen)
                    yield tx, found
            except VisibilityChanged:  # nothing is written yet
                log.info("incident.access_retried", incident_id=seen.id, act=act, user_id=by.id)
                seen = await IncidentRows(self._store.sql).incident(seen.id)
                continue
            return

    async def require_visible(self, person: Person, action: str, incident: Incident, *, act: str) -> None:
        """Let *person* know of *incident*; to those who may not, it is as if there were none.

        Raises:
            IncidentNotFound: it is private, and not theirs; on record.
        """
        if not await self.sees(person, incident):
            await self.note_refused(
                person, action, guild_id=incident.guild_id, act=act, incident_id=incident.id, private=True
            )
            raise IncidentNotFound(number=incident.id)

    async def sees(self, person: Person, incident: Incident, *, source: Transaction | None = None) -> bool:
        """Return True if *person* may know of *incident*: everybody may, unless it is private."""
        if not incident.is_private:
            return True
        if await self.private_access(person, guild_id=incident.guild_id, source=source) is not None:
            return True
        return await MemberRows((source or self._store).sql).is_member(incident.id, person.id)

    async def private_access(
        self, person: Person, *, guild_id: int, source: Store | Transaction | None = None
    ) -> PrivateAccess | None:
        """Return why *person* sees every private incident, member or not; None: they do not."""
        if self.allows(person, "private"):
            return PrivateAccess.ROLE
        return (
            PrivateAccess.ON_CALL if await self._oncall.is_on_call(guild_id, person, source=source) else None
        )

    async def readable(self, person: Person, entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
        """Return a history without the numbers of private incidents that *person* may not see."""
        known = list(entries)
        others = [
            await IncidentRows(self._store.sql).incident(number)
            for number in sorted(relations.others_in(known))
        ]
        hidden = {other.id for other in others if not await self.sees(person, other)}
        return [relations.readable(entry, hidden) for entry in known]

    async def note_refused(
        self,
        person: Person,
        action: str,
        *,
        guild_id: int,
        act: str,
        incident_id: int | None = None,
        **facts: object,
    ) -> None:
        """Record that *person* was refused. Arguments as for `require`."""
        tried = AuditData(incident_id, act, facts)
        await AuditRows(self._store.sql).audit(
            guild_id=guild_id, by=person, action=action, allowed=False, data=tried
        )

    def allows(self, person: Person, action: str, *, about: OfTeam | None = None) -> bool:
        """Return True if *person* may do *action*. Records no refusal: no person waits for an answer.

        Args:
            about: As in `roles`.
        """
        return has_role(person, self.roles(action, about=about))

    def allows_for_some(self, person: Person, action: str) -> bool:
        """Return True if *person* may do *action* with some team's incidents: a form may open for them."""
        teams = self._policy.teams.values() if action == _RESPONDING else ()
        own = [team.role for team in teams if team.role is not None]
        return self.allows(person, action) or (bool(own) and has_role(person, own))

    def roles(self, action: str, *, about: OfTeam | None = None) -> tuple[str, ...]:
        """Return the roles, by name or id, that may do *action*; none: everybody may.

        Args:
            about: The incident, if it is about one: its team's role responds to it, too.
        """
        roles: tuple[str, ...] = getattr(self._policy.permissions, action)
        own = () if about is None else self._policy.team_roles(about.team)
        return (*roles, *own) if roles and action == _RESPONDING else roles


def require_as_seen(locked: Incident, seen: Incident) -> None:
    """Check that a permission granted for *seen* still holds for the same incident under its lock.

    The person's identity and roles came with their press. But a private incident may have lost them as a
    member since.

    Raises:
        VisibilityChanged.
    """
    if locked.is_private and locked.version != seen.version:
        raise VisibilityChanged


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit log, the latest first.

    Attributes:
        hidden: How many of its rows are about private incidents that the reader may not see.
        following: The id before which the next page begins; None: this is the last one.
    """

    question: AuditQuestion
    rows: tuple[AuditRow, ...]
    hidden: int
    following: int | None


class Auditing:
    """Reads the audit log of one guild."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    async def page(self, question: AuditQuestion, *, by: Person, guild_id: int) -> AuditPage:
        """Return a page of the audit log.

        Raises:
            NotPermitted: *by* may not read it; on record.
            IncidentNotFound: there is no such incident, or it is not theirs to see.
        """
        await self._access.require(by, "audit", guild_id=guild_id, act="audit")
        if question.incident_id is not None:
            incident = await IncidentRows(self._store.sql).incident(question.incident_id)
            await self._access.require_visible(by, "audit", incident, act="audit")
        found = await AuditRows(self._store.sql).audit_rows(guild_id, question, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        numbers = {row.incident_id for row in shown if row.incident_id is not None}
        incidents = [await IncidentRows(self._store.sql).incident(number) for number in sorted(numbers)]
        hidden = {one.id for one in incidents if not await self._access.sees(by, one)}
        visible = [row for row in shown if row.incident_id not in hidden]
        following = shown[-1].id if len(found) > PAGE_SIZE else None
        return AuditPage(question, tuple(visible), len(shown) - len(visible), following)
