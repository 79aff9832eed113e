"""A triage that its person leaves before its end: asked about, then raised or offered to the team."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted
from bot.domain.incident.incident import IncidentKind
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import TriageStatus
from bot.domain.triage.tree import UNFINISHED
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from tests.services.alerts.test_alerts import alert, receive
from tests.services.database import Database
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.incidents.test_declaring import begun
from tests.services.triage.triage_walks import go_on, hold, start, walk

POLICY = parse_policy(default_policy_text(), name="test")
DM, LINE = DeliveryKind.UNFINISHED_DM, DeliveryKind.UNFINISHED
TO_RESPONDER, TO_TEAM = f"user:{RESPONDER.id}", "channel:p1-ops"


def asked(desk: Desk) -> tuple[list[str], list[str]]:
    """Return the recipients of the reminders by DM, and the channels of the lines for the team."""
    return desk.sent(DM), desk.sent(LINE)


async def test_production_is_affected_so_it_is_raised(desk: Desk) -> None:
    """A triage left after users are affected is raised as SEV2 ten minutes after its person was asked.

    The person is asked once, ten minutes after the last answer. SEV2 is the least severe severity that is
    left, and the timeline says whose triage it was.
    """
    await walk(desk, "yes")
    await desk.pass_time(minutes=9, seconds=59)
    assert asked(desk) == ([], [])
    await desk.pass_time(seconds=1)
    assert asked(desk) == ([TO_RESPONDER], [])
    await desk.pass_time(minutes=9, seconds=59)
    assert desk.sent(DeliveryKind.ALERT) == []
    await desk.pass_time(seconds=1)
    assert desk.sent(DeliveryKind.ALERT) == [TO_TEAM]
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert (incident.severity, incident.reported_by.id) == ("SEV2", RESPONDER.id)
    assert incident.path == (("users_affected", "yes"), UNFINISHED)
    [why] = [
        one for one in await TimelineRows(desk.store.sql).timeline(1) if one.kind is TimelineKind.UNFINISHED
    ]
    assert why.data is not None
    assert why.data["left_by"] == RESPONDER.name
    await desk.pass_time(hours=30)
    assert asked(desk) == ([TO_RESPONDER], [])


@pytest.mark.parametrize("answers", [(), ("no",), ("no", "yes"), ("no", "no")])
async def test_what_may_call_nobody_is_offered_to_the_team(desk: Desk, answers: tuple[str, ...]) -> None:
    """Looking around raises nothing: a quiet line, and after a day it is forgotten."""
    await walk(desk, *answers)
    await desk.pass_time(minutes=20)
    assert asked(desk) == ([TO_RESPONDER], [TO_TEAM])
    await desk.pass_time(hours=25)
    assert asked(desk) == ([TO_RESPONDER], [TO_TEAM])
    assert (await TriageRows(desk.store.sql).triage(1)).status is TriageStatus.EXPIRED
    assert desk.sent(DeliveryKind.ALERT) == []


async def test_a_chosen_severity_counts(desk: Desk) -> None:
    """An abandoned triage is raised with the severity that a person had chosen."""
    view = await walk(desk, "no")
    await desk.triages.choose_severity(view.triage.id, severity="SEV1", by=RESPONDER)
    await desk.pass_time(minutes=20)
    assert (await IncidentRows(desk.store.sql).incident(1)).severity == "SEV1"


async def test_ten_minutes_count_from_the_last_answer(desk: Desk) -> None:
    """The reminder comes ten minutes after the last answer, to the person who gave it."""
    view = await start(desk)
    await desk.pass_time(minutes=9)
    await go_on(desk, view, "yes", by=PRIMARY)
    await desk.pass_time(minutes=9)
    assert asked(desk) == ([], [])
    await desk.pass_time(minutes=1)
    assert asked(desk) == ([f"user:{PRIMARY.id}"], [])


@pytest.mark.parametrize("is_left_to_team", [False, True])
async def test_whoever_goes_on_is_asked_next(desk: Desk, is_left_to_team: bool) -> None:  # a case
    """続ける takes the question back, for anybody who may triage; then the walk is theirs."""
    await walk(desk, "no")
    await desk.pass_time(minutes=20 if is_left_to_team else 19)
    view = await desk.services.unfinished.go_on(1, by=SECONDARY)
    assert (view.triage.at_work_name, view.position.question) == (
        SECONDARY.name,
        POLICY.tree.questions["dev_only"],
    )
    lines = [TO_TEAM] if is_left_to_team else []
    await desk.pass_time(minutes=9)
    assert asked(desk) == ([TO_RESPONDER], lines)
    await desk.pass_time(minutes=1)
    assert asked(desk) == ([TO_RESPONDER, f"user:{SECONDARY.id}"], lines)
    await desk.pass_time(minutes=10)
    assert asked(desk)[1] == [*lines, TO_TEAM]


@pytest.mark.parametrize("is_left_to_team", [False, True])
async def test_an_answer_takes_the_question_back(desk: Desk, is_left_to_team: bool) -> None:  # a case
    """An answer postpones raising an abandoned triage, and the next reminder goes to that person."""
    view = await walk(desk, "no")
    await desk.pass_time(minutes=25 if is_left_to_team else 15)
    await desk.triages.back(view.triage.id, by=PRIMARY)
    await go_on(desk, await desk.triages.view(1, by=PRIMARY), "yes", by=PRIMARY)
    await desk.pass_time(minutes=9)
    assert desk.sent(DM) == [TO_RESPONDER]
    assert desk.sent(DeliveryKind.ALERT) == []
    await desk.pass_time(minutes=11)
    assert desk.sent(DM) == [TO_RESPONDER, f"user:{PRIMARY.id}"]
    assert desk.sent(DeliveryKind.ALERT) == [TO_TEAM]


async def test_whoever_stops_it_stops_its_clock(desk: Desk) -> None:
    """A triage that somebody stops with [やめる] raises no alert and posts no line for the team."""
    view = await walk(desk, "yes")
    await desk.pass_time(minutes=15)
    await desk.triages.cancel(view.triage.id, by=RESPONDER)
    await desk.pass_time(hours=1)
    assert desk.sent(DeliveryKind.ALERT) == []
    assert asked(desk) == ([TO_RESPONDER], [])
    assert (await desk.services.unfinished.go_on(1, by=RESPONDER)).triage.status is TriageStatus.CANCELLED


async def test_a_refused_dm_is_a_line_at_once(desk: Desk) -> None:
    """If the DM about an unfinished triage is refused, a line for the team is posted at once.

    The incident is raised at the same time as it would be after a DM.
    """
    desk.discord.refused.add(TO_RESPONDER)
    await walk(desk, "yes")
    await desk.pass_time(minutes=10)
    assert asked(desk) == ([], [TO_TEAM])
    assert desk.sent(DeliveryKind.ALERT) == []
    await desk.pass_time(minutes=10)
    assert desk.sent(DeliveryKind.ALERT) == [TO_TEAM]


async def test_a_refused_dm_and_nobody_goes_on(desk: Desk) -> None:
    """If the reminder's DM is refused, one line is posted for the team."""
    desk.discord.refused.add(TO_RESPONDER)
    await walk(desk, "no")
    await desk.pass_time(minutes=30)
    assert asked(desk) == ([], [TO_TEAM])


