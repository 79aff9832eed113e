"""Drills: an incident that is played over the same code as a real one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.capability import IncidentPast
from bot.domain.audit import AuditData
from bot.domain.errors import UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, NewIncident
from bot.domain.incident.records import CancelledNotice
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.incidents.opening import Incidents
from bot.services.shared.access import Access
from bot.services.shared.changes import Change
from bot.services.shared.postings import notice
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import AuditWrites, TimelineRows, TimelineWrites
from bot.storage.transaction import Transaction
from cogs.drill.rules import (
    Drill,
    DrillScoredEntry,
    DrillScoredNotice,
    InjectNotice,
    Score,
    Script,
    score,
)
from cogs.drill.store import DrillRows, injects_as_json

log = structlog.get_logger(__name__)

#: The job that plays a drill on, or ends it; its payload is the incident's number.
PLAY: Final = "drill"


@dataclass(frozen=True, slots=True)
class Stopped:
    """A drill that a person has ended, and how it went until then."""

    incident: Incident
    score: Score


class Drills:
    """Starts, plays, ends and scores drills, one at a time in each guild.

    People need a permission to start and to stop one (NotPermitted).
    """

    def __init__(
        self, store: Store, policy: Policy, access: Access, incidents: Incidents, lifecycle: Lifecycle
    ) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._incidents = incidents
        self._lifecycle = lifecycle

    async def start(
        self, guild_id: int, *, severity: str | None, rings: bool, by: Person, key: str
    ) -> Incident:
        """Play the policy's script as an incident that is marked as a drill.

        Args:
            severity: Its name; None for the most severe.
            rings: Mentions ping people, as in a real incident.
            key: The same key starts one drill ("interaction:123").

        Raises:
            UserError: the policy has no such severity, or another drill goes on.
        """
        await self._access.require(by, "drill", guild_id=guild_id, act="start_drill")
        severities = self._policy.severities
        rules = self._policy.most_severe if severity is None else severities.get(severity)
        if rules is None:
            raise UserError("severity_unknown", value=severity)
        async with self._store.transaction() as tx:
            now = await tx.now()
            script = self._policy.of(Script)
            new = NewIncident(
                guild_id=guild_id,
                severity=rules.name,
                title=script.title.say(self._policy.language),
                targets=script.targets,
                symptoms=script.symptoms,
                started_at=now,
                reported_by=by,
                path=(),
                key=f"drill:{key}",
                is_drill=True,
            )
            if await IncidentRows(tx.sql).incident_by_key(new.key) is None:
                await _require_none(tx, guild_id)  # before it uses up a number
            incident = await self._incidents.open_within(tx, replace(new, rings=rings), by=by)
            if await DrillRows(tx.sql).locked(incident.id) is None:
                await self._begin(tx, incident, by=by)  # else Discord has delivered the interaction twice
        log.info("drill.started", incident_id=incident.id, severity=rules.name, rings=rings)
        return incident

    async def stop(self, guild_id: int, *, by: Person) -> Stopped:
        """End the running drill, and score it as far as it went. Raise UserError if there is none."""
        await self._access.require(by, "drill", guild_id=guild_id, act="stop_drill")
        async with self._store.transaction() as tx:
            running = await DrillRows(tx.sql).running(guild_id)
            if running is None:
                raise UserError("drill_none")
            incident = await IncidentWrites(tx.sql).incident(running.incident_id, lock=True)
            drill = await DrillRows(tx.sql).locked(running.incident_id)
            if drill is None or drill.ended_at is not None:
                raise UserError("drill_none")
            ended, scored = await self._finish(tx, drill, incident, by=by)
        return Stopped(ended, scored)

    async def run_job(self, incident_id: int) -> None:
        """Handle a drill's deadline: post the next injects, or end it. Running twice is harmless."""
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            drill = await DrillRows(tx.sql).locked(incident_id)
            if drill is None or drill.ended_at is not None:
                return
            now = await tx.now()
            if not incident.is_open or now >= drill.ends_at:
                starter = Person(id=drill.started_by_id, name=drill.started_by_name)
                await self._finish(tx, drill, incident, by=starter)
                return
            await self._play(tx, drill, incident, now=now)

    async def _begin(self, tx: Transaction, incident: Incident, *, by: Person) -> None:
        script, now = self._policy.of(Script), incident.triggered_at
        drill = Drill(
            incident_id=incident.id,
            guild_id=incident.guild_id,
            started_by_id=by.id,
            started_by_name=by.name,
            started_at=now,
            injects=script.injects,
            ends_at=now + script.ends_after,
            played=0,
            next_at=now,
        )
        drill = replace(drill, next_at=drill.following(0))
        if not await DrillRows(tx.sql).insert(drill):
            await _require_none(tx, incident.guild_id)
            raise UserError("drill_running", incident="?")  # it has ended in this moment
        await self._wake(tx, drill, now=now)
        await AuditWrites(tx.sql).audit(
            guild_id=incident.guild_id, by=by, action="drill", data=AuditData(incident.id)
        )

    async def _play(self, tx: Transaction, drill: Drill, incident: Incident, *, now: datetime) -> None:
        due = drill.due(now)
        language = self._policy.language
        notices = [(number, InjectNotice(text=inject.text.say(language))) for number, inject in due]
        await DeliveryWrites(tx.sql).insert_deliveries(
            [notice(incident, self._policy, each, key=f"inject:{number}") for number, each in notices]
        )
        played = drill.played + len(due)
        going_on = replace(drill, played=played, next_at=drill.following(played))
        await DrillRows(tx.sql).save(going_on)
        await self._wake(tx, going_on, now=now)

    async def _finish(
        self, tx: Transaction, drill: Drill, incident: Incident, *, by: Person
    ) -> tuple[Incident, Score]:
        """End the drill's open incident, and post the score, once: in the thread and on the timeline."""
        now = await tx.now()
        if incident.is_open:
            change = Change(tx, self._policy, incident, by, now)
            ended = transitions.cancel(incident, by=by, at=now, archive_at=now + self._policy.archive_after)
            await self._lifecycle.end(change, ended, CancelledNotice(reason="", at=now))
            incident = change.incident
        sheet = self._policy.checklist(incident.severity)
        scored = score(incident, await TimelineRows(tx.sql).timeline(incident.id), sheet)
        entry = TimelineEntry.of(DrillScoredEntry(score=scored), now)
        await TimelineWrites(tx.sql).add_timeline(incident.id, entry)
        await DeliveryWrites(tx.sql).insert_deliveries(
            [notice(incident, self._policy, DrillScoredNotice(score=scored), key="drill_scored")]
        )
        await DrillRows(tx.sql).save(replace(drill, next_at=None, ended_at=now))
        await tx.cancel_jobs([_key(incident.id)])
        log.info("drill.ended", incident_id=incident.id, missed=len(scored.missed))
        return incident, scored

    async def _wake(self, tx: Transaction, drill: Drill, *, now: datetime) -> None:
        assert drill.next_at is not None
        await _play(tx, drill.incident_id, after=max(drill.next_at - now, timedelta()))


