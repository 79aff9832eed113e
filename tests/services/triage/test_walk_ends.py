"""Show how a triage ends with its alert, so that no reminder or page is sent for what was dealt with."""

from collections.abc import Awaitable, Callable, Mapping

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.people import Person
from bot.domain.privacy import SETTLED
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import Triage, TriageStatus
from bot.runbook import default_policy_text, parse_policy
from bot.services.triage.walk import PressResult
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from tests.services.alerts.test_alerts import FIRST, alert, receive
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.incidents.test_declaring import LEAD, begun, held
from tests.services.triage.triage_walks import go_on

LINE, HELD, ASKED = DeliveryKind.TRIAGE_LINE, DeliveryKind.REEVALUATION_HELD, DeliveryKind.REEVALUATION


async def stands(desk: Desk, number: int = 1) -> Triage:
    """A walk as it is."""
    return await TriageRows(desk.store.sql).triage(number)


async def told(desk: Desk) -> list[Mapping[str, object]]:
    """Return the notices that were queued."""
    return [one.data for one in await desk.database.deliveries() if "notice" in one.data]


async def numbers(desk: Desk) -> list[int]:
    """The incidents that are open."""
    return [one.id for one in await IncidentRows(desk.store.sql).open_incidents(GUILD)]


@pytest.mark.parametrize("minutes", [1, 31], ids=["before it is asked", "after"])
async def test_declared_by_somebody_while_it_waits(desk: Desk, minutes: int) -> None:
    """If the alert is declared as an incident, its triage ends in it, and nothing else is raised."""
    tracked, number = await held(desk, channel="p1-ops")
    await desk.pass_time(minutes=minutes)
    await desk.lifecycle.declare(tracked.id, by=PRIMARY)
    walk = await stands(desk, number)
    assert (walk.status, walk.incident_id, walk.ended_by_name, walk.due_at) == (
        TriageStatus.OPENED,
        tracked.id,
        "primary",
        None,
    )
    await desk.pass_time(hours=2)
    assert await numbers(desk) == [tracked.id]
    assert len(desk.sent(ASKED)) == (1 if minutes > 30 else 0)
    assert {
        one.incident_id for one in await desk.database.deliveries() if one.kind in (LINE, HELD, ASKED)
    } == {tracked.id}
    entries = [one.kind for one in await TimelineRows(desk.store.sql).timeline(tracked.id)]
    assert entries.count(TimelineKind.TRIAGED) == 1
    assert TimelineKind.PROMOTED not in entries
    audited = [
        (row.action, row.actor_name)
        for row in await desk.database.audit_rows()
        if row.action == "triage.raised"
    ]
    assert audited == [("triage.raised", "primary")]
    late = await desk.reevaluations.promote(number, by=SECONDARY)
    assert (late.notice, late.incident and late.incident.id) == (PressResult.ANSWERED, tracked.id)


@pytest.mark.parametrize("end", ["resolve", "cancel"])
async def test_ended_by_somebody_while_it_waits(desk: Desk, end: str) -> None:
    """If the alert is ended, its triage is dismissed in the same commit, even during a re-evaluation."""
    tracked, number = await held(desk, channel="p1-ops")
    await desk.pass_time(minutes=31)
    await desk.reevaluations.look_again(number, by=SECONDARY)
    await getattr(desk.lifecycle, end)(tracked.id, by=PRIMARY)
    walk = await stands(desk, number)
    assert (walk.status, walk.ended_by_name, walk.ended_at) == (
        TriageStatus.DISMISSED,
        "primary",
        desk.clock.time,
    )
    audited = [row for row in await desk.database.audit_rows() if row.action == "triage.dismissed"]
    assert [(row.actor_name, row.data) for row in audited] == [
        ("primary", {"triage": number, "incident": tracked.id})
    ]
    await desk.pass_time(hours=2)
    assert await numbers(desk) == []
    assert desk.discord.answered[-1][0] is TriageStatus.DISMISSED


async def test_an_ended_alert_leaves_whoever_is_answering_alone(desk: Desk) -> None:
    """No clock would raise it: they find something, or not."""
    tracked = await receive(desk, alert(desk))
    view = await begun(desk, "yes")
    await desk.lifecycle.cancel(tracked.id, by=PRIMARY)
    assert (await stands(desk)).status is TriageStatus.OPEN
    await go_on(desk, view, "no")
    raised = (await desk.triages.confirm(view.triage.id, by=RESPONDER)).incident
    assert raised is not None
    assert raised.linked == (tracked.id,)


