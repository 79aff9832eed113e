"""What people wrote is put right, words, impact and time, and nothing of it is erased."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.services.incidents.updates import NewUpdate
from bot.services.timeline.timelines import Correction, ShownWords, shown_words
from bot.storage.tables.incidents import IncidentRows
from tests.services.desk import OBSERVER, PRIMARY, SECONDARY, Desk
from tests.services.timeline.test_timelines import of_kind


async def test_a_correction_leaves_the_first_version(desk: Desk) -> None:
    """A correction keeps the first version, adds one line to the thread, and applies once per request."""
    incident = await desk.open()
    await desk.timelines.note(incident.id, by=PRIMARY, text="14:10 に再起動", key="k")
    (note,) = await of_kind(desk, incident, TimelineKind.NOTE)
    assert note.id is not None
    await desk.pass_time(minutes=3)
    for _ in range(2):
        await desk.timelines.correct(
            incident.id, note.id, Correction("14:12 に再起動"), by=SECONDARY, key="k2"
        )
    line = await desk.timelines.correctable(incident.id, note.id, by=PRIMARY)
    assert (line.entry.said, line.said) == ("14:10 に再起動", "14:12 に再起動")
    assert [fix.actor_name for fix in line.corrections] == ["secondary"]
    told = [
        delivery.data["notice"]
        for delivery in await desk.database.deliveries()
        if delivery.kind is DeliveryKind.NOTICE
    ]
    assert told == ["note", "corrected"]
    assert [row.action for row in await desk.database.audit_rows()][-1] == "corrected"


async def test_the_time_of_a_note_is_corrected(desk: Desk) -> None:
    """A corrected time, alone or with the words, moves a note on the timeline, and earlier times are kept.

    The thread is told once of a correction that comes twice, and an unreadable time is refused.
    """
    incident = await desk.open()
    await desk.pass_time(minutes=30)
    await desk.timelines.note(incident.id, by=PRIMARY, text="再起動", key="k", at="5分前")
    (note,) = await of_kind(desk, incident, TimelineKind.NOTE)
    await desk.timelines.note(incident.id, by=PRIMARY, text="復旧", key="k2", at="8分前")
    assert note.id is not None
    right = Correction("再起動", at="10分前")
    for _ in range(2):
        await desk.timelines.correct(incident.id, note.id, right, by=SECONDARY, key="c")
    history = await desk.timelines.history(incident.id, by=OBSERVER)
    told = [(line.said, line.at, line.earlier_moments) for line in history.lines if line.can_be_moved]
    now = desk.clock.time
    assert told == [
        ("再起動", now - timedelta(minutes=10), (now - timedelta(minutes=5),)),
        ("復旧", now - timedelta(minutes=8), ()),
    ]
    (line,) = [one.data for one in await desk.database.deliveries() if one.data.get("notice") == "corrected"]
    assert line["before"] == "", "the words are what they were"
    assert datetime.fromisoformat(str(line["at"])) == now - timedelta(minutes=10)
    both = Correction("worker を再起動", at="6分前")
    await desk.timelines.correct(incident.id, note.id, both, by=SECONDARY, key="c3")
    moved = await desk.timelines.correctable(incident.id, note.id, by=PRIMARY)
    assert (moved.said, moved.at) == ("worker を再起動", now - timedelta(minutes=6))
    assert moved.earlier_moments == (now - timedelta(minutes=5), now - timedelta(minutes=10))
    assert (moved.entry.said, moved.entry.at) == ("再起動", now - timedelta(minutes=5))
    with pytest.raises(UserError, match="note_time_unreadable"):
        await desk.timelines.correct(incident.id, note.id, Correction("y", at="昼"), by=PRIMARY, key="c2")


async def test_the_time_of_what_was_posted_stays(desk: Desk) -> None:
    """Discord knows it: only the words of a status update can be put right."""
    incident = await desk.open()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.updates.tell(incident.id, NewUpdate("調査中", "", None, (), (), "u"), by=PRIMARY)
    (update,) = await of_kind(desk, incident, TimelineKind.UPDATED)
    right = Correction("調査中です", at="10分前")
    await desk.timelines.correct(incident.id, update.id or 0, right, by=PRIMARY, key="c")
    (fix,) = await of_kind(desk, incident, TimelineKind.CORRECTED)
    assert fix.moved_to is None


async def test_correcting_the_latest_update_makes_the_posts_true(desk: Desk) -> None:
    """Alert and card show the right words; an update before it changes the history alone."""
    incident = await desk.open()
    await desk.work()
    for known in ("調査中", "DB が原因"):
        update = NewUpdate(known, "", None, incident.targets, incident.symptoms, key=known)
        await desk.updates.tell(incident.id, update, by=PRIMARY)
        await desk.database.advance(timedelta(minutes=3))
    first, last = await of_kind(desk, incident, TimelineKind.UPDATED)
    version = (await IncidentRows(desk.store.sql).incident(incident.id)).version
    await desk.timelines.correct(incident.id, first.id or 0, Correction("確認中"), by=PRIMARY, key="k1")
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).version == version
    await desk.timelines.correct(incident.id, last.id or 0, Correction("DNS が原因"), by=SECONDARY, key="k2")
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.updates.last is not None
    assert (now.updates.last.known, now.updates.last.by) == ("DNS が原因", "primary")
    await desk.work()
    version, kinds = desk.discord.refreshed[-1]
    assert version == now.version
    assert {DeliveryKind.ALERT, DeliveryKind.THREAD_CARD} <= set(kinds)


async def test_correcting_to_the_same_words_changes_nothing(desk: Desk) -> None:
    """A correction that changes nothing is refused as empty."""
    incident = await desk.open()
    await desk.timelines.note(incident.id, by=PRIMARY, text="x", key="k")
    (note,) = await of_kind(desk, incident, TimelineKind.NOTE)
    assert note.id is not None
    for right in (Correction(" x "), Correction(None)):
        with pytest.raises(UserError, match="correction_empty"):
            await desk.timelines.correct(incident.id, note.id, right, by=PRIMARY, key="k2")
    assert await of_kind(desk, incident, TimelineKind.CORRECTED) == []


async def test_what_the_bot_saw_cannot_be_corrected(desk: Desk) -> None:
    """An entry of the bot, a correction and an entry of another incident cannot be corrected."""
    incident, other = await desk.open(), await desk.open(key="other")
    await desk.timelines.note(incident.id, by=PRIMARY, text="x", key="k")
    (note,) = await of_kind(desk, incident, TimelineKind.NOTE)
    (opened,) = await of_kind(desk, incident, TimelineKind.OPENED)
    assert note.id is not None
    await desk.timelines.correct(incident.id, note.id, Correction("y"), by=PRIMARY, key="k2")
    (fix,) = await of_kind(desk, incident, TimelineKind.CORRECTED)
    for place, entry in ((incident, opened.id), (incident, fix.id), (other, note.id), (incident, 999)):
        with pytest.raises(UserError, match="entry_not_correctable"):
            await desk.timelines.correct(place.id, entry or 0, Correction("z"), by=PRIMARY, key="k3")


# -- of a status update


async def told(desk: Desk, known: str = "DB が原因", impact: str = "全員") -> tuple[Incident, TimelineEntry]:
    """An incident, and the status update that its posts show."""
    incident = await desk.open()
    await desk.work()
    update = NewUpdate(known, impact, None, incident.targets, incident.symptoms, key="u")
    await desk.updates.tell(incident.id, update, by=PRIMARY)
    (entry,) = await of_kind(desk, incident, TimelineKind.UPDATED)
    return incident, entry


async def shown(desk: Desk, incident: Incident) -> tuple[str, str]:
    """What its posts say is known, and its impact."""
    last = (await IncidentRows(desk.store.sql).incident(incident.id)).updates.last
    assert last is not None
    return last.known, last.impact


async def said(desk: Desk) -> list[dict[str, object]]:
    """Return what the thread's lines say about corrections, in order."""
    facts = ("before", "text", "impact_before", "impact")
    lines = [one.data for one in await desk.database.deliveries() if one.data.get("notice") == "corrected"]
    return [{name: line[name] for name in facts if name in line} for line in lines]


