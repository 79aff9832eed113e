"""Morning triages that are switched off, or left out of the policy file."""

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files

import pytest

from bot.capability import capability_names
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.domain.incident.transitions import AckVia
from bot.runbook import default_policy_text, parse_policy
from cogs.morning_triage.rules import MorningDelivery, MorningRules
from cogs.morning_triage.use_cases import MorningTriages
from tests.cogs.morning_triage.test_mornings import gathered, mornings
from tests.services.desk import PRIMARY, Desk


def switch_off(desk: Desk) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)


async def test_nothing_is_asked_or_edited_any_more(desk: Desk) -> None:
    """The reminder's job ends, an acknowledge edits no post, and the auditor leaves the row alone."""
    assert await gathered(desk, "a") == [1]
    switch_off(desk)
    await desk.pass_time(hours=2)
    assert desk.sent(MorningDelivery.NAG) == []
    desk.discord.redrawn.clear()
    await desk.acknowledger.acknowledge(1, by=PRIMARY, via=AckVia.BUTTON)
    await desk.work()
    assert desk.discord.redrawn == []
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(MorningTriages)
    store = desk.store_of({"morning_triage": {desk.guild_id}})
    lost = f"morning:{desk.guild_id}:2026-11-25"
    assert lost not in await store.requeue_stuck(overdue=timedelta(minutes=1))
    assert lost in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))


async def test_a_post_that_is_queued_is_dropped(desk: Desk) -> None:
    """It is cancelled, and no one is alarmed."""
    await desk.open("SEV3")
    await desk.work()
    await desk.database.advance(timedelta(hours=19, minutes=55))
    assert await mornings(desk).tick() is not None
    switch_off(desk)
    await desk.work()
    (post,) = [one for one in await desk.database.deliveries() if one.kind is MorningDelivery.POST]
    assert post.status is DeliveryStatus.CANCELLED


def test_a_file_without_the_table_has_none() -> None:
    """An empty table has the defaults: it posts where what it gathers is."""
    table = files("cogs.morning_triage").joinpath("policy.toml").read_text(encoding="utf-8")
    left_out = default_policy_text().replace(table, "")
    assert parse_policy(left_out, name="policy.toml").of(MorningRules).triage is None
    rule = parse_policy(f"{left_out}\n[morning_triage]\n", name="policy.toml").of(MorningRules).triage
    assert rule is not None
    assert (rule.channel, f"{rule.time:%H:%M}", rule.nag_every) == ("p2-deploys", "10:00", timedelta(hours=1))
