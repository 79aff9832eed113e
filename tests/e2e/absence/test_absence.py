"""An absence in three weeks: told a week ahead, taken by another person, who is then paged."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.e2e.conftest import MakeWorld
from tests.e2e.oncall.rosters import evening, policy_file
from tests.e2e.world.severities import SEV1

#: Primary is always on call; secondary is known, and on call nowhere.
ALONE = """[people.primary]
discord = "primary"

[people.secondary]
discord = "secondary"

[people.responder]
discord = "responder"

[oncall]
handover_channel = "p1-ops"
primary = "primary"
secondary = "responder"

"""


async def test_an_absence_of_three_weeks_ahead(make_world: MakeWorld, tmp_path: Path) -> None:
    """Nothing is said for two weeks; then the person and the team are told who is fairest, over a restart."""
    path = tmp_path / "policy.toml"
    async with make_world(RUNBOOK_FILE=str(path)) as world:
        day = await evening(world) + timedelta(days=21)
        policy_file(tmp_path, ALONE)
        path.write_text(f"{path.read_text(encoding='utf-8')}\n[absence]\n", encoding="utf-8")
        await world.register_commands()
        await world.start_bot()
        span = {"from": f"{day:%m/%d}", "to": f"{day:%m/%d}"}
        said = await world.command("oncall away", by="primary", reason="旅行", **span)
        assert "不在を登録しました" in said.text
        await world.fast_forward(days=13)
        await world.expect_nothing_more()
        await world.kill_bot()
        await world.shift(hours=4.1)  # a week before its midnight
        await world.start_bot()
        post = await world.expect_message("p1-ops", contains="不在の当番", pings_here=False)
        assert "@secondary が代われます" in post.text
        await world.expect_dm("primary", contains="不在と登録した間に当番があります")
        await world.restart_bot()
        took = await world.human.press("secondary", post, "引き受ける")
        assert "引き受けました" in took.text
        await world.expect_text(post, "✅ @secondary が引き受けました")
        warned = await world.command("oncall override", by="secondary", user="primary", until="10d")
        assert "不在の予定です" in warned.text
        undone = await world.human.press("secondary", warned.messages[-1], "元に戻す")
        assert "元に戻しました" in undone.text
        world.ledger.forgive("p1-ops", "dm:primary", "dm:secondary")  # handovers have stories of their own
        await world.fast_forward(days=7, hours=1)
        alert = await world.declare(replace(SEV1, pages=("secondary",)), title="決済 API が 5xx")
        await world.expect_text(alert.post, "@secondary に DM")
        await world.react(alert, by="secondary")
        await world.expect_acknowledged(alert, by="secondary")

        later = day + timedelta(days=20)
        span = {"from": f"{later:%m/%d}", "to": f"{later:%m/%d}"}
        await world.command("oncall away", by="primary", reason="通院", **span)
        listed = await world.command("oncall away", by="primary")
        [row] = await world.rows("SELECT id FROM absences WHERE reason = '通院'")
        ended = await world.human.press(
            "primary", listed.messages[-1], "取り消す予定を選ぶ", values=[str(row["id"])]
        )
        assert "不在を取り消しました" in ended.text
