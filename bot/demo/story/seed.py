"""Puts the demo's past into its database: two weeks of incidents, shifts, and a DLQ worth a look."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

import asyncpg

from bot.demo.clock import digest_after
from bot.demo.story.beginning import is_past_written
from bot.demo.story.cast import SATO, CastMember, DemoGuild, MessageLocation
from bot.demo.story.incidents import end_notice, incident_of, items_of, output_facts, pasts_of, update_facts
from bot.demo.story.posts import Post, Posts, note_id
from bot.demo.story.seeded_incidents import SeededIncident, seeded_incidents
from bot.demo.story.week_file import read_past
from bot.domain.delivery.delivery import NewDelivery, Request
from bot.domain.escalation.payloads import EscalatedEntry, PagedEntry
from bot.domain.incident.incident import PersonRef
from bot.domain.incident.records import (
    AcknowledgedEntry,
    AlertPostedEntry,
    JoinedEntry,
    OpenedEntry,
    ThreadOpenedEntry,
    entry_of,
)
from bot.domain.oncall.people import marked
from bot.domain.statistics.period import IsoWeek
from bot.domain.timeline.entries import EntryData
from bot.domain.timeline.recorded import NoteEntry, PinnedEntry
from bot.runbook import Policy
from bot.storage.database.sql import composed, queries
from bot.storage.rows import request_as_json
from bot.ui.words.wording import place_url
from local_discord.client import Human

_QUERIES: Final = composed([Path(__file__).with_name("seed.sql").read_text(encoding="utf-8")])
_SERVED_FOR: Final = timedelta(days=84)

Row = dict[str, object]

_SECOND: Final = timedelta(seconds=1)


async def seed(
    connection: asyncpg.Connection, human: Human, *, policy: Policy, guild: DemoGuild, is_storys: bool = True
) -> bool:
    """Write the past, once, in the policy's language; everything is placed relative to the database's now.

    An incident of a severity that the policy does not have is left out. The digest, which the bot
    posts when it starts, is dated at the moment at which it was due.

    Args:
        is_storys: The policy has the story's people on call, so they take turns.

    Returns:
        False when it was there already.
    """
    if await is_past_written(connection):
        return False
    now = await connection.fetchval("SELECT now()")
    due = digest_after(now - timedelta(days=7), policy)
    week = IsoWeek.of((due or now).astimezone(policy.timezone).date()).previous()
    writer = _Writer(connection, policy, guild)
    async with connection.transaction():
        since = now - _SERVED_FOR
        await connection.execute(*_QUERIES["seed_guild"].bound(guild_id=guild.id, installed_at=since))
        if is_storys:
            await writer.write("seed_schedules", writer.schedules())
        await writer.past(human, week, now=now)
    if due is not None:
        await human.backdate(policy.channels_of("digest")[0], due)
    return True


class _Writer:
    """Writes what week.toml says, as rows and as posts."""

    def __init__(self, connection: asyncpg.Connection, policy: Policy, guild: DemoGuild) -> None:
        self._connection = connection
        self._policy = policy
        self._guild = guild

    async def past(self, human: Human, week: IsoWeek, *, now: datetime) -> None:
        """Write the incidents with their posts, and the DLQ."""
        past = read_past(self._policy.language)
        incidents = seeded_incidents(past.incident, week, self._policy, self._guild, now=now)
        ids = await self.write("seed_incidents", [_incident(one) for one in incidents])
        responders: list[Row] = [
            {"key": one.key, "user_id": who.id, "name": who.name, "joined_at": at}
            for one in incidents
            for who, at in one.responders
        ]
        await self.write("seed_responders", responders)
        for left in (left for one in incidents for left in pasts_of(one, ids[one.key])):
            for query, own in left.rows.items():
                await self._connection.execute(*queries()[query].bound(rows=_as_array(own)))
        ended = [incident_of(one, ids[one.key]) for one in incidents if one.ended_at is not None]
        resolutions: list[Row] = [
            {"incident_id": one.id, "guild_id": one.guild_id, **resolution.to_json()}
            for one in ended
            if (resolution := one.aftermath.resolution) is not None
        ]
        await self.write("seed_resolutions", resolutions)
        actions = [
            item.row(guild_id=one.guild.id, incident_id=ids[one.key])
            for one in incidents
            for item in items_of(one)
        ]
        items = await self.write("seed_actions", actions)
        await self.write("seed_timeline", [row for one in incidents for row in timeline_of(one, items)])
        posts = Posts(self._policy, items)
        made = sorted(
            (post for one in incidents for post in posts.of(one, ids[one.key])), key=lambda post: post.at
        )
        await self.write("seed_deliveries", await _posted(human, made))
        failures: list[Row] = [
            {
                "id": str(uuid5(NAMESPACE_URL, f"incident-bot-demo:{number}")),
                "attempted_at": lost.attempted_at(week, self._policy, now=now),
                "channel": lost.channel,
                "severity": lost.severity,
                "title": lost.title,
                "http_status": lost.http_status,
                "retry_count": lost.retries,
                "error_message": lost.error,
                "fallback_email_sent": lost.emailed,
                "payload": lost.payload(),
            }
            for number, lost in enumerate(past.failure)
        ]
        await self.write("seed_failures", failures)

    async def write(self, query: str, rows: Sequence[Row]) -> dict[str, int]:
        """Insert *rows* with the query of that name; ids by key, if it returns any."""
        made = await self._connection.fetch(*_QUERIES[query].bound(rows=_as_array(rows)))
        return {row["key"]: row["id"] for row in made}

    def schedules(self) -> list[Row]:
        """Return the rows of each on-call place's rotation, as `/oncall schedule` would write them."""
        cast = self._guild.cast
        by = cast.people[SATO]
        return [
            {
                "guild_id": self._guild.id,
                "place": place,
                "content": cast.schedule(place).to_json(),
                "by_id": by.id,
                "by_name": by.name,
                "starts_at": rotation.begins(0),
            }
            for place, rotation in cast.rotations.items()
            if place in self._policy.oncall
        ]


