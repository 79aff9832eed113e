"""Show required postmortems: assigned at the resolution, reminded of, handed over and completed."""

from datetime import date, timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import InvalidTransition, NotPermitted, RecordedRefusal, UpstreamUnavailable, UserError
from bot.domain.incident.incident import Role
from bot.domain.incident.parts import PostmortemReminderStage, PostmortemState
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.services.watchdogs import audit
from bot.storage.tables.incidents import IncidentRows, MemberRows
from cogs.postmortem.rules import PostmortemEntry
from cogs.postmortem.store import PostmortemRows, owed_postmortems
from tests.cogs.postmortem.acts import DM, cases, dms, jst, postmortem, resolved, told, until
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.outcomes import kinds

WRITER = Person(id=8, name="writer", roles=frozenset({"responder"}))
DUE = date(2026, 12, 1)
BEFORE, AFTER, THREAD = jst(11, 30, 10), jst(12, 2, 10), jst(12, 3, 10)


async def test_the_resolve_names_owner_and_date(desk: Desk) -> None:
    """Resolving gives a required postmortem an owner, a due date and the job of its first reminder.

    The owner is who acknowledged, not who resolved; the thread's line names owner and date.
    """
    incident = await resolved(desk, by=SECONDARY)
    owed = await postmortem(desk, incident)
    assert (owed.state, owed.owner_name, owed.due_on) == (PostmortemState.OWED, "primary", DUE)
    assert incident.aftermath.postmortem == owed
    assert owed.remind_at == BEFORE
    assert await desk.database.job_due_at(f"postmortem:{incident.id}") == BEFORE
    [line] = await told(desk, "resolved")
    assert (line.data["owner"], line.data["due_on"]) == ({"id": 1, "name": "primary"}, "2026-12-01")
    [found] = await owed_postmortems(desk.store.sql, GUILD)
    assert (found.incident.id, found.postmortem) == (incident.id, owed)


async def test_who_resolves_it_owes_it_if_nobody_had_it(desk: Desk) -> None:
    """The person who had handed it back is not asked to write: who resolved it is."""
    incident = await desk.open()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.pass_time(minutes=1)
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=1)
    await desk.lifecycle.resolve(incident.id, by=SECONDARY)
    assert (await postmortem(desk, incident)).owner_name == "secondary"


async def test_the_commander_owes_it_before_anybody(desk: Desk) -> None:
    """The commander owes the postmortem, because they led, even if somebody else resolved the incident."""
    incident = await desk.open()
    await desk.roles.take(incident.id, Role.COMMANDER, by=RESPONDER)
    await desk.lifecycle.resolve(incident.id, by=SECONDARY)
    assert (await postmortem(desk, incident)).owner_name == "responder"


async def test_who_resolves_it_may_choose_the_owner(desk: Desk) -> None:
    """The person who resolves may choose the owner, who gets a DM; an unfit owner stops the resolution."""
    incident = await desk.open()
    for unfit, why in ((Person(9, "bot", is_bot=True), "for_bot"), (OBSERVER, "not_allowed")):
        with pytest.raises((UserError, RecordedRefusal), match=f"postmortem_{why}"):
            await desk.lifecycle.resolve(incident.id, by=PRIMARY, owner=unfit)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).is_open
    await desk.lifecycle.resolve(incident.id, by=PRIMARY, owner=WRITER)
    owed = await postmortem(desk, incident)
    assert (owed.owner_id, owed.owner_name, owed.due_on) == (WRITER.id, WRITER.name, DUE)
    await desk.work()
    assert desk.sent(DM) == [f"user:{WRITER.id}"]


async def test_a_severity_without_one_owes_nothing(desk: Desk) -> None:
    """A drill, a false alarm and an incident whose severity requires no postmortem owe none."""
    incident = await resolved(desk, "SEV3")
    assert await PostmortemRows(desk.store.sql).of(incident.id) is None
    drill = await desk.open_drill()
    await desk.lifecycle.resolve(drill.id, by=PRIMARY)
    assert await PostmortemRows(desk.store.sql).of(drill.id) is None
    cancelled = await desk.open(key="cancelled")
    await desk.lifecycle.cancel(cancelled.id, by=PRIMARY)
    assert await PostmortemRows(desk.store.sql).of(cancelled.id) is None
    assert await owed_postmortems(desk.store.sql, GUILD) == []