async def correct(
    desk: Desk, incident: Incident, entry: TimelineEntry, right: Correction, *, key: str = "c"
) -> None:
    """Correct the entry as primary."""
    await desk.timelines.correct(incident.id, entry.id or 0, right, by=PRIMARY, key=key)


async def shown_now(desk: Desk, incident: Incident, entry: TimelineEntry) -> ShownWords:
    """What the form of a correction shows."""
    return shown_words(await desk.timelines.correctable(incident.id, entry.id or 0, by=PRIMARY))


async def test_words_and_impact_are_one_correction(desk: Desk) -> None:
    """One entry with both, a line in the thread with what stood before; the posts follow."""
    incident, update = await told(desk)
    right = Correction("DNS が原因", impact="決済の 3 割")
    for _ in range(2):
        await desk.timelines.correct(incident.id, update.id or 0, right, by=SECONDARY, key="c")
    (fix,) = await of_kind(desk, incident, TimelineKind.CORRECTED)
    assert fix.data is not None
    assert {name: fix.data[name] for name in ("text", "impact")} == {
        "text": "DNS が原因",
        "impact": "決済の 3 割",
    }
    line = await desk.timelines.correctable(incident.id, update.id or 0, by=PRIMARY)
    assert (line.entry.said, line.said) == ("DB が原因", "DNS が原因")
    assert (line.earlier_impacts, line.impact) == (("全員",), "決済の 3 割")
    assert await said(desk) == [
        {"before": "DB が原因", "text": "DNS が原因", "impact_before": "全員", "impact": "決済の 3 割"}
    ]
    assert await shown(desk, incident) == ("DNS が原因", "決済の 3 割")
    pages = len(desk.sent(DeliveryKind.PAGE))
    await desk.work()
    version, kinds = desk.discord.refreshed[-1]
    assert version == (await IncidentRows(desk.store.sql).incident(incident.id)).version
    assert {DeliveryKind.ALERT, DeliveryKind.THREAD_CARD} <= set(kinds)
    assert len(desk.sent(DeliveryKind.PAGE)) == pages
    assert [row.data["impact"] for row in await desk.database.audit_rows() if row.action == "corrected"] == [
        "決済の 3 割"
    ]


