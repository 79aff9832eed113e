"""再評価: held, asked, answered or raised; and a second look that does not stop its clock."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted, StorageUnavailable
from bot.domain.timeline.entries import TimelineKind
from bot.domain.triage.session import Triage, TriageStatus
from bot.domain.triage.tree import BY_HAND, UNANSWERED, UNSURE
from bot.services.triage.walk import PressResult
from bot.services.watchdogs import audit
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.tables.triages import TriageRows
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.triage.triage_walks import go_on, hold, start, walk

HELD, ASKED, ALERT = DeliveryKind.REEVALUATION_HELD, DeliveryKind.REEVALUATION, DeliveryKind.ALERT


async def stands(desk: Desk) -> Triage:
    """The first triage as it is."""
    return await TriageRows(desk.store.sql).triage(1)


async def test_held_asked_raised(desk: Desk) -> None:
    """One quiet word, the question after 30 minutes, a SEV2 after 15 more, with the reason."""
    await hold(desk)
    await desk.pass_time(minutes=29)
    assert (desk.sent(HELD), desk.sent(ASKED)) == (["channel:p1-ops"], [])
    await desk.pass_time(minutes=1)
    assert desk.sent(ASKED) == ["channel:p1-ops"]
    asked_at = (await stands(desk)).asked_at
    await desk.pass_time(minutes=14)
    assert desk.sent(ALERT) == []
    await desk.pass_time(minutes=1)
    assert desk.sent(ALERT) == ["channel:p1-ops"]
    raised = await stands(desk)
    assert (raised.status, raised.ended_by_name, raised.due_at) == (TriageStatus.OPENED, None, None)
    (why,) = [
        e.data or {}
        for e in await TimelineRows(desk.store.sql).timeline(1)
        if e.kind is TimelineKind.PROMOTED
    ]
    assert why["triaged_by"] == "responder"
    assert datetime.fromisoformat(str(why["asked_at"])) == asked_at
    opened = (await TimelineRows(desk.store.sql).timeline(1))[0]
    assert (opened.kind, opened.actor_name, (opened.data or {})["reporter"]) == (
        TimelineKind.OPENED,
        None,
        "responder",
    ), "a clock raised it, on somebody's report"
    assert (await IncidentRows(desk.store.sql).incident(1)).path[-1] == UNANSWERED
    await desk.pass_time(minutes=1)
    assert len(desk.sent(ALERT)) == 1


async def test_its_posts_become_the_incidents(desk: Desk) -> None:
    """The earlier one points on while it is asked; all of them show the incident in the end."""
    await hold(desk)
    await desk.pass_time(minutes=30)
    assert desk.discord.answered[-1] == (
        TriageStatus.REEVALUATING,
        [DeliveryKind.TRIAGE_LINE, HELD, ASKED],
    )
    await desk.pass_time(minutes=15)
    assert {d.incident_id for d in await desk.database.deliveries() if d.kind in (HELD, ASKED)} == {1}
    last = {kind: version for version, kinds in desk.discord.refreshed for kind in kinds}
    assert last[HELD] == last[ASKED] == (await IncidentRows(desk.store.sql).incident(1)).version


@pytest.mark.parametrize("minutes", [1, 31], ids=["before it is asked", "after"])
async def test_dismissed(desk: Desk, minutes: int) -> None:
    """問題なし ends the re-evaluation and stops its clock; a later press is answered that it has ended."""
    await hold(desk)
    await desk.pass_time(minutes=minutes)
    ended = await desk.reevaluations.dismiss(1, by=PRIMARY)
    assert (ended.notice, ended.triage.status) == (None, TriageStatus.DISMISSED)
    for late in (desk.reevaluations.dismiss, desk.reevaluations.promote, desk.reevaluations.look_again):
        assert (await late(1, by=SECONDARY)).notice is PressResult.ANSWERED
    await desk.pass_time(hours=2)
    assert desk.sent(ALERT) == []
    assert desk.discord.answered[-1][0] is TriageStatus.DISMISSED
    assert len(desk.sent(ASKED)) == (1 if minutes > 30 else 0)


async def test_raised_by_somebody(desk: Desk) -> None:
    """A press raises the triage at once and only once, and the incident keeps its reporter."""
    await hold(desk)
    view = await desk.reevaluations.promote(1, by=PRIMARY)
    assert view.incident is not None
    assert (view.incident.severity, view.incident.reported_by.name) == ("SEV2", "responder")
    opened = next(
        entry for entry in await TimelineRows(desk.store.sql).timeline(1) if entry.kind is TimelineKind.OPENED
    )
    assert (opened.actor_name, (opened.data or {})["reporter"]) == ("primary", "responder")
    again = await desk.reevaluations.promote(1, by=SECONDARY)
    assert (again.notice, again.incident) == (PressResult.ANSWERED, view.incident)
    await desk.pass_time(hours=2)
    assert len(desk.sent(ALERT)) == 1
    assert TimelineKind.PROMOTED not in [
        entry.kind for entry in await TimelineRows(desk.store.sql).timeline(1)
    ]
    changes = [row.action for row in await desk.database.audit_rows() if row.allowed]
    assert changes[-3:] == ["triage.held", "opened", "triage.raised"]


async def test_a_second_look_to_the_end(desk: Desk) -> None:
    """The questions from the start; what was answered before stays on record, withdrawn."""
    await hold(desk)
    await desk.pass_time(minutes=31)
    view = await desk.reevaluations.look_again(1, by=PRIMARY)
    assert (view.triage.status, view.triage.answers) == (TriageStatus.OPEN, ())
    assert (await desk.reevaluations.look_again(1, by=SECONDARY)).triage.taken_by_name == "primary"
    await go_on(desk, view, "yes", "yes", by=PRIMARY)
    done = await desk.triages.confirm(1, by=PRIMARY)
    assert done.incident is not None
    assert done.incident.severity == "SEV1"
    (told,) = [
        e.data or {} for e in await TimelineRows(desk.store.sql).timeline(1) if e.kind is TimelineKind.TRIAGED
    ]
    assert len([one for one in told["answers"] if one["withdrawn_by"] == "primary"]) == 2  # type: ignore[attr-defined]
    await desk.pass_time(hours=2)
    assert len(desk.sent(ALERT)) == 1


@pytest.mark.parametrize(("dev_only", "kept"), [(None, "no?"), (UNSURE, "no?"), ("no", "no")])
async def test_what_nobody_knew_stays_so_until_a_second_look_answers_it(
    desk: Desk, dev_only: str | None, kept: str
) -> None:
    """The path of an incident marks an unsure answer, unless a second look has answered the question."""
    view = await walk(desk, "no", UNSURE)
    await desk.triages.confirm(view.triage.id, by=RESPONDER)
    if dev_only is not None:
        again = await desk.reevaluations.look_again(1, by=PRIMARY)
        await go_on(desk, again, "no", dev_only, by=PRIMARY)
        await desk.triages.confirm(1, by=PRIMARY)
    view = await desk.reevaluations.promote(1, by=PRIMARY)
    assert view.incident is not None
    assert view.incident.path[:2] == (("users_affected", "no"), ("dev_only", kept))


async def test_a_second_look_that_is_left_alone_is_still_raised(desk: Desk) -> None:
    """A re-evaluation that a person begins and abandons is still raised at its time."""
    await hold(desk)
    await desk.pass_time(minutes=31)
    await desk.reevaluations.look_again(1, by=PRIMARY)
    await desk.pass_time(minutes=14)
    assert desk.sent(ALERT) == []
    await desk.pass_time(minutes=1)
    assert desk.sent(ALERT) == ["channel:p1-ops"]


async def test_an_early_second_look_that_is_left_alone_is_asked_about(desk: Desk) -> None:
    """A re-evaluation begun early and abandoned is asked about first, then raised."""
    await hold(desk)
    view = await desk.reevaluations.look_again(1, by=PRIMARY)
    await go_on(desk, view, "yes", by=PRIMARY)
    await desk.pass_time(minutes=15)
    assert len(desk.sent(ASKED)) == 1
    await desk.pass_time(minutes=15)
    assert desk.sent(ALERT) == ["channel:p1-ops"]


async def test_the_question_takes_the_card_from_nobody(desk: Desk) -> None:
    """A person who is re-evaluating when the question is posted can go on."""
    await hold(desk)
    await desk.pass_time(minutes=29)
    view = await desk.reevaluations.look_again(1, by=PRIMARY)
    await desk.pass_time(minutes=1)
    assert len(desk.sent(ASKED)) == 1
    await go_on(desk, view, "yes", "no", by=PRIMARY)
    assert (await desk.triages.confirm(1, by=PRIMARY, shown="SEV2")).incident is not None


@pytest.mark.parametrize("first", [1, 31], ids=["before it is asked", "after"])
async def test_looking_and_giving_up_does_not_postpone_it_for_ever(desk: Desk, first: int) -> None:
    """Beginning and cancelling a re-evaluation again and again does not keep it from being raised."""
    await hold(desk)
    await desk.pass_time(minutes=first)
    for _ in range(12):
        look = await desk.reevaluations.look_again(1, by=PRIMARY)
        if look.notice is not None:
            break
        await desk.triages.cancel(1, by=PRIMARY)
        await desk.pass_time(minutes=5)
    raised = await stands(desk)
    assert raised.status is TriageStatus.OPENED
    assert raised.asked_at is not None
    assert raised.ended_at is not None
    assert raised.ended_at - raised.asked_at == timedelta(minutes=30)
    assert desk.sent(ALERT) == ["channel:p1-ops"]


async def test_a_look_takes_no_time_from_the_answer(desk: Desk) -> None:
    """The first gets a whole `answer_within`; a later one never ends what was promised before."""
    await hold(desk)
    await desk.pass_time(minutes=44)
    first = (await desk.reevaluations.look_again(1, by=PRIMARY)).triage.due_at
    assert first == desk.clock.time + timedelta(minutes=15)
    await desk.triages.cancel(1, by=PRIMARY)
    rule = replace(desk.policy.reevaluate, answer_within=timedelta(minutes=1))
    desk.policy = replace(desk.policy, reevaluate=rule)
    desk.use(desk.discord)
    assert (await desk.reevaluations.look_again(1, by=PRIMARY)).triage.due_at == first


async def test_giving_a_second_look_up_goes_back_to_waiting(desk: Desk) -> None:
    """やめる ends the second look but not the re-evaluation, which still raises its alert later."""
    await hold(desk)
    await desk.reevaluations.look_again(1, by=PRIMARY)
    view = await desk.triages.cancel(1, by=PRIMARY)
    assert view.triage.status is TriageStatus.REEVALUATING
    await desk.pass_time(minutes=30)
    assert len(desk.sent(ALERT)) == 1


async def test_held_a_second_time(desk: Desk) -> None:
    """A round of its own: new posts, and the clock from the start."""
    await hold(desk)
    await desk.pass_time(minutes=31)
    await go_on(desk, await desk.reevaluations.look_again(1, by=PRIMARY), "no", "no", by=PRIMARY)
    again = await desk.triages.confirm(1, by=PRIMARY)
    assert (again.triage.rounds, again.triage.held_by_name) == (2, "primary")
    await desk.pass_time(minutes=29)
    assert (len(desk.sent(HELD)), len(desk.sent(ASKED)), desk.sent(ALERT)) == (2, 1, [])
    await desk.pass_time(minutes=16)
    assert (len(desk.sent(ASKED)), len(desk.sent(ALERT))) == (2, 1)


async def test_without_the_role(desk: Desk) -> None:
    """A person without permission cannot answer a re-evaluation."""
    await hold(desk)
    for press in (desk.reevaluations.promote, desk.reevaluations.dismiss, desk.reevaluations.look_again):
        with pytest.raises(NotPermitted):
            await press(1, by=OBSERVER)
    assert (await stands(desk)).status is TriageStatus.REEVALUATING


async def test_a_clock_that_strikes_twice_or_too_early(desk: Desk) -> None:
    """A job that runs twice or too early moves a re-evaluation on only once."""
    view = await start(desk)
    for _ in range(2):
        await desk.reevaluations.run_job(view.triage.id)
    assert (await stands(desk)).status is TriageStatus.OPEN
    await go_on(desk, view, "no", "no")
    await desk.triages.confirm(1, by=RESPONDER)
    await desk.reevaluations.run_job(1)
    assert (await stands(desk)).asked_at is None
    await desk.database.advance(timedelta(minutes=30))
    for _ in range(3):
        await desk.reevaluations.run_job(1)
    await desk.work()
    assert (len(desk.sent(ASKED)), desk.sent(ALERT)) == (1, [])
    await desk.database.advance(timedelta(minutes=15))
    for _ in range(3):
        await desk.reevaluations.run_job(1)
    await desk.work()
    assert len(desk.sent(ALERT)) == 1


async def test_a_clock_that_lost_its_job_gets_it_back(desk: Desk) -> None:
    """The row is the truth; the auditor finds it."""
    await hold(desk)
    await desk.work()
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(minutes=32))
    assert await audit(desk.store) == ["reevaluate:1"]
    await desk.work()
    assert len(desk.sent(ASKED)) == 1


async def test_a_database_that_is_away_when_it_strikes(desk: Desk) -> None:
    """If the database is away when a re-evaluation is due, the queue tries again and asks once."""
    await hold(desk)
    await desk.work()
    await desk.database.advance(timedelta(minutes=30))
    desk.database.is_away = True
    with pytest.raises(StorageUnavailable):
        await desk.reevaluations.run_job(1)
    desk.database.is_away = False
    await desk.work()
    assert len(desk.sent(ASKED)) == 1


async def test_a_question_that_is_deleted_is_asked_once_more(desk: Desk) -> None:
    """A deleted re-evaluation question is posted once more, quietly; a second deletion is accepted.

    When the triage is raised, its posts belong to the incident.
    """
    await hold(desk)
    await desk.pass_time(minutes=31)
    asked = desk.message(ASKED)
    for _ in range(2):
        await desk.reposting.message_gone(asked)
    await desk.work()
    again = desk.message(ASKED)
    assert again != asked
    assert ["quiet" in one.data for one in await desk.database.deliveries() if one.kind is ASKED] == [
        False,
        True,
    ]
    await desk.reposting.message_gone(again)
    await desk.pass_time(minutes=14)
    assert len(desk.sent(ASKED)) == 2
    assert {d.incident_id for d in await desk.database.deliveries() if d.kind is ASKED} == {1}
    assert desk.sent(ALERT) == ["channel:p1-ops"]


@pytest.mark.parametrize("how", ["answered", "of an earlier round", "the quiet word"])
async def test_what_waits_for_no_answer_stays_deleted(desk: Desk, how: str) -> None:
    """A deleted post about a re-evaluation is not posted again if it needs no answer."""
    await hold(desk)
    await desk.pass_time(minutes=31)
    gone = desk.message(HELD if how == "the quiet word" else ASKED)
    if how == "answered":
        await desk.reevaluations.dismiss(1, by=PRIMARY)
    if how == "of an earlier round":
        await go_on(desk, await desk.reevaluations.look_again(1, by=PRIMARY), "no", "no", by=PRIMARY)
        await desk.triages.confirm(1, by=PRIMARY)
        await desk.pass_time(minutes=30)
    before = len(desk.sent(ASKED))
    await desk.reposting.message_gone(gone)
    await desk.work()
    assert (len(desk.sent(ASKED)), len(desk.sent(HELD))) == (before, before)


@pytest.mark.parametrize("is_chosen", [False, True])
async def test_a_clock_chooses_no_severity(desk: Desk, *, is_chosen: bool) -> None:
    """An unanswered re-evaluation is raised with the policy's severity, not with an unconfirmed choice."""
    await hold(desk)
    await desk.pass_time(minutes=31)
    await desk.reevaluations.look_again(1, by=PRIMARY)
    if is_chosen:
        await desk.triages.choose_severity(1, severity="SEV3", by=PRIMARY)
    await desk.pass_time(hours=2)
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert (incident.severity, incident.path[-1]) == ("SEV2", UNANSWERED)
    assert BY_HAND not in dict(incident.path)
    (told,) = [
        e.data or {} for e in await TimelineRows(desk.store.sql).timeline(1) if e.kind is TimelineKind.TRIAGED
    ]
    choices = told["choices"]
    assert isinstance(choices, list)
    assert [(one["proposed"], one["severity"]) for one in choices] == ([(None, "SEV3")] if is_chosen else [])
