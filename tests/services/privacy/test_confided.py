"""What is said among the people of a private incident is no public one's evidence."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import NewTriage, TriageStatus
from bot.services.triage.walk import TriageView
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.privacy.test_privacy import open_private
from tests.services.triage.triage_walks import EVIDENCE, go_on


def about(desk: Desk, incident: Incident) -> NewTriage:
    """The form about a message in the thread of *incident*."""
    return NewTriage(
        guild_id=GUILD,
        by=PRIMARY,
        title="件名",
        targets=(),
        symptoms=(),
        started_at=desk.clock.time,
        key="interaction:1",
        channel_id=incident.thread.id,
        source_message_id=600,
        evidence=EVIDENCE,
    )


async def walk_in_public(desk: Desk, *answers: str) -> tuple[Incident, TriageView]:
    """A triage of a message in the thread of an incident that everybody reads."""
    await desk.open()
    await desk.work()
    incident = await IncidentRows(desk.store.sql).incident(1)
    view = await desk.triages.start(about(desk, incident))
    await desk.database.advance(timedelta(seconds=1))  # whoever answers it was there last
    return incident, await go_on(desk, view, *answers)


async def evidence(desk: Desk, incident: Incident) -> list[object]:
    """What the timeline has of the message."""
    return [
        one
        for one in await TimelineRows(desk.store.sql).timeline(incident.id)
        if one.kind is TimelineKind.EVIDENCE
    ]


async def test_no_triage_begins_from_a_private_incidents_thread(desk: Desk) -> None:
    """A triage about a message in a private incident's thread is refused, at its form and when it is sent.

    No triage is kept, and nothing is posted.
    """
    incident = await open_private(desk)
    assert incident.thread.id is not None
    with pytest.raises(UserError, match="triage_confided"):
        await desk.triages.sources.require_open(GUILD, incident.thread.id, 600, by=PRIMARY)
    with pytest.raises(UserError, match="triage_confided"):
        await desk.triages.start(about(desk, incident))
    await desk.work()
    assert desk.sent(DeliveryKind.TRIAGE_LINE) == []
    with pytest.raises(UserError, match="triage_not_found"):
        await TriageRows(desk.store.sql).triage(1)


async def test_what_somebody_types_there_is_theirs_to_tell(desk: Desk) -> None:
    """`/triage` in the thread is about no message of it."""
    incident = await open_private(desk)
    typed = replace(about(desk, incident), source_message_id=None, evidence=None)
    assert (await desk.triages.start(typed)).triage.status is TriageStatus.OPEN


async def test_a_public_thread_is_open_to_triage(desk: Desk) -> None:
    """A message in a public incident's thread can be triaged, and becomes the new incident's evidence."""
    incident, view = await walk_in_public(desk, "yes", "yes")
    assert incident.thread.id is not None
    await desk.triages.sources.require_open(GUILD, incident.thread.id, 600, by=PRIMARY)
    done = await desk.triages.confirm(view.triage.id, by=PRIMARY)
    assert done.incident is not None
    assert len(await evidence(desk, done.incident)) == 1


@pytest.mark.parametrize("answers", [("yes", "yes"), ("no", "no")], ids=["raised", "held"])
async def test_made_private_since_the_walk_began(desk: Desk, answers: tuple[str, ...]) -> None:
    """Confirming a triage is refused if its message's incident has become private; nothing is posted."""
    incident, view = await walk_in_public(desk, *answers)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    with pytest.raises(UserError, match="triage_confided"):
        await desk.triages.confirm(view.triage.id, by=PRIMARY)
    await desk.work()
    assert len(await IncidentRows(desk.store.sql).open_incidents(GUILD)) == 1
    assert desk.sent(DeliveryKind.REEVALUATION_HELD) == []
    assert (await desk.triages.cancel(view.triage.id, by=PRIMARY)).triage.status is TriageStatus.CANCELLED


@pytest.mark.parametrize("is_refused", [False, True], ids=["asked", "no DM"])
async def test_made_private_and_nobody_goes_on(desk: Desk, *, is_refused: bool) -> None:
    """Only the person of an unfinished triage is asked to go on once its message's incident is private.

    The team gets no line about the triage, even if Discord refuses the person's DM.
    """
    if is_refused:
        desk.discord.refused.add(f"user:{RESPONDER.id}")
    incident, _ = await walk_in_public(desk, "no")
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=25)
    assert desk.sent(DeliveryKind.UNFINISHED_DM) == ([] if is_refused else [f"user:{RESPONDER.id}"])
    assert desk.sent(DeliveryKind.UNFINISHED) == desk.sent(DeliveryKind.TRIAGE_LINE) == []
    assert (await TriageRows(desk.store.sql).triage(1)).idle.due_at is None


@pytest.mark.parametrize("is_answered", [True, False], ids=["by somebody", "by the clock"])
async def test_made_private_while_it_is_held(desk: Desk, *, is_answered: bool) -> None:
    """A triage on hold still raises its incident after its message's incident became private.

    The new incident is public and has none of the message's words as evidence.
    """
    incident, view = await walk_in_public(desk, "no", "no")
    await desk.triages.confirm(view.triage.id, by=PRIMARY)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    if is_answered:
        await desk.reevaluations.promote(view.triage.id, by=SECONDARY)
    await desk.pass_time(minutes=46)
    raised = await IncidentRows(desk.store.sql).incident(2)
    assert (raised.title, raised.is_private) == ("件名", False)
    assert await evidence(desk, raised) == []
