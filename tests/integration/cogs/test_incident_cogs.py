"""`/incident list`, `show`, `merge`, `link` and `audit`, as people use them."""

from dataclasses import replace
from typing import Any

from bot.registration import our_commands
from bot.runbook import default_policy_text, parse_policy
from bot.services.shared.access import PAGE_SIZE
from bot.ui.screens.incident_list import PAGE_SIZE as LIST_PAGE_SIZE
from local_discord.client import controls
from local_discord.world.world import Role
from tests.integration.cogs.console_world import ConsoleWorld, presses, shown, words
from tests.services.desk import RESPONDER


def listed(page: dict[str, Any]) -> list[int]:
    """Return the numbers that a page of the list has in its menu, in their order."""
    (found,) = (one for one in controls(page["components"]) if one.custom_id == "inc:v1:open")
    return [int(number) for number in (found.options or {}).values()]


async def test_the_list_pages_and_opens(world: ConsoleWorld) -> None:
    """The list of incidents shows ten to a page, newest first, and opens a chosen incident in detail."""
    for number in range(11):
        await world.declare(key=f"k{number}")
    page = shown(await world.command("incident list", status="triggered"))
    assert "INC-11" in words(page)
    page = shown(await world.click(page, "inc:v1:list:triggered:-:-:0:1:"))
    assert "INC-1]" in words(page) or "INC-1*" in words(page)
    opened = shown(await world.click(page, "inc:v1:open", values=["1"]))
    for told in ("INC-1", "未対応", "ack ", "次：", "直近の記録", "発報"):
        assert told in words(opened)


async def test_the_list_has_few_ended_ones_below_open_ones(world: ConsoleWorld) -> None:
    """A phone shows an answer from its end. The pages together have each incident once."""
    for number in range(1, 17):
        await world.declare(key=f"k{number}")
        if number not in (5, 9):
            await world.resolve(number)
    page = shown(await world.command("incident list"))
    assert listed(page) == [9, 5, 16, 15, 14]
    page = shown(await world.click(page, "inc:v1:list:any:-:-:0:1:"))
    assert listed(page) == [13, 12, 11, 10, 8, 7, 6, 4, 3, 2]
    page = shown(await world.click(page, "inc:v1:list:any:-:-:0:2:"))
    assert listed(page) == [1]
    page = shown(await world.click(page, "inc:v1:list:any:-:-:0:1:"))
    page = shown(await world.click(page, "inc:v1:list:any:-:-:0:0:"))
    assert listed(page) == [9, 5, 16, 15, 14]
    assert len(listed(shown(await world.command("incident list", days=7)))) == LIST_PAGE_SIZE


async def test_the_list_acknowledges_the_first_that_waits(world: ConsoleWorld) -> None:
    """The button answers as every ack button does, and a member who may not acknowledge has none."""
    await world.declare(key="k")
    page = shown(await world.command("incident list", by="primary"))
    assert (
        "ack し、エスカレーションを止めました"
        in shown(await world.click(page, "inc:v1:ack:1", by="primary"))["content"]
    )
    await world.declare(key="l")
    assert "inc:v1:ack:2" not in presses(shown(await world.command("incident list", by="observer")))


async def test_show_without_a_number_asks_which(world: ConsoleWorld) -> None:
    """Outside a thread the open ones are offered; with none open it says where the others are."""
    asked = shown(await world.command("incident show"))
    assert "どのインシデントですか" in words(asked)
    assert "継続中のインシデントはありません" in words(asked)
    await world.declare(key="k")
    asked = shown(await world.command("incident show"))
    assert presses(asked) == ["inc:v1:open"]
    opened = shown(await world.click(asked, "inc:v1:open", values=["1"]))
    assert "未対応" in words(opened)


async def test_more_open_ones_than_a_select_holds_lead_on_to_the_list(world: ConsoleWorld) -> None:
    """A select holds 25; the others are on the pages of the list."""
    for number in range(26):
        await world.declare(key=f"k{number}")
    asked = shown(await world.command("incident show"))
    select, more = presses(asked)
    assert select == "inc:v1:open"
    page = shown(await world.click(asked, more))
    assert "INC-26" in words(page)
    page = shown(await world.click(page, presses(page)[-1]))
    page = shown(await world.click(page, presses(page)[-1]))
    assert "INC-1]" in words(page) or "INC-1*" in words(page)


async def test_numbers_are_offered_by_title(world: ConsoleWorld) -> None:
    """Autocomplete on open incidents; nothing while they cannot be read."""
    await world.declare(key="k")
    (choice,) = await world.choices("incident show", focused="number", typed="決済")
    assert choice["value"] == 1
    assert choice["name"] == "INC-1 SEV1 決済 API が 5xx"
    assert await world.choices("incident show", focused="number", typed="99") == []
    world.database.is_away = True
    assert await world.choices("incident show", focused="number") == []
    world.database.is_away = False


