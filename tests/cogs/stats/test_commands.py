"""`/stats`, as people use it."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.statistics.period import IsoWeek
from bot.runbook import default_policy_text, parse_policy
from tests.integration.cogs.console_world import ConsoleWorld, presses, shown, words


def this_week(world: ConsoleWorld) -> IsoWeek:
    """The week that it is now: these tests run at the real time, which Discord's ids carry."""
    return IsoWeek.of(world.clock.time.astimezone(world.policy.timezone).date())


def days(week: IsoWeek) -> str:
    """The first and the last day of a week, as people read them."""
    return f"{week.monday:%m/%d} – {week.monday + timedelta(days=6):%m/%d}"


async def test_a_period_in_figures_for_one_person(world: ConsoleWorld) -> None:
    """The current week unless another one is named; the buttons turn to the weeks around it."""
    week, coming = this_week(world), this_week(world).back(-15)
    await world.declare(key="k")
    await world.pass_time(seconds=1)  # what happens now is not over
    page = shown(await world.command("stats show"))
    assert page["only_for"] == "responder"
    assert "**インシデント 1 件** (+1)" in words(page)
    earlier = shown(await world.click(page, f"sta:v1:show:{week.previous()}:-:"))
    assert f"### 📊 {week.previous()} ({days(week.previous())})" in words(earlier)
    assert f"sta:v1:show:{week}:-:" in presses(earlier)
    listed = shown(await world.click(page, "inc:v1:list:any:-:-:0:0:"))
    assert "INC-1" in words(listed)
    one = shown(await world.command("stats show", period="month", severity="sev2", target="dev-*"))
    assert "-# 絞り込み：SEV2 · dev-\\*" in words(one)
    mine = shown(await world.command("stats show", person="primary"))
    assert "@primary" not in words(shown(await world.command("stats show", person="secondary")))
    (before, *_) = presses(mine)
    turned = words(shown(await world.click(mine, before)))
    assert f"### 📊 {week.previous()}" in turned
    assert "@primary 呼び出し 0 回" in turned
    refused = shown(await world.command("stats show", period="先月"))
    assert "「先月」は期間として読めません" in refused["content"]
    ahead = shown(await world.command("stats show", period=str(coming)))
    assert f"{coming} はまだ始まっていません" in ahead["content"]


async def test_the_options_of_the_figures_are_offered(world: ConsoleWorld) -> None:
    """`/stats show` offers periods, severities and targets that fit what was typed."""
    offered = [
        [choice["value"] for choice in await world.choices("stats show", focused=focused, typed=typed)]
        for focused, typed in (("period", "-W"), ("severity", "p1"), ("target", "ADMIN"))
    ]
    assert offered[0][:2] == [str(this_week(world)), str(this_week(world).previous())]
    assert offered[1:] == [["SEV2"], ["admin.parky.co.jp"]]


async def test_how_fairly_being_on_call_is_shared(world: ConsoleWorld) -> None:
    """A command and a button below the figures show responders how evenly on-call duty is shared."""
    told = words(shown(await world.command("stats fairness")))
    assert "### ⚖️ 当番の偏り" in told
    assert "@primary 呼び出し 0 回 · 当番" in told
    assert "平均の 1.5 倍を超える人はいません" in told
    page = shown(await world.command("stats show"))
    assert "### ⚖️ 当番の偏り" in words(shown(await world.click(page, "sta:v1:fairness")))
    refused = shown(await world.command("stats fairness", by="observer"))
    assert "インシデントの対応には" in refused["content"]


async def test_the_figures_of_a_team_turn_with_it(world: ConsoleWorld) -> None:
    """The option comes with teams in the policy; the buttons keep the team, and an unknown one is refused."""
    policy = parse_policy(f"{default_policy_text()}[teams.payments]\n", name="x.toml")
    world.policy = replace(policy, guild_id=None)
    await world.restart()
    page = shown(await world.command("stats show", team="Payments"))
    assert "-# 絞り込み：👥 payments" in words(page)
    earlier = f"sta:v1:show:{this_week(world).previous()}:-@payments:"
    assert "-# 絞り込み：👥 payments" in words(shown(await world.click(page, earlier)))
    one = shown(await world.command("stats show", team="default", person="responder"))
    (before, *_) = presses(one)
    assert before.startswith(f"sta:v1:person:{this_week(world).previous()}:-@default:")
    assert "👥 既定のチーム" in words(shown(await world.click(one, before)))
    refused = shown(await world.command("stats show", team="web"))
    assert "「web」というチームはありません" in refused["content"]
