"""A night of on call: its hours are counted."""

import re
from pathlib import Path

from bot.runbook import default_policy_text
from tests.e2e.conftest import MakeWorld
from tests.e2e.oncall.rosters import evening, following, policy_file, turns


async def test_the_hours_of_a_stand_in_are_counted(make_world: MakeWorld, tmp_path: Path) -> None:
    """After a night the person who stood in sees eight hours, and a person on call sees everybody's."""
    path = tmp_path / "policy.toml"
    async with make_world(RUNBOOK_FILE=str(path)) as world:
        handover = following(await evening(world), days=3)
        policy_file(tmp_path, turns(handover))
        path.write_text(f"{path.read_text(encoding='utf-8')}\n[hours]\n", encoding="utf-8")
        await world.register_commands()
        await world.start_bot()
        await world.command("oncall override", by="primary", user="observer", until="8h", place="primary")
        await world.expect_message("p1-ops", contains="primary：@primary → ", pings_here=False)
        await world.expect_dm("observer", contains="当番になりました")
        await world.expect_dm("primary", contains="から当番です")
        await world.fast_forward(hours=9)
        await world.expect_message("p1-ops", contains=" → @primary", pings_here=False)
        await world.expect_dm("primary", contains="当番になりました")
        hours = await world.command("oncall hours", by="observer")
        assert "のあなたの当番時間" in hours.text
        assert "· 8 時間" in hours.text
        everybody = await world.command("oncall hours", by="primary")
        assert "**primary** · " in everybody.text


def test_the_default_policy_has_none() -> None:
    """A team that has not asked for hours has no such command."""
    assert not re.search(r"^\[hours\]", default_policy_text(), re.MULTILINE)
