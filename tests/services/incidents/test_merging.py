"""A merge never silences what is burning: the higher severity and the acknowledge go with it."""

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.escalation.ladder import StepStatus
from bot.domain.incident.incident import Status
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.by_person import name_of
from tests.services.database import Database
from tests.services.desk import PRIMARY, RESPONDER, SECONDARY, Desk

ALERT, NOTICE, ESCALATION, PAGE = (
    DeliveryKind.ALERT,
    DeliveryKind.NOTICE,
    DeliveryKind.ESCALATION,
    DeliveryKind.PAGE,
)
LEAD = Person(id=9, name="lead", roles=frozenset({"on-call", "lead"}))


@pytest.fixture
def strict(database: Database) -> Desk:
    """Only a lead changes severities."""
    policy = default_policy_text()
    before = next(line for line in policy.splitlines() if line.startswith("severity = ["))
    return Desk(database, parse_policy(policy.replace(before, 'severity = ["lead"]'), name="strict.toml"))


async def entries(desk: Desk, incident_id: int, kind: TimelineKind) -> list[TimelineEntry]:
    """Those of one kind, oldest first."""
    return [entry for entry in await TimelineRows(desk.store.sql).timeline(incident_id) if entry.kind is kind]


async def told(desk: Desk, incident_id: int) -> list[object]:
    """The names of the lines that arrived in its thread, in order."""
    sent = [
        one
        for one in await desk.database.deliveries()
        if one.kind is NOTICE and one.status is DeliveryStatus.SENT
    ]
    return [one.data["notice"] for one in sent if one.incident_id == incident_id]


async def test_a_burning_sev1_raises_the_sev3_that_it_is_merged_into(desk: Desk) -> None:
    """Announced once as SEV1, its people paged, its ladder running; the history says why."""
    low, high = await desk.open("SEV3", key="a"), await desk.open("SEV1", key="b")
    await desk.work()
    merged = await desk.merging.merge(high.id, into=low.id, by=RESPONDER)
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(low.id)
    assert (now.severity, now.status) == ("SEV1", Status.TRIGGERED)
    assert merged.raised is not None
    assert (merged.raised.before, merged.raised.reposts, merged.incident.id) == ("SEV3", True, high.id)
    assert desk.sent(ALERT).count("channel:p0-alerts") == 2
    (changed,) = await entries(desk, low.id, TimelineKind.SEVERITY_CHANGED)
    data = changed.data or {}
    assert (data["before"], data["after"], data["merged"]) == ("SEV3", "SEV1", high.id)
    assert changed.actor_name == "responder"
    assert (await told(desk, low.id)).count("severity_changed") == 1
    assert "merged_here" not in await told(desk, low.id), "one line for one fact"
    await desk.pass_time(minutes=16)
    assert desk.sent(ESCALATION) == ["channel:p0-alerts"], "and the ladder goes on"


async def test_a_lesser_one_changes_nothing_about_the_severity(desk: Desk) -> None:
    """The more severe one goes on as it was: same deadline, same ladder, no second post."""
    low, high = await desk.open("SEV3", key="a"), await desk.open("SEV1", key="b")
    await desk.work()
    before = await IncidentRows(desk.store.sql).incident(high.id)
    merged = await desk.merging.merge(low.id, into=high.id, by=RESPONDER)
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(high.id)
    assert merged.raised is None
    assert (now.severity, now.ack_due_at, now.post.number) == (
        before.severity,
        before.ack_due_at,
        before.post.number,
    )
    assert await entries(desk, high.id, TimelineKind.SEVERITY_CHANGED) == []
    assert await told(desk, high.id) == ["merged_here"]


async def test_whoever_may_not_change_severities_does_not_by_merging(strict: Desk) -> None:
    """Refused with what to do, on record, and nothing has changed; a lead may."""
    low, high = await strict.open("SEV3", key="a"), await strict.open("SEV1", key="b")
    with pytest.raises(UserError, match="merge_raises") as refused:
        await strict.merging.merge(high.id, into=low.id, by=PRIMARY)
    assert refused.value.fields == {
        "incident": high.label,
        "severity": "SEV1",
        "other": low.label,
        "roles": ("lead",),
    }
    assert [await IncidentRows(strict.store.sql).incident(one.id) for one in (low, high)] == [low, high]
    (row,) = [row for row in await strict.database.audit_rows() if not row.allowed]
    assert (row.action, row.data) == ("severity", {"act": "merge", "incident_id": low.id})
    assert (await strict.merging.merge(high.id, into=low.id, by=LEAD)).raised is not None


async def test_a_merge_that_raises_nothing_takes_no_such_permission(strict: Desk) -> None:
    """A merge that raises no severity needs no permission to change severities."""
    low, high = await strict.open("SEV3", key="a"), await strict.open("SEV1", key="b")
    assert (await strict.merging.merge(low.id, into=high.id, by=PRIMARY)).raised is None


@pytest.mark.parametrize("into", ["SEV1", "SEV3"])
async def test_whoever_is_on_the_duplicate_is_on_the_other_one(desk: Desk, into: str) -> None:
    """Merging carries the acknowledge over to the other incident, which is not paged or escalated."""
    desk.lets_nothing_lapse()
    other, taken = await desk.open(into, key="a"), await desk.open("SEV1", key="b")
    await desk.acknowledger.acknowledge(taken.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.work()
    pages = len(desk.sent(PAGE))
    await desk.merging.merge(taken.id, into=other.id, by=PRIMARY)
    await desk.pass_time(hours=5)
    now = await IncidentRows(desk.store.sql).incident(other.id)
    assert (now.severity, now.status, name_of(now.acknowledged)) == (
        "SEV1",
        Status.ACKNOWLEDGED,
        "secondary",
    )
    (entry,) = await entries(desk, other.id, TimelineKind.ACKNOWLEDGED)
    assert (entry.data or {})["via"] == "merged"
    assert (desk.sent(ESCALATION), len(desk.sent(PAGE))) == ([], pages)
    assert [who.name for who in await AcknowledgementRows(desk.store.sql).responders(other.id)] == [
        "secondary"
    ]


async def test_being_on_a_lesser_duplicate_answers_no_more_severe_one(desk: Desk) -> None:
    """The acknowledge of a SEV3 does not count for the SEV1 that it is merged into."""
    high, taken = await desk.open("SEV1", key="a"), await desk.open("SEV3", key="b")
    await desk.acknowledger.acknowledge(taken.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.merging.merge(taken.id, into=high.id, by=PRIMARY)
    assert (await IncidentRows(desk.store.sql).incident(high.id)).status is Status.TRIGGERED
    steps = await EscalationRows(desk.store.sql).steps(high.id)
    assert any(step.status is StepStatus.PENDING for step in steps)


async def test_a_more_severe_one_does_not_take_away_that_somebody_is_on_the_other(desk: Desk) -> None:
    """The responder stays, under the new severity: no ladder, an update due, a post in its channel."""
    taken, high = await desk.open("SEV3", key="a"), await desk.open("SEV1", key="b")
    await desk.acknowledger.acknowledge(taken.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.work()
    await desk.merging.merge(high.id, into=taken.id, by=PRIMARY)
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(taken.id)
    assert (now.severity, now.status, now.on_it and now.on_it.name) == (
        "SEV1",
        Status.ACKNOWLEDGED,
        "secondary",
    )
    assert now.updates.due_at is not None
    assert desk.sent(ALERT).count("channel:p0-alerts") == 2
