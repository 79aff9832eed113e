"""Incidents, how they were resolved, and who may see a private one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.errors import IncidentNotFound
from bot.domain.incident.incident import Incident, IncidentFilter, NewIncident, Status
from bot.domain.incident.parts import Resolution
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.privacy import RemovedMember
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import (
    act_as_columns,
    from_row,
    incident_from_row,
)
from bot.storage.transaction import TransactionSql


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How many incidents of one severity are open in a guild, drills left out.

    Attributes:
        ack_due_at: The oldest deadline of the unacknowledged ones.
    """

    guild_id: int
    severity: str
    open: int
    waiting: int
    ack_due_at: datetime | None


class IncidentRows:
    """The incidents of the guild that *sql* is for."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def incident(self, incident_id: int) -> Incident:
        """Return one incident. Raises IncidentNotFound."""
        row = await self._sql.first("incident", incident_id=incident_id, guild_id=self._sql.guild_id)
        return _found(row, number=incident_id)

    async def shown_incident(self, incident_id: int) -> Incident:
        """Return one incident with its `calls` and `aftermath`, to show it. Raises IncidentNotFound."""
        row = await self._sql.first("shown_incident", incident_id=incident_id, guild_id=self._sql.guild_id)
        return _found(row, number=incident_id)

    async def incident_of_delivery(self, delivery_id: int) -> Incident | None:
        """Return the incident of a delivery, with its `calls` and `aftermath`; None if it has none."""
        return _if_any(await self._sql.first("incident_of_delivery", delivery_id=delivery_id))

    async def incident_by_message(self, message_id: int) -> Incident | None:
        """Return the incident on whose message, ours (`ACK_KINDS`) or a monitor's, a 👀 counts."""
        row = await self._sql.first(
            "incident_by_message", message_id=message_id, kinds=sorted(ACK_KINDS), guild_id=self._sql.guild_id
        )
        return _if_any(row)

    async def incidents_by_messages(self, message_ids: Sequence[int]) -> Mapping[int, list[Incident]]:
        """Return the incidents for which a 👀 counts, by message; a bundle's message has several."""
        incidents: dict[int, list[Incident]] = {}
        for row in await self._sql.all(
            "incidents_by_messages",
            message_ids=list(message_ids),
            kinds=sorted(ACK_KINDS),
            guild_id=self._sql.guild_id,
        ):
            incidents.setdefault(row["message_id"], []).append(incident_from_row(row))
        return incidents

    async def incident_by_thread(self, thread_id: int) -> Incident | None:
        """Return the incident of a current or former thread."""
        row = await self._sql.first("incident_by_thread", thread_id=thread_id, guild_id=self._sql.guild_id)
        return _if_any(row)

    async def open_incidents(self, guild_id: int) -> list[Incident]:
        """Return the open incidents of a guild, oldest first."""
        return [incident_from_row(row) for row in await self._sql.all("open_incidents", guild_id=guild_id)]

    async def unacknowledged(self, *, after: int, limit: int) -> list[Incident]:
        """Return unacknowledged incidents with a number greater than *after*, in order."""
        rows = await self._sql.all(
            "unacknowledged_incidents", after_id=after, limit=limit, guild_id=self._sql.guild_id
        )
        return [incident_from_row(row) for row in rows]

    async def count_open(self, guild_id: int) -> list[OpenCount]:
        """Count the open incidents by severity."""
        rows = await self._sql.all("count_open", guild_id=guild_id)
        return [from_row(OpenCount, row, guild_id=guild_id) for row in rows]

    async def list_incidents(
        self, guild_id: int, wanted: IncidentFilter, *, limit: int, offset: int
    ) -> list[Incident]:
        """Return a page of the incidents that are *wanted*: open ones first, each newest first."""
        rows = await self._sql.all(
            "list_incidents",
            guild_id=guild_id,
            statuses=sorted(wanted.statuses),
            severity=wanted.severity,
            team=wanted.team,
            teams=list(wanted.teams),
            words=wanted.words,
            since=wanted.since,
            viewer_id=wanted.viewer,
            sees_all=wanted.sees_all,
            with_drills=wanted.drills,
            involved_id=wanted.involves,
            limit=limit,
            offset=offset,
            by_severity=list(wanted.by_severity),
        )
        return [incident_from_row(row) for row in rows]

    async def related(self, incident_id: int) -> list[Incident]:
        """Return the incidents that are linked with one or were merged into it, oldest first."""
        rows = await self._sql.all("related_incidents", incident_id=incident_id, guild_id=self._sql.guild_id)
        return [incident_from_row(row) for row in rows]

    async def linked(self, incident_id: int) -> list[Incident]:
        """Return the incidents that are linked with one, oldest first."""
        rows = await self._sql.all("linked_incidents", incident_id=incident_id, guild_id=self._sql.guild_id)
        return [incident_from_row(row) for row in rows]

    async def incidents_between(self, guild_id: int, start: datetime, end: datetime) -> list[Incident]:
        """Return the incidents of a guild that were triggered in [start, end), oldest first."""
        rows = await self._sql.all("incidents_between", guild_id=guild_id, start=start, end=end)
        return [incident_from_row(row) for row in rows]

    async def incident_by_key(self, key: str) -> Incident | None:
        """Return the incident that *key* opened; None if there is none yet."""
        return _if_any(await self._sql.first("incident_by_key", key=key))