async def test_the_owner_is_reminded_before_and_after_then_the_thread(desk: Desk) -> None:
    """The owner gets one DM before and one after a postmortem's due date, and then the thread gets one line.

    No further reminder comes, though the postmortem is still required.
    """
    incident = await resolved(desk)
    await until(desk, BEFORE - timedelta(seconds=1))
    assert desk.sent(DM) == []
    await until(desk, BEFORE)
    assert desk.sent(DM) == ["user:1"]
    await until(desk, AFTER - timedelta(seconds=1))
    assert len(desk.sent(DM)) == 1
    await until(desk, AFTER)
    assert await dms(desk) == [("before", "sent"), ("after", "sent")]
    assert await told(desk, "postmortem_due") == []
    await until(desk, THREAD)
    [line] = await told(desk, "postmortem_due")
    assert (line.data["why"], line.status) == ("overdue", DeliveryStatus.SENT)
    await until(desk, THREAD + timedelta(days=30))
    assert len(desk.sent(DM)) == 2
    assert len(await told(desk, "postmortem_due")) == 1
    owed = await postmortem(desk, incident)
    assert (owed.reminded, owed.remind_at, owed.is_owed) == (PostmortemReminderStage.THREAD, None, True)
    assert (await kinds(desk, incident.id)).count(PostmortemEntry.REMINDED) == 3


async def test_done_ends_the_reminders(desk: Desk) -> None:
    """A postmortem that is marked as done gets no further reminders.

    The thread is told once, the posts are refreshed, and the audit names the person. Marking it a second time
    changes nothing.
    """
    incident = await resolved(desk)
    await until(desk, BEFORE)
    result = await cases(desk).postmortems.done(incident.id, by=SECONDARY)
    assert result.changed
    assert (result.postmortem.state, result.postmortem.done_by_name) == (PostmortemState.DONE, "secondary")
    again = await cases(desk).postmortems.done(incident.id, by=PRIMARY)
    assert (again.changed, again.postmortem.done_by_name) == (False, "secondary")
    audited = [row for row in await desk.database.audit_rows() if row.action == "postmortem_done"]
    assert [(row.actor_id, row.data["incident_id"]) for row in audited] == [(SECONDARY.id, incident.id)]
    await desk.work()
    assert desk.discord.refreshed[-1][0] == result.incident.version
    assert DM in desk.discord.refreshed[-1][1]
    await until(desk, THREAD + timedelta(days=1))
    assert (len(desk.sent(DM)), await told(desk, "postmortem_due")) == (1, [])
    assert len(await told(desk, "postmortem_done")) == 1
    assert await owed_postmortems(desk.store.sql, GUILD) == []


async def test_done_by_mistake_is_taken_back(desk: Desk) -> None:
    """A postmortem whose "done" is taken back gets the reminders still to come, and none a second time."""
    incident = await resolved(desk)
    await until(desk, BEFORE)
    await cases(desk).postmortems.done(incident.id, by=PRIMARY)
    undone = await cases(desk).postmortems.undo(incident.id, by=PRIMARY)
    assert (undone.changed, undone.postmortem.is_owed, undone.postmortem.remind_at) == (True, True, AFTER)
    assert not (await cases(desk).postmortems.undo(incident.id, by=PRIMARY)).changed
    await until(desk, AFTER)
    assert await dms(desk) == [("before", "sent"), ("after", "sent")]
    found = await kinds(desk, incident.id)
    assert found.index(PostmortemEntry.DONE) < found.index(PostmortemEntry.OWED)


