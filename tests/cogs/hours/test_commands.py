"""`/oncall hours` on a connected bot."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.registration import our_commands
from bot.runbook import load_policy
from tests.integration.cogs.console_world import ConsoleWorld, shown


def of_oncall(commands: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the names below `/oncall`."""
    return {each["name"] for one in commands if one["name"] == "oncall" for each in one["options"]}


async def test_a_month_is_answered_to_one_person_with_a_file(world: ConsoleWorld) -> None:
    """The answer is for the person alone, and a month that is none is refused with an example."""
    answer = shown(await world.command("oncall hours", by="primary"))
    assert answer["only_for"] == "primary"
    assert "当番時間" in answer["content"]
    assert "平日" in answer["content"]
    [file] = answer["attachments"]
    assert file["filename"].endswith(".csv")
    refused = shown(await world.command("oncall hours", by="primary", month="soon"))
    assert "月として読めません" in refused["content"]
    week = shown(await world.command("oncall hours", by="primary", month="2026-W47"))
    assert "月として読めません" in week["content"]
    denied = shown(await world.command("oncall hours", by="observer", person="primary"))
    assert "ほかの人の当番時間の閲覧には" in denied["content"]
    january = shown(await world.command("oncall hours", by="primary", month="2026-01"))
    assert "2026 年 1 月" in january["content"]


async def test_without_its_table_a_server_has_no_such_command(world: ConsoleWorld) -> None:
    """The command comes with `[hours]`, and the rest of the group does not depend on it."""
    assert "hours" in of_oncall(await our_commands(world.bot, world.guild_id))
    world.policy = replace(load_policy(None), guild_id=None)
    await world.restart()
    found = of_oncall(await our_commands(world.bot, world.guild_id))
    assert "hours" not in found
    assert "show" in found
