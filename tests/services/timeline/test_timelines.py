"""Notes, late ones too, corrections, pages, and who joins the war room."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound, NotPermitted, UserError
from bot.domain.incident.incident import Incident, IncidentKind, PersonRef, Role
from bot.domain.incident.transitions import AckVia, assign
from bot.domain.people import Person
from bot.domain.timeline.entries import EntryKind, TimelineEntry, TimelineKind
from bot.domain.timeline.lines import FoldedLines, Line
from bot.services.incidents.updates import NewUpdate
from bot.services.timeline.timelines import PAGE_SIZE, Correction
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.timeline import TimelineRows
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk


async def of_kind(desk: Desk, incident: Incident, kind: EntryKind) -> list[TimelineEntry]:
    """The entries of one kind."""
    return [entry for entry in await TimelineRows(desk.store.sql).timeline(incident.id) if entry.kind is kind]


def typed(at: datetime) -> str:
    """A moment as people type it."""
    return f"{at:%Y-%m-%d %H:%M}"


# -- notes


async def test_note_is_on_the_timeline_and_in_the_thread(desk: Desk) -> None:
    """A note is kept on the timeline, posted in the thread once and audited with the name of its author.

    The same interaction, delivered twice, leaves a single note.
    """
    incident = await desk.open()
    for _ in range(2):
        await desk.timelines.note(incident.id, by=PRIMARY, text="rollback した\0", key="interaction:9")
    await desk.work()
    notes = [entry.data for entry in await of_kind(desk, incident, TimelineKind.NOTE)]
    told = {"text": "rollback した", "key": "interaction:9"}
    assert notes == [{**told, "line": "note:interaction:9"}]
    (audited,) = (row.data for row in await desk.database.audit_rows() if row.action == "note")
    assert audited == {"incident_id": incident.id, **told}
    assert len(desk.sent(DeliveryKind.NOTICE)) == 1
    assert [row.actor_name for row in await desk.database.audit_rows() if row.action == "note"] == ["primary"]


@pytest.mark.parametrize("text", ["", "  \n", "\0"])
async def test_an_empty_note_is_refused(desk: Desk, text: str) -> None:
    """A note in which nothing is left to read, such as one of spaces, is refused."""
    incident = await desk.open()
    with pytest.raises(UserError, match="note_empty"):
        await desk.timelines.note(incident.id, by=PRIMARY, text=text, key="k")


async def test_a_note_may_be_about_earlier(desk: Desk) -> None:
    """A note about an earlier time is listed at that time, marked as late, and its line names the time."""
    incident = await desk.open()
    await desk.pass_time(minutes=30)
    earlier = (incident.triggered_at + timedelta(minutes=4)).astimezone(desk.policy.timezone)
    await desk.timelines.note(incident.id, by=PRIMARY, text="再起動した", key="k", at=typed(earlier))
    (note,) = await of_kind(desk, incident, TimelineKind.NOTE)
    assert note.at == earlier.replace(second=0, microsecond=0)
    assert note.is_late
    told = [
        delivery.data for delivery in await desk.database.deliveries() if delivery.kind is DeliveryKind.NOTICE
    ]
    assert [data.get("at") for data in told if data["notice"] == "note"] == [
        earlier.replace(second=0, microsecond=0).isoformat()
    ]
    history = await desk.timelines.history(incident.id, by=OBSERVER)
    times = [line.entry.at for line in history.lines]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("at", "key"),
    [
        ("さっき", "note_time_unreadable"),
        ("2099-01-01 10:00", "note_time_in_future"),
        ("2001-01-01 10:00", "note_time_too_old"),
    ],
)
async def test_a_note_about_no_known_moment_is_refused(desk: Desk, at: str, key: str) -> None:
    """Nonsense, the future and the distant past; nothing is kept."""
    incident = await desk.open()
    with pytest.raises(UserError) as refused:
        await desk.timelines.note(incident.id, by=PRIMARY, text="x", key="k", at=at)
    assert refused.value.key == key
    assert await of_kind(desk, incident, TimelineKind.NOTE) == []


@pytest.mark.parametrize("typed_day", ["昨日 23:59", "2026-11-23 23:59", "11/23 23:59", "11時間前"])
async def test_a_time_before_the_start_needs_its_day(desk: Desk, typed_day: str) -> None:
    """23:59, typed in the morning, would be last night's: refused with what it reads as and what to type."""
    await desk.database.move_to(datetime(2026, 11, 24, 9, 30, tzinfo=desk.policy.timezone))
    incident = await desk.open()
    with pytest.raises(UserError, match="note_time_before_start") as refused:
        await desk.timelines.note(incident.id, by=PRIMARY, text="deploy", key="k", at="23:59 JST")
    assert refused.value.fields["example_date"] == "2026-11-23 23:59"
    assert refused.value.fields["start"] == incident.started_at
    assert await of_kind(desk, incident, TimelineKind.NOTE) == []
    noted = await desk.timelines.note(incident.id, by=PRIMARY, text="deploy", key="k", at=typed_day)
    assert noted.at is not None
    assert noted.at.day == 23  # the day before
    within = await desk.timelines.note(incident.id, by=PRIMARY, text="x", key="k2", at="9:30")
    assert within.at == incident.started_at


