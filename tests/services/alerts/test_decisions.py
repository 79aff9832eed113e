"""Each message and each event has one decision, which says why it is an incident or not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import AlertDecision, AlertOutcome, DecisionFilter
from bot.domain.alerts.events import EventOrigin, event_id
from bot.domain.alerts.recognition import Says
from bot.storage.tables.alerts import AlertDecisionRows
from cogs.digest.rules import Verdict
from cogs.digest.use_cases import Digests
from tests.services.alerts.test_alerts import alert, receive
from tests.services.alerts.test_events import FIRING, OVER, SENTRY, fire, say
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk


async def decided(desk: Desk, outcome: AlertOutcome | None = None) -> list[AlertDecision]:
    """The decisions, newest first."""
    listed = await AlertDecisionRows(desk.store.sql).decisions(
        GUILD, DecisionFilter(outcome=outcome), None, limit=99
    )
    return [one.decision for one in listed]


async def outcomes(desk: Desk) -> list[AlertOutcome]:
    """What became of each, oldest first."""
    return [one.outcome for one in reversed(await decided(desk))]


async def test_a_message_that_is_read_twice_has_one_decision(desk: Desk) -> None:
    """An alert message that is read twice has one decision, which names the incident that was opened.

    The decision about the next message of the same alert says that the message was counted on that incident.
    """
    first = await receive(desk, alert(desk))
    await receive(desk, alert(desk))
    await receive(desk, alert(desk, 910))
    counted, tracked = await decided(desk)
    assert (tracked.outcome, tracked.incident_id, tracked.says) == (
        AlertOutcome.TRACKED,
        first.id,
        Says.FIRING,
    )
    assert (counted.outcome, counted.incident_id, counted.said_id) == (AlertOutcome.COUNTED, first.id, 910)
    assert (tracked.label, tracked.fingerprint) == (counted.label, counted.fingerprint)


async def test_an_event_has_one_decision_too(desk: Desk) -> None:
    """Tracked, counted, over; a job that runs again decides nothing anew."""
    first = await fire(desk)
    await fire(desk)
    await fire(desk, 2)
    await say(desk, OVER, 3)
    await say(desk, OVER, 4)
    await say(desk, replace(FIRING, says=Says.CHATTER), 5)
    assert await outcomes(desk) == [
        AlertOutcome.TRACKED,
        AlertOutcome.COUNTED,
        AlertOutcome.RECOVERED,
        AlertOutcome.NOTHING_OPEN,
        AlertOutcome.CHATTER,
    ]
    found = (await decided(desk))[-1]
    assert (found.label, found.title, found.target) == ("Sentry", FIRING.title, "api.parky.co.jp")
    assert (found.incident_id, found.url) == (first.id, FIRING.url)


async def test_what_is_muted_or_was_over_before_says_so(desk: Desk) -> None:
    """The decision about an event that opens nothing says that its alert was muted, or was over before."""
    first = await fire(desk)
    await desk.services.of(Digests).verdicts.give(first.id, Verdict.MUTE, by=PRIMARY)
    await say(desk, OVER, 2)
    await desk.database.advance(timedelta(days=1, minutes=1))
    assert await say(desk, FIRING, 3) is None
    assert (await decided(desk))[0].outcome is AlertOutcome.MUTED
    other, fired_at = replace(FIRING, key="4712"), desk.clock.time
    await desk.database.advance(timedelta(seconds=1))
    await say(desk, replace(other, says=Says.RESOLVED), 5)
    late = EventOrigin(GUILD, event_id(fired_at, 4), fired_at)
    assert await desk.services.alert_events.receive_event(other, SENTRY, late) is None
    assert (await decided(desk, AlertOutcome.OVER_BEFORE))[0].says is Says.FIRING


async def test_why_a_message_is_not_even_read(desk: Desk) -> None:
    """A bot that the policy does not name; a person's message and the bot's own have no decision."""
    stranger = replace(alert(desk, 901), is_webhook=False, is_bot=True)
    person = replace(alert(desk, 902), is_webhook=False, is_bot=False)
    for message in (
        stranger,
        person,
        replace(alert(desk, 903), is_ours=True),
        replace(alert(desk, 904), channel="other"),
    ):
        assert await desk.services.alerts.receive(message) is None
    assert [(one.outcome, one.said_id) for one in await decided(desk)] == [(AlertOutcome.NOT_HEEDED, 901)]


async def test_an_answer_replaces_the_question(desk: Desk) -> None:
    """A person has tracked what the bot has asked about."""
    unknown = replace(alert(desk, 905), content="The gate is purple")
    assert await desk.services.alerts.receive(unknown) is None
    assert await outcomes(desk) == [AlertOutcome.ASKED]
    incident = await desk.services.questions.track(905, guild_id=GUILD, by=RESPONDER)
    [found] = await decided(desk)
    assert (found.outcome, found.incident_id) == (AlertOutcome.TRACKED, incident.id)


@pytest.mark.parametrize("days", [13, 15])
async def test_decisions_are_kept_for_two_weeks(desk: Desk, days: int) -> None:
    """Decisions about alerts are kept for two weeks, and then they are deleted."""
    await fire(desk)
    await desk.database.advance(timedelta(days=days))
    await AlertDecisionRows(desk.store.sql).forget_decisions()
    assert bool(await decided(desk)) is (days < 14)
