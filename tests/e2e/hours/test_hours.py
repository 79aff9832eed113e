"""A night of on call: its hours are counted."""

import re
from pathlib import Path

from bot.runbook import default_policy_text
from tests.e2e.conftest import MakeWorld
from tests.e2e.oncall.rosters import evening, following, policy_file, turns
from tests.e2e.world.bot import start_program


async def test_the_hours_of_a_night_are_counted(make_world: MakeWorld, tmp_path: Path) -> None:
    """The person who stood in for eight hours sees them; who may read all sees everybody's."""
    path = tmp_path / "policy.toml"
    async with make_world(RUNBOOK_FILE=str(path)) as world:
        world.ledger.forgive("p1-ops", "dm:primary", "dm:observer")  # the on-call posts
        policy_file(tmp_path, turns(following(await evening(world), days=3)))
        path.write_text(f"{path.read_text(encoding='utf-8')}\n[hours]\n", encoding="utf-8")
        registering = await start_program(
            "sync-commands", "sync-commands", env=world.settings, folder=tmp_path
        )
        assert await registering.wait() == 0
        await world.start_bot()
        await world.command("oncall override", by="primary", user="observer", until="8h", place="primary")
        await world.fast_forward(hours=9)
        hours = await world.command("oncall hours", by="observer")
        assert "のあなたの当番時間" in hours.text
        assert "· 8 時間" in hours.text
        everybody = await world.command("oncall hours", by="primary")
        assert "**primary** · " in everybody.text


def test_the_default_policy_has_none() -> None:
    """A team that has not asked for hours has no such command."""
    assert not re.search(r"^\[hours\]", default_policy_text(), re.MULTILINE)