class IncidentWrites:
    """Opens, locks and changes incidents, in a transaction."""

    def __init__(self, sql: TransactionSql) -> None:
        self._sql = sql

    async def insert_incident(
        self, new: NewIncident, *, priority: str, ack_due_at: datetime, thread_channel: str | None = None
    ) -> tuple[Incident, bool]:
        """Store a new incident; return it, or the one of a known `key`, and whether it was made now.

        Args:
            thread_channel: The policy's name of where its thread is opened.
        """
        row = await self._sql.first(
            "insert_incident",
            new,
            priority=priority,
            ack_due_at=ack_due_at,
            reported_by_id=new.reported_by.id,
            reported_by_name=new.reported_by.name,
            source=_json(new.source),
            origin=_json(new.origin),
            waited=_json(new.waited),
            occurrences=1 if new.waited is None else new.waited.count,
            source_message_id=None if new.source is None else new.source.message_id,
            thread_channel=thread_channel,
        )
        if row is not None:
            self._sql.locked[row["id"]] = row["version"]  # no other transaction sees it before the commit
            return incident_from_row(row), True
        return incident_from_row(await self._sql.one("incident_by_key", key=new.key)), False

    async def incident(
        self, incident_id: int, *, lock: bool = False, known: Incident | None = None
    ) -> Incident:
        """Return one incident, with *lock* locked until the commit.

        Args:
            known: The incident as read before. It is returned without a read if it had not changed when it
                was locked. Pass it only before anything is written.

        Raises:
            IncidentNotFound: no such number.
        """
        if known is not None and self._sql.locked.get(incident_id) == known.version:
            return known
        if lock:
            row = await self._sql.locked_incident(incident_id)
        else:
            row = await self._sql.first("incident", incident_id=incident_id, guild_id=self._sql.guild_id)
        return _found(row, number=incident_id)

    async def save(self, incident: Incident) -> None:
        """Write what `bot.domain.incident.transitions` may have changed. The row must be locked."""
        if incident.status is Status.TRIGGERED:
            self._sql.begun.add(incident.id)
        await self._sql.one("save_incident", incident, **saved(incident))

    async def set_places(
        self, incident_id: int, *, alert: tuple[int, int] | None = None, thread_id: int | None = None
    ) -> Incident:
        """Remember where the alert (channel id, message id) or the thread is; grows the version."""
        channel_id, message_id = alert or (None, None)
        row = await self._sql.first(
            "set_places",
            incident_id=incident_id,
            alert_channel_id=channel_id,
            alert_message_id=message_id,
            thread_id=thread_id,
        )
        return _found(row, number=incident_id)

    async def set_escalation(self, incident_id: int, *, channel_id: int, message_id: int) -> Incident:
        """Remember where the newest escalation is; grows the version if there was another one."""
        row = await self._sql.first(
            "set_escalation", incident_id=incident_id, channel_id=channel_id, message_id=message_id
        )
        return _found(row, number=incident_id)

    async def link(self, incident_id: int, related_id: int, *, by: Person) -> bool:
        """Link two related incidents, in either order; return False when they were linked already."""
        first, second = sorted((incident_id, related_id))
        return await self._sql.has(
            "link_incidents", first_id=first, second_id=second, by_id=by.id, by_name=by.name
        )

    async def unlink(self, incident_id: int, related_id: int) -> bool:
        """Remove the link between two incidents; return False when there was none."""
        first, second = sorted((incident_id, related_id))
        return await self._sql.has("unlink_incidents", first_id=first, second_id=second)


