"""A triage of a tracked alert's message makes that alert the incident: one trouble is not opened twice."""

from datetime import datetime, timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import InvalidTransition, NotPermitted, UserError
from bot.domain.escalation.ladder import StepStatus
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import NewTriage
from bot.domain.triage.tree import UNANSWERED
from bot.runbook import default_policy_text, parse_policy
from bot.services.triage.walk import TriageView
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.by_person import id_of
from tests.services.alerts.test_alerts import FIRST, alert, receive
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk
from tests.services.incidents.test_lifecycle import Interrupted
from tests.services.triage.triage_walks import go_on

LEAD = Person(id=9, name="lead", roles=frozenset({"responder", "lead"}))


async def begun(
    desk: Desk, *answers: str, message_id: int = FIRST, started_at: datetime | None = None
) -> TriageView:
    """A triage of that message, walked."""
    view = await desk.triages.start(
        NewTriage(
            guild_id=GUILD,
            by=RESPONDER,
            title="決済 API が 5xx",
            targets=(),
            symptoms=("errors",),
            started_at=started_at or desk.clock.time,
            key=f"interaction:{message_id}",
            channel_id=51,
            source_message_id=message_id,
        )
    )
    return await go_on(desk, view, *answers)


async def triage(desk: Desk, *answers: str, message_id: int = FIRST) -> Incident:
    """The same, confirmed."""
    view = await begun(desk, *answers, message_id=message_id)
    view = await desk.triages.confirm(view.triage.id, by=RESPONDER)
    assert view.incident is not None
    return view.incident


async def rung(desk: Desk) -> list[bool]:
    """Of each alert post, whether it may ring."""
    return [
        "quiet" not in one.data for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT
    ]


async def test_the_alert_becomes_the_incident_with_what_the_triage_says(desk: Desk) -> None:
    """Severity, title, path and symptoms; its targets stay; its ladder starts anew."""
    tracked = await receive(desk, alert(desk, content="api.parky.co.jp is slow"))
    await desk.work()
    incident = await triage(desk, "yes", "yes")
    await desk.work()
    assert (incident.id, incident.kind, incident.severity) == (tracked.id, IncidentKind.INCIDENT, "SEV1")
    assert (incident.title, incident.targets, incident.symptoms) == (
        "決済 API が 5xx",
        ("api.parky.co.jp",),
        ("errors",),
    )
    assert incident.path == (("users_affected", "yes"), ("large_impact", "yes"))
    assert desk.sent(DeliveryKind.ALERT) == ["channel:51", "channel:p0-alerts"]
    assert await rung(desk) == [False, True]
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)]
    assert {TimelineKind.SEVERITY_CHANGED, TimelineKind.DECLARED, TimelineKind.TRIAGED} < set(kinds)
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_a_triage_an_hour_later_keeps_the_alerts_start(desk: Desk) -> None:
    """The form says "now"; the alert proves that it had begun. What began earlier still did."""
    tracked = await receive(desk, alert(desk))
    await desk.pass_time(hours=1)
    late = await triage(desk, "yes", "no")
    assert (late.id, late.started_at) == (tracked.id, tracked.started_at)
    other = await receive(desk, alert(desk, FIRST + 1, "disk full", channel="p0-alerts"))
    began = other.triggered_at - timedelta(hours=2)
    view = await begun(desk, "yes", "no", message_id=FIRST + 1, started_at=began)
    confirmed = await desk.triages.confirm(view.triage.id, by=LEAD)
    assert confirmed.incident is not None
    assert confirmed.incident.started_at == began


async def test_whoever_is_on_it_stays_on_it(desk: Desk) -> None:
    """An acknowledged alert pages no one when it is declared, unless its severity rises."""
    tracked = await receive(desk, alert(desk))
    await desk.acknowledger.acknowledge(tracked.id, by=PRIMARY, via=AckVia.REACTION)
    incident = await triage(desk, "yes", "no")
    assert (incident.id, incident.status, id_of(incident.acknowledged)) == (
        tracked.id,
        Status.ACKNOWLEDGED,
        PRIMARY.id,
    )
    assert await rung(desk) == [False, False]
    await desk.pass_time(hours=9)
    assert desk.sent(DeliveryKind.ESCALATION) == []


