"""What no triage is about: a drill's messages, from which a real alert would ring."""

from dataclasses import replace

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.triage.session import NewTriage
from bot.services.triage.sources import AlreadyRaised, SourceRefused
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.triages import TriageRows
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk
from tests.services.privacy.test_confided import about
from tests.services.triage.triage_walks import CHANNEL, go_on, start


async def refusals(desk: Desk) -> list[tuple[str, object, object]]:
    """What is on record of messages that were refused."""
    refused = [(row.action, row.data) for row in await desk.database.audit_rows() if not row.allowed]
    return [(action, data["act"], data["refused"]) for action, data in refused]


async def posted_drill(desk: Desk) -> Incident:
    """A drill with its posts."""
    drill = await desk.open_drill()
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(drill.id)


def posted(desk: Desk, drill: Incident) -> NewTriage:
    """The form about a drill's alert, in its channel."""
    return replace(about(desk, drill), channel_id=CHANNEL, source_message_id=desk.message(DeliveryKind.ALERT))


@pytest.mark.parametrize("what", [about, posted], ids=["said in its thread", "its alert"])
async def test_no_triage_begins_from_a_drill(desk: Desk, what: type) -> None:
    """Both the opening and the sending of a triage form about a drill's message are refused and audited."""
    new: NewTriage = what(desk, await posted_drill(desk))
    assert new.channel_id is not None
    assert new.source_message_id is not None
    with pytest.raises(SourceRefused, match="triage_of_drill"):
        await desk.triages.sources.require_open(GUILD, new.channel_id, new.source_message_id, by=PRIMARY)
    with pytest.raises(SourceRefused, match="triage_of_drill"):
        await desk.triages.start(new)
    assert await refusals(desk) == [("triage", "triage.begin", "triage_of_drill")] * 2
    await desk.work()
    assert desk.sent(DeliveryKind.TRIAGE_LINE) == []


async def test_a_private_drill_is_a_drill_first(desk: Desk) -> None:
    """Messages in a private drill's thread, and its emptied alert, are recognized as a drill's."""
    drill = await posted_drill(desk)
    alert = posted(desk, drill)
    await desk.privacy.make_private(drill.id, by=PRIMARY)
    await desk.work()
    inside = about(desk, await IncidentRows(desk.store.sql).incident(drill.id))
    assert inside.channel_id != drill.thread.id
    for new in (inside, alert, about(desk, drill)):
        with pytest.raises(SourceRefused, match="triage_of_drill"):
            await desk.triages.start(new)


async def test_what_is_under_way_is_refused_when_it_is_confirmed(desk: Desk) -> None:
    """A walk that an older version has begun opens nothing, and can still be given up."""
    drill = await posted_drill(desk)
    async with desk.store.transaction() as tx:
        triage, _ = await TriageRows(tx.sql).insert_triage(about(desk, drill), due_at=desk.clock.time)
        await TriageRows(tx.sql).save_triage(replace(triage, due_at=None))
    view = await go_on(desk, await desk.triages.view(triage.id, by=PRIMARY), "yes", "yes", by=PRIMARY)
    with pytest.raises(SourceRefused, match="triage_of_drill"):
        await desk.triages.confirm(triage.id, by=PRIMARY)
    assert await refusals(desk) == [("triage", "triage.confirm", "triage_of_drill")]
    assert await IncidentRows(desk.store.sql).open_incidents(GUILD) == [
        await IncidentRows(desk.store.sql).incident(drill.id)
    ]
    assert view.incident is None
    await desk.triages.cancel(triage.id, by=PRIMARY)


async def test_what_is_typed_in_its_thread_is_real_and_says_so(desk: Desk) -> None:
    """A triage typed in a drill's thread says, until it is raised, that it is real; its incident rings.

    Elsewhere, or while the database is away, nothing of the kind is said.
    """
    drill = await posted_drill(desk)
    typed = replace(about(desk, drill), source_message_id=None, evidence=None)
    view = await desk.triages.start(typed)
    assert view.in_drill
    view = await go_on(desk, view, "yes", "yes", by=PRIMARY)
    assert view.in_drill
    done = await desk.triages.confirm(view.triage.id, by=PRIMARY)
    assert done.incident is not None
    assert (done.incident.is_drill, done.incident.rings) == (False, True)
    assert not (await start(desk, key="b")).in_drill
    assert await desk.looking.is_drills_thread(drill.thread.id)
    assert not await desk.looking.is_drills_thread(CHANNEL)
    assert not await desk.looking.is_drills_thread(None)
    desk.database.is_away = True
    assert not await desk.looking.is_drills_thread(drill.thread.id)


async def test_the_bots_own_alert_leads_to_its_incident(desk: Desk) -> None:
    """While an incident is open and public, a triage of the bot's own alert is refused and leads to it.

    This holds before the form is opened and when it is sent. A message in the incident's thread can be
    triaged, and the alert can once the incident has ended, or while it is private.
    """
    incident = await desk.open()
    await desk.work()
    alert = desk.message(DeliveryKind.ALERT)
    incident = await IncidentRows(desk.store.sql).incident(incident.id)
    with pytest.raises(AlreadyRaised) as known:
        await desk.triages.sources.require_open(GUILD, CHANNEL, alert, by=RESPONDER)
    assert known.value.incident == incident
    with pytest.raises(AlreadyRaised):
        await start(desk, message_id=alert)
    assert incident.thread.id is not None
    await desk.triages.sources.require_open(GUILD, incident.thread.id, 600, by=RESPONDER)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.triages.sources.require_open(GUILD, CHANNEL, alert, by=RESPONDER)
    await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    with pytest.raises(AlreadyRaised):
        await desk.triages.sources.require_open(GUILD, CHANNEL, alert, by=RESPONDER)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.triages.sources.require_open(GUILD, CHANNEL, alert, by=RESPONDER)