async def test_two_forms_about_one_update_do_not_undo_each_other(desk: Desk) -> None:
    """Two corrections opened on one version of an update, of its words and of its impact, both hold."""
    incident, update = await told(desk)
    seen = await shown_now(desk, incident, update)
    rights = (Correction("DNS が原因", shown=seen), Correction(None, impact="一部", shown=seen))
    for right, by in zip(rights, (PRIMARY, SECONDARY), strict=True):
        await desk.timelines.correct(incident.id, update.id or 0, right, by=by, key=by.name)
    assert await shown(desk, incident) == ("DNS が原因", "一部")
    assert await said(desk) == [
        {"before": "DB が原因", "text": "DNS が原因"},
        {"impact_before": "全員", "impact": "一部"},
    ]


@pytest.mark.parametrize(
    ("first", "second", "key", "field"),
    [
        (Correction("DNS"), Correction("LB", impact="一部"), "words_moved", "DNS"),
        (Correction(""), Correction("LB"), "words_removed", None),
        (Correction(None, impact="半分"), Correction(None, impact="一部"), "impact_moved", "半分"),
        (Correction(None, impact=""), Correction("LB", impact="一部"), "impact_removed", None),
    ],
)
async def test_the_second_of_two_sees_what_the_first_wrote(
    desk: Desk, first: Correction, second: Correction, key: str, field: str | None
) -> None:
    """The second correction is refused and stores nothing; from a form that is opened again it is taken."""
    incident, update = await told(desk)
    seen = await shown_now(desk, incident, update)
    for _ in range(2):  # Discord has delivered the same interaction twice
        await correct(desk, incident, update, replace(first, shown=seen))
    before = await shown(desk, incident)
    with pytest.raises(UserError) as refused:
        await correct(desk, incident, update, replace(second, shown=seen), key="c2")
    assert refused.value.key == key
    assert refused.value.fields == {"incident": incident.label} | (
        {} if field is None else {key.removesuffix("_moved"): field}
    )
    assert await shown(desk, incident) == before
    with pytest.raises(UserError, match="correction_empty"):
        await correct(desk, incident, update, replace(first, shown=seen), key="c3")
    anew = await shown_now(desk, incident, update)
    await correct(desk, incident, update, replace(second, shown=anew), key="c4")
    assert await shown(desk, incident) != before