async def test_what_began_after_the_end_is_asked_and_raised(desk: Desk) -> None:
    """A triage that begins after its alert has ended is asked about and raised as another incident."""
    tracked = await receive(desk, alert(desk))
    await desk.lifecycle.cancel(tracked.id, by=PRIMARY)
    await desk.pass_time(minutes=1)
    view = await begun(desk, "no", "no")
    await desk.triages.confirm(view.triage.id, by=RESPONDER)
    await desk.pass_time(minutes=46)
    assert (len(desk.sent(ASKED)), await numbers(desk)) == (1, [tracked.id + 1])


@pytest.mark.parametrize("ends", [False, True], ids=["declared", "and resolved"])
@pytest.mark.parametrize("minutes", [30, 45], ids=["it would be asked about", "it would be raised"])
async def test_the_clock_looks_at_what_became_of_it(desk: Desk, minutes: int, *, ends: bool) -> None:
    """A triage left over from a declared alert is closed by its job, without another incident."""
    tracked, number = await held(desk, channel="p1-ops")
    await desk.pass_time(minutes=minutes - 1)
    await hide(desk, number, lambda: desk.lifecycle.declare(tracked.id, by=PRIMARY))
    if ends:
        await desk.lifecycle.resolve(tracked.id, by=PRIMARY)
    await desk.pass_time(hours=1)
    walk = await stands(desk, number)
    assert (walk.status, walk.incident_id, walk.ended_by_name) == (TriageStatus.OPENED, tracked.id, None)
    assert await numbers(desk) == ([] if ends else [tracked.id])
    assert len(desk.sent(ASKED)) == (1 if minutes > 30 else 0)


async def test_the_clock_sees_that_its_alert_was_a_false_alarm(desk: Desk) -> None:
    """A triage left by a false alarm is dismissed by its job, in the name of who cancelled the alert."""
    tracked, number = await held(desk, channel="p1-ops")
    await desk.pass_time(minutes=29)
    await hide(desk, number, lambda: desk.lifecycle.cancel(tracked.id, by=PRIMARY))
    await desk.pass_time(hours=2)
    walk = await stands(desk, number)
    assert (walk.status, walk.ended_by_name, await numbers(desk)) == (TriageStatus.DISMISSED, "primary", [])


async def hide(desk: Desk, number: int, act: Callable[[], Awaitable[Incident]]) -> None:
    """Do it as a version did that did not look for walks."""
    walk = await stands(desk, number)
    point = "UPDATE triages SET source_message_id = $2 WHERE id = $1"
    await desk.database.fetch(point, number, None)
    await act()
    await desk.database.fetch(point, number, walk.source_message_id)


async def test_whoever_answers_when_somebody_declares_it_ends_in_that_incident(desk: Desk) -> None:
    """No second one: its timeline has the answers, its thread hears of it, and it becomes as severe."""
    tracked = await receive(desk, alert(desk))
    view = await begun(desk, "yes")
    await desk.lifecycle.declare(tracked.id, by=PRIMARY)
    view = await go_on(desk, view, "yes")
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV1")
    assert done.incident is not None
    assert (done.incident.id, done.incident.severity, done.triage.severity) == (tracked.id, "SEV1", "SEV1")
    assert done.triage.status is TriageStatus.OPENED
    await desk.work()
    assert await numbers(desk) == [tracked.id]
    assert [line["notice"] for line in await told(desk)] == ["triaged_here", "severity_changed"]
    [entry] = [
        one
        for one in await TimelineRows(desk.store.sql).timeline(tracked.id)
        if one.kind is TimelineKind.TRIAGED
    ]
    answers = (entry.data or {})["answers"]
    assert [one["answer"] for one in answers] == ["yes", "yes"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answers", "led_to"), [(("no", "yes"), "SEV3"), (("no", "no"), None)], ids=["lesser", "to re-evaluate"]
)
async def test_a_walk_that_ends_in_an_incident_lowers_it_never(
    desk: Desk, answers: tuple[str, ...], led_to: str | None
) -> None:
    """The thread hears what the questions have led to."""
    tracked = await receive(desk, alert(desk))
    view = await begun(desk, *answers)
    await desk.lifecycle.declare(tracked.id, by=PRIMARY)
    done = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert done.incident is not None
    assert (done.incident.id, done.incident.severity) == (tracked.id, tracked.severity)
    assert [(line["notice"], line.get("severity")) for line in await told(desk)] == [("triaged_here", led_to)]
    await desk.pass_time(hours=1)
    assert (desk.sent(HELD), await numbers(desk)) == ([], [tracked.id])