def _incident(one: SeededIncident) -> Row:
    story, ended_at, incident = one.story, one.ended_at, incident_of(one, 0)
    source, last = incident.tracked.source, incident.updates.last
    return {
        "key": one.key,
        "guild_id": one.guild.id,
        "severity": one.severity.name,
        "priority": one.severity.priority,
        "status": incident.status.value,
        "kind": incident.kind.value,
        "is_drill": incident.is_drill,
        "rings": incident.rings,
        "source": None if source is None else source.to_json(),
        "source_message_id": None if source is None else source.message_id,
        "fingerprint": incident.tracked.fingerprint,
        "occurrences": incident.tracked.occurrences,
        "last_seen_at": incident.tracked.last_seen_at,
        "last_update": None if last is None else last.to_json(),
        "title": incident.title,
        "targets": story.targets,
        "symptoms": story.symptoms,
        "path": story.path,
        "started_at": one.at - story.noticed_after,
        "triggered_at": one.at,
        "ack_due_at": one.ack_due_at,
        **who_as_columns("reported_by", one.reporter),
        "acknowledged_at": one.acknowledged_at,
        **who_as_columns("acknowledged_by", one.responder),
        "ended_at": ended_at,
        **(who_as_columns("ended_by", one.responder) if ended_at else {}),
        "alert_channel_id": one.alert.channel_id,
        "alert_message_id": one.alert.message_id,
        "thread_id": one.thread_id,
        "thread_channel": one.thread_channel,
    }


async def _posted(human: Human, posts: Sequence[Post]) -> list[Row]:
    """Put *posts* into the local Discord, and return the bot's records of its own."""
    entries = [post.entry for post in posts if post.entry is not None]
    places = iter(
        [
            MessageLocation(int(place["channel_id"]), int(place["message_id"]))
            for place in await human.write_history(entries)
        ]
    )
    located = [(post, post.location if post.entry is None else next(places)) for post in posts]
    return [_delivery(post.delivery, post, where) for post, where in located if post.delivery and where]


