"""A message that the bot cannot read, where the most severe alerts are: asked about quietly, never lost."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.decisions import AlertOutcome, DecisionFilter
from bot.domain.alerts.questions import AlertAnswer
from bot.domain.alerts.recognition import Says
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import InvalidTransition, NotPermitted, UserError
from bot.domain.incident.incident import Status
from bot.runbook import default_policy_text, parse_policy
from bot.services.alerts.answers import PAGE_SIZE
from bot.storage.tables.alerts import AlertDecisionRows
from bot.storage.tables.incidents import IncidentRows
from tests.services.alerts.test_monitors import by, posted, say, statuses
from tests.services.database import Database
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk

ODD = "キオスクの様子：123件"
P0 = "p0-alerts"
IN_TIME = timedelta(minutes=4, seconds=50)
TOO_LATE = timedelta(minutes=5, seconds=1)


async def odd(desk: Desk, number: int, title: str = ODD) -> None:
    """Post a message that nothing can read, where the most severe alerts are."""
    await say(desk, number, title, channel=P0)


async def questions(desk: Desk) -> list[tuple[AnyDeliveryKind, str]]:
    """Return the kind and the place of each question."""
    kinds = (DeliveryKind.ALERT_QUESTION, DeliveryKind.ALERT_QUESTION_DM)
    return [(one.kind, one.to) for one in await desk.database.deliveries() if one.kind in kinds]


async def outcomes(desk: Desk) -> list[AlertOutcome]:
    """Return what became of every message, the oldest first."""
    found = await AlertDecisionRows(desk.store.sql).decisions(GUILD, DecisionFilter(), None, limit=100)
    return [one.decision.outcome for one in reversed(found)]


async def wait(desk: Desk, span: timedelta) -> None:
    """Let that much time go by, and the bot do what is due."""
    await desk.database.advance(span)
    await desk.work()


async def test_it_is_asked_about_there_and_by_dm_and_tracked_without_an_answer(desk: Desk) -> None:
    """The question goes to the channel and the person on call; after five minutes the alert is tracked once.

    Its ladder begins then, and the questions say so.
    """
    await odd(desk, 1)
    await desk.work()
    assert await questions(desk) == [
        (DeliveryKind.ALERT_QUESTION, "channel:50"),
        (DeliveryKind.ALERT_QUESTION_DM, "person:primary"),
    ]
    await wait(desk, IN_TIME)
    assert await statuses(desk) == []
    await wait(desk, TOO_LATE - IN_TIME)
    assert await statuses(desk) == [(ODD, Status.TRIGGERED, 1)]
    incident = await IncidentRows(desk.store.sql).incident(1)
    assert incident.ack_due_at == incident.triggered_at + timedelta(minutes=15)
    assert [shown[:2] for shown in desk.discord.questions] == [(AlertAnswer.TRACKED, True)] * 2
    assert await outcomes(desk) == [AlertOutcome.TRACKED]
    await wait(desk, timedelta(minutes=16))
    assert DeliveryKind.ESCALATION in [kind for kind, _ in desk.discord.sent]
    assert await desk.services.questions.track_unanswered(GUILD, 1) is None
    assert len(await statuses(desk)) == 1


async def test_two_instances_track_it_once(desk: Desk) -> None:
    """Two instances that find the deadline over at once open one alert, and one that comes early waits."""
    await odd(desk, 1)
    assert await desk.services.questions.track_unanswered(GUILD, 1) == timedelta(minutes=5)
    await desk.database.advance(TOO_LATE)
    await asyncio.gather(*(desk.services.questions.track_unanswered(GUILD, 1) for _ in range(2)))
    assert await statuses(desk) == [(ODD, Status.TRIGGERED, 1)]


async def test_a_deadline_that_lost_its_job_is_found(desk: Desk) -> None:
    """The auditor queues the job of an overdue deadline again, and none for one that was answered."""
    await odd(desk, 1)
    await odd(desk, 2, "something about gate 7")
    await desk.services.alert_answers.dismiss(2, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)
    await desk.database.fetch("DELETE FROM pgqueuer")
    await desk.database.advance(timedelta(minutes=10))
    await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    await desk.work()
    assert await statuses(desk) == [(ODD, Status.TRIGGERED, 1)]


async def test_the_same_again_keeps_the_deadline(desk: Desk) -> None:
    """A repetition while the question is open asks nothing more and does not put the deadline off."""
    await odd(desk, 1)
    await desk.database.advance(timedelta(minutes=4))
    await odd(desk, 2, "キオスクの様子：124件")
    assert len(await questions(desk)) == 2
    await wait(desk, timedelta(minutes=1, seconds=1))
    assert await statuses(desk) == [(ODD, Status.TRIGGERED, 1)]
    await odd(desk, 3)
    assert await statuses(desk) == [(ODD, Status.TRIGGERED, 2)]


async def test_what_comes_again_after_its_alert_has_ended_is_asked_about_again(desk: Desk) -> None:
    """An answer that it was an alert does not swallow the next one."""
    await odd(desk, 1)
    await desk.services.questions.track(1, guild_id=GUILD, by=RESPONDER)
    await desk.services.lifecycle.resolve(1, by=RESPONDER)
    await odd(desk, 2)
    assert len(await questions(desk)) == 4
    await wait(desk, TOO_LATE)
    assert len(await statuses(desk)) == 2


async def test_more_than_are_asked_about_are_tracked_all_the_same(desk: Desk) -> None:
    """A sender that posts a lot is asked about five times, and everything it posted is tracked."""
    names = "abcdefgh"
    for number, name in enumerate(names, 1):
        await odd(desk, number, f"gate {name} says hello")
    assert len(await questions(desk)) == 10
    assert (await outcomes(desk))[5:] == [AlertOutcome.WAITING] * 3
    await wait(desk, TOO_LATE)
    assert len(await statuses(desk)) == len(names)


@pytest.mark.parametrize("answer", [AlertAnswer.RESOLVED, AlertAnswer.CHATTER])
async def test_an_answer_in_time_ends_it(desk: Desk, answer: AlertAnswer) -> None:
    """A message that is no alert is not tracked, once; who answers second is told who was first."""
    await odd(desk, 1)
    await desk.services.alert_answers.dismiss(1, answer, guild_id=GUILD, by=RESPONDER)
    await desk.work()
    dm = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT_QUESTION_DM)
    assert dm.status is DeliveryStatus.CANCELLED, "answered before it was sent"
    with pytest.raises(UserError, match=f"alert_{answer}_before"):
        await desk.services.alert_answers.dismiss(1, AlertAnswer.CHATTER, guild_id=GUILD, by=PRIMARY)
    await wait(desk, timedelta(hours=1))
    assert await statuses(desk) == []
    assert [(row.action, row.allowed) for row in await desk.database.audit_rows()] == [
        (f"alert_{answer}", True)
    ]
    expected = {AlertAnswer.RESOLVED: AlertOutcome.NOTHING_OPEN, AlertAnswer.CHATTER: AlertOutcome.CHATTER}
    assert await outcomes(desk) == [expected[answer]]
    await desk.services.questions.track(1, guild_id=GUILD, by=PRIMARY)  # it was an alert after all
    assert await statuses(desk) == [(ODD, Status.TRIGGERED, 1)]


async def test_a_recovery_ends_the_alert_that_it_is_about(desk: Desk) -> None:
    """A message that a person reads as a recovery closes the open alert with which it shares its subject."""
    await odd(desk, 1)
    await wait(desk, TOO_LATE)
    await desk.database.fetch("UPDATE incidents SET last_seen_at = last_seen_at - interval '2 hours'")
    await odd(desk, 2)
    await desk.services.alert_answers.dismiss(2, AlertAnswer.RESOLVED, guild_id=GUILD, by=RESPONDER)
    assert await statuses(desk) == [(ODD, Status.RESOLVED, 1)]
    assert await outcomes(desk) == [AlertOutcome.TRACKED, AlertOutcome.RECOVERED]


async def test_a_late_answer_closes_what_was_tracked_without_one(desk: Desk) -> None:
    """The answer that it is no alert closes the alert that the clock has opened, but none of a person's."""
    await odd(desk, 1)
    await wait(desk, TOO_LATE)
    with pytest.raises(UserError, match="alert_tracked_unanswered"):
        await desk.services.questions.track(1, guild_id=GUILD, by=RESPONDER)
    await desk.services.alert_answers.dismiss(1, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)
    assert await statuses(desk) == [(ODD, Status.CANCELLED, 1)]
    await odd(desk, 2, "something about gate 7")
    await desk.services.questions.track(2, guild_id=GUILD, by=RESPONDER)
    with pytest.raises(UserError, match="alert_tracked_before"):
        await desk.services.alert_answers.dismiss(2, AlertAnswer.CHATTER, guild_id=GUILD, by=PRIMARY)
    await odd(desk, 3, "a third thing")
    await wait(desk, TOO_LATE)
    await desk.services.lifecycle.resolve(3, by=RESPONDER)
    with pytest.raises(InvalidTransition):
        await desk.services.alert_answers.dismiss(3, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)