async def test_an_alert_that_has_rung_does_not_ring_again(database: Database) -> None:
    """Declaring an alert that has pinged posts the incident without another ping."""
    policy = parse_policy(default_policy_text().replace('rings = "highest"', "rings = true"), name="loud")
    desk = Desk(database, policy)
    tracked = await receive(desk, alert(desk))
    await desk.lifecycle.declare(tracked.id, by=RESPONDER)
    assert await rung(desk) == [True, False]


async def test_a_triage_of_an_alert_that_was_a_false_alarm_is_linked(desk: Desk) -> None:
    """A triage of an alert that was a false alarm opens a new incident, which is linked with the alert.

    Both timelines have the link. No line is queued, since the alert never had a thread.
    """
    tracked = await receive(desk, alert(desk))
    await desk.lifecycle.cancel(tracked.id, by=PRIMARY)
    incident = await triage(desk, "yes", "no")
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(tracked.id)).linked == (incident.id,)
    assert [one for one in await desk.database.deliveries() if "notice" in one.data] == []
    for number in (incident.id, tracked.id):
        assert TimelineKind.LINKED in [
            entry.kind for entry in await TimelineRows(desk.store.sql).timeline(number)
        ]


async def test_declaring_twice_or_without_the_right_is_refused(desk: Desk) -> None:
    """An observer may not declare an incident, and one that is declared cannot be declared again."""
    tracked = await receive(desk, alert(desk))
    with pytest.raises(NotPermitted):
        await desk.lifecycle.declare(tracked.id, by=OBSERVER)
    await desk.lifecycle.declare(tracked.id, by=RESPONDER)
    with pytest.raises(InvalidTransition):
        await desk.lifecycle.declare(tracked.id, by=RESPONDER)


async def test_a_severity_that_is_gone_counts_as_the_most_severe(desk: Desk) -> None:
    """An alert whose severity the policy no longer knows is declared with the most severe one."""
    tracked = await receive(desk, alert(desk))
    await desk.database.fetch("UPDATE incidents SET severity = 'OLD' WHERE id = $1", tracked.id)
    declared = await desk.lifecycle.declare(tracked.id, by=RESPONDER)
    assert declared.severity == "SEV1"


@pytest.mark.parametrize("is_over", [False, True], ids=["tracked", "over before it was triaged"])
async def test_what_a_clock_does_is_put_on_nobody(desk: Desk, *, is_over: bool) -> None:
    """An incident that an unanswered re-evaluation raises names no person as the one who decided."""
    tracked = await receive(desk, alert(desk))
    if is_over:
        await desk.lifecycle.cancel(tracked.id, by=PRIMARY)
    held = await begun(desk, "no", "no")
    await desk.triages.confirm(held.triage.id, by=RESPONDER)
    await desk.pass_time(minutes=46)
    raised = (await desk.triages.view(held.triage.id, by=RESPONDER)).incident
    assert raised is not None
    assert (raised.id == tracked.id, raised.path[-1]) == (not is_over, UNANSWERED)
    made = {TimelineKind.OPENED, TimelineKind.DECLARED, TimelineKind.LINKED, TimelineKind.SEVERITY_CHANGED}
    told = [one for one in await TimelineRows(desk.store.sql).timeline(raised.id) if one.kind in made]
    assert {one.kind for one in told} & {TimelineKind.DECLARED, TimelineKind.LINKED}
    assert RESPONDER.name not in {one.actor_name for one in told}
    acts = {row.action for row in await desk.database.audit_rows() if row.actor_name == RESPONDER.name}
    assert acts.isdisjoint({"declared", "linked", "severity_changed"})


async def held(desk: Desk, *, channel: str, message_id: int = FIRST) -> tuple[Incident, int]:
    """A monitor's alert, and its triage that ended in 再評価."""
    tracked = await receive(desk, alert(desk, message_id, channel=channel))
    view = await begun(desk, "no", "no", message_id=message_id)
    await desk.triages.confirm(view.triage.id, by=RESPONDER)
    return tracked, view.triage.id


