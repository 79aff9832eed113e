"""The timelines of the demo's past, as rows."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from bot.demo.story.cast import CastMember
from bot.demo.story.incidents import end_notice, incident_of, items_of, output_facts, pasts_of, update_facts
from bot.demo.story.posts import note_id
from bot.demo.story.seeded_incidents import SeededIncident
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
from bot.domain.timeline.entries import EntryData
from bot.domain.timeline.recorded import NoteEntry, PinnedEntry
from bot.ui.words.links import place_url

_SECOND: Final = timedelta(seconds=1)

Row = dict[str, object]
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