async def test_an_observer_teaches_nothing(desk: Desk) -> None:
    """A person without the permission answers nothing, teaches nothing and removes nothing."""
    await odd(desk, 1)
    answers = desk.services.alert_answers
    with pytest.raises(NotPermitted):
        await answers.dismiss(1, AlertAnswer.CHATTER, guild_id=GUILD, by=OBSERVER)
    with pytest.raises(UserError, match="alert_not_taught"):
        await answers.always(1, guild_id=GUILD, by=RESPONDER)
    await answers.dismiss(1, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)
    with pytest.raises(NotPermitted):
        await answers.always(1, guild_id=GUILD, by=OBSERVER)
    lesson = await answers.always(1, guild_id=GUILD, by=RESPONDER)
    with pytest.raises(NotPermitted):
        await answers.forget(lesson.id, guild_id=GUILD, by=RESPONDER)
    with pytest.raises(UserError, match="alert_lesson_gone"):
        await answers.forget(lesson.id, guild_id=GUILD + 1, by=PRIMARY)


async def test_a_lesson_decides_about_what_looks_alike(desk: Desk) -> None:
    """After a lesson, messages of that sender that look alike are passed over, wherever they are read.

    Those that wait are answered as well. The list of lessons counts what each has decided.
    """
    await odd(desk, 1)
    await desk.services.alert_answers.dismiss(1, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)
    lesson = await desk.services.alert_answers.always(1, guild_id=GUILD, by=RESPONDER)
    assert (lesson.says, lesson.sender_name, lesson.title) == (Says.CHATTER, "Captain Hook", ODD)
    await desk.database.advance(timedelta(hours=2))
    for number in (2, 2, 3):
        await odd(desk, number, f"キオスクの様子：12{number}件")
    other = by(posted(desk, 4, ODD, channel=P0), "Reports")
    await desk.services.alerts.receive(other)
    assert (await outcomes(desk))[1:] == [AlertOutcome.CHATTER, AlertOutcome.CHATTER, AlertOutcome.ASKED]
    page = await desk.services.alert_answers.lessons(GUILD, by=RESPONDER)
    assert [(one.look, one.applied) for one in page.lessons] == [(lesson.look, 2)]
    await desk.services.alert_answers.forget(lesson.id, guild_id=GUILD, by=PRIMARY)
    await odd(desk, 5)
    await wait(desk, TOO_LATE)
    assert await statuses(desk) == [(ODD, Status.TRIGGERED, 1)] * 2  # of the two senders
    assert [row.action for row in await desk.database.audit_rows()][:3] == [
        "alert_chatter",
        "alert_lesson_taught",
        "alert_lesson_forgotten",
    ]


