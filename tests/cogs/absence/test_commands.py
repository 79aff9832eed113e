"""`/oncall away` and [引き受ける], against the local Discord."""

from dataclasses import replace
from datetime import timedelta

from bot.runbook import default_policy_text, parse_policy
from bot.ui.discord_api.notifier import DiscordNotifier
from cogs.absence.policy import channel_of
from tests.integration.cogs.console_world import TEXTS, ConsoleWorld, presses, shown, words


def with_absences(world: ConsoleWorld) -> None:
    """Give the guild a policy that has absences."""
    text = f"{default_policy_text()}\n[absence]\n"
    world.policy = replace(parse_policy(text, name="policy.toml"), guild_id=None)
    world.use(DiscordNotifier(world.bot, texts=TEXTS, policy=world.policy))
    world.bot.served = world.guilds


async def test_a_shift_is_taken_from_a_person_who_is_away(world: ConsoleWorld) -> None:
    """Primary says that they are away, secondary takes the shift by one press, and the override warns."""
    with_absences(world)
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


def offered(part: object) -> list[str]:
    """The values of the options anywhere inside a message."""
    if isinstance(part, list):
        return [value for each in part for value in offered(each)]
    if not isinstance(part, dict):
        return []
    own = [str(option["value"]) for option in part.get("options", [])]
    return own + [value for each in part.values() for value in offered(each)]


async def test_each_of_many_absences_can_be_withdrawn(world: ConsoleWorld) -> None:
    """The second page has the last ones; a choice withdraws one, and shows the page without it."""
    with_absences(world)
    for day in range(2, 14):
        at = world.clock.time + timedelta(days=day)
        span = {"from": f"{at:%m/%d} 10:00", "to": f"{at:%m/%d} 12:00"}
        await world.command("oncall away", by="primary", reason=f"予定{day:02}", **span)
    first = shown(await world.command("oncall away", by="primary"))
    assert "予定02" in words(first)
    assert "予定13" not in words(first)
    second = shown(await world.click(first, "absence:v1:list:1", by="primary"))
    assert "予定13" in words(second)
    last = offered(second)[-1]
    ended = shown(await world.click(second, "absence:v1:withdraw:1", by="primary", values=[last]))
    assert "取り消しました" in words(ended)
    assert words(ended).count("予定13") == 1  # in what was done
    assert len(offered(ended)) == 1