async def test_it_is_handed_over_with_a_dm(desk: Desk) -> None:
    """The date stays if none is given; the new owner is reminded, the former one hears that it moved."""
    incident = await resolved(desk)
    await until(desk, BEFORE)
    given = await cases(desk).postmortems.give(incident.id, to=SECONDARY, by=PRIMARY)
    assert (given.changed, given.postmortem.owner_name, given.postmortem.due_on) == (True, "secondary", DUE)
    assert not (await cases(desk).postmortems.give(incident.id, to=SECONDARY, by=PRIMARY)).changed
    await desk.work()
    await until(desk, AFTER)
    assert desk.sent(DM) == ["user:1", "user:2", "user:2"]
    assert len(await told(desk, "postmortem_owner")) == 1


async def test_the_owner_named_at_the_resolve_gets_a_dm(desk: Desk) -> None:
    """Unless they resolve it themselves; once more when it is resolved again, with the new date."""
    incident = await resolved(desk, by=SECONDARY)
    assert await dms(desk) == [("None", "sent")]
    assert desk.sent(DM) == ["user:1"]
    await desk.lifecycle.reopen(incident.id, by=SECONDARY)
    await desk.pass_time(hours=48)
    await desk.lifecycle.resolve(incident.id, by=SECONDARY)
    await desk.work()
    assert desk.sent(DM) == ["user:1", "user:1"]
    found = [one.data for one in await desk.database.deliveries() if one.kind is DM]
    assert [(one["occasion"], one["due_on"]) for one in found] == [
        ("resolved", "2026-12-01"),
        ("resolved", "2026-12-03"),
    ]


async def test_its_date_is_moved_and_the_reminders_with_it(desk: Desk) -> None:
    """A moved due date brings all reminders of the new date and none of the former date.

    That holds even if a reminder for the former date was sent already.
    """
    incident = await resolved(desk)
    await until(desk, BEFORE)
    moved = await cases(desk).postmortems.give(incident.id, to=None, due="12/10", by=SECONDARY)
    assert (moved.changed, moved.is_same_owner) == (True, True)
    owed = await postmortem(desk, incident)
    assert (owed.owner_name, owed.due_on) == ("primary", date(2026, 12, 10))
    assert (owed.reminded, owed.remind_at) == (None, jst(12, 9, 10))
    await desk.work()
    [line] = await told(desk, "postmortem_owner")
    assert (line.data["due_on"], line.data["due_before"]) == ("2026-12-10", "2026-12-01")
    await until(desk, jst(12, 9, 10) - timedelta(seconds=1))
    assert await dms(desk) == [("before", "sent"), ("None", "sent")]
    await until(desk, jst(12, 14, 12))
    assert (await dms(desk))[2:] == [("before", "sent"), ("after", "sent")]
    assert len(await told(desk, "postmortem_due")) == 1


async def test_owner_and_date_change_together(desk: Desk) -> None:
    """A new owner and date give one line and one DM, and giving the same once more changes nothing."""
    incident = await resolved(desk)
    for changed in (True, False):
        given = await cases(desk).postmortems.give(incident.id, to=SECONDARY, due="12/10", by=PRIMARY)
        assert given.changed is changed
    await desk.work()
    assert desk.sent(DM) == ["user:2"]
    assert len(await told(desk, "postmortem_owner")) == 1


@pytest.mark.parametrize(("due", "why"), [("", "owner_or_date"), ("soon", "unreadable"), ("11/20", "past")])
async def test_a_date_that_is_none_is_refused(desk: Desk, due: str, why: str) -> None:
    """A due date that is missing, unreadable or past is refused with the reason, and the old one stays."""
    incident = await resolved(desk)
    with pytest.raises(UserError, match=why):
        await cases(desk).postmortems.give(incident.id, to=None, due=due, by=PRIMARY)
    assert (await postmortem(desk, incident)).due_on == DUE


async def test_taking_it_over_oneself_needs_no_dm(desk: Desk) -> None:
    """A person who takes over a postmortem gets no DM about it."""
    incident = await resolved(desk)
    await cases(desk).postmortems.give(incident.id, to=SECONDARY, by=SECONDARY)
    await desk.work()
    assert desk.sent(DM) == []


