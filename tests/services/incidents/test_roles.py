"""Commander, communicator, scribe: taken, given, passed on, left."""

from dataclasses import replace

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import InvalidTransition, NotPermitted, UserError
from bot.domain.incident.incident import Incident, PersonRef, Role, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import TimelineRows
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk

ROBOT = Person(id=9, name="robot", is_bot=True)


async def opened(desk: Desk) -> Incident:
    """An incident whose posts are there."""
    incident = await desk.open()
    await desk.work()
    return incident


async def told(desk: Desk, notice: str) -> list[Delivery]:
    """The lines of one kind in the thread."""
    return [d for d in await desk.database.deliveries() if d.data.get("notice") == notice]


async def responders(desk: Desk, incident: Incident) -> list[int]:
    """Who is on it."""
    return [one.id for one in await AcknowledgementRows(desk.store.sql).responders(incident.id)]


async def dms(desk: Desk) -> list[DeliveryStatus]:
    """What became of the DMs about roles."""
    return [d.status for d in await desk.database.deliveries() if d.kind is DeliveryKind.ROLE_DM]


async def test_taking_command_acknowledges(desk: Desk) -> None:
    """Taking command acknowledges the incident: escalation stops, and reminders of updates begin."""
    incident = await opened(desk)
    result = await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    assert (result.acknowledged, result.changed, result.former) == (True, True, None)
    assert result.incident.status is Status.ACKNOWLEDGED
    assert result.incident.commander == PersonRef(PRIMARY.id, "primary")
    assert await IncidentRows(desk.store.sql).incident(incident.id) == result.incident
    assert await responders(desk, incident) == [PRIMARY.id]
    kinds = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)]
    assert kinds[-2:] == [TimelineKind.ACKNOWLEDGED, TimelineKind.ROLE_CHANGED]
    assert f"remind:{incident.id}" in [job.key for job in await desk.database.jobs()]
    await desk.pass_time(minutes=20)
    assert desk.sent(DeliveryKind.ESCALATION) == []
    assert await dms(desk) == []


async def test_another_role_is_no_acknowledge(desk: Desk) -> None:
    """Taking the scribe's role makes a responder, but does not acknowledge the incident."""
    incident = await opened(desk)
    result = await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    assert not result.acknowledged
    assert await responders(desk, incident) == [RESPONDER.id]
    joined = (TimelineKind.JOINED, RESPONDER.id, {"via": "role"})
    assert joined in [
        (e.kind, e.actor_id, e.data) for e in await TimelineRows(desk.store.sql).timeline(incident.id)
    ]
    await desk.pass_time(minutes=15)
    assert desk.sent(DeliveryKind.ESCALATION) == ["channel:p0-alerts"]


async def test_taking_a_role_later_joins(desk: Desk) -> None:
    """Taking a role after the acknowledge adds the person as a responder, with a timeline entry."""
    incident = await opened(desk)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.roles.take(incident.id, Role.COMMUNICATOR, by=SECONDARY)
    assert await responders(desk, incident) == [PRIMARY.id, SECONDARY.id]
    entries = [
        (e.kind, e.actor_name, e.data) for e in await TimelineRows(desk.store.sql).timeline(incident.id)
    ]
    assert (TimelineKind.JOINED, "secondary", {"via": "role"}) in entries


async def test_one_who_takes_it_from_another_says_so(desk: Desk) -> None:
    """The former one is named in the thread, on the timeline, in the audit."""
    incident = await opened(desk)
    await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    result = await desk.roles.take(incident.id, Role.COMMANDER, by=SECONDARY)
    assert (result.former, result.acknowledged) == (PersonRef(PRIMARY.id, "primary"), False)
    await desk.work()
    line = (await told(desk, "role_changed"))[-1]
    assert line.status is DeliveryStatus.SENT
    former, holder = {"id": PRIMARY.id, "name": "primary"}, {"id": SECONDARY.id, "name": "secondary"}
    assert (line.data["former"], line.data["holder"]) == (former, holder)
    facts = {"role": "commander", "holder": holder, "former": former}
    entry = (await TimelineRows(desk.store.sql).timeline(incident.id))[-1]
    assert entry.data == {**facts, "line": line.key.removeprefix(f"inc:{incident.id}:")}
    assert ((await desk.database.audit_rows())[-1].action, (await desk.database.audit_rows())[-1].data) == (
        "role_changed",
        {"incident_id": incident.id, **facts},
    )


async def test_pressing_twice_changes_nothing(desk: Desk) -> None:
    """Taking a role that one already has changes nothing, and is told in the thread only once."""
    incident = await opened(desk)
    for _ in range(2):
        result = await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER)
    assert not result.changed
    assert len(await told(desk, "role_changed")) == 1


async def test_whoever_is_given_one_hears_of_it(desk: Desk) -> None:
    """A person who is given a role is told by one DM.

    Being given a role does not acknowledge the incident; pressing the button to take the role does.
    """
    incident = await opened(desk)
    result = await desk.roles.give(incident.id, Role.COMMANDER, to=SECONDARY, by=PRIMARY)
    await desk.work()
    assert result.incident.status is Status.TRIGGERED
    assert desk.sent(DeliveryKind.ROLE_DM) == [f"user:{SECONDARY.id}"]
    taken = await desk.roles.take(incident.id, Role.COMMANDER, by=SECONDARY)
    assert (taken.changed, taken.acknowledged) == (False, True)
    again = await desk.roles.give(incident.id, Role.COMMANDER, to=SECONDARY, by=PRIMARY)
    await desk.work()
    assert not again.changed
    assert len(desk.sent(DeliveryKind.ROLE_DM)) == 1


