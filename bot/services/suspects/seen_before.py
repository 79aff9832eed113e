"""Finds the past incidents that resemble one, with what is worth knowing of them."""

import asyncio
from dataclasses import dataclass
from typing import Final

from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.seen_before.ranking import KnownReport, Resemblance, resembling
from bot.domain.suspects.card import PastIncident
from bot.services.ports import Store
from bot.services.ports.store.suspects import EndedIncident
from bot.services.shared.access import Access

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
        incident = await self._store.incident(incident_id)
        await self._access.require_visible(by, "show", incident, act="show")
        return SeenBeforeView(incident, await self.like(incident))

    async def like(self, incident: Incident) -> tuple[PastIncident, ...]:
        """Return the past incidents that resemble *incident*, the most similar first, three at most."""
        past = await self._store.past_reports(incident.guild_id, limit=PAST_KNOWN)
        # Thousands of titles take tens of milliseconds, which nothing else is to wait for.
        found = await asyncio.to_thread(resembling, _report(incident), past)
        ended = await self._store.ended_incidents(incident.guild_id, [one.number for one in found])
        known = {one.incident.id: one for one in ended}
        return tuple(_past(one, known[one.number]) for one in found if one.number in known)


def _report(incident: Incident) -> KnownReport:
    return KnownReport(
        number=incident.id,
        title=incident.title,
        targets=incident.targets,
        symptoms=incident.symptoms,
        fingerprint=incident.tracked.fingerprint,
    )


def _past(found: Resemblance, ended: EndedIncident) -> PastIncident:
    incident, said = ended.incident, ended.incident.aftermath.resolution
    return PastIncident(
        number=incident.id,
        title=incident.title,
        severity=incident.severity,
        ended_at=incident.triggered_at if incident.ended is None else incident.ended.at,
        where=_where(incident),
        cause="" if said is None else said.cause[:_SAID_LIMIT],
        fix="" if said is None else said.fix[:_SAID_LIMIT],
        open_items=tuple(item[:_SAID_LIMIT] for item in ended.open_items[:3]),
        topics=ended.topics[:3],
        same_targets=found.same_targets,
        same_alert=found.same_alert,
        words=found.words,
    )


def _where(incident: Incident) -> tuple[int, ...]:
    """Return the ids of its thread's address, or else of its alert's."""
    thread, post = incident.thread.id, incident.post
    if thread is not None:
        return (incident.guild_id, thread)
    if post.channel_id is None or post.message_id is None:
        return ()
    return (incident.guild_id, post.channel_id, post.message_id)