async def test_who_cannot_write_it_is_not_given_it(desk: Desk) -> None:
    """Bots and people without the role cannot own a postmortem, and outsiders cannot change one."""
    incident, owing = await resolved(desk), cases(desk).postmortems
    with pytest.raises(UserError, match="postmortem_for_bot"):
        await owing.give(incident.id, to=Person(9, "bot", is_bot=True), by=PRIMARY)
    with pytest.raises(RecordedRefusal, match="postmortem_not_allowed"):
        await owing.give(incident.id, to=OBSERVER, by=PRIMARY)
    for attempt in (
        owing.done(incident.id, by=OBSERVER),
        owing.undo(incident.id, by=OBSERVER),
        owing.give(incident.id, to=PRIMARY, by=OBSERVER),
    ):
        with pytest.raises(NotPermitted):
            await attempt
    await owing.done(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="postmortem_done"):
        await owing.give(incident.id, to=SECONDARY, by=PRIMARY)
    minor = await resolved(desk, "SEV3", key="minor")
    with pytest.raises(UserError, match="postmortem_none"):
        await owing.done(minor.id, by=PRIMARY)


async def test_reopened_it_is_not_owed_until_the_next_end(desk: Desk) -> None:
    """While an incident is reopened, its postmortem is not required and no reminder is sent."""
    incident = await resolved(desk)
    await desk.lifecycle.reopen(incident.id, by=SECONDARY)
    assert (await postmortem(desk, incident)).state is PostmortemState.NOT_OWED
    assert f"postmortem:{incident.id}" not in {job.key for job in await desk.database.jobs()}
    with pytest.raises(InvalidTransition, match="postmortem_not_owed"):
        await cases(desk).postmortems.done(incident.id, by=PRIMARY)
    await desk.database.move_to(jst(12, 3, 12))  # at once: what falls due on the way would ring for days
    await desk.work()
    assert desk.sent(DM) == []
    await desk.lifecycle.resolve(incident.id, by=SECONDARY)
    owed = await postmortem(desk, incident)
    assert (owed.owner_name, owed.due_on) == ("primary", date(2026, 12, 10))


async def test_lowered_to_a_severity_without_one_it_is_not_owed(desk: Desk) -> None:
    """A reopened incident that is lowered to a severity without a postmortem and resolved owes none."""
    incident = await resolved(desk)
    await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=PRIMARY, reason="dev だけ")
    ended = await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    assert ended.aftermath.postmortem is not None
    assert not ended.aftermath.postmortem.is_owed
    assert await owed_postmortems(desk.store.sql, GUILD) == []


async def test_a_refused_dm_goes_to_the_thread(desk: Desk) -> None:
    """A reminder that Discord refuses as a DM goes to the thread, with the name of the owner."""
    desk.discord.refused.add("user:1")
    await resolved(desk)
    await until(desk, BEFORE)
    [line] = await told(desk, "postmortem_due")
    assert (line.data["why"], line.data["owner"]) == ("undelivered", {"id": 1, "name": "primary"})


async def test_an_owner_who_left_is_told_of_in_the_thread(desk: Desk) -> None:
    """The commander is asked to name another one, else a person on call."""
    desk.discord.left |= {"1", "primary"}
    led = await desk.open(key="led")
    await desk.work()
    await desk.lifecycle.resolve(led.id, by=PRIMARY)
    alone = await resolved(desk, key="alone")
    await desk.database.fetch(
        "UPDATE incidents SET roles = $1 WHERE id = $2", {"commander": {"id": 2, "name": "secondary"}}, led.id
    )
    await until(desk, BEFORE)
    assert desk.sent(DM) == []
    lines = {line.incident_id: line.data for line in await told(desk, "postmortem_due")}
    assert (lines[led.id]["why"], lines[led.id]["lead"]) == ("gone", {"id": 2, "name": "secondary"})
    assert "lead" not in lines[alone.id]
    assert lines[alone.id]["asks"] == "secondary"


async def test_a_reminder_that_comes_late_waits_for_business(desk: Desk) -> None:
    """The bot was away for days and comes back at night: one reminder, the latest, in the morning."""
    incident = await resolved(desk)
    await desk.database.advance(jst(12, 2, 23) - desk.clock.time)
    await desk.work()
    assert desk.sent(DM) == []
    assert (await postmortem(desk, incident)).remind_at == THREAD
    await until(desk, THREAD)
    assert desk.sent(DM) == []
    assert len(await told(desk, "postmortem_due")) == 1