async def test_only_those_who_may_triage_go_on(desk: Desk) -> None:
    """An observer cannot go on with an unfinished triage, as with every other button of a triage."""
    await walk(desk, "no")
    await desk.pass_time(minutes=20)
    with pytest.raises(NotPermitted):
        await desk.services.unfinished.go_on(1, by=OBSERVER)


async def test_a_re_evaluation_has_its_own_clock(desk: Desk) -> None:
    """A triage under re-evaluation gets no reminder of an unfinished one."""
    await hold(desk)
    await desk.pass_time(minutes=29)
    assert asked(desk) == ([], [])
    await desk.reevaluations.look_again(1, by=PRIMARY)
    await desk.pass_time(minutes=10)
    assert asked(desk) == ([], [])


async def test_an_unfinished_triage_lowers_no_alert(desk: Desk) -> None:
    """A SEV1 of a monitor stays one, and is the incident."""
    tracked = await receive(desk, alert(desk, channel="p0-alerts"))
    await begun(desk, "yes")
    await desk.pass_time(minutes=20)
    found = await IncidentRows(desk.store.sql).incident(tracked.id)
    assert (found.kind, found.severity) == (IncidentKind.INCIDENT, "SEV1")


async def test_what_was_dealt_with_is_not_asked_about(desk: Desk) -> None:
    """The triage of an alert that has ended expires without a reminder."""
    tracked = await receive(desk, alert(desk))
    await begun(desk, "yes")
    await desk.pass_time(minutes=1)
    await desk.acknowledger.acknowledge(tracked.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.services.lifecycle.cancel(tracked.id, by=PRIMARY)
    await desk.pass_time(hours=1)
    assert asked(desk) == ([], [])
    assert (await TriageRows(desk.store.sql).triage(1)).status is TriageStatus.EXPIRED
    assert len(await DeliveryRows(desk.store.sql).posts(tracked.id)) > 0


async def test_what_is_forgotten_is_not_asked_about(desk: Desk) -> None:
    """A triage that is a month old expires without a reminder."""
    await walk(desk, "yes")
    await desk.work()
    await desk.database.advance(timedelta(days=31))
    await desk.work()
    assert asked(desk) == ([], [])
    assert desk.sent(DeliveryKind.ALERT) == []
    assert (await TriageRows(desk.store.sql).triage(1)).status is TriageStatus.EXPIRED


async def test_an_older_version_has_gone_on_with_it(desk: Desk) -> None:
    """A reminder that an older version left running on an ended triage stops by itself."""
    view = await walk(desk, "no", "yes")
    await desk.triages.cancel(view.triage.id, by=RESPONDER)
    async with desk.store.transaction() as tx:
        await TriageRows(tx.sql).save_triage(
            replace(await TriageRows(tx.sql).triage(1), idle=view.triage.idle)
        )
    await desk.database.advance(timedelta(minutes=11))
    await desk.services.unfinished.run_job(1)
    assert (await TriageRows(desk.store.sql).triage(1)).idle.due_at is None
    assert asked(desk) == ([], [])


async def test_an_older_version_has_taken_an_answer(desk: Desk) -> None:
    """An answer taken by an older version postpones the raising, and its person is reminded next."""
    view = await walk(desk, "yes")
    await desk.pass_time(minutes=15)
    asked_about = (await TriageRows(desk.store.sql).triage(1)).idle
    await go_on(desk, view, "yes", by=PRIMARY)
    async with desk.store.transaction() as tx:
        await TriageRows(tx.sql).save_triage(replace(await TriageRows(tx.sql).triage(1), idle=asked_about))
    await desk.database.advance(timedelta(minutes=5))
    await desk.services.unfinished.run_job(1)
    await desk.work()
    assert (desk.sent(DM), desk.sent(DeliveryKind.ALERT)) == ([TO_RESPONDER], [])
    await desk.pass_time(minutes=5)
    assert desk.sent(DM) == [TO_RESPONDER, f"user:{PRIMARY.id}"]
    await desk.pass_time(minutes=10)
    assert desk.sent(DeliveryKind.ALERT) == ["channel:p0-alerts"]


async def test_the_policy_may_ask_nobody_or_raise_nothing(
    database: Database, another_database: Database
) -> None:
    """The policy can switch off the question about unfinished triages, or the raising of incidents.

    Without the question nothing is sent even after a day. Without raising, a line is posted in the channel
    that the policy names, and no alert.
    """
    never = Desk(
        database,
        parse_policy(default_policy_text().replace('ask_after = "10m"', 'ask_after = "none"'), name="test"),
    )
    await walk(never, "yes")
    await never.pass_time(hours=25)
    assert (asked(never), never.sent(DeliveryKind.ALERT)) == (([], []), [])
    policy = POLICY
    rule = replace(policy.unfinished, raises=False, channel="p2-deploys", decide_after=timedelta(minutes=1))
    quiet = Desk(another_database, replace(policy, unfinished=rule))
    await walk(quiet, "yes")
    await quiet.pass_time(minutes=11)
    assert asked(quiet) == ([TO_RESPONDER], ["channel:p2-deploys"])
    assert quiet.sent(DeliveryKind.ALERT) == []
