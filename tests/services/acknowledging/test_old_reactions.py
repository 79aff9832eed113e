"""Show which 👀 counts after an acknowledge has ended, when no event told of it."""

from collections.abc import Awaitable, Callable

import pytest

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.transitions import AckVia
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.outage import MirrorRows
from tests.services.desk import PRIMARY, SECONDARY, Desk


async def _raised(desk: Desk) -> Incident:
    incident = await desk.open("SEV1")
    await desk.work()
    await desk.pass_time(minutes=1)
    return incident


async def _held(desk: Desk, *, via: AckVia = AckVia.BUTTON) -> Incident:
    """A SEV1 that primary has acknowledged; by a reaction, its 👀 is under the alert."""
    incident = await _raised(desk)
    if via is AckVia.REACTION:
        _react(desk, DeliveryKind.ALERT)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=via)
    await desk.work()
    return incident


def _react(desk: Desk, kind: AnyDeliveryKind) -> None:
    """Put a 👀 under the newest post of *kind* while the bot is deaf."""
    desk.discord.reactions.setdefault(desk.message(kind), []).append(PRIMARY)


async def _hand_back(desk: Desk, incident: Incident) -> None:
    await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()


async def _lapse(desk: Desk, incident: Incident) -> None:
    await desk.pass_time(minutes=31)
    await desk.pass_time(minutes=15)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).ack_ended is not None


async def _reopen(desk: Desk, incident: Incident) -> None:
    """Resolve and reopen it by another person, who hands it back."""
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.lifecycle.reopen(incident.id, by=SECONDARY)
    await desk.releasing.release(incident.id, by=SECONDARY)
    await desk.work()


ENDS = pytest.mark.parametrize("end", [_hand_back, _lapse, _reopen])
End = Callable[[Desk, Incident], Awaitable[None]]


async def _status(desk: Desk, incident: Incident) -> Status:
    return (await IncidentRows(desk.store.sql).incident(incident.id)).status


@ENDS
async def test_a_first_eye_counts_though_an_acknowledge_by_button_has_ended(desk: Desk, end: End) -> None:
    """A person without a 👀 under the alert puts their first one there: it acknowledges, without an event."""
    incident = await _held(desk)
    await end(desk, incident)
    _react(desk, DeliveryKind.ALERT)
    assert await desk.reconciler.reconcile_all() == 1
    assert await _status(desk, incident) is Status.ACKNOWLEDGED


@ENDS
async def test_the_eye_of_the_ended_acknowledge_does_not_count(desk: Desk, end: End) -> None:
    """The 👀 that acknowledged is still under the alert: it does not count again, however often read."""
    incident = await _held(desk, via=AckVia.REACTION)
    await end(desk, incident)
    for _ in range(3):
        assert await desk.reconciler.reconcile_all() == 0
    assert await _status(desk, incident) is Status.TRIGGERED


@ENDS
async def test_an_eye_of_which_no_event_came_before_the_end_does_not_count(desk: Desk, end: End) -> None:
    """A 👀 that the bot did not hear of, but which was there before the acknowledge ended, is an old one."""
    incident = await _held(desk)
    _react(desk, DeliveryKind.ALERT)
    await end(desk, incident)
    assert await desk.reconciler.reconcile_all() == 0
    assert await _status(desk, incident) is Status.TRIGGERED


async def test_an_eye_under_another_old_post_counts(desk: Desk) -> None:
    """The 👀 of the ended acknowledge is under the alert; a new one under the older DM counts."""
    incident = await _held(desk, via=AckVia.REACTION)
    await _hand_back(desk, incident)
    _react(desk, DeliveryKind.PAGE)
    assert await desk.reconciler.reconcile_all() == 1
    assert await _status(desk, incident) is Status.ACKNOWLEDGED


