"""The first-response steps, ticked on the card: who may, what is on record, what is refused."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

import pytest

from bot.domain.errors import IncidentNotFound, InvalidTransition, NotPermitted
from bot.domain.incident.forms import ChecklistPick
from bot.domain.incident.incident import Incident
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.triage.tree import Text
from bot.runbook.tables import FirstResponse
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.by_person import time_of
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk

DONE, UNDONE = TimelineKind.STEP_DONE, TimelineKind.STEP_UNDONE


async def opened(desk: Desk, severity: str = "SEV1") -> Incident:
    """An incident whose posts are there."""
    incident = await desk.open(severity)
    await desk.work()
    return incident


def pick(
    desk: Desk, chosen: AbstractSet[int], *, shown: AbstractSet[int] = frozenset(), severity: str = "SEV1"
) -> ChecklistPick:
    """A choice on the sheet of *severity* as it is now."""
    return ChecklistPick(desk.policy.checklist(severity).edition, frozenset(shown), frozenset(chosen))


async def done(desk: Desk, incident: Incident) -> set[int]:
    """The places of what is done of the present sheet."""
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    return set(desk.policy.checklist(now.severity).done(now.checks))


async def steps(desk: Desk, incident: Incident) -> list[TimelineEntry]:
    """What the timeline tells of steps."""
    return [
        entry
        for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
        if entry.kind in (DONE, UNDONE)
    ]


async def test_a_tick_is_kept_told_and_shown(desk: Desk) -> None:
    """A tick changes state, timeline and audit, and queues a refresh of the card, but sends no message."""
    incident = await opened(desk)
    sent = len(desk.discord.sent)
    result = await desk.checklists.choose(incident.id, pick(desk, {0, 2}), by=PRIMARY)
    assert (result.filled.ticked, result.filled.unticked, result.is_outdated) == ((0, 2), (), False)
    assert await IncidentRows(desk.store.sql).incident(incident.id) == result.filled.incident
    assert f"refresh:{incident.id}" in [job.key for job in await desk.database.jobs()]
    words = desk.policy.checklist("SEV1").steps[2]
    told = {"severity": "SEV1", "number": 3, "words": {"ja": words.ja, "en": words.en}}
    assert [(entry.kind, entry.actor_name) for entry in await steps(desk, incident)] == [
        (DONE, "primary")
    ] * 2
    assert (await steps(desk, incident))[1].data == told
    audited = [row for row in await desk.database.audit_rows() if row.action == "step_done"]
    assert [(row.actor_id, row.allowed) for row in audited] == [(PRIMARY.id, True)] * 2
    await desk.work()
    assert len(desk.discord.sent) == sent


async def test_a_tick_is_no_acknowledge(desk: Desk) -> None:
    """Ticking a step does not acknowledge the incident."""
    incident = await opened(desk)
    await desk.checklists.choose(incident.id, pick(desk, {0}), by=RESPONDER)
    assert time_of((await IncidentRows(desk.store.sql).incident(incident.id)).acknowledged) is None


async def test_anybody_who_may_respond_takes_it_back(desk: Desk) -> None:
    """A responder may untick a step that another person ticked.

    The timeline says who and which step, with its words, and the audit says the same.
    """
    incident = await opened(desk)
    await desk.checklists.choose(incident.id, pick(desk, {0, 1}), by=PRIMARY)
    await desk.checklists.choose(incident.id, pick(desk, {1}, shown={0, 1}), by=SECONDARY)
    assert await done(desk, incident) == {1}
    last = (await steps(desk, incident))[-1]
    words = desk.policy.checklist("SEV1").steps[0]
    told = {"severity": "SEV1", "number": 1, "words": {"ja": words.ja, "en": words.en}}
    assert (last.kind, last.actor_name, last.data) == (UNDONE, "secondary", told)
    [row] = [row for row in await desk.database.audit_rows() if row.action == "step_undone"]
    assert (row.actor_id, row.data) == (SECONDARY.id, {"incident_id": incident.id, **told})


async def test_two_who_tick_at_once_keep_both(desk: Desk) -> None:
    """Two people who tick different steps at once, each having seen none ticked, both keep their tick."""
    incident = await opened(desk)
    await desk.checklists.choose(incident.id, pick(desk, {0}), by=PRIMARY)
    await desk.checklists.choose(incident.id, pick(desk, {1}), by=SECONDARY)
    assert await done(desk, incident) == {0, 1}


async def test_the_same_once_more_is_no_news(desk: Desk) -> None:
    """Ticking a ticked step again adds no timeline entry and no new version of the incident."""
    incident = await opened(desk)
    first = await desk.checklists.choose(incident.id, pick(desk, {0}), by=PRIMARY)
    again = await desk.checklists.choose(incident.id, pick(desk, {0}), by=SECONDARY)
    assert again.filled.ticked == ()
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).version == first.filled.incident.version
    assert len(await steps(desk, incident)) == 1


async def test_another_severity_has_steps_of_its_own(desk: Desk) -> None:
    """Each severity has its own ticks, and a choice on the former severity's sheet changes nothing."""
    incident = await opened(desk)
    await desk.checklists.choose(incident.id, pick(desk, {0}), by=PRIMARY)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.lifecycle.change_severity(incident.id, to="SEV2", by=PRIMARY, reason="r")
    assert await done(desk, incident) == set()
    before = (await IncidentRows(desk.store.sql).incident(incident.id)).version
    stale = await desk.checklists.choose(incident.id, pick(desk, {1}, shown={0}), by=SECONDARY)
    assert stale.is_outdated
    assert await done(desk, incident) == set()
    assert (
        await IncidentRows(desk.store.sql).incident(incident.id)
    ).version == before + 1  # the card is drawn anew
    fitting = pick(desk, {1}, severity="SEV2")
    assert (await desk.checklists.choose(incident.id, fitting, by=SECONDARY)).filled.ticked == (1,)
    assert [(entry.data or {})["severity"] for entry in await steps(desk, incident)] == ["SEV1", "SEV2"]
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="r")
    assert await done(desk, incident) == {0}


