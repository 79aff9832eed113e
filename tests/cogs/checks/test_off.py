"""Live checks that are switched off after a round began."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capability import capability_names
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.domain.systems import TeamSystems
from bot.ui.screens.incident_console import show_screen
from cogs.checks.rules import CheckDelivery
from cogs.checks.use_cases import LIVE_CHECK, CheckUseCases
from tests.cogs.checks.checks import ScriptedChecks
from tests.services.desk import PRIMARY, Desk
from tests.unit.ui import screens


def switch_off(desk: Desk) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)


async def test_a_round_that_had_begun_waits_without_an_alarm(desk: Desk) -> None:
    """Its job ends, its message is not sent, the auditor leaves its row alone."""
    ScriptedChecks().give(desk)
    incident = await desk.open()
    await desk.work()
    await desk.database.advance(timedelta(seconds=10))
    await desk.services.of(CheckUseCases).rounds.ask(incident, by=PRIMARY)
    switch_off(desk)
    await desk.work()
    assert LIVE_CHECK not in [job.name for job in await desk.database.jobs()]
    posts = [one for one in await desk.database.deliveries() if one.kind is CheckDelivery.POST]
    assert [one.status for one in posts] == [DeliveryStatus.SENT, DeliveryStatus.CANCELLED]
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(CheckUseCases)
    key = f"{LIVE_CHECK}:{incident.id}"
    await desk.pass_time(minutes=5)
    store = desk.store_of({"checks": {desk.guild_id}})
    assert key not in await store.requeue_stuck(overdue=timedelta(minutes=1))
    assert key in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))


async def test_what_was_found_is_shown_plainly_and_no_round_begins(desk: Desk) -> None:
    """The timeline names the entry; another incident's thread has no message; no system is named."""
    checks = ScriptedChecks()
    checks.give(desk)
    incident = await desk.open()
    await desk.work()
    switch_off(desk)
    view = await desk.looking.view(incident.id, by=PRIMARY)
    shown = screens.words(show_screen(replace(screens.JA, policy=desk.policy), view))
    assert "🩺 システムの状態を確認" in shown
    rounds = len(checks.asked)
    await desk.open(key="second")
    await desk.work()
    assert len(checks.asked) == rounds
    assert (desk.policy.systems, desk.policy.addresses) == (TeamSystems(), ())