async def test_only_those_who_may_respond_write(desk: Desk) -> None:
    """An observer can neither write nor correct a note, and each refusal is put on record."""
    incident = await desk.open()
    await desk.timelines.note(incident.id, by=PRIMARY, text="x", key="k")
    (note,) = await of_kind(desk, incident, TimelineKind.NOTE)
    assert note.id is not None
    with pytest.raises(NotPermitted):
        await desk.timelines.note(incident.id, by=OBSERVER, text="x", key="k2")
    with pytest.raises(NotPermitted):
        await desk.timelines.correct(incident.id, note.id, Correction("y"), by=OBSERVER, key="k3")
    with pytest.raises(NotPermitted):
        await desk.timelines.correctable(incident.id, note.id, by=OBSERVER)
    assert [row.allowed for row in await desk.database.audit_rows() if row.actor_name == "observer"] == [
        False
    ] * 3


async def test_what_people_did_leads_to_its_line_in_the_thread(desk: Desk) -> None:
    """Notes, updates, changes of severity and of roles, the end and the reopening."""
    incident = await desk.open("SEV2")
    await desk.work()
    await desk.timelines.note(incident.id, by=PRIMARY, text="x", key="k")
    update = NewUpdate("調査中", "", None, incident.targets, incident.symptoms, key="u")
    await desk.updates.tell(incident.id, update, by=PRIMARY)
    await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=PRIMARY, reason="r")
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    await desk.work()
    lines = {d.data["notice"]: d for d in await desk.database.deliveries() if d.kind is DeliveryKind.NOTICE}
    history = await desk.timelines.history(incident.id, by=OBSERVER)
    led = {line.entry.kind: line.where for line in history.lines if line.where is not None}
    assert led == {
        kind: (GUILD, lines[name].channel_id, lines[name].message_id)
        for kind, name in (
            (TimelineKind.NOTE, "note"),
            (TimelineKind.UPDATED, "updated"),
            (TimelineKind.ROLE_CHANGED, "role_changed"),
            (TimelineKind.SEVERITY_CHANGED, "severity_changed"),
            (TimelineKind.RESOLVED, "resolved"),
            (TimelineKind.REOPENED, "reopened"),
        )
    }
    view = await desk.looking.view(incident.id, by=OBSERVER)
    assert view.lines == history.lines


# -- pages


async def test_pages_are_counted_from_the_oldest(desk: Desk) -> None:
    """The newest one is shown first, and a page stays what it is while the timeline grows."""
    incident = await desk.open()
    for number in range(2 * PAGE_SIZE):
        await desk.timelines.note(incident.id, by=PRIMARY, text=f"note {number}", key=f"k{number}")
    newest = await desk.timelines.page(incident.id, by=OBSERVER)
    assert (newest.number, newest.pages) == (2, 3)
    first = await desk.timelines.page(incident.id, by=OBSERVER, number=0)
    assert len(first.rows) == PAGE_SIZE
    assert isinstance(first.rows[0], Line)
    assert first.rows[0].entry.kind is TimelineKind.OPENED
    beyond = await desk.timelines.page(incident.id, by=OBSERVER, number=99)
    assert beyond == newest


