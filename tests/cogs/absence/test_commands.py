"""`/oncall away` and [引き受ける], against the local Discord."""

from dataclasses import replace
from datetime import timedelta

from bot.runbook import default_policy_text, parse_policy
from bot.ui.discord_api.notifier import DiscordNotifier
from cogs.absence.policy import channel_of
from cogs.absence.store import Absences
from tests.integration.cogs.console_world import TEXTS, ConsoleWorld, presses, shown, words


def use_absences(world: ConsoleWorld) -> None:
    """Let the policy have absences."""
    text = f"{default_policy_text()}\n[absence]\n"
    world.policy = replace(parse_policy(text, name="policy.toml"), guild_id=None)
    world.use(DiscordNotifier(world.bot, texts=TEXTS, policy=world.policy))
    world.bot.served = world.guilds


async def test_a_shift_is_taken_from_a_person_who_is_away(world: ConsoleWorld) -> None:
    """Primary says that they are away, secondary takes the shift by one press, and the override warns."""
    use_absences(world)
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
    theirs = shown(await world.command("oncall away", by="primary", user="secondary"))
    assert "旅行" not in words(theirs)
    [absence] = await Absences(world.store.sql).open_ones(world.guild_id)
    left = shown(await world.click(listed, "absence:v1:end", by="primary", values=[str(absence.id)]))
    assert "取り消しました" in words(left)
    assert "不在の予定はありません" in words(left)


async def test_a_swap_with_a_person_who_is_away_is_warned_of(world: ConsoleWorld) -> None:
    """The swap is made, since people may have agreed, and the answer says who is away in which shift."""
    use_absences(world)
    day = world.clock.time + timedelta(days=1)
    span = {"from": f"{day:%m/%d}", "to": f"{day + timedelta(days=10):%m/%d}"}
    await world.command("oncall away", by="secondary", **span)
    people = {"first": "primary", "second": "secondary"}
    asked = shown(await world.command("oncall schedule rotate", by="primary", every="2d", **people))
    [confirm] = [press for press in presses(asked) if ":rotate:" in press]
    await world.click(asked, confirm, by="primary")
    offered = await world.choices("oncall swap", focused="shift", typed="primary @", by="primary")
    shifts = [one["value"] for one in offered]
    swapped = shown(await world.command("oncall swap", by="primary", shift=shifts[0], **{"with": shifts[1]}))
    assert "不在の予定です" in words(swapped)
    assert "secondary" in words(swapped)