async def test_a_recovery_ends_the_wait(desk: Desk) -> None:
    """What is over before anybody has answered is not tracked; what still waits is."""
    for number, title in ((1, "gate 7 is purple"), (2, "gate 8 is purple"), (3, "gate 7 is ok again")):
        await odd(desk, number, title)
    await wait(desk, TOO_LATE)
    assert [title for title, _, _ in await statuses(desk)] == ["gate 8 is purple"]


async def test_a_lesson_answers_what_waits(desk: Desk) -> None:
    """Messages that look alike and wait to be tracked get the answer that was taught."""
    waiting = [("gate 7 says 10101", 1), ("gate 7 says 20202", 2), ("gate 7 is odd", 3)]
    for title, number in waiting:
        await desk.services.alerts.receive(lettered(desk, number, title))
    await desk.services.alert_answers.dismiss(1, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)
    await desk.services.alert_answers.always(1, guild_id=GUILD, by=RESPONDER)
    await wait(desk, TOO_LATE)
    assert [title for title, _, _ in await statuses(desk)] == ["gate 7 is odd: db-3"]


def lettered(desk: Desk, number: int, title: str) -> AlertMessage:
    """A message with a target of its own, so that two that look alike are two alerts."""
    message = posted(desk, number, title, channel=P0)
    (embed,) = message.embeds
    return replace(message, embeds=(replace(embed, fields=(("host", f"db-{number}"),)),))


