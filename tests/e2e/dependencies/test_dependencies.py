"""One cause, one page: alerts of what depends on an open incident's target, over a restart."""

from pathlib import Path

from bot.runbook import default_policy_text
from local_discord.client import Message
from tests.e2e.alerts.monitor import Monitor
from tests.e2e.conftest import MakeWorld

_DEPENDS = '\n[targets."api.parky.co.jp"]\ndepends_on = ["db.parky.co.jp"]\n[targets."db.parky.co.jp"]\n'
_DOWN = "connections refused by db.parky.co.jp"
_SLOW = "5xx on api.parky.co.jp"
_TIMEOUTS = "timeouts at api.parky.co.jp"


async def test_a_dependant_rings_after_its_cause_alone(make_world: MakeWorld, tmp_path: Path) -> None:
    """The database rings; the API is counted there, over a restart, and rings once the database is back.

    What is a P0 is posted quietly as well, and rings never if it is over by then.
    """
    policy = tmp_path / "policy.toml"
    policy.write_text(default_policy_text() + _DEPENDS, encoding="utf-8")
    async with make_world(MESSAGE_CONTENT="true", RUNBOOK_FILE=str(policy)) as world:
        await world.human.change("application", message_content=True)
        await world.start_bot()
        monitor = Monitor(world)
        _, cause = await monitor.alert(_DOWN)
        await world.expect_dm("primary", contains=_DOWN)
        await world.react(cause, by="primary")
        await world.expect_text(cause, "@primary が対応中")
        await monitor.post(_SLOW)
        line = await world.expect_message("p1-ops", contains="影響として保留したアラート：1 種類 (計 1 回)")
        await world.restart_bot()
        await world.fast_forward(minutes=20)
        await monitor.post(_SLOW)
        await world.expect_text(line, "1 種類 (計 2 回)")
        assert _labels(await world.reread(line)) == ["別の障害として出す"]
        gravest = Monitor(world, "p0-alerts")
        await gravest.post(_TIMEOUTS)
        quiet = await world.expect_message("p0-alerts", contains=_TIMEOUTS, pings_here=False)
        assert "No.1 の影響として保留中" in quiet.text
        assert quiet.raw["mentions"] == []
        await world.expect_text(line, "2 種類 (計 3 回)")
        recent = (await world.command("alerts recent", outcome="depends")).text
        assert (recent.count("No.1 の影響として保留"), _TIMEOUTS in recent) == (3, True)
        await gravest.say(f"RESOLVED: {_TIMEOUTS}")
        await world.idle()
        form = await world.command("incident resolve", number=1)
        await world.human.submit("responder", form, {})
        await world.expect_message(
            "p1-ops", contains="No.1 の影響として保留していたアラート (計 2 回) を追跡"
        )
        await world.expect_dm("primary", contains=_SLOW)


def _labels(message: Message) -> list[str]:
    return [control.label for control in message.controls]
