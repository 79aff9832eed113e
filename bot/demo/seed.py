"""Puts the demo's past into its database: two weeks of incidents, and a DLQ worth a look."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import asyncpg

from bot.demo.past import PastFailure, PastIncident, read_past
from bot.domain.digest import IsoWeek, week_due
from bot.domain.escalation.entries import EscalatedEntry
from bot.domain.incident.entries import (
    AcknowledgedEntry,
    AlertPostedEntry,
    JoinedEntry,
    OpenedEntry,
    ResolvedEntry,
    ThreadOpenedEntry,
)
from bot.domain.timeline.entries import EntryData
from bot.domain.timeline.written import NoteEntry
from bot.runbook import Policy
from bot.storage.database.query import composed

_QUERIES: Final = composed([Path(__file__).with_name("seed.sql").read_text(encoding="utf-8")])
_SERVED_FOR: Final = timedelta(days=40)
_SECOND: Final = timedelta(seconds=1)

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """The local Discord that the past happened in.

    Attributes:
        people: User ids by name.
    """

    guild_id: int
    people: Mapping[str, int]


async def seed(connection: asyncpg.Connection, *, policy: Policy, place: Place) -> bool:
    """Write the past, once, in the policy's language; everything is placed relative to the database's now.

    An incident of a severity that the policy does not have is left out.

    Returns:
        False when it was there already.
    """
    if await connection.fetchval(_QUERIES["is_seeded"].text):
        return False
    now = await connection.fetchval("SELECT now()")
    rule = policy.digest
    week, _ = week_due(now=now, weekday=rule.day.number, at=rule.time, zone=policy.timezone)
    writer = _Writer(policy, place, week, now)
    async with connection.transaction():
        await connection.execute(_QUERIES["seed_guild"].text, place.guild_id, now - _SERVED_FOR)
        for name, rows in writer.rows().items():
            await connection.execute(
                _QUERIES[name].text, json.dumps(rows, default=_as_json, ensure_ascii=False)
            )
    return True


def _as_json(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


class _Writer:
    """Turns what week.toml says into rows."""

    def __init__(self, policy: Policy, place: Place, week: IsoWeek, now: datetime) -> None:
        self._policy = policy
        self._place = place
        self._week = week
        self._now = now

    def rows(self) -> dict[str, list[Row]]:
        """Return the rows by the query that inserts them, in order."""
        past = read_past(self._policy.language)
        known = [told for told in past.incident if told.severity in self._policy.severities]
        numbered = [(f"demo:{number}", told) for number, told in enumerate(known, start=1)]
        return {
            "seed_incidents": [self._incident(key, told) for key, told in numbered],
            "seed_responders": [row for key, told in numbered for row in self._responders(key, told)],
            "seed_timeline": [row for key, told in numbered for row in self._timeline(key, told)],
            "seed_failures": [self._failure(number, lost) for number, lost in enumerate(past.failure)],
        }

    def _incident(self, key: str, told: PastIncident) -> Row:
        at = told.triggered_at(self._week, self._policy)
        severity = self._policy.severities[told.severity]
        ended_at = None if told.resolved_after is None else at + told.resolved_after
        return {
            "key": key,
            "guild_id": self._place.guild_id,
            "severity": severity.name,
            "priority": severity.priority,
            "status": "acknowledged" if ended_at is None else "resolved",
            "title": told.title,
            "targets": told.targets,
            "symptoms": told.symptoms,
            "path": told.path,
            "started_at": at - told.noticed_after,
            "triggered_at": at,
            "ack_due_at": self._policy.ack_due(severity, at=at),
            **self._who("reported_by", told.reported_by),
            "acknowledged_at": at + told.acknowledged_after,
            **self._who("acknowledged_by", told.acknowledged_by),
            "ended_at": ended_at,
            **(self._who("ended_by", told.acknowledged_by) if ended_at else {}),
        }

    def _responders(self, key: str, told: PastIncident) -> Iterator[Row]:
        at = told.triggered_at(self._week, self._policy) + told.acknowledged_after
        for order, name in enumerate((told.acknowledged_by, *told.joined)):
            joined_at = at + order * timedelta(minutes=3)
            yield {"key": key, "user_id": self._place.people[name], "name": name, "joined_at": joined_at}

    def _timeline(self, key: str, told: PastIncident) -> Iterator[Row]:
        at = told.triggered_at(self._week, self._policy)
        for after, fact, actor in (*_opening(told), *self._missed(told), *_answered(told)):
            who = self._who("actor", actor) if actor else {}
            yield {"key": key, "at": at + after, "kind": fact.kind.value, **who, "data": fact.to_json()}

    def _missed(self, told: PastIncident) -> "Iterator[_Fact]":
        """Yield the steps of the ladder that came due before the first acknowledge."""
        at = told.triggered_at(self._week, self._policy)
        severity = self._policy.severities[told.severity]
        for index, step in enumerate(severity.ladder):
            after = self._policy.ack_due(severity, at=at) - at if step.after is None else step.after
            if timedelta() < after < told.acknowledged_after:
                yield after, EscalatedEntry(step=index, dm=tuple(step.dm)), None

    def _failure(self, number: int, lost: PastFailure) -> Row:
        return {
            "id": str(uuid5(NAMESPACE_URL, f"incident-bot-demo:{number}")),
            "attempted_at": lost.attempted_at(self._week, self._policy, now=self._now),
            "channel": lost.channel,
            "severity": lost.severity,
            "title": lost.title,
            "http_status": lost.http_status,
            "retry_count": lost.retries,
            "error_message": lost.error,
            "fallback_email_sent": lost.emailed,
            "payload": lost.payload(),
        }

    def _who(self, prefix: str, name: str) -> Row:
        return {f"{prefix}_id": self._place.people[name], f"{prefix}_name": name}


_Fact = tuple[timedelta, EntryData, str | None]


def _opening(told: PastIncident) -> Iterator[_Fact]:
    path = tuple(tuple(answer) for answer in told.path)
    yield timedelta(), OpenedEntry(severity=told.severity, path=path), told.reported_by
    yield _SECOND, AlertPostedEntry(where=()), None
    yield 2 * _SECOND, ThreadOpenedEntry(where=()), None


def _answered(told: PastIncident) -> Iterator[_Fact]:
    yield told.acknowledged_after, AcknowledgedEntry(via="reaction"), told.acknowledged_by
    for order, name in enumerate(told.joined, start=1):
        joined_after = told.acknowledged_after + order * timedelta(minutes=3)
        yield joined_after, JoinedEntry(via="reaction"), name
    for note in told.notes:
        yield note.after, NoteEntry(text=note.text), note.by
    if told.resolved_after is not None:
        yield told.resolved_after, ResolvedEntry(), told.acknowledged_by
