"""Show the daily check of permanent on-call people, and its single warning."""

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.delivery.delivery import Delivery
from bot.runbook import default_policy_text, load_policy, parse_policy
from bot.runbook.model import Policy
from bot.runbook.oncall import Handover
from bot.services.ports.discord import Gap, ReadinessFinding
from cogs.oncall.rules import OnCallDelivery
from tests.cogs.oncall.acts import oncall_of
from tests.cogs.oncall.test_handovers import weekly
from tests.services.database import Database
from tests.services.desk import GUILD, Desk

TOKYO = ZoneInfo("Asia/Tokyo")
NO_ROLE = ReadinessFinding(Gap.NO_ROLE, ("on-call",))
PAYMENTS = """
[oncall.pay]
discord = "pay"

[teams.payments]
channel = "payments-alerts"
schedule = ["pay"]
"""
CHANNEL, SELF = "channel:p1-ops", "named:primary"


def solo(channel: str | None = "p1-ops") -> Policy:
    """One person at both places."""
    policy = load_policy(None)
    person = policy.oncall["primary"]
    return replace(
        policy,
        oncall={"primary": person, "secondary": person},
        handover=Handover(channel, timedelta(days=1)),
    )


@pytest.fixture
def alone(database: Database) -> Desk:
    """A desk of one person."""
    return Desk(database, solo())


async def warned(desk: Desk) -> list[str]:
    """Return the recipients of warnings about missing requirements."""
    return [one.to for one in await _owed(desk)]


async def _owed(desk: Desk) -> list[Delivery]:
    return [one for one in await desk.database.deliveries() if one.kind is OnCallDelivery.ON_DUTY_GAPS]


async def test_a_missing_role_is_told_within_a_day_and_once(alone: Desk) -> None:
    """A missing role is told to the channel and the person at 10:00, in one warning for both places.

    Neither the following days nor a restart repeats the warning.
    """
    await oncall_of(alone).handovers.begin(GUILD)
    await alone.pass_time(days=3)
    alone.reach.lacks["primary"] = [NO_ROLE]
    await alone.pass_time(days=1)
    assert await warned(alone) == [CHANNEL, SELF]
    [line, _] = await _owed(alone)
    assert (line.data["places"], line.data["standing"]) == (["primary", "secondary"], True)
    assert line.created_at.astimezone(TOKYO).time() == time(10)
    await oncall_of(alone).handovers.begin(GUILD)
    await alone.pass_time(days=10)
    assert len(await warned(alone)) == 2
    assert alone.reach.asked == ["primary"] * 14


async def test_mended_is_quiet_and_the_next_time_is_news(alone: Desk) -> None:
    """A readiness warning is sent for new findings only, not when some of them are fixed."""
    alone.reach.lacks["primary"] = [NO_ROLE, ReadinessFinding(Gap.NO_CHANNEL, ("p0-alerts", "p1-ops"))]
    await oncall_of(alone).handovers.begin(GUILD)
    await alone.pass_time(days=1)
    assert len(await warned(alone)) == 2
    alone.reach.lacks["primary"] = [ReadinessFinding(Gap.NO_CHANNEL, ("p1-ops",))]
    await alone.pass_time(days=1)
    alone.reach.lacks["primary"] = []
    await alone.pass_time(days=1)
    assert len(await warned(alone)) == 2
    alone.reach.lacks["primary"] = [NO_ROLE]
    await alone.pass_time(days=1)
    assert len(await warned(alone)) == 4
    alone.reach.lacks["primary"] = [NO_ROLE, ReadinessFinding(Gap.NO_EMAIL)]
    await alone.pass_time(days=1)
    assert len(await warned(alone)) == 6


async def test_nobody_writes_to_whoever_is_no_member(alone: Desk) -> None:
    """If the next person on call is no member of the guild, only the channel is warned."""
    alone.reach.lacks["primary"] = [ReadinessFinding(Gap.NOT_MEMBER)]
    await oncall_of(alone).handovers.begin(GUILD)
    await alone.pass_time(days=2)
    assert await warned(alone) == [CHANNEL]


@pytest.mark.parametrize("channel", ["p1-ops", None])
async def test_a_gap_at_a_teams_place_is_told_to_that_team(database: Database, channel: str | None) -> None:
    """The team's channel is warned, if any is; a place of no team is the default team's."""
    policy = parse_policy(default_policy_text() + PAYMENTS, name="x.toml")
    desk = Desk(database, replace(policy, handover=Handover(channel, timedelta(days=1))))
    for handle in ("pay", "secondary"):
        desk.reach.lacks[handle] = [NO_ROLE]
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.pass_time(days=2)
    posts = ["channel:payments-alerts", "channel:p1-ops"] if channel else []
    assert sorted(await warned(desk)) == sorted(["named:pay", "named:secondary", *posts])


async def test_without_a_channel_they_are_told_themselves(database: Database) -> None:
    """Without a channel for handovers, a person on call who lacks something is warned by DM."""
    desk = Desk(database, solo(channel=None))
    desk.reach.lacks["primary"] = [NO_ROLE]
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.pass_time(days=2)
    assert await warned(desk) == [SELF]


async def test_discord_away_postpones_the_look_by_a_minute(alone: Desk) -> None:
    """A readiness check that fails because Discord is away is made again a minute later.

    The absence of Discord causes no warning, and a gap warned of before is not warned of again.
    """
    alone.reach.lacks["primary"] = [NO_ROLE]
    await oncall_of(alone).handovers.begin(GUILD)
    await alone.pass_time(days=1)
    alone.reach.is_away = True
    await alone.pass_time(days=1, step_s=600)
    alone.reach.is_away = False
    await alone.pass_time(seconds=59)
    assert alone.reach.asked == ["primary"]
    await alone.pass_time(seconds=1)
    assert alone.reach.asked == ["primary"] * 2
    assert len(await warned(alone)) == 2


async def test_two_instances_tell_it_once(alone: Desk) -> None:
    """A readiness check that several instances run leads to one set of warnings."""
    alone.reach.lacks["primary"] = [NO_ROLE]
    await oncall_of(alone).handovers.begin(GUILD)
    await alone.pass_time(days=1)
    for _ in range(3):
        await oncall_of(alone).handovers.run_job(GUILD)
        await oncall_of(alone).handovers.look_ahead(GUILD)
    await alone.work()
    assert len(await warned(alone)) == 2


async def test_who_takes_turns_is_looked_at_before_each_shift_only(database: Database) -> None:
    """A person who takes turns is checked once before the shift, and a person without turns each day."""
    desk = Desk(database, weekly(database.clock.time))
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.pass_time(days=7)
    assert desk.reach.asked.count("secondary") == 1
    assert "primary" not in desk.reach.asked
    assert desk.reach.asked.count("responder") == 7


async def test_a_policy_that_wants_no_checks_gets_none(database: Database) -> None:
    """With `check_before = "none"` in the policy, nobody is checked before their on-call begins."""
    desk = Desk(database, replace(solo(), handover=Handover("p1-ops", None)))
    desk.reach.lacks["primary"] = [NO_ROLE]
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.pass_time(days=5)
    assert desk.reach.asked == []