async def test_a_lost_job_is_found_by_the_auditor(desk: Desk) -> None:
    """The auditor finds the lost job of a postmortem's reminder, and the reminder is sent."""
    incident = await resolved(desk)
    await desk.database.lose_jobs()
    await desk.database.advance(BEFORE - desk.clock.time + timedelta(minutes=2))
    assert f"postmortem:{incident.id}" in await audit(desk.store)
    await desk.work()
    assert desk.sent(DM) == ["user:1"]


async def test_a_dm_that_is_past_before_it_is_sent_is_dropped(desk: Desk) -> None:
    """A reminder that waits while Discord is away is dropped if the postmortem is done meanwhile."""
    incident = await resolved(desk)
    desk.discord.failures = [UpstreamUnavailable("away")]
    await until(desk, BEFORE)
    assert await dms(desk) == [("before", "sending")]
    await cases(desk).postmortems.done(incident.id, by=PRIMARY)
    await desk.pass_time(minutes=1)
    assert await dms(desk) == [("before", "cancelled")]
    assert desk.sent(DM) == []


async def test_reopened_by_an_older_version_it_is_noticed(desk: Desk) -> None:
    """The reminder notices an incident that an older version reopened without changing the postmortem's row.

    The postmortem is then no longer required, and no DM is sent.
    """
    incident = await resolved(desk)
    await desk.database.fetch(
        "UPDATE incidents SET status = 'acknowledged', resolved_at = NULL, version = version + 1"
    )
    assert await owed_postmortems(desk.store.sql, GUILD) == []
    await until(desk, BEFORE)
    assert (await postmortem(desk, incident)).state is PostmortemState.NOT_OWED
    assert desk.sent(DM) == []


async def test_who_was_removed_before_their_dm_went_out_gets_none(desk: Desk) -> None:
    """An owner who is removed from the private incident before the DM about it is sent gets no DM."""
    incident = await resolved(desk)
    await cases(desk).postmortems.give(incident.id, to=WRITER, by=PRIMARY)
    await desk.privacy.make_private(incident.id, by=SECONDARY)
    desk.discord.members = [WRITER]
    await desk.removals.remove(incident.id, who=WRITER, by=SECONDARY, key="interaction:5")
    await desk.work()
    assert desk.sent(DM) == []


async def test_made_private_its_owner_still_sees_it(desk: Desk) -> None:
    """The owner of a postmortem still sees an incident that is made private; else they could not write it."""
    incident = await resolved(desk)
    await cases(desk).postmortems.give(incident.id, to=WRITER, by=PRIMARY)
    await desk.privacy.make_private(incident.id, by=SECONDARY)
    assert WRITER.id in await MemberRows(desk.store.sql).members(incident.id)


async def test_who_was_removed_from_a_private_one_gets_no_dm(desk: Desk) -> None:
    """The thread asks for another owner instead, without a mention of them, which would let them in."""
    incident = await resolved(desk)
    await cases(desk).postmortems.give(incident.id, to=WRITER, by=PRIMARY)
    await desk.privacy.make_private(incident.id, by=SECONDARY)
    await desk.work()
    desk.discord.members = [WRITER]
    await desk.removals.remove(incident.id, who=WRITER, by=SECONDARY, key="interaction:5")
    await until(desk, BEFORE)
    assert desk.sent(DM) == ["user:8"]  # when it was given
    [line] = await told(desk, "postmortem_due")
    assert (line.data["why"], line.data["owner"]) == ("hidden", {"id": 8, "name": "writer"})
    assert line.data["lead"] == {"id": 1, "name": "primary"}


async def test_only_those_who_may_see_it_are_offered_it(desk: Desk) -> None:
    """A private incident's postmortem is required, and offered only to people who may see it."""
    incident = await resolved(desk)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    offered = cases(desk).postmortems.offered
    assert [one.id for one in await offered(GUILD, by=PRIMARY)] == [incident.id]
    assert await offered(GUILD, by=OBSERVER) == []
    assert len(await owed_postmortems(desk.store.sql, GUILD)) == 1