@pytest.mark.parametrize(("by", "severity"), [(RESPONDER, "SEV2"), (LEAD, "SEV1")], ids=["responder", "lead"])
async def test_it_becomes_more_severe_only_by_whoever_may_change_severities(
    database: Database, by: Person, severity: str
) -> None:
    """A triage makes its incident more severe only if the person may change severities.

    Otherwise the incident stays as it is, and the thread is told what the triage says.
    """
    policy = default_policy_text()
    before = next(line for line in policy.splitlines() if line.startswith("severity = ["))
    desk = Desk(database, parse_policy(policy.replace(before, 'severity = ["lead"]'), name="strict.toml"))
    tracked = await receive(desk, alert(desk))
    view = await begun(desk, "yes", "yes")
    await desk.lifecycle.declare(tracked.id, by=PRIMARY)
    done = await desk.triages.confirm(view.triage.id, by=by)
    assert done.incident is not None
    assert (done.incident.id, done.incident.severity) == (tracked.id, severity)
    assert (await told(desk))[0] == {"notice": "triaged_here", "severity": "SEV1", "by": by.name}


async def test_merged_into_an_incident_while_it_waits(desk: Desk) -> None:
    """A triage that waits for re-evaluation goes with its alert into the incident of a merge.

    No question is asked later, and no other incident is raised.
    """
    goes_on = await desk.open("SEV2")
    tracked, number = await held(desk, channel="p1-ops")
    await desk.merging.merge(tracked.id, into=goes_on.id, by=PRIMARY)
    walk = await stands(desk, number)
    assert (walk.status, walk.incident_id) == (TriageStatus.OPENED, goes_on.id)
    await desk.pass_time(hours=1)
    assert (desk.sent(ASKED), await numbers(desk)) == ([], [goes_on.id])


async def test_merged_into_another_alert_while_it_waits(desk: Desk) -> None:
    """If the alert was merged, an unanswered triage raises the other alert."""
    tracked, number = await held(desk, channel="p1-ops")
    other = await receive(desk, alert(desk, FIRST + 1, "queue lag"))
    assert other.id != tracked.id
    await desk.merging.merge(tracked.id, into=other.id, by=PRIMARY)
    assert (await stands(desk, number)).status is TriageStatus.REEVALUATING
    await desk.pass_time(minutes=46)
    raised = await IncidentRows(desk.store.sql).incident(other.id)
    assert (raised.kind, (await stands(desk, number)).incident_id) == (IncidentKind.INCIDENT, other.id)
    assert await numbers(desk) == [other.id]


async def test_two_messages_of_one_alert(desk: Desk) -> None:
    """Raised by the triage of the one, it is not asked about for the other."""
    tracked, number = await held(desk, channel="p1-ops")
    assert (await receive(desk, alert(desk, FIRST + 1))).id == tracked.id
    view = await begun(desk, "yes", "no", message_id=FIRST + 1)
    await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert (await stands(desk, number)).incident_id == tracked.id
    await desk.pass_time(hours=1)
    assert (desk.sent(ASKED), await numbers(desk)) == ([], [tracked.id])


@pytest.mark.parametrize("answers", [("yes",), ("no", "no")], ids=["somebody is answering", "it waits"])
async def test_made_private_its_walks_are_emptied_with_it(desk: Desk, answers: tuple[str, ...]) -> None:
    """Declared by an earlier version, or answered at this moment: everybody reads its title there."""
    tracked = await receive(desk, alert(desk))
    view = await begun(desk, *answers)
    await desk.work()
    number = view.triage.id
    if len(answers) > 1:
        await desk.triages.confirm(number, by=RESPONDER)
    await desk.work()
    await hide(desk, number, lambda: desk.lifecycle.declare(tracked.id, by=PRIMARY))
    await desk.work()
    await desk.privacy.make_private(tracked.id, by=PRIMARY)
    await desk.work()
    walk = await stands(desk, number)
    assert (walk.status, walk.incident_id) == (TriageStatus.OPENED, tracked.id)
    posts = [one for one in await desk.database.deliveries() if one.kind in (LINE, HELD, ASKED)]
    assert len(posts) == len(answers)
    assert {(one.incident_id, one.shown_version) for one in posts} == {(tracked.id, SETTLED)}
    await desk.pass_time(hours=1)
    assert await numbers(desk) == [tracked.id]