async def test_a_burning_alert_is_not_lowered_when_nobody_answers(desk: Desk) -> None:
    """An unanswered re-evaluation, which raises a SEV2, does not lower an alert that is a SEV1."""
    tracked, _ = await held(desk, channel="p0-alerts")
    before = await EscalationRows(desk.store.sql).steps(tracked.id)
    await desk.pass_time(minutes=46)
    raised = await IncidentRows(desk.store.sql).incident(tracked.id)
    assert (raised.kind, raised.severity, raised.status) == (
        IncidentKind.INCIDENT,
        "SEV1",
        Status.TRIGGERED,
    )
    assert raised.path[-1] == UNANSWERED
    assert raised.ack_due_at == tracked.ack_due_at
    assert TimelineKind.SEVERITY_CHANGED not in [
        one.kind for one in await TimelineRows(desk.store.sql).timeline(raised.id)
    ]
    after = await EscalationRows(desk.store.sql).steps(tracked.id)
    assert [step.due_at for step in after][: len(before)] == [step.due_at for step in before]
    assert StepStatus.CANCELLED not in {step.status for step in after}
    assert desk.sent(DeliveryKind.ESCALATION)[:1] == ["channel:p0-alerts"]


async def test_somebody_who_raises_a_burning_alert_does_not_lower_it(desk: Desk) -> None:
    """Raising an alert by 発報する keeps its higher severity and its ladder's deadlines."""
    tracked, triage_id = await held(desk, channel="p0-alerts")
    view = await desk.reevaluations.promote(triage_id, by=PRIMARY)
    assert view.incident is not None
    assert (view.incident.id, view.incident.severity) == (tracked.id, "SEV1")
    assert view.triage.severity == "SEV1"
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


@pytest.mark.parametrize(("channel", "severity"), [("p0-alerts", "SEV1"), ("p2-deploys", "SEV2")])
async def test_what_somebody_is_on_stays_theirs_when_nobody_answers(
    database: Database, desk: Desk, channel: str, severity: str
) -> None:
    """An unanswered re-evaluation keeps an acknowledge, and may raise the severity but not lower it."""
    policy = default_policy_text().replace("[alerts.watch]", '[alerts.watch]\np2-deploys = "SEV3"')
    desk = Desk(database, parse_policy(policy, name="watched.toml"))
    desk.lets_nothing_lapse()
    tracked, _ = await held(desk, channel=channel)
    await desk.acknowledger.acknowledge(tracked.id, by=PRIMARY, via=AckVia.REACTION)
    await desk.pass_time(minutes=46)
    raised = await IncidentRows(desk.store.sql).incident(tracked.id)
    assert (raised.severity, raised.status, id_of(raised.acknowledged)) == (
        severity,
        Status.ACKNOWLEDGED,
        PRIMARY.id,
    )
    assert desk.sent(DeliveryKind.ESCALATION) == []


@pytest.fixture
def strict(database: Database) -> Desk:
    """Only a lead changes severities."""
    policy = default_policy_text()
    before = next(line for line in policy.splitlines() if line.startswith("severity = ["))
    return Desk(database, parse_policy(policy.replace(before, 'severity = ["lead"]'), name="strict.toml"))


async def test_whoever_may_not_change_severities_lowers_no_alert_by_a_triage(strict: Desk) -> None:
    """Refused with what to do, on record; nothing has changed, and the walk goes on."""
    tracked = await receive(strict, alert(strict, channel="p0-alerts"))
    view = await begun(strict, "no", "yes")
    with pytest.raises(UserError, match="triage_lowers") as refused:
        await strict.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV3")
    assert refused.value.fields == {
        "incident": tracked.label,
        "severity": "SEV1",
        "lower": "SEV3",
        "roles": ("lead",),
    }
    assert await IncidentRows(strict.store.sql).incident(tracked.id) == tracked
    (row,) = [row for row in await strict.database.audit_rows() if not row.allowed]
    assert (row.actor_name, row.action, row.data) == (
        RESPONDER.name,
        "severity",
        {"act": "triage.confirm", "incident_id": tracked.id},
    )
    await strict.triages.choose_severity(view.triage.id, severity="SEV1", by=RESPONDER)
    done = await strict.triages.confirm(view.triage.id, by=RESPONDER, shown="SEV1")
    assert done.incident is not None
    assert (done.incident.id, done.incident.severity) == (tracked.id, "SEV1")