async def test_what_the_bot_sent_is_folded_unless_all_is_wanted(desk: Desk) -> None:
    """The page says whether there is anything to unfold; what people did is the same on both."""
    incident = await desk.open()
    assert not (await desk.timelines.page(incident.id, by=OBSERVER)).can_fold
    await desk.work()
    page = await desk.timelines.page(incident.id, by=OBSERVER)
    whole = await desk.timelines.page(incident.id, by=OBSERVER, whole=True)
    assert (page.can_fold, page.is_whole, whole.can_fold, whole.is_whole) == (True, False, True, True)
    [messages] = [row for row in page.rows if isinstance(row, FoldedLines)]
    assert {line.entry.kind for line in messages.lines} >= {TimelineKind.ALERT_POSTED, TimelineKind.PAGED}
    assert len(whole.rows) == len(page.rows) - 1 + len(messages.lines)


async def test_a_private_timeline_is_hidden(desk: Desk) -> None:
    """An observer who asks for a private incident's timeline hears that there is no such incident."""
    incident = await desk.open()
    async with desk.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(replace(incident, is_private=True, version=incident.version + 1))
    assert (await desk.timelines.history(incident.id, by=PRIMARY)).lines
    with pytest.raises(IncidentNotFound):
        await desk.timelines.page(incident.id, by=OBSERVER)


# -- voice


async def join(desk: Desk, by: Person) -> int | None:
    """Let a person join the war room, and return the number of the incident that notes it."""
    noted = await desk.timelines.join_voice(GUILD, by=by, channel="war-room")
    return None if noted is None else noted.id


async def test_joining_is_noted_where_somebody_responds(desk: Desk) -> None:
    """A responder who joins the war room is noted on the most severe incident that they work on.

    Working on an incident means to be a responder or to hold a role; of several of that severity the newest
    counts. The same person is noted again only after 15 minutes. A person who works on none of several open
    incidents is not noted.
    """
    minor = await desk.open("SEV2", key="0")
    first, second, third = await desk.open(key="1"), await desk.open(key="2"), await desk.open(key="3")
    await desk.acknowledger.acknowledge(minor.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.acknowledger.acknowledge(first.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.acknowledger.acknowledge(second.id, by=PRIMARY, via=AckVia.BUTTON)
    async with desk.store.transaction() as tx:
        locked = await IncidentWrites(tx.sql).incident(second.id, lock=True)
        await IncidentWrites(tx.sql).save(
            assign(locked, Role.SCRIBE, PersonRef(SECONDARY.id, SECONDARY.name))
        )
    assert await join(desk, SECONDARY) == second.id
    assert await join(desk, SECONDARY) is None
    assert await join(desk, RESPONDER) is None
    await desk.pass_time(minutes=16)
    assert await join(desk, SECONDARY) == second.id
    (entry, _) = await of_kind(desk, second, TimelineKind.VOICE_JOINED)
    assert (entry.actor_name, entry.data) == ("secondary", {"channel": "war-room"})
    assert [await of_kind(desk, one, TimelineKind.VOICE_JOINED) for one in (minor, first, third)] == [
        [],
        [],
        [],
    ]


async def test_joining_is_noted_on_the_only_open_one(desk: Desk) -> None:
    """Joining the war room is noted if exactly one incident is open; alerts do not count."""
    incident, alert = await desk.open(), await desk.open(key="alert")
    await desk.database.fetch("UPDATE incidents SET kind = $2 WHERE id = $1", alert.id, IncidentKind.ALERT)
    assert await join(desk, RESPONDER) == incident.id
    await desk.open(key="another")
    assert await join(desk, PRIMARY) is None


async def test_joining_without_an_incident_or_a_right_is_nothing(desk: Desk) -> None:
    """Joining without an open incident or without permission is neither noted nor recorded."""
    assert await join(desk, RESPONDER) is None
    await desk.open()
    assert await join(desk, OBSERVER) is None
    assert await join(desk, replace(RESPONDER, is_bot=True)) is None
    assert [row for row in await desk.database.audit_rows() if not row.allowed] == []
