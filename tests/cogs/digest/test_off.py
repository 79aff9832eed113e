"""A digest that is switched off: what it has left is not sent, and a mute holds until its end."""

from dataclasses import replace
from datetime import timedelta
from importlib.resources import files

import pytest

from bot.capability import capability_names
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import ConfigError, UserError
from bot.domain.incident.incident import Incident
from bot.domain.statistics.period import IsoWeek
from bot.runbook import default_policy_text, parse_policy
from cogs.digest.rules import DigestDelivery, Verdict
from cogs.digest.use_cases import Digests
from tests.services.alerts.test_alerts import FIRST, alert, receive
from tests.services.desk import PRIMARY, Desk

OFF = '\n[capabilities]\noff = ["digest"]\n'


def switch_off(desk: Desk) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)


async def asked_about(desk: Desk) -> Incident:
    """An alert that the digest of its week asks about, which is posted."""
    noisy = await receive(desk, alert(desk, FIRST))
    for number in (1, 2):
        await desk.services.alerts.receive(alert(desk, FIRST + number))
    await desk.database.advance(timedelta(days=7))
    digests = desk.services.of(Digests)
    assert await digests.post(await digests.last_week())
    await desk.work()
    return noisy


async def test_a_post_that_is_queued_is_dropped(desk: Desk) -> None:
    """It is cancelled, and no one is alarmed; nothing counts a week any more."""
    await desk.services.of(Digests).post(IsoWeek(2026, 47))
    switch_off(desk)
    await desk.work()
    (post,) = [one for one in await desk.database.deliveries() if one.kind is DigestDelivery.POST]
    assert post.status is DeliveryStatus.CANCELLED
    assert desk.sent(DigestDelivery.POST) == []
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(Digests)


async def test_a_mute_holds_until_its_end(desk: Desk) -> None:
    """A muted alert opens nothing until its week is over.

    No line tells the team of the mute, a queued edit of the buttons ends, and a press says that it is off.
    """
    noisy = await asked_about(desk)
    await desk.lifecycle.dismiss(noisy.id, by=PRIMARY)
    await desk.services.of(Digests).verdicts.give(noisy.id, Verdict.MUTE, by=PRIMARY)
    switch_off(desk)
    await desk.work()
    assert desk.discord.redrawn == []
    assert desk.sent(DigestDelivery.VERDICT) == []
    assert "refresh_digest" not in [job.name for job in await desk.database.jobs()]
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(Digests)
    assert await desk.services.alerts.receive(alert(desk, FIRST + 3)) is None
    await desk.database.advance(timedelta(days=7))
    assert (await receive(desk, alert(desk, FIRST + 4))).id != noisy.id


def test_a_file_without_the_table_needs_to_switch_it_off() -> None:
    """The table is required while the digest is on; one that is wrong is refused either way."""
    table = files("cogs.digest").joinpath("policy.toml").read_text(encoding="utf-8")
    left_out = default_policy_text().replace(table, "")
    with pytest.raises(ConfigError, match=r"digest: is missing; allowed: a table, \[digest\]"):
        parse_policy(left_out, name="policy.toml")
    off = parse_policy(left_out + OFF, name="policy.toml")
    assert off.channels_of("digest") == ()
    assert parse_policy(default_policy_text() + OFF, name="policy.toml").channels() == off.channels()
    wrong = default_policy_text().replace('time = "18:00"', 'time = "6pm"')
    with pytest.raises(ConfigError, match=r'digest\.time: "6pm" is not a time of day'):
        parse_policy(wrong + OFF, name="policy.toml")
