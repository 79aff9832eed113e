"""`/oncall away` and [引き受ける], against the local Discord."""

from dataclasses import replace
from datetime import timedelta

from bot.runbook import default_policy_text, parse_policy
from bot.ui.discord_api.notifier import DiscordNotifier
from cogs.absence.policy import channel_of
from tests.integration.cogs.console_world import TEXTS, ConsoleWorld, presses, shown, words


async def test_a_shift_is_taken_from_a_person_who_is_away(world: ConsoleWorld) -> None:
    """Primary says that they are away, secondary takes the shift by one press, and the override warns."""
    text = f"{default_policy_text()}\n[absence]\n"
    world.policy = replace(parse_policy(text, name="policy.toml"), guild_id=None)
    world.use(DiscordNotifier(world.bot, texts=TEXTS, policy=world.policy))
    world.bot.served = world.guilds
    half = shown(await world.command("oncall away", by="primary", to="12/31"))
    assert "from と to" in half["content"]
    day = world.clock.time + timedelta(days=1)
    span = {"from": f"{day:%m/%d} 10:00", "to": f"{day:%m/%d} 20:00"}
    made = shown(await world.command("oncall away", by="primary", reason="旅行", **span))
    assert "不在を登録しました" in made["content"]
    listed = shown(await world.command("oncall away", by="primary"))
    assert "旅行" in words(listed)
    post = await world.until(channel_of(world.policy), contains="不在の当番")
    [take] = [press for press in presses(post) if ":take_shift:" in press]
    took = shown(await world.click(post, take, by="responder"))
    assert "引き受けました" in took["content"]
    warned = shown(await world.command("oncall override", by="primary", user="primary", until="3d"))
    assert "不在の予定です" in words(warned)
    [end] = [press for press in presses(listed) if press.startswith("absence:v1:end:")]
    ended = shown(await world.click(listed, end, by="primary"))
    assert "取り消しました" in ended["content"]