def _delivery(sent: NewDelivery, post: Post, location: MessageLocation) -> Row:
    """Return the bot's record of a post; of a request only the reader is looked up later."""
    request = Request(sent.kind.spec.action, location.channel_id, None, {}, post.recipient)
    return {
        "guild_id": sent.guild_id,
        "incident_id": sent.incident_id,
        "kind": sent.kind.value,
        "target": sent.to,
        "key": sent.key,
        "after_key": sent.after,
        "data": sent.data,
        "priority": sent.priority,
        "request": request_as_json(request),
        "at": post.at,
        "channel_id": location.channel_id,
        "message_id": location.message_id,
    }


def _as_array(rows: Sequence[Mapping[str, object]]) -> str:
    """Return *rows* as the JSON array that a query takes."""
    return json.dumps(rows, default=_as_json, ensure_ascii=False)


def _as_json(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()


_Fact = tuple[datetime, EntryData, CastMember | PersonRef | None]


def timeline_of(one: SeededIncident, items: Mapping[str, int]) -> Iterator[Row]:
    """Yield the entries of an incident; *items* has the numbers of action items by their keys."""
    actions = (fact for item in items_of(one) for fact in item.facts(items[item.key]))
    for at, fact, actor in (
        *_opening(one),
        *_called(one),
        *update_facts(one),
        *output_facts(one),
        *_answered(one),
        *actions,
    ):
        who = who_as_columns("actor", actor) if actor else {}
        yield {"key": one.key, "at": at, "kind": fact.kind.value, **who, "data": fact.to_json()}


def _opening(one: SeededIncident) -> Iterator[_Fact]:
    path, guild_id = tuple(tuple(answer) for answer in one.story.path), one.guild.id
    yield one.at, OpenedEntry(severity=one.severity.name, path=path), one.reporter
    where = (guild_id, one.alert.channel_id, one.alert.message_id)
    yield one.at + _SECOND, AlertPostedEntry(where=where), None
    if one.thread_id is not None:
        yield one.at + 2 * _SECOND, ThreadOpenedEntry(where=(guild_id, one.thread_id)), None


def _called(one: SeededIncident) -> Iterator[_Fact]:
    """Yield the steps of the ladder that came due before the first acknowledgement, and their DMs."""
    for index, step, at in one.steps():
        called = {place: marked(str(who.id)) for place, who in one.called(step).items()}
        if step.after != timedelta():
            yield at, EscalatedEntry(step=index, dm=tuple(called.values())), None
        for place, who in called.items():
            yield at + 2 * _SECOND, PagedEntry(place=place, who=who), None


def _answered(one: SeededIncident) -> Iterator[_Fact]:
    (first, came_at), *others = one.responders
    yield came_at, AcknowledgedEntry(via="reaction"), first
    for who, at in others:
        yield at, JoinedEntry(via="reaction"), who
    for who, at, text in one.notes:
        yield at, _note(one, who, at, text), who
    if one.ended_at is not None:
        incident = incident_of(one, 0)
        yield one.ended_at, entry_of(end_notice(incident, one), is_drill=incident.is_drill), first
        for past in pasts_of(one, 0):
            yield from past.entries


def _note(one: SeededIncident, who: CastMember, at: datetime, text: str) -> EntryData:
    """Return what a person wrote in the thread, as its 📌 has put it on the timeline."""
    if one.thread_id is None:
        return NoteEntry(text=text)
    number = int(note_id(at))
    return PinnedEntry(
        text=text,
        author_id=who.id,
        author_name=who.name,
        url=place_url(one.guild.id, one.thread_id, number),
        at=at,
        message_id=number,
        channel_id=one.thread_id,
        is_readable=True,
    )


def who_as_columns(prefix: str, who: CastMember | PersonRef) -> Row:
    """Return the two columns of a person who did something."""
    return {f"{prefix}_id": who.id, f"{prefix}_name": who.name}