async def test_merge_and_link_offer_what_they_would_take(world: ConsoleWorld) -> None:
    """Each option of `merge` and `link` offers only incidents that go with the other option.

    An incident is not offered for itself, and a real incident is not offered for a drill or the reverse.
    """
    real, another = await world.declare(key="a"), await world.declare(key="b")
    drill = await world.open_drill(key="c")
    for command, other in (("link", "with"), ("merge", "into")):
        for focused, filled in (("number", other), (other, "number")):
            for named, offered in ((real.id, [another.id]), (drill.id, [])):
                choices = await world.choices(f"incident {command}", focused=focused, filled={filled: named})
                assert [choice["value"] for choice in choices] == offered, (command, focused, named)


async def test_admins_read_who_did_what(world: ConsoleWorld) -> None:
    """The latest first, refusals too, page by page; others are refused, and that is on record."""
    await world.declare(key="k")
    refused = shown(await world.command("incident audit"))
    assert "監査記録を見る操作には" in refused["content"]
    page = shown(await world.command("incident audit", by="admin"))
    assert page["only_for"] == "admin"
    latest, first = words(page).index("⛔ 監査記録を見る"), words(page).index("発報 No.1")
    assert latest < first
    only = words(shown(await world.command("incident audit", by="admin", refused=True)))
    assert "⛔ 監査記録を見る" in only
    assert "発報" not in only
    for _ in range(PAGE_SIZE):
        await world.command("incident audit")
    page = shown(await world.command("incident audit", by="admin"))
    assert "No.1" not in words(page)
    (older,) = (press for press in presses(page) if press.startswith("aud:v1:"))
    assert "発報 No.1" in words(shown(await world.click(page, older, by="admin")))


async def test_the_audit_of_one_incident(world: ConsoleWorld) -> None:
    """`/incident audit` shows nothing about other incidents, and says so if the number does not exist."""
    await world.declare(key="k")
    await world.declare(key="l")
    told = words(shown(await world.command("incident audit", by="admin", number=2)))
    assert "監査記録：No.2" in told
    assert "No.1" not in told
    missing = shown(await world.command("incident audit", by="admin", number=77))
    assert "そのインシデントはありません" in missing["content"]


TEAMS = '[teams.payments]\nchannel = "p1-ops"\nrole = "pay-team"\n'


async def of_teams(world: ConsoleWorld) -> None:
    """An incident of a team, INC-1, and one of the default team, INC-2."""
    world.policy = replace(parse_policy(default_policy_text() + TEAMS, name="x.toml"), guild_id=None)
    await world.restart()
    new = replace(world._new("SEV1", key="a", by=RESPONDER), title="決済", team="payments")
    await world.incidents.open(new)
    await world.incidents.open(replace(new, title="検索", team=None, key="b"))


async def test_the_list_is_of_one_team(world: ConsoleWorld) -> None:
    """With teams, each line says whose it is, and the option chooses one; an unknown team is refused."""
    await of_teams(world)
    told = words(shown(await world.command("incident list")))
    assert [line.split("👥 ")[1] for line in told.splitlines() if "👥" in line] == [
        "既定のチーム",
        "payments",
    ]
    page = shown(await world.command("incident list", team="Payments"))
    assert listed(page) == [1]
    assert "**インシデント** すべて (継続中が先) · 👥 payments" in words(page)
    assert listed(shown(await world.command("incident list", team="default"))) == [2]
    assert (
        "「web」というチームはありません"
        in shown(await world.command("incident list", team="web"))["content"]
    )
    offered = await world.choices("incident list", focused="team", typed="")
    assert [choice["value"] for choice in offered] == ["payments", "default"]


async def test_the_list_acknowledges_for_the_role_of_the_team(world: ConsoleWorld) -> None:
    """A member whose role is the team's alone has the button of the team's incident, and it works."""
    discord = world.sandbox.core.world
    observer = next(one for one in discord.members.values() if one.user.username == "observer")
    discord.roles["299"] = Role("299", "pay-team", 0, 1)
    observer.roles.append("299")
    await of_teams(world)
    page = shown(await world.command("incident list", by="observer", team="payments"))
    assert "inc:v1:ack:1" in presses(page)
    answer = shown(await world.click(page, "inc:v1:ack:1", by="observer"))
    assert "ack し、エスカレーションを止めました" in answer["content"]
    others = shown(await world.command("incident list", by="observer", team="default"))
    assert "inc:v1:ack:2" not in presses(others)


async def test_the_option_of_the_team_comes_with_teams(world: ConsoleWorld) -> None:
    """A server whose policy has no teams has no option that names one."""

    async def options() -> set[str]:
        commands = await our_commands(world.bot, world.guild_id)
        group = next(one for one in commands if one["name"] == "incident")
        [command] = [one for one in group["options"] if one["name"] == "list"]
        return {one["name"] for one in command["options"]}

    assert await options() == {"status", "severity", "words", "mine", "days"}
    assert "👥" not in words(shown(await world.command("incident list")))
    await of_teams(world)
    assert await options() == {"status", "severity", "words", "mine", "days", "team"}
