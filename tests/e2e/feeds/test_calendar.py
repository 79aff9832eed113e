"""A night of on call: a calendar program follows the shifts."""

import re
from pathlib import Path
from typing import Final

import httpx

from bot.runbook import default_policy_text
from tests.cogs.feeds.readers import summaries
from tests.e2e.conftest import MakeWorld
from tests.e2e.oncall.rosters import evening, following, policy_file, turns
from tests.e2e.world.world import World

_ADDRESS: Final = re.compile(r"https://bot\.example\.com(/calendar/[\w-]{43}\.ics)")


def port_of(world: World) -> str:
    """Where the bot answers now."""
    listening = [entry for entry in world.bot.entries() if entry["event"] == "hooks.listening"]
    return f"http://127.0.0.1:{listening[-1]['port']}"


async def test_a_calendar_follows_the_shifts(make_world: MakeWorld, tmp_path: Path) -> None:
    """An address outlives a restart; a stand-in changes it; [New address] and [Revoke] outlive one, too."""
    path = tmp_path / "policy.toml"
    settings = {"HOOKS_PORT": "0", "PUBLIC_URL": "https://bot.example.com", "RUNBOOK_FILE": str(path)}
    async with make_world(**settings) as world:
        handover = following(await evening(world), days=3)
        policy_file(tmp_path, turns(handover))
        path.write_text(f"{path.read_text(encoding='utf-8')}\n[feeds]\n", encoding="utf-8")
        await world.register_commands()
        await world.start_bot()
        given = await world.command("oncall calendar", by="primary", place="primary")
        [address] = set(_ADDRESS.findall(given.text))
        async with httpx.AsyncClient(trust_env=False) as program:
            first = await program.get(port_of(world) + address)
            assert {"primary：primary", "primary：secondary"} == set(summaries(first.content))
            tag = {"If-None-Match": first.headers["etag"]}
            await world.restart_bot()
            assert (await program.get(port_of(world) + address, headers=tag)).status_code == 304
            await world.command("oncall override", by="primary", user="observer", until="8h", place="primary")
            changed = await program.get(port_of(world) + address, headers=tag)
            assert "primary：observer" in summaries(changed.content)
            await world.expect_message("p1-ops", contains="primary：@primary → ", pings_here=False)
            await world.expect_dm("observer", contains="当番になりました")
            await world.expect_dm("primary", contains="から当番です")
            await world.fast_forward(hours=9)
            await world.expect_message("p1-ops", contains=" → @primary", pings_here=False)
            await world.expect_dm("primary", contains="当番になりました")
            kept = await world.command("oncall calendar", by="primary", place="primary")
            assert _ADDRESS.findall(kept.text) == []
            await world.restart_bot()
            renewed = await world.human.press("primary", kept.messages[-1], "新しいアドレス")
            [second] = set(_ADDRESS.findall(renewed.text))
            assert (await program.get(port_of(world) + address)).status_code == 404
            assert (await program.get(port_of(world) + second)).status_code == 200
            await world.restart_bot()
            await world.human.press("primary", renewed.messages[-1], "取り消す")
            assert (await program.get(port_of(world) + second)).status_code == 404
        assert address.removeprefix("/calendar/") not in str(world.bot.entries())


def test_the_default_policy_has_none() -> None:
    """A team that has not asked for feeds has no such command."""
    assert not re.search(r"^\[feeds\]", default_policy_text(), re.MULTILINE)