async def test_lessons_of_alerts_and_recoveries(desk: Desk) -> None:
    """A lesson may say that what looks so is an alert, or a recovery: also of what was posted long ago."""
    answers = desk.services.alert_answers
    await desk.services.missed_alerts.catch_up(GUILD)
    await odd(desk, 1)
    await desk.services.questions.track(1, guild_id=GUILD, by=RESPONDER)
    await answers.always(1, guild_id=GUILD, by=RESPONDER)
    await desk.services.lifecycle.resolve(1, by=RESPONDER)
    await odd(desk, 2)
    assert [status for _, status, _ in await statuses(desk)] == [Status.RESOLVED, Status.TRIGGERED]
    (shown, *_) = await AlertDecisionRows(desk.store.sql).decisions(GUILD, DecisionFilter(), None, limit=1)
    assert shown.decision.detail.clues[0][0] == "lesson"
    await odd(desk, 3, "something about gate 7")
    await answers.dismiss(3, AlertAnswer.RESOLVED, guild_id=GUILD, by=RESPONDER)
    await answers.always(3, guild_id=GUILD, by=RESPONDER)
    desk.discord.watching = [posted(desk, 4, "something about gate 7", channel=P0)]
    await desk.database.advance(timedelta(hours=30))
    await desk.services.missed_alerts.catch_up(GUILD)
    assert (await outcomes(desk))[-1] is AlertOutcome.NOTHING_OPEN


async def test_the_policys_own_pattern_comes_before_a_lesson(database: Database) -> None:
    """A lesson does not change what the team's own pattern says."""
    own = '\n[[alerts.patterns]]\nsays = "firing"\nline = "*gate 7*"\n'
    taught = Desk(database)
    await odd(taught, 1, "something about gate 7")
    await taught.services.alert_answers.dismiss(1, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)
    await taught.services.alert_answers.always(1, guild_id=GUILD, by=RESPONDER)
    desk = Desk(database, parse_policy(default_policy_text() + own, name="own"))
    await odd(desk, 2, "something about gate 7")
    assert [status for _, status, _ in await statuses(desk)] == [Status.TRIGGERED]


async def test_an_ignored_sender_is_tracked_no_more(desk: Desk) -> None:
    """Ignoring the sender after an answer settles what it posted there and what it posts later."""
    await odd(desk, 1)
    await odd(desk, 2, "something about gate 7")
    await desk.services.alert_answers.dismiss(1, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)
    await desk.services.questions.ignore(1, guild_id=GUILD, by=RESPONDER)
    await odd(desk, 3, "a third thing")
    await wait(desk, TOO_LATE)
    assert await statuses(desk) == []


async def test_track_stays_possible_and_the_time_is_the_policys(database: Database) -> None:
    """A channel may track at once, and the policy says how long a question waits."""
    text = default_policy_text()
    at_once = text.replace('p0-alerts = "SEV1"', 'p0-alerts = { severity = "SEV1", unknown = "track" }')
    desk = Desk(database, parse_policy(at_once, name="own"))
    await odd(desk, 1, "something about gate 7")
    assert len(await statuses(desk)) == 1
    slow = text.replace('unanswered_after = "5m"', 'unanswered_after = "10m"')
    desk = Desk(database, parse_policy(slow, name="own"))
    await odd(desk, 2)
    await wait(desk, TOO_LATE)
    assert len(await statuses(desk)) == 1
    await wait(desk, TOO_LATE)
    assert len(await statuses(desk)) == 2


async def test_lessons_are_listed_page_by_page(desk: Desk) -> None:
    """The list of lessons begins with the newest, a page at a time."""
    for number in range(1, PAGE_SIZE + 2):
        await odd(desk, number, f"something about gate {'abcdefghijklmnop'[number]}")
        await desk.services.alert_answers.dismiss(number, AlertAnswer.CHATTER, guild_id=GUILD, by=RESPONDER)
        await desk.services.alert_answers.always(number, guild_id=GUILD, by=RESPONDER)
        await desk.database.advance(timedelta(seconds=1))
    first = await desk.services.alert_answers.lessons(GUILD, by=RESPONDER)
    assert (len(first.lessons), first.has_more) == (PAGE_SIZE, True)
    assert first.lessons[0].look.endswith("l")
    last = await desk.services.alert_answers.lessons(GUILD, offset=PAGE_SIZE, by=RESPONDER)
    assert ([one.look[-1] for one in last.lessons], last.has_more) == (["b"], False)
