"""Drills over the production code: marked, quiet, played once, scored once, out of every figure."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq import DLQ_MARK
from bot.domain.errors import InvalidTransition, NotPermitted, UpstreamUnavailable, UserError
from bot.domain.incident.forms import ChecklistPick
from bot.domain.incident.incident import Incident, Role, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.statistics.period import IsoWeek
from bot.domain.timeline.entries import TimelineKind
from bot.services.incidents.updates import NewUpdate
from bot.services.watchdogs import audit
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from cogs.digest.use_cases import Digests
from cogs.drill.rules import DrillEntry, Missed, Score, Script
from cogs.drill.use_cases import Drills
from tests.by_person import name_of
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk

INJECTS = 4  # of the default script


def drills(desk: Desk) -> Drills:
    """The guild's drills."""
    return desk.services.of(Drills)


async def start(desk: Desk, *, key: str = "k", rings: bool = False) -> Incident:
    """Run `/drill start` as primary."""
    incident = await drills(desk).start(GUILD, severity=None, rings=rings, by=PRIMARY, key=key)
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def notices(desk: Desk, name: str) -> list[str]:
    """What a kind of line in the thread says, in order."""
    return [str(d.data.get("text")) for d in await desk.database.deliveries() if d.data.get("notice") == name]


async def scored(desk: Desk, incident: Incident) -> Score:
    """The one score that is on the timeline."""
    entries = await TimelineRows(desk.store.sql).timeline(incident.id)
    (found,) = (entry for entry in entries if entry.kind is DrillEntry.SCORED)
    assert found.data is not None
    return Score.from_json(found.data)


async def test_a_drill_is_an_incident_that_says_so(desk: Desk) -> None:
    """A drill has the highest severity and the script's title; it is posted and paged without a mention."""
    incident = await start(desk)
    assert (incident.severity, incident.is_drill, incident.rings) == ("SEV1", True, False)
    assert incident.title == desk.policy.of(Script).title.ja
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]


async def test_it_may_ring_when_asked_to(desk: Desk) -> None:
    """A drill may ring if it is asked for, and may have another severity than the usual one."""
    loud = await drills(desk).start(GUILD, severity="SEV2", rings=True, by=PRIMARY, key="k")
    assert (loud.severity, loud.rings) == ("SEV2", True)


async def test_who_may_not_and_what_is_unknown(desk: Desk) -> None:
    """Refused, on record; a severity that the policy has not is named."""
    with pytest.raises(NotPermitted):
        await drills(desk).start(GUILD, severity=None, rings=False, by=RESPONDER, key="k")
    with pytest.raises(NotPermitted):
        await drills(desk).stop(GUILD, by=RESPONDER)
    assert [(row.action, row.allowed) for row in await desk.database.audit_rows()] == [("drill", False)] * 2
    with pytest.raises(UserError, match="severity_unknown"):
        await drills(desk).start(GUILD, severity="SEV9", rings=False, by=PRIMARY, key="k")
    with pytest.raises(UserError, match="drill_none"):
        await drills(desk).stop(GUILD, by=PRIMARY)


async def test_one_at_a_time(desk: Desk) -> None:
    """A second one is refused and leaves nothing; the same interaction twice is one drill."""
    incident = await start(desk)
    assert (await start(desk)).id == incident.id
    with pytest.raises(UserError, match="drill_running") as refused:
        await start(desk, key="another")
    assert refused.value.fields == {"incident": incident.label}
    assert len(await IncidentRows(desk.store.sql).open_incidents(GUILD)) == 1
    await drills(desk).stop(GUILD, by=SECONDARY)
    await desk.work()
    assert (await start(desk, key="another")).id != incident.id


async def test_a_refused_start_takes_no_number(desk: Desk) -> None:
    """A drill that is refused takes no number: people would look for the incident in between."""
    running = await start(desk)
    for number in range(3):
        with pytest.raises(UserError, match="drill_running"):
            await start(desk, key=f"refused-{number}")
    assert (await desk.open(key="real")).id == running.id + 1


async def test_two_who_start_at_once_start_one(desk: Desk) -> None:
    """Of three attempts to start a drill at the same time, one succeeds."""
    attempts = [
        drills(desk).start(GUILD, severity=None, rings=False, by=PRIMARY, key=f"k{number}")
        for number in range(3)
    ]
    results = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(result, Incident) for result in results) == 1


async def test_the_script_appears_in_its_time(desk: Desk) -> None:
    """Each line of a drill's script appears once, in its time, though the queue runs a job twice."""
    incident = await start(desk)
    await desk.pass_time(minutes=1, seconds=59)
    assert await notices(desk, "inject") == []
    await desk.pass_time(minutes=5)
    await drills(desk).run_job(incident.id)
    await drills(desk).run_job(incident.id)
    assert len(await notices(desk, "inject")) == 2
    await desk.pass_time(minutes=15)
    assert await notices(desk, "inject") == [inject.text.ja for inject in desk.policy.of(Script).injects]


async def test_what_came_due_while_nothing_ran_appears_at_once(desk: Desk) -> None:
    """The bot was away: in order, each once, and the clock goes on."""
    incident = await start(desk)
    await desk.database.advance(timedelta(minutes=13))
    await desk.work()
    assert len(await notices(desk, "inject")) == 3
    await desk.pass_time(minutes=8)
    assert len(await notices(desk, "inject")) == INJECTS
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).is_open


