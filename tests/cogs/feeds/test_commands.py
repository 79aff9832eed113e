"""`/oncall calendar` on a connected bot."""

import json
import re
from dataclasses import replace

from bot.registration import our_commands
from bot.runbook import load_policy
from cogs.feeds.rules import hash_of
from cogs.feeds.store import Feeds
from tests.integration.cogs.console_world import ConsoleWorld, shown


async def test_an_address_is_given_renewed_and_revoked(world: ConsoleWorld) -> None:
    """Only the person who asks sees it, in both forms, with a line for each program."""
    given = shown(await world.command("oncall calendar", by="primary"))
    assert given["only_for"] == "primary"
    words = json.dumps(given, ensure_ascii=False)
    [first] = set(re.findall(r"https://\S+?/calendar/([\w-]{43})\.ics", words))
    assert f"webcal://bot.example.com/calendar/{first}.ics" in words
    assert all(f"**{program}：**" in words for program in ("Google", "Apple", "Outlook"))
    kept = shown(await world.command("oncall calendar", by="primary"))
    assert "もう表示できません" in json.dumps(kept, ensure_ascii=False)
    renewed = json.dumps(shown(await world.click(kept, "cal:v1:new:-", by="primary")), ensure_ascii=False)
    assert "webcal://" in renewed
    assert first not in renewed
    await world.restart()
    ended = shown(await world.click(kept, "cal:v1:revoke:-", by="primary"))
    assert "取り消しました" in json.dumps(ended, ensure_ascii=False)


async def test_a_second_press_of_a_button_does_no_harm(world: ConsoleWorld) -> None:
    """Of two presses of [新しいアドレス] the last address counts, which [取り消す] ends."""
    given = shown(await world.command("oncall calendar", by="primary"))
    addresses: list[str] = []
    for _ in range(2):
        said = json.dumps(shown(await world.click(given, "cal:v1:new:-", by="primary")))
        addresses += set(re.findall(r"https://\S+?/calendar/([\w-]{43})\.ics", said))
    feeds = Feeds(world.store.sql)
    assert [await feeds.by_secret(hash_of(one)) is not None for one in addresses] == [False, True]
    await world.click(given, "cal:v1:revoke:-", by="primary")
    assert await feeds.by_secret(hash_of(addresses[1])) is None


async def test_without_its_table_a_server_has_no_such_command(world: ConsoleWorld) -> None:
    """The command comes with `[feeds]`."""

    async def names() -> set[str]:
        commands = await our_commands(world.bot, world.guild_id)
        return {each["name"] for one in commands if one["name"] == "oncall" for each in one["options"]}

    assert "calendar" in await names()
    world.policy = replace(load_policy(None), guild_id=None)
    await world.restart()
    assert "calendar" not in await names()
