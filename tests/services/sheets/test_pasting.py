"""Pasted output: masked before anything is stored, on the timeline and in the thread, its step ticked."""

from datetime import timedelta
from itertools import count

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound, NotPermitted, UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.sheets import OutputData, OutputEntry
from bot.domain.timeline.entries import TimelineKind
from bot.services.sheets import Kept, Pasted
from tests.services.desk import OBSERVER, PRIMARY, Desk
from tests.services.timeline.test_timelines import of_kind

OTHER = Person(id=9, name="other", roles=frozenset({"responder"}))
SECRET = "hunter2-hunter2"
IDS = count(1)
OUTPUT = f"POST /v1/payments 500\nDB_PASSWORD={SECRET}\nupstream timeout"


async def paste(
    desk: Desk, incident: Incident, pasted: Pasted, *, by: Person = PRIMARY, key: str = "k"
) -> Kept:
    """Paste, look, and post what was shown."""
    preview = await desk.pasting.preview(incident.id, pasted, by=by, preview_id=next(IDS), key=key)
    return await desk.pasting.post(incident.id, preview.id, by=by)


async def everything(desk: Desk) -> str:
    """Every row of every table that holds words of people, as text."""
    tables = ("timeline", "audit", "deliveries", "attachments", "incidents", "output_previews")
    rows = [
        await desk.database.pool.fetchval(f"SELECT string_agg(t::text, '') FROM {table} AS t")
        for table in tables
    ]
    files = await desk.database.pool.fetch("SELECT content FROM attachments")
    return "".join(row or "" for row in rows) + "".join(file["content"].decode() for file in files)


async def test_output_is_kept_without_its_secrets_and_ticks_its_step(desk: Desk) -> None:
    """Timeline, audit, thread; the log lines too; the same interaction once more changes nothing."""
    incident = await desk.open()
    await desk.work()
    for _ in range(2):
        kept = await paste(desk, incident, Pasted(OUTPUT, topic="worker_logs"), by=PRIMARY, key="k")
    assert kept.preview is None, "the second time"
    (entry,) = await of_kind(desk, incident, TimelineKind.OUTPUT)
    stored = OutputEntry.from_json(entry.data or {})
    assert (stored.topic, stored.masked, stored.lines, stored.file) == ("worker_logs", 1, 3, "")
    assert "DB_PASSWORD=[masked:password]" in stored.text
    (step,) = await of_kind(desk, incident, TimelineKind.STEP_DONE)
    assert (step.data or {})["number"] == 1
    await desk.work()
    (shown,) = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.OUTPUT]
    data = OutputData.from_json(shown.data)
    assert (data.by, data.text, data.counts) == ("primary", stored.text, {"password": 1})
    assert desk.sent(DeliveryKind.OUTPUT) == ["incident"]
    assert SECRET not in await everything(desk)


async def test_a_long_output_is_shown_shortened_with_the_whole_as_a_file(desk: Desk) -> None:
    """A long output is posted as its beginning and its end, with the whole of it, masked too, as a file."""
    incident = await desk.open()
    long = "\n".join([f"line {number} token=abc{number}secret9" for number in range(200)])
    await paste(desk, incident, Pasted(long), by=PRIMARY, key="k")
    await desk.work()
    (shown,) = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.OUTPUT]
    data = OutputData.from_json(shown.data)
    assert data.lines == 200
    assert "line 0 " in data.text
    assert "line 199 " in data.text
    assert "line 100 " not in data.text
    ((content,),) = desk.discord.files[shown.key]
    assert content.decode().count("[masked:token]") == 200
    assert "secret9" not in await everything(desk)
    (stored,) = await of_kind(desk, incident, TimelineKind.OUTPUT)
    assert OutputEntry.from_json(stored.data or {}).file == data.files[0].key