async def test_two_people_put_one_note_right(desk: Desk) -> None:
    """One its words, the other its time; other words, or another time, from the same form are refused."""
    incident = await desk.open()
    await desk.pass_time(minutes=30)
    await desk.timelines.note(incident.id, by=PRIMARY, text="再起動", key="k", at="5分前")
    (note,) = await of_kind(desk, incident, TimelineKind.NOTE)
    seen = await shown_now(desk, incident, note)
    await correct(desk, incident, note, Correction("再起動した", shown=seen))
    await correct(desk, incident, note, Correction(None, at="9分前", shown=seen), key="c2")
    with pytest.raises(UserError, match="words_moved"):
        await correct(desk, incident, note, Correction("落とした", shown=seen), key="c3")
    with pytest.raises(UserError, match="moment_moved"):
        await correct(desk, incident, note, Correction(None, at="8分前", shown=seen), key="c4")
    line = await desk.timelines.correctable(incident.id, note.id or 0, by=PRIMARY)
    assert (line.said, line.at) == ("再起動した", desk.clock.time - timedelta(minutes=9))


async def test_an_emptied_impact_is_none(desk: Desk) -> None:
    """A correction with an emptied impact leaves the status update without an impact."""
    incident, update = await told(desk)
    await desk.timelines.correct(
        incident.id, update.id or 0, Correction(None, impact=" "), by=PRIMARY, key="c"
    )
    assert await shown(desk, incident) == ("DB が原因", "")
    assert await said(desk) == [{"impact_before": "全員", "impact": ""}]


async def test_an_update_of_the_impact_alone_is_corrected(desk: Desk) -> None:
    """The words that are shown with it are those of the update before; they stay."""
    incident, _ = await told(desk)
    await desk.database.advance(timedelta(minutes=3))
    update = NewUpdate("", "一部", None, incident.targets, incident.symptoms, key="u2")
    await desk.updates.tell(incident.id, update, by=PRIMARY)
    _, last = await of_kind(desk, incident, TimelineKind.UPDATED)
    await desk.timelines.correct(
        incident.id, last.id or 0, Correction("", impact="半分"), by=PRIMARY, key="c"
    )
    assert await shown(desk, incident) == ("DB が原因", "半分")


async def test_an_update_that_would_say_nothing_is_refused(desk: Desk) -> None:
    """A correction that leaves a status update neither words nor an impact is refused and changes nothing."""
    incident, update = await told(desk)
    with pytest.raises(UserError, match="update_emptied"):
        await desk.timelines.correct(
            incident.id, update.id or 0, Correction(" ", impact=""), by=PRIMARY, key="c"
        )
    assert await shown(desk, incident) == ("DB が原因", "全員")
    assert await of_kind(desk, incident, TimelineKind.CORRECTED) == []


async def test_a_note_has_no_impact(desk: Desk) -> None:
    """An impact that is sent with the correction of a note is ignored."""
    incident = await desk.open()
    await desk.timelines.note(incident.id, by=PRIMARY, text="x", key="k")
    (note,) = await of_kind(desk, incident, TimelineKind.NOTE)
    await correct(desk, incident, note, Correction("y", impact="z"))
    (fix,) = await of_kind(desk, incident, TimelineKind.CORRECTED)
    assert fix.impact is None


async def test_a_mere_promise_cannot_be_corrected(desk: Desk) -> None:
    """A status update that only promises the next one, without words or an impact, cannot be corrected."""
    incident = await desk.open()
    update = NewUpdate("", None, timedelta(hours=2), incident.targets, incident.symptoms, key="u")
    await desk.updates.tell(incident.id, update, by=PRIMARY)
    (entry,) = await of_kind(desk, incident, TimelineKind.UPDATED)
    with pytest.raises(UserError, match="entry_not_correctable"):
        await desk.timelines.correct(
            incident.id, entry.id or 0, Correction("x", impact="y"), by=PRIMARY, key="c"
        )
