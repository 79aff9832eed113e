"""`/mute`, against the local Discord."""

from tests.integration.cogs.console_world import ConsoleWorld, presses, shown, words
from tests.integration.cogs.test_alert_cogs import say


async def test_a_maintenance_is_begun_listed_and_ended(world: ConsoleWorld) -> None:
    """A person on call begins, lists and ends a maintenance; a responder may neither begin nor end one.

    An end that cannot be read is given back, and one that is too far away is refused.
    """
    refused = shown(await world.command("mute start", target="api.parky.co.jp", until="2h"))
    assert "on-call" in refused["content"]
    wrong = shown(await world.command("mute start", by="primary", target="api.parky.co.jp", until="soon"))
    assert "soon" in wrong["content"]
    long = shown(await world.command("mute start", by="primary", target="api.parky.co.jp", until="3d"))
    assert "at_most" in long["content"]
    begun = shown(
        await world.command("mute start", by="primary", target="api.parky.co.jp", until="2h", reason="deploy")
    )
    assert "api.parky.co.jp" in begun["content"]
    await say(world, 1)
    assert "JST まで、設定：@primary)" in words(shown(await world.command("alerts recent")))
    listed = shown(await world.command("mute list"))
    assert "deploy" in words(listed)
    (end,) = [press for press in presses(listed) if press.startswith("mute:v1:end:")]
    assert "on-call" in shown(await world.click(listed, end))["content"]
    offered = await world.choices("mute end", focused="target", typed="api")
    assert [choice["value"] for choice in offered] == ["api.parky.co.jp"]
    mine = shown(await world.command("mute list", by="primary"))
    ended = shown(await world.command("mute end", by="primary", target="api.parky.co.jp"))
    assert "終えました" in ended["content"]
    assert "すでに終わっています" in shown(await world.click(mine, end, by="primary"))["content"]
    assert "メンテナンス中の対象はありません" in words(shown(await world.command("mute list")))


async def test_a_maintenance_is_planned_skipped_edited_and_removed(world: ConsoleWorld) -> None:
    """The next three times are shown before a plan is kept; each button of the list does what it says."""
    asked = shown(
        await world.command(
            "mute start", by="primary", target="api.parky.co.jp", every="毎週日曜 2:00", until="2h"
        )
    )
    assert "次の 3 回" in words(asked)
    assert "まだ登録していません" in words(asked)
    [keep] = presses(asked)
    assert "予定に入れました" in shown(await world.click(asked, keep, by="primary"))["content"]
    listed = shown(await world.command("mute list", by="primary"))
    assert "毎週日曜 2:00" in words(listed)
    [choice] = presses(listed)
    [offered] = await world.choices("mute edit", focused="plan", typed="api")
    chosen = shown(await world.click(listed, choice, by="primary", values=[offered["value"]]))
    assert "毎週日曜 2:00" in words(chosen)
    skip, drop = presses(chosen)
    assert "次の回を飛ばします" in shown(await world.click(chosen, skip, by="primary"))["content"]
    assert "もう飛ばしたか" in shown(await world.click(chosen, skip, by="primary"))["content"]
    edited = shown(
        await world.command("mute edit", by="primary", plan=offered["value"], every="第1月曜 3:00-4:00")
    )
    await world.click(edited, presses(edited)[0], by="primary")
    assert "もうありません" in shown(await world.click(chosen, drop, by="primary"))["content"]
    gone = await world.click(listed, choice, by="primary", values=[offered["value"]])
    assert "もうありません" in shown(gone)["content"]
    listed = shown(await world.command("mute list", by="primary"))
    assert "第1月曜 3:00-4:00" in words(listed)
    [offered] = await world.choices("mute edit", focused="plan", typed="api")
    chosen = shown(await world.click(listed, choice, by="primary", values=[offered["value"]]))
    removed = shown(await world.click(chosen, presses(chosen)[1], by="primary"))
    assert "削除しました" in removed["content"]
    wrong = await world.command("mute start", by="primary", target="api", every="いつか", until="2h")
    assert "何も変えていません" in shown(wrong)["content"]
    often = await world.command(
        "mute start", by="primary", target="api", every="FREQ=SECONDLY;INTERVAL=8", until="2h"
    )
    assert "1 日に 24 回まで、間隔は 5 分以上" in shown(often)["content"]
    missing = await world.command("mute start", by="primary", target="api")
    assert "長さがわかりません" in shown(missing)["content"]


async def test_the_ninth_plan_is_on_the_second_page(world: ConsoleWorld) -> None:
    """Each plan can be reached, however many there are."""
    for hour in range(1, 10):
        asked = shown(
            await world.command(
                "mute start", by="primary", target="api.parky.co.jp", every=f"毎日 {hour}:00", until="10m"
            )
        )
        await world.click(asked, presses(asked)[0], by="primary")
    listed = shown(await world.command("mute list"))
    assert presses(listed) == ["mute:v1:plan:0", "mute:v1:list:1"]
    assert words(listed).count(" · 毎日") == 8
    second = shown(await world.click(listed, "mute:v1:list:1"))
    assert presses(second) == ["mute:v1:plan:1", "mute:v1:list:0"]
    assert words(second).count(" · 毎日") == 1