def saved(incident: Incident) -> dict[str, object]:
    """Return those parameters of the query `save_incident` that are no attributes of the incident."""
    return {
        "incident_id": incident.id,
        **act_as_columns("acknowledged", incident.acknowledged),
        **act_as_columns("resolved", incident.ended),
        **act_as_columns("reopened", incident.reopened),
        "posting": incident.post.number,
        "thread_posting": incident.thread.posting,
        "thread_channel": incident.thread.channel,
        "archive_at": incident.thread.archive_at,
        "roles": {role.value: who.to_json() for role, who in incident.roles.items()},
        "last_update": _json(incident.updates.last),
        "next_update_at": incident.updates.due_at,
        "remind_at": incident.updates.remind_at,
        "reminders": incident.updates.reminders,
        "occurrences": incident.tracked.occurrences,
        "last_seen_at": incident.tracked.last_seen_at,
        "checks": {step: check.to_json() for step, check in incident.checks.items()},
        "taken": _json(incident.taken),
        "ack_ended": _json(incident.ack_ended),
        "severity_changed": _json(incident.severity_changed),
    }


def _json(payload: Payload | None) -> dict[str, object] | None:
    return None if payload is None else payload.to_json()


def _if_any(row: Row | None) -> Incident | None:
    return None if row is None else incident_from_row(row)


def _found(row: Row | None, *, number: int) -> Incident:
    if row is None:
        raise IncidentNotFound(number=number)
    return incident_from_row(row)


class ResolutionRows:
    """How incidents were resolved. What saves needs a transaction that has locked the incident."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def resolution(self, incident_id: int) -> Resolution | None:
        """Return how an incident was resolved last; None if no words were kept."""
        row = await self._sql.first("resolution", incident_id=incident_id, guild_id=self._sql.guild_id)
        return None if row is None else Resolution.from_json(row)

    async def save_resolution(self, incident: Incident, resolution: Resolution) -> None:
        """Write how an incident was resolved, in the place of what was written before."""
        await self._sql.one(
            "save_resolution", resolution, incident_id=incident.id, guild_id=incident.guild_id
        )


class MemberRows:
    """The people who may see a private incident by name, and those who were removed from it."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def is_member(self, incident_id: int, user_id: int) -> bool:
        """Return True if a user is a member of a private incident."""
        return await self._sql.has("member", incident_id=incident_id, user_id=user_id)

    async def members(self, incident_id: int) -> list[int]:
        """Return the ids of the members of a private incident, in the order they were added."""
        return [row["user_id"] for row in await self._sql.all("members", incident_id=incident_id)]

    async def removed_members(self, incident_id: int) -> list[RemovedMember]:
        """Return the people who were removed from a private incident and not added again."""
        rows = await self._sql.all("removed_members", incident_id=incident_id)
        return [from_row(RemovedMember, row, id=row["user_id"]) for row in rows]

    async def add_member(self, incident_id: int, *, user_id: int, name: str, by: Person) -> bool:
        """Add a member to a private incident; return False if they were one already."""
        return await self._sql.has(
            "add_member", incident_id=incident_id, user_id=user_id, name=name, by_id=by.id, by_name=by.name
        )

    async def remove_member(self, incident_id: int, who: Person, *, by: Person) -> bool:
        """Remove *who* from a private incident until readmitted; return False if they were no member."""
        was_named = (
            await self._sql.first("remove_member", incident_id=incident_id, user_id=who.id) is not None
        )
        await self._sql.all(
            "keep_out",
            incident_id=incident_id,
            user_id=who.id,
            username=who.username,
            by_id=by.id,
            by_name=by.name,
        )
        return was_named

    async def readmit(self, incident_id: int, user_id: int) -> None:
        """Readmit a user who may have been removed."""
        await self._sql.all("readmit", incident_id=incident_id, user_id=user_id)
