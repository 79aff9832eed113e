"""`/digest` and `/stats`, as people use them."""

from bot.domain.delivery.kinds import DeliveryKind
from tests.integration.cogs.console_world import ConsoleWorld, presses, shown, words


async def test_the_digest_is_drafted_for_one_person(world: ConsoleWorld) -> None:
    """The digest is drafted for one person alone, and nothing is posted in a channel.

    A week that is not an ISO week, or that has not ended, is refused with a reason.
    """
    await world.declare(key="k")
    draft = shown(await world.command("digest preview"))
    assert "投稿はしていません。\n\n先週はインシデントがありませんでした。" in draft["content"]
    assert draft["only_for"] == "responder"
    assert world.sent(DeliveryKind.DIGEST) == []
    refused = shown(await world.command("digest week", week="先週"))
    assert "「先週」は ISO 週ではありません" in refused["content"]
    ahead = shown(await world.command("digest week", week="2027-W10"))
    assert "2027-W10 の週はまだ終わっていません。最新は 2026-W47 です。" in ahead["content"]
    other = shown(await world.command("digest week", week="2026-w46"))
    assert "\n\n11/09 – 11/15 の週はインシデントがありませんでした。" in other["content"]


async def test_the_last_twelve_weeks_are_offered(world: ConsoleWorld) -> None:
    """`/digest week` offers the last twelve weeks with their dates; what is typed narrows the weeks down."""
    offered = await world.choices("digest week", focused="week", typed="")
    assert len(offered) == 12
    assert offered[0] == {"name": "2026-W47 (11/16 – 11/22)", "value": "2026-W47"}
    found = await world.choices("digest week", focused="week", typed="w4")
    assert [one["value"] for one in found][-1] == "2026-W40"


async def test_a_digest_is_posted_by_hand_once(world: ConsoleWorld) -> None:
    """`/digest now` needs a permission; afterwards Monday's tick posts nothing, a second call links it."""
    refused = shown(await world.command("digest now"))
    assert "digest の投稿" in refused["content"]
    said = shown(await world.command("digest now", by="primary"))
    assert "2026-W47 の digest を投稿しました：" in said["content"]
    await world.until("p3-insights", contains="静かでした")
    again = shown(await world.command("digest now", by="primary"))
    assert "投稿済みです：https://discord.com/channels/" in again["content"]
    rows = await world.database.fetch("SELECT FROM deliveries WHERE kind = 'digest'")
    assert len(rows) == 1


async def test_a_period_in_figures_for_one_person(world: ConsoleWorld) -> None:
    """The current week unless another one is named; the buttons turn to the weeks around it."""
    await world.declare(key="k")
    await world.pass_time(seconds=1)  # what happens now is not over
    page = shown(await world.command("stats show"))
    assert page["only_for"] == "responder"
    assert "**インシデント 1 件** (+1)" in words(page)
    earlier = shown(await world.click(page, "sta:v1:show:2026-W47:-:"))
    assert "### 📊 2026-W47 (11/16 – 11/22)" in words(earlier)
    assert "sta:v1:show:2026-W48:-:" in presses(earlier)
    listed = shown(await world.click(page, "inc:v1:list:any:-:-:0:0:"))
    assert "INC-1" in words(listed)
    one = shown(await world.command("stats show", period="month", severity="sev2", target="dev-*"))
    assert "-# 絞り込み：SEV2 · dev-\\*" in words(one)
    mine = shown(await world.command("stats show", person="primary"))
    assert "@primary" not in words(shown(await world.command("stats show", person="secondary")))
    (before, *_) = presses(mine)
    turned = words(shown(await world.click(mine, before)))
    assert "### 📊 2026-W47" in turned
    assert "@primary 呼び出し 0 回" in turned
    refused = shown(await world.command("stats show", period="先月"))
    assert "「先月」は期間として読めません" in refused["content"]
    ahead = shown(await world.command("stats show", period="2027-W10"))
    assert "2027-W10 はまだ始まっていません" in ahead["content"]


async def test_the_options_of_the_figures_are_offered(world: ConsoleWorld) -> None:
    """Periods with their days, severities and targets."""
    offered = [
        [choice["value"] for choice in await world.choices("stats show", focused=focused, typed=typed)]
        for focused, typed in (("period", "W4"), ("severity", "p1"), ("target", "ADMIN"))
    ]
    assert offered[0][:2] == ["2026-W48", "2026-W47"]
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