async def test_giving_it_to_oneself_is_taking_it(desk: Desk) -> None:
    """Who makes themselves the commander acknowledges the incident by it, and gets no DM about it."""
    incident = await opened(desk)
    result = await desk.roles.give(incident.id, Role.COMMANDER, to=PRIMARY, by=PRIMARY)
    await desk.work()
    assert result.acknowledged
    assert await dms(desk) == []


async def test_a_role_that_has_passed_on_is_not_told(desk: Desk) -> None:
    """The DM is obsolete if another person takes the role, or the incident ends, before it is sent."""
    incident = await opened(desk)
    await desk.roles.give(incident.id, Role.COMMANDER, to=SECONDARY, by=PRIMARY)
    await desk.roles.give(incident.id, Role.COMMANDER, to=RESPONDER, by=PRIMARY)
    await desk.work()
    assert desk.sent(DeliveryKind.ROLE_DM) == [f"user:{RESPONDER.id}"]
    await desk.roles.give(incident.id, Role.SCRIBE, to=SECONDARY, by=PRIMARY)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    assert await dms(desk) == [DeliveryStatus.CANCELLED, DeliveryStatus.SENT, DeliveryStatus.CANCELLED]


async def test_a_dm_that_is_refused_is_a_line_in_the_thread(desk: Desk) -> None:
    """No email, no row in the DLQ: the team tells them."""
    incident = await opened(desk)
    desk.discord.refused = {f"user:{SECONDARY.id}"}
    await desk.roles.give(incident.id, Role.COMMANDER, to=SECONDARY, by=PRIMARY)
    await desk.work()
    assert await dms(desk) == [DeliveryStatus.FAILED]
    [line] = await told(desk, "role_undelivered")
    assert (line.status, line.data["holder"]) == (DeliveryStatus.SENT, "secondary")
    assert (await TimelineRows(desk.store.sql).timeline(incident.id))[-1].kind is TimelineKind.DELIVERY_FAILED
    assert desk.mailer.sent == []
    assert await desk.database.dlq_entries() == []


async def test_stepping_down(desk: Desk) -> None:
    """Releasing a role vacates it; a request that names a person who does not hold the role is refused."""
    incident = await opened(desk)
    await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    with pytest.raises(InvalidTransition) as refused:
        await desk.roles.release(incident.id, Role.COMMANDER, by=SECONDARY, holder_id=SECONDARY.id)
    assert (refused.value.key, refused.value.fields) == ("role_held_by_other", {"who": "primary"})
    with pytest.raises(InvalidTransition) as refused:
        await desk.roles.release(incident.id, Role.COMMANDER, by=SECONDARY, holder_id=RESPONDER.id)
    assert refused.value.key == "role_not_theirs", "whoever was named does not have it"
    left = await desk.roles.release(incident.id, Role.COMMANDER, by=PRIMARY, holder_id=PRIMARY.id)
    assert (left.changed, left.holder, left.former) == (True, None, PersonRef(PRIMARY.id, "primary"))
    assert not (await desk.roles.release(incident.id, Role.COMMANDER, by=PRIMARY)).changed
    await desk.roles.take(incident.id, Role.SCRIBE, by=PRIMARY)
    assert (await desk.roles.release(incident.id, Role.SCRIBE, by=SECONDARY)).changed


async def test_who_cannot_have_one(desk: Desk) -> None:
    """A bot, or a person who may not see the private incident, cannot be given a role."""
    incident = await opened(desk)
    with pytest.raises(UserError, match="role_for_bot"):
        await desk.roles.give(incident.id, Role.SCRIBE, to=ROBOT, by=PRIMARY)
    async with desk.store.transaction() as tx:
        known = await IncidentWrites(tx.sql).incident(incident.id, lock=True)
        await IncidentWrites(tx.sql).save(replace(known, is_private=True, version=known.version + 1))
        await MemberRows(tx.sql).add_member(incident.id, user_id=PRIMARY.id, name="primary", by=PRIMARY)
    with pytest.raises(UserError, match="role_not_visible"):
        await desk.roles.give(incident.id, Role.SCRIBE, to=OBSERVER, by=PRIMARY)
    assert await told(desk, "role_changed") == []


async def test_whoever_may_not_respond_is_given_none(desk: Desk) -> None:
    """Giving a role to a person who may not respond is refused, and the refusal names the roles that may.

    The refusal is in the audit, and the person gets neither the role nor a DM.
    """
    incident = await opened(desk)
    with pytest.raises(UserError, match="role_not_allowed") as refused:
        await desk.roles.give(incident.id, Role.SCRIBE, to=OBSERVER, by=PRIMARY)
    assert refused.value.fields == {"who": "observer", "roles": desk.policy.permissions.acknowledge}
    [row] = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert (row.actor_id, row.data["refused"]) == (PRIMARY.id, "role_not_allowed")
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).roles == {}
    assert await dms(desk) == []


async def test_who_cannot_take_one(desk: Desk) -> None:
    """A person without permission cannot take, give or release a role, and no one can after the end."""
    incident = await opened(desk)
    for attempt in (
        desk.roles.take(incident.id, Role.COMMANDER, by=OBSERVER),
        desk.roles.give(incident.id, Role.COMMANDER, to=PRIMARY, by=OBSERVER),
        desk.roles.release(incident.id, Role.COMMANDER, by=OBSERVER),
    ):
        with pytest.raises(NotPermitted):
            await attempt
    refused = [row.data["act"] for row in await desk.database.audit_rows() if not row.allowed]
    assert refused == ["take_role", "give_role", "release_role"]
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="already_resolved"):
        await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).roles == {}