async def test_a_lost_job_is_found(desk: Desk) -> None:
    """The auditor finds a drill whose job was lost, and the drill's script goes on."""
    incident = await start(desk)
    async with desk.store.transaction() as tx:
        await tx.cancel_jobs([f"drill:{incident.id}"])
    await desk.database.advance(timedelta(minutes=4))
    assert f"drill:{incident.id}" in await audit(desk.store)
    await desk.work()
    assert len(await notices(desk, "inject")) == 1


async def test_resolving_it_scores_it_at_once(desk: Desk) -> None:
    """The resolution scores what people did in the drill, once, and asks for no postmortem."""
    incident = await start(desk)
    await desk.pass_time(minutes=3)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    update = NewUpdate("rollback 中", "", timedelta(minutes=30), (), (), key="u")
    await desk.updates.tell(incident.id, update, by=PRIMARY)
    await desk.timelines.note(incident.id, by=RESPONDER, text="deploy があった", key="n")
    sheet = desk.policy.checklist("SEV1")
    every = frozenset(range(len(sheet.steps)))
    await desk.checklists.choose(incident.id, ChecklistPick(sheet.edition, frozenset(), every), by=PRIMARY)
    await desk.pass_time(minutes=5)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    found = await scored(desk, incident)
    assert (found.missed, found.steps_done, found.steps) == ((), len(every), len(every))
    assert every
    assert (found.ack_s, found.ack_within_s, found.commander, found.notes) == (180, 900, "primary", 1)
    assert found.took_s == 480
    assert len(await notices(desk, "drill_scored")) == 1
    assert await notices(desk, "resolved") == []
    await desk.pass_time(hours=2)
    assert len(await notices(desk, "inject")) == 2
    assert len(await notices(desk, "drill_scored")) == 1


@pytest.mark.parametrize("ending", ["stop", "resolve", "cancel"])
async def test_what_is_over_is_not_opened_again(desk: Desk, ending: str) -> None:
    """A drill that is over can be neither reopened nor resolved, and another drill can start."""
    incident = await start(desk)
    if ending == "stop":
        await drills(desk).stop(GUILD, by=PRIMARY)
    else:
        await getattr(desk.lifecycle, ending)(incident.id, by=PRIMARY)
    for _ in range(2):  # before it is scored, and after
        with pytest.raises(InvalidTransition, match="drill_over") as refused:
            await desk.lifecycle.reopen(incident.id, by=PRIMARY)
        assert refused.value.fields == {"incident": incident.label}
        await desk.work()
    assert await IncidentRows(desk.store.sql).open_incidents(GUILD) == []
    assert (await start(desk, key="another")).is_open
    with pytest.raises(InvalidTransition, match="drill_over"):
        await desk.lifecycle.resolve(incident.id, by=PRIMARY)


async def test_one_that_nobody_resolves_ends_by_itself(desk: Desk) -> None:
    """A drill that nobody resolves is cancelled after half an hour, and escalates no more.

    The score names everything that was missed.
    """
    incident = await start(desk)
    await desk.pass_time(minutes=31)
    ended = await IncidentRows(desk.store.sql).incident(incident.id)
    assert ended.status is Status.CANCELLED
    (entry,) = (
        e
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.CANCELLED
    )
    assert (entry.data or {})["drill"] is True, "it reads as no false alarm"
    assert (await scored(desk, incident)).missed == (
        Missed.ACK,
        Missed.COMMANDER,
        Missed.STEPS,
        Missed.UPDATE,
        Missed.RECORD,
        Missed.RESOLVE,
    )
    rung = len(desk.discord.sent)
    await desk.pass_time(hours=5)
    assert len(desk.discord.sent) == rung


async def test_stopping_it_scores_what_there_was(desk: Desk) -> None:
    """Stopping a drill ends and scores it in the name of the person, and a second stop finds no drill."""
    incident = await start(desk)
    await desk.pass_time(minutes=1)
    stopped = await drills(desk).stop(GUILD, by=SECONDARY)
    await desk.work()
    assert name_of(stopped.incident.ended) == "secondary"
    assert stopped.score == await scored(desk, incident)
    with pytest.raises(UserError, match="drill_none"):
        await drills(desk).stop(GUILD, by=SECONDARY)


async def test_a_drill_is_in_no_figure(desk: Desk) -> None:
    """A drill is in no figure of the digest: not among the incidents, nor among the DLQ's failures.

    The drill's rows in the DLQ have no severity, and their titles carry the drill's mark.
    """
    incident = await start(desk)
    desk.discord.failures = [UpstreamUnavailable("HTTP 503", http_status=503)] * 40
    await desk.pass_time(minutes=18)
    week = IsoWeek.of(desk.clock.time.date())
    figures = await desk.services.of(Digests).figures(week)
    assert (figures.total, figures.open, figures.missed) == (0, (), ())
    assert {one.acknowledge.count for one in figures.figures.severities} == {0}
    assert figures.dlq is not None
    assert figures.dlq.total == 0
    rows = await desk.database.dlq_entries()
    assert rows
    assert {(row.severity, row.title) for row in rows} == {(None, f"{DLQ_MARK}{incident.title}")}


async def test_strikes_at_what_is_no_drill_change_nothing(desk: Desk) -> None:
    """A drill's job that comes late, or for an incident that is no drill, sends nothing."""
    incident = await desk.open()
    await drills(desk).run_job(incident.id)
    drill = await start(desk)
    await drills(desk).stop(GUILD, by=PRIMARY)
    await desk.work()
    before = len(await desk.database.deliveries())
    await drills(desk).run_job(drill.id)
    assert len(await desk.database.deliveries()) == before