async def test_an_eye_that_was_taken_away_counts_again(desk: Desk) -> None:
    """Once the removal of the old 👀 has arrived, the next one there is new, even without an event."""
    incident = await _held(desk, via=AckVia.REACTION)
    await _hand_back(desk, incident)
    alert = desk.message(DeliveryKind.ALERT)
    desk.discord.reactions[alert].remove(PRIMARY)
    await desk.releasing.forget_reaction(incident, user_id=PRIMARY.id, message_id=alert)
    _react(desk, DeliveryKind.ALERT)
    assert await desk.reconciler.reconcile_all() == 1


async def test_an_eye_that_was_read_to_be_gone_counts_again(desk: Desk) -> None:
    """A pass that does not find the old 👀 any more knows that the next one is new."""
    incident = await _held(desk, via=AckVia.REACTION)
    await _hand_back(desk, incident)
    desk.discord.reactions[desk.message(DeliveryKind.ALERT)].remove(PRIMARY)
    assert await desk.reconciler.reconcile_all() == 0
    _react(desk, DeliveryKind.ALERT)
    assert await desk.reconciler.reconcile_all() == 1
    assert await _status(desk, incident) is Status.ACKNOWLEDGED


async def test_if_discord_did_not_answer_at_the_end_the_next_pass_looks(desk: Desk) -> None:
    """Without an answer every older post is under suspicion, until Discord answers the next pass."""
    incident = await _held(desk)
    desk.discord.is_away = True
    await desk.releasing.release(incident.id, by=PRIMARY)
    desk.discord.is_away = False
    assert await desk.reconciler.reconcile_all() == 0
    _react(desk, DeliveryKind.ALERT)
    assert await desk.reconciler.reconcile_all() == 1
    assert await _status(desk, incident) is Status.ACKNOWLEDGED


async def test_if_discord_did_not_answer_at_the_end_an_old_eye_does_not_count(desk: Desk) -> None:
    """The 👀 of the ended acknowledge is not taken for a new one because it could not be read in time."""
    incident = await _held(desk, via=AckVia.REACTION)
    desk.discord.is_away = True
    await desk.releasing.release(incident.id, by=PRIMARY)
    desk.discord.is_away = False
    for _ in range(2):
        assert await desk.reconciler.reconcile_all() == 0
    assert await _status(desk, incident) is Status.TRIGGERED


async def test_a_post_that_cannot_be_read_stays_under_suspicion(desk: Desk) -> None:
    """A post that may not be read when the acknowledge ends may hold an old 👀: it does not count later."""
    incident = await _held(desk, via=AckVia.REACTION)
    alert = desk.message(DeliveryKind.ALERT)
    desk.discord.no_access.add(alert)
    await _hand_back(desk, incident)
    assert await desk.reconciler.reconcile_all() == 0
    desk.discord.no_access.clear()
    assert await desk.reconciler.reconcile_all() == 0
    assert await _status(desk, incident) is Status.TRIGGERED


async def test_a_second_end_discounts_the_eye_of_the_second_acknowledge(desk: Desk) -> None:
    """What was known of the first end does not count for the second: its 👀 is old as well."""
    incident = await _held(desk)
    await _hand_back(desk, incident)
    _react(desk, DeliveryKind.ALERT)
    assert await desk.reconciler.reconcile_all() == 1
    await _hand_back(desk, incident)
    assert await desk.reconciler.reconcile_all() == 0
    assert await _status(desk, incident) is Status.TRIGGERED


async def test_without_the_database_a_first_eye_counts_and_an_old_one_does_not(desk: Desk) -> None:
    """The watch of an outage knows the same: the 👀 under the alert is old, one under the DM would be new."""
    incident = await _held(desk, via=AckVia.REACTION)
    await _hand_back(desk, incident)
    [watch] = await MirrorRows(desk.store.sql).watched(without=(), limit=9)
    assert not watch.counts(PRIMARY.id, desk.message(DeliveryKind.ALERT))
    assert watch.counts(PRIMARY.id, desk.message(DeliveryKind.PAGE))
    assert watch.counts(SECONDARY.id, desk.message(DeliveryKind.ALERT))