async def _require_none(tx: Transaction, guild_id: int) -> None:
    running = await DrillRows(tx.sql).running(guild_id)
    if running is not None:
        raise UserError(
            "drill_running", incident=(await IncidentRows(tx.sql).incident(running.incident_id)).label
        )


def _key(incident_id: int) -> str:
    """Return the queue's key for the next look at a drill."""
    return f"drill:{incident_id}"


async def _play(tx: Transaction, incident_id: int, *, after: timedelta = timedelta()) -> None:
    """Queue the next look at a drill, in the place of the one before."""
    await tx.cancel_jobs([_key(incident_id)])
    await tx.enqueue(Job(PLAY, str(incident_id), _key(incident_id), after=after))


async def score_soon(change: Change) -> None:
    """Score a drill that has ended at once."""
    await _play(change.tx, change.incident.id)


def build(core: Core) -> Drills:
    """Return the drills of one guild."""
    return Drills(core.store, core.policy, core.access, core.incidents, core.lifecycle)


async def run_job(drills: Drills, payload: str) -> None:
    """Handle the deadline of a drill."""
    await drills.run_job(int(payload))


def past(policy: Policy, incident: Incident, entries: Sequence[TimelineEntry]) -> IncidentPast | None:
    """Return what is left of a drill that has ended: its row, the lines of the script, the score."""
    if not incident.is_drill or incident.ended is None:
        return None
    script, ended_at = policy.of(Script), incident.ended.at
    begun = ((number, incident.triggered_at + each.after, each) for number, each in enumerate(script.injects))
    played = [(number, at, each) for number, at, each in begun if at < ended_at]
    scored = score(incident, entries, policy.checklist(incident.severity))
    row = {
        "incident_id": incident.id,
        "guild_id": incident.guild_id,
        "started_by_id": incident.reported_by.id,
        "started_by_name": incident.reported_by.name,
        "started_at": incident.triggered_at,
        "injects": injects_as_json(script.injects),
        "ends_at": incident.triggered_at + script.ends_after,
        "played": len(played),
        "ended_at": ended_at,
    }
    texts = ((InjectNotice(text=each.text.say(policy.language)), f"inject:{n}", at) for n, at, each in played)
    return IncidentPast(
        rows={"seed_drills": [row]},
        entries=[(ended_at, DrillScoredEntry(score=scored), None)],
        notices=[*texts, (DrillScoredNotice(score=scored), "drill_scored", ended_at)],
    )