async def test_a_lead_lowers_an_alert_by_a_triage(strict: Desk) -> None:
    """A lead may lower an alert by a triage if the policy lets only leads change severities."""
    tracked = await receive(strict, alert(strict, channel="p0-alerts"))
    view = await begun(strict, "no", "yes")
    done = await strict.triages.confirm(view.triage.id, by=LEAD)
    assert done.incident is not None
    assert (done.incident.id, done.incident.severity) == (tracked.id, "SEV3")


async def test_raising_an_alert_takes_no_other_permission_than_to_triage(strict: Desk) -> None:
    """A responder may raise an alert by a triage even if the policy lets only leads change severities."""
    tracked = await receive(strict, alert(strict))
    incident = await triage(strict, "yes", "yes")
    assert (incident.id, incident.severity) == (tracked.id, "SEV1")


async def test_an_alert_that_has_ended_is_not_lowered(strict: Desk) -> None:
    """The triage opens an incident of its own, of whatever severity."""
    tracked = await receive(strict, alert(strict, channel="p0-alerts"))
    await strict.lifecycle.cancel(tracked.id, by=PRIMARY)
    assert (await triage(strict, "no", "yes")).severity == "SEV3"


async def test_a_false_alarm_pressed_on_an_old_post_closes_no_incident(desk: Desk) -> None:
    """A press of "false alarm" on an alert that has been declared since does not close the incident."""
    tracked = await receive(desk, alert(desk, channel="p0-alerts"))
    await desk.work()

    async def declared() -> None:
        await desk.lifecycle.declare(tracked.id, by=PRIMARY)

    desk.own_store = Interrupted(desk.store, declared)
    desk.use(desk.discord)
    for _ in range(2):
        with pytest.raises(InvalidTransition, match="declared_before"):
            await desk.lifecycle.dismiss(tracked.id, by=RESPONDER)
    assert (await IncidentRows(desk.store.sql).incident(tracked.id)).status is Status.TRIGGERED
    await desk.pass_time(minutes=16)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_a_false_alarm_closes_a_tracked_alert_once(desk: Desk) -> None:
    """A second person who dismisses the same alert is refused."""
    tracked = await receive(desk, alert(desk))
    assert (await desk.lifecycle.dismiss(tracked.id, by=RESPONDER)).status is Status.CANCELLED
    with pytest.raises(InvalidTransition, match="already_cancelled"):
        await desk.lifecycle.dismiss(tracked.id, by=PRIMARY)


async def test_an_incident_is_not_merged_into_a_tracked_alert(desk: Desk) -> None:
    """An incident can be merged into a tracked alert only after the alert was declared.

    Until then the alert is not offered as a target for an incident. For an alert, both an incident and
    another alert are offered as targets.
    """
    tracked = await receive(desk, alert(desk))
    other = await receive(desk, alert(desk, FIRST + 1, "disk full"))
    incident = await desk.open()
    await desk.work()
    thread = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id
    for than, thread_id, offered in (
        (incident.id, None, set()),
        (None, thread, set()),
        (tracked.id, thread, {incident.id, other.id}),
        (None, None, {incident.id, tracked.id, other.id}),
        (999, None, {incident.id, tracked.id, other.id}),
    ):
        found = await desk.looking.takers(GUILD, than=than, thread_id=thread_id, by=RESPONDER)
        assert {one.id for one in found} == offered
    with pytest.raises(InvalidTransition, match="merge_into_alert"):
        await desk.merging.merge(incident.id, into=tracked.id, by=RESPONDER)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).is_open
    await desk.lifecycle.declare(tracked.id, by=RESPONDER)
    await desk.merging.merge(incident.id, into=tracked.id, by=RESPONDER)
    await desk.merging.merge(other.id, into=tracked.id, by=RESPONDER)
    assert (await IncidentRows(desk.store.sql).incident(tracked.id)).duplicates == (other.id, incident.id)
