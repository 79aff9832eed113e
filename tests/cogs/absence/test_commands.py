"""`/oncall away` and [引き受ける], against the local Discord."""

from dataclasses import replace
from datetime import timedelta

from bot.runbook import default_policy_text, parse_policy
from bot.ui.discord_api.notifier import DiscordNotifier
from cogs.absence.policy import channel_of
from tests.integration.cogs.console_world import TEXTS, ConsoleWorld, presses, shown, words

TURNS = """[oncall]
secondary = "responder"

[[oncall.primary.layer]]
people = ["primary", "secondary"]
every = "1w"
starts_on = "{day:%Y-%m-%d}"
handover = "00:00"

"""


def with_absences(world: ConsoleWorld, *, on_call: str = "") -> None:
    """Give the guild a policy that has absences, and perhaps other people on call."""
    text = f"{default_policy_text()}\n[absence]\n"
    if on_call:
        start, end = text.index("[oncall.primary]\n"), text.index("# When the team works.")
        text = text[:start] + on_call + text[end:]
    world.policy = replace(parse_policy(text, name="policy.toml"), guild_id=None)
    world.use(DiscordNotifier(world.bot, texts=TEXTS, policy=world.policy))
    world.bot.served = world.guilds


async def test_a_shift_is_taken_from_a_person_who_is_away(world: ConsoleWorld) -> None:
    """Primary says that they are away, secondary takes the shift by one press, and the override warns."""
    with_absences(world)
    half = shown(await world.command("oncall away", by="primary", to="12/31"))
    assert "開始と終了" in half["content"]
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


async def test_a_swap_with_a_person_who_is_away_warns(world: ConsoleWorld) -> None:
    """Secondary is away in the shift of primary's that they get; the swap stands, and can be undone."""
    with_absences(world, on_call=TURNS.format(day=world.clock.time - timedelta(days=1)))
    at = world.clock.time.astimezone(world.policy.timezone) + timedelta(hours=2)
    span = {"from": f"{at:%m/%d %H:%M}", "to": f"{at + timedelta(hours=4):%m/%d %H:%M}"}
    made = shown(await world.command("oncall away", by="secondary", **span))
    assert "不在を登録しました" in words(made)
    shifts = await world.choices("oncall swap", focused="shift", by="primary")
    first, second = [one["value"] for one in shifts if one["value"].startswith("primary@")][:2]
    swapped = words(
        shown(await world.command("oncall swap", by="primary", **{"shift": first, "with": second}))
    )
    assert "secondary" in swapped
    assert "不在の予定です" in swapped


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
