"""Queries for people: one incident with everything around it, lists, and the choices of a command."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from bot.capability import ConsoleLine
from bot.domain.errors import IncidentNotFound, InvalidTransition, NotPermitted, StorageUnavailable
from bot.domain.escalation.ladder import Step
from bot.domain.incident import relations
from bot.domain.incident.incident import OPEN, Incident, IncidentFilter, PersonRef, Status
from bot.domain.people import Person
from bot.domain.privacy import PostPlaces, post_places
from bot.domain.timeline.lines import Line, lines_of
from bot.runbook.model import Policy
from bot.services.shared.access import Access, Act
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows

#: How long after its end an incident is offered to be opened again, or linked.
LATELY: Final = timedelta(days=14)
_MOST: Final = 100

ENDED: Final = frozenset(Status) - OPEN


@dataclass(frozen=True, slots=True)
class IncidentView:
    """Everything that `/incident show` tells.

    Attributes:
        lines: Its history, oldest first.
        responders: Who is on it, in the order they joined; of an ended incident, who was.
        related: Incidents linked with it or merged into it, if the person who looks may see them.
        post_places: Where Discord holds a post about it; None unless it is private.
        own: What the capabilities show of it: each line with what it has read.
    """

    incident: Incident
    lines: tuple[Line, ...]
    ladder: tuple[Step, ...]
    now: datetime
    responders: tuple[PersonRef, ...] = ()
    related: tuple[Incident, ...] = ()
    post_places: PostPlaces | None = None
    own: tuple[tuple[ConsoleLine[Any], object], ...] = ()


@dataclass(frozen=True, slots=True)
class OfferedActions:
    """What one person may do with an incident now.

    Attributes:
        reader_id: The person's id.
        responds: They are one of its responders.
        permissions: The keys below ``[permissions]`` that they have.
        refusal: Why they are offered little; None for a person who may respond.
    """

    incident: Incident
    reader_id: int
    responds: bool
    permissions: frozenset[str]
    refusal: NotPermitted | None = None

    def may(self, act: Act) -> bool:
        """Return True if the person has the permission for *act*."""
        return act.permission in self.permissions


class IncidentQueries:
    """Reads incidents, without private ones that the person may not see.

    The choices of a command depend on its incident: number *than*, or else the one of *thread_id*.
    """

    def __init__(self, store: Store, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._console = [line for capability in policy.capabilities for line in capability.console]

    async def is_drills_thread(self, channel_id: int | None) -> bool:
        """Return True if a channel is the thread of a drill; False if that cannot be looked up."""
        if channel_id is None:
            return False
        try:
            incident = await IncidentRows(self._store.sql).incident_by_thread(channel_id)
        except StorageUnavailable:
            return False
        return incident is not None and incident.is_drill

    async def view(self, incident_id: int, *, by: Person) -> IncidentView:
        """Return an incident with its history, its people and what is due next.

        Raises:
            IncidentNotFound: no such number, or not theirs to see.
        """
        incident = await IncidentRows(self._store.sql).shown_incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="show")
        related = await IncidentRows(self._store.sql).related(incident_id)
        if (into := incident.merged_into_id) is not None:
            related = [
                await IncidentRows(self._store.sql).incident(into),
                *(one for one in related if one.id != into),
            ]
        related = await self._visible(related, by)
        if into not in {one.id for one in related}:  # it went on in one that was made private since
            incident = replace(incident, merged_into_id=None)
        entries = await self._access.readable(by, await TimelineRows(self._store.sql).timeline(incident_id))
        posts = await DeliveryRows(self._store.sql).posts(incident_id)
        return IncidentView(
            incident=incident,
            lines=lines_of(entries, posts),
            ladder=tuple(await EscalationRows(self._store.sql).steps(incident_id)),
            now=await self._store.now(),
            responders=tuple(await AcknowledgementRows(self._store.sql).on_it(incident_id)),
            related=tuple(related),
            post_places=post_places(posts) if incident.is_private else None,
            own=tuple([(line, await line.read(self._store.sql, incident)) for line in self._console]),
        )

    async def offered_actions(self, incident_id: int, *, by: Person) -> OfferedActions:
        """Return what *by* may do with an incident. Raises as `view`."""
        incident = await IncidentRows(self._store.sql).shown_incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="show")
        if (into := incident.told_merged_into) is not None:
            taker = await IncidentRows(self._store.sql).incident(into)
            incident = replace(incident, merged_into_hidden=not await self._access.sees(by, taker))
        responders = await AcknowledgementRows(self._store.sql).on_it(incident_id)
        needed, responding = {act.permission for act in Act}, Act.ACKNOWLEDGE.permission
        allowed = frozenset(one for one in needed if self._access.allows(by, one, about=incident))
        refusal = NotPermitted(action=responding, roles=self._access.roles(responding, about=incident))
        return OfferedActions(
            incident=incident,
            reader_id=by.id,
            responds=by.id in {one.id for one in responders},
            permissions=allowed,
            refusal=None if responding in allowed else refusal,
        )

    async def places_of_posts(self, incident_id: int, *, by: Person) -> PostPlaces:
        """Return where Discord holds a post about a private incident. Raises as `view`."""
        incident = await IncidentRows(self._store.sql).incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="show")
        return post_places(await DeliveryRows(self._store.sql).posts(incident_id))

    async def page(
        self, guild_id: int, wanted: IncidentFilter, *, by: Person, limit: int, offset: int = 0
    ) -> list[Incident]:
        """Return unacknowledged incidents, then the other open ones, each by severity, then ended ones.

        Within that the newest first; private ones only to those who may see them.
        """
        sees_all = await self._access.private_access(by, guild_id=guild_id) is not None
        rules = sorted(self._policy.severities.values(), key=lambda rule: rule.rank)
        by_severity = tuple(rule.name for rule in rules)
        teams = tuple(self._policy.teams)
        allowed = replace(wanted, viewer=by.id, sees_all=sees_all, by_severity=by_severity, teams=teams)
        return await IncidentRows(self._store.sql).list_incidents(
            guild_id, allowed, limit=limit, offset=offset
        )

    async def open_ones(self, guild_id: int, *, by: Person) -> list[Incident]:
        """Return the open incidents that *by* may see: most severe first, then oldest first."""
        found = await self._visible(await IncidentRows(self._store.sql).open_incidents(guild_id), by)
        return sorted(found, key=lambda incident: self._policy.rules_of(incident).rank)

    async def ended_lately(self, guild_id: int, *, by: Person) -> list[Incident]:
        """Return the incidents that ended within `LATELY`, the last to end first."""
        since = await self._store.now() - LATELY
        # What ended lately may have begun long before: the list is by beginning.
        found = await self.page(guild_id, IncidentFilter(statuses=ENDED), by=by, limit=_MOST)
        lately = [(end.at, one) for one in found if (end := one.ended) is not None and end.at >= since]
        return [one for _, one in sorted(lately, key=lambda pair: pair[0], reverse=True)]

    async def others(
        self, guild_id: int, *, than: int | None, thread_id: int | None, by: Person
    ) -> list[Incident]:
        """Return the incidents that one may be linked with: open ones first, without the one itself."""
        itself = await self._itself(than, thread_id, by=by)
        found = [*await self.open_ones(guild_id, by=by), *await self.ended_lately(guild_id, by=by)]
        if itself is None:
            return found
        return [one for one in found if one.id != itself.id and one.is_drill is itself.is_drill]

    async def linked(self, *, than: int | None, thread_id: int | None, by: Person) -> list[Incident]:
        """Return the incidents linked with one; none if that is not known, or *by* may not see it."""
        itself = await self._itself(than, thread_id, by=by)
        return (
            []
            if itself is None
            else await self._visible(await IncidentRows(self._store.sql).linked(itself.id), by)
        )

    async def takers(
        self, guild_id: int, *, than: int | None, thread_id: int | None, by: Person
    ) -> list[Incident]:
        """Return the open incidents that one may be merged into, see `relations.require_mergeable`."""
        itself, found = await self._itself(than, thread_id, by=by), await self.open_ones(guild_id, by=by)
        return found if itself is None else [one for one in found if _takes(one, itself)]

    async def duplicates(self, guild_id: int, *, into: int | None, by: Person) -> list[Incident]:
        """Return the open incidents that may be merged into *into*; all open ones while that is None."""
        taker, found = await self._itself(into, None, by=by), await self.open_ones(guild_id, by=by)
        return found if taker is None else [one for one in found if _takes(taker, one)]

    async def _itself(self, number: int | None, thread_id: int | None, *, by: Person) -> Incident | None:
        """Return the incident that a command is about so far, if *by* may see it."""
        found = None
        if number is not None:
            with suppress(IncidentNotFound):
                found = await IncidentRows(self._store.sql).incident(number)
        elif thread_id is not None:
            found = await IncidentRows(self._store.sql).incident_by_thread(thread_id)
        return found if found is not None and await self._access.sees(by, found) else None

    async def _visible(self, incidents: list[Incident], by: Person) -> list[Incident]:
        return [one for one in incidents if await self._access.sees(by, one)]


def _takes(into: Incident, incident: Incident) -> bool:
    try:
        relations.require_mergeable(into, incident)
    except InvalidTransition:
        return False
    return True