async def test_only_the_open_step_that_matches_is_ticked(desk: Desk) -> None:
    """The first one first; without a topic none; an ended incident keeps its steps but takes output."""
    incident = await desk.open()
    outcome = await paste(desk, incident, Pasted("x", topic="sentry"), by=PRIMARY, key="1")
    assert outcome.step is not None
    assert outcome.step[0] == 1
    assert (await paste(desk, incident, Pasted("x", topic="worker_logs"), by=PRIMARY, key="2")).step is None
    assert (await paste(desk, incident, Pasted("x"), by=PRIMARY, key="3")).step is None
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    late = await paste(desk, incident, Pasted("x", topic="rollback"), by=PRIMARY, key="4")
    assert late.step is None
    assert len(await of_kind(desk, incident, TimelineKind.OUTPUT)) == 4


async def test_people_who_may_not_respond_cannot_paste(desk: Desk) -> None:
    """Refused, on record without what they pasted; a private incident does not exist for them."""
    incident = await desk.open()
    with pytest.raises(NotPermitted):
        await paste(desk, incident, Pasted(OUTPUT), by=OBSERVER, key="k")
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    with pytest.raises(IncidentNotFound):
        await paste(desk, incident, Pasted(OUTPUT), by=OTHER, key="k")
    assert SECRET not in await everything(desk)
    assert await of_kind(desk, incident, TimelineKind.OUTPUT) == []


async def test_nothing_is_no_output(desk: Desk) -> None:
    """Blanks are nothing; a value tells nothing when it is printed."""
    incident = await desk.open()
    with pytest.raises(UserError, match="output_empty"):
        await paste(desk, incident, Pasted(" \n "), by=PRIMARY, key="k")
    assert SECRET not in repr(Pasted(OUTPUT))


async def test_a_severity_without_commands_has_no_sheet_in_its_thread(desk: Desk) -> None:
    """SEV3: the morning triage is early enough. The others have one, behind the card."""
    await desk.open("SEV3")
    await desk.work()
    assert desk.sent(DeliveryKind.THREAD_SHEET) == []
    await desk.open("SEV2", key="2")
    await desk.work()
    assert desk.sent(DeliveryKind.THREAD_SHEET) == ["incident"]


async def test_only_what_was_shown_is_posted_and_only_once(desk: Desk) -> None:
    """Nothing is posted before the author confirms the preview, which then is posted word for word, once.

    Nobody else can confirm it, and a second press changes nothing.
    """
    incident = await desk.open()
    pasted = Pasted(OUTPUT, topic="worker_logs")
    for _ in range(2):
        preview = await desk.pasting.preview(
            incident.id, pasted, by=PRIMARY, preview_id=7, key="interaction:7"
        )
    assert preview.counts == {"password": 1}
    await desk.work()
    assert desk.sent(DeliveryKind.OUTPUT) == []
    assert await of_kind(desk, incident, TimelineKind.OUTPUT) == []
    assert SECRET not in await everything(desk)
    with pytest.raises(UserError, match="output_preview_gone"):
        await desk.pasting.post(incident.id, preview.id, by=OTHER)
    kept, again = [await desk.pasting.post(incident.id, preview.id, by=PRIMARY) for _ in range(2)]
    assert (kept.preview, again.preview) == (preview, None)
    await desk.work()
    (shown,) = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.OUTPUT]
    assert OutputData.from_json(shown.data).text == preview.text


async def test_a_discarded_or_old_preview_is_not_posted(desk: Desk) -> None:
    """A discarded preview is deleted and not posted; one that is a day old goes with the next one."""
    incident = await desk.open()
    await desk.pasting.preview(incident.id, Pasted(OUTPUT), preview_id=1, by=PRIMARY, key="k")
    await desk.pasting.discard(incident.id, 1, by=OTHER)
    assert len(await desk.database.fetch("SELECT FROM output_previews")) == 1
    await desk.pasting.discard(incident.id, 1, by=PRIMARY)
    await desk.pasting.preview(incident.id, Pasted(OUTPUT), preview_id=2, by=PRIMARY, key="k")
    await desk.database.advance(timedelta(days=1, seconds=1))
    await desk.pasting.preview(incident.id, Pasted(OUTPUT), preview_id=3, by=PRIMARY, key="k")
    for preview_id in (1, 2):
        with pytest.raises(UserError, match="output_preview_gone"):
            await desk.pasting.post(incident.id, preview_id, by=PRIMARY)
    assert (await desk.pasting.post(incident.id, 3, by=PRIMARY)).preview is not None