async def test_an_edited_policy_does_not_move_a_tick(desk: Desk) -> None:
    """A step that was put in front is open; the one that was done is where it is now."""
    incident = await opened(desk)
    before = pick(desk, {1}, shown={0})
    await desk.checklists.choose(incident.id, pick(desk, {0}), by=PRIMARY)
    sheet = desk.policy.first_response["SEV1"]
    new = FirstResponse((Text("落ち着く", "Breathe"), *sheet.steps), sheet.commands)
    desk.policy = replace(desk.policy, first_response={**desk.policy.first_response, "SEV1": new})
    desk.use(desk.discord)
    assert await done(desk, incident) == {1}
    assert (await desk.checklists.choose(incident.id, before, by=PRIMARY)).is_outdated
    assert await done(desk, incident) == {1}


async def test_who_may_not_respond_is_refused_on_record(desk: Desk) -> None:
    """A person who may not respond cannot tick a step, and the refusal is on record."""
    incident = await opened(desk)
    with pytest.raises(NotPermitted):
        await desk.checklists.choose(incident.id, pick(desk, {0}), by=OBSERVER)
    assert await done(desk, incident) == set()
    refused = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert [row.data["act"] for row in refused] == ["check_step"]


async def test_a_private_one_is_ticked_by_those_who_see_it(desk: Desk) -> None:
    """A private incident's steps are ticked by those who may see it; to others it does not exist."""
    incident = await opened(desk)
    admin = replace(PRIMARY, is_admin=True)
    await desk.privacy.make_private(incident.id, by=admin)
    with pytest.raises(IncidentNotFound):
        await desk.checklists.choose(incident.id, pick(desk, {0}), by=replace(RESPONDER, id=77))
    await desk.checklists.choose(incident.id, pick(desk, {0}), by=admin)
    assert await done(desk, incident) == {0}


async def test_an_ended_one_says_who_ended_it(desk: Desk) -> None:
    """A card that had not been drawn anew yet; opened again, its ticks are there."""
    incident = await opened(desk)
    await desk.checklists.choose(incident.id, pick(desk, {0}), by=PRIMARY)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    for late in (pick(desk, {0, 1}, shown={0}), ChecklistPick("00000000", frozenset(), frozenset({0}))):
        with pytest.raises(InvalidTransition) as refused:
            await desk.checklists.choose(incident.id, late, by=SECONDARY)
        assert refused.value.key == "already_resolved"
    await desk.lifecycle.reopen(incident.id, by=PRIMARY, reason="r")
    await desk.checklists.choose(incident.id, pick(desk, {0, 1}, shown={0}), by=SECONDARY)
    assert await done(desk, incident) == {0, 1}
