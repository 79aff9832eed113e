"""What doctor says of the maintenance that the policy plans."""

from dataclasses import replace
from datetime import UTC, datetime

import discord
import pytest

from bot.doctor.finding import State
from bot.doctor.guild import INVITED, check_guild, invitation, of_policy
from bot.runbook import Policy, default_policy_text, parse_policy
from cogs.maintenance.doctor import findings
from local_discord.world.permissions import P
from tests.integration.cogs.console_world import ConsoleWorld

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def said(*entries: str) -> list[tuple[State, str, str]]:
    """The findings about a policy with these entries."""
    text = "".join(f"\n[[maintenance]]\n{entry}\n" for entry in entries)
    policy = parse_policy(default_policy_text() + text, name="policy.toml")
    return [(one.state, one.what, one.said) for one in findings(policy, now=NOW)]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('targets = ["api.praky.jp"]\nevery = "sunday 02:00"\nfor = "2h"', "no such target"),
        ('targets = ["api.parky.co.jp"]\nat = "2026-11-24 13:59"\nfor = "2h"', "never comes any more"),
        (
            'targets = ["api.parky.co.jp"]\nevery = "FREQ=DAILY;BYHOUR=2;UNTIL=20261101T000000"\nfor = "2h"',
            "never comes any more",
        ),
    ],
)
def test_an_entry_that_does_nothing_is_named(entry: str, words: str) -> None:
    """A target that the policy does not name, and times that are all over, are one warning each."""
    [(state, what, line)] = said(entry)
    assert (state, what.startswith("maintenance of api.")) == (State.WARN, True)
    assert words in line


def test_entries_that_are_right_are_counted() -> None:
    """A part of a target and a time to come are fine; without entries nothing is said."""
    right = 'targets = ["*.parky.co.jp", "API.parky.co.jp"]\nat = "2026-11-24 14:01"\nfor = "2h"'
    assert said(right) == [(State.OK, "maintenance", "2 planned by the policy")]
    assert said() == []


async def test_events_of_the_server_need_a_permission(world: ConsoleWorld) -> None:
    """Doctor looks for Create Events, and the invitation asks for it, only if the policy wants events."""
    text = default_policy_text().replace("[alerts.maintenance]\n", "[alerts.maintenance]\nevents = true\n")
    wanting = replace(parse_policy(text, name="policy.toml"), guild_id=None)

    async def found(policy: Policy) -> list[tuple[State, str]]:
        holders = of_policy(policy)
        checks = check_guild(world.bot, guild_id=world.guild_id, policy=policy, holders=holders, mails=True)
        return [(one.state, one.todo) async for one in checks if one.what == "permission CREATE_EVENTS"]

    assert await found(wanting) == [(State.OK, "")]
    world.sandbox.core.world.roles[str(world.guild_id)].permissions &= ~P.CREATE_EVENTS
    assert await found(wanting) == [(State.FAIL, "allow Create Events for the bot's role")]
    assert await found(world.policy) == []
    invited = INVITED | discord.Permissions(create_events=True)
    assert f"permissions={invited.value}&" in f"{invitation(world.bot, wanting)}&"
    assert f"permissions={INVITED.value}&" in f"{invitation(world.bot, world.policy)}&"
