"""A form that was refused opens again with everything that was typed and chosen in it."""

from typing import Any

import pytest

from tests.integration.cogs.console_world import ConsoleWorld, Json, presses, shown, words


def filled(form: Json) -> dict[str, Any]:
    """What the inputs of a modal show: a text, the chosen values, or the ids of the chosen people."""
    found: dict[str, Any] = {}
    for label in form["modal"]["components"]:
        inside = label.get("component", {})
        if "options" in inside:
            shows = [option["value"] for option in inside["options"] if option.get("default")]
        else:
            shows = inside.get("value") or [one["id"] for one in inside.get("default_values", ())]
        found[inside.get("custom_id")] = shows
    return found


async def refused(world: ConsoleWorld, form: Json, told: str, **fields: Any) -> Json:
    """Send *form*, which is refused with the words *told*; return the form that the reply's button opens."""
    reply = shown(await world.send(form, **fields))
    assert told in reply["content"]
    (again,) = (one for one in presses(reply) if one.startswith("ui:v1:again:"))
    return await world.click(reply, again)


async def incident(world: ConsoleWorld) -> Json:
    """The alert of a SEV1 that the primary has acknowledged."""
    await world.command("sev1", title="決済 API が 5xx")
    alert = await world.until("p0-alerts", contains="inc:v1:ack:1")
    await world.click(alert, "inc:v1:ack:1", by="primary")
    await world.rest()
    return alert


async def test_an_update_comes_back_with_its_choices(world: ConsoleWorld) -> None:
    """State, users, next update, targets and symptoms; corrected, it is posted."""
    alert = await incident(world)
    form = await world.command("incident update", where=alert["id"])
    (affected,) = (name for name in filled(form) if str(name).startswith("affected:"))
    where = ["t:api.parky.co.jp", "s:errors"]
    chosen = {"phase": ["identified", "monitoring"], "next": ["3600"], affected: where}
    typed = {"known": "rollback 中\n様子を見る", "impact": "2 階で決済できません"}
    again = await refused(world, form, "一つ", **typed, **chosen)
    assert filled(again) == {**typed, **chosen}
    await world.send(again, phase=["identified"])
    await world.until(alert["id"], contains="2 階で決済できません")


async def test_a_resolution_comes_back_with_the_chosen_owner(world: ConsoleWorld) -> None:
    """A duration that cannot be read costs neither the words nor the owner of the postmortem."""
    alert = await incident(world)
    form = await world.command("incident resolve", where=alert["id"])
    typed = {"cause": "プールの枯渇", "fix": "rollback した", "impact": "決済の 3 割", "extent": "昼ごろ"}
    again = await refused(world, form, "昼ごろ", **typed, owner=["secondary"])
    [owner] = filled(again)["owner"]
    assert filled(again) == {**typed, "owner": [owner]}
    assert owner != filled(form)["owner"][0]
    said = words(shown(await world.send(again, extent="45 分")))
    assert "INC-1 を解決にしました" in said
    assert "担当：@secondary" in said


@pytest.mark.parametrize(
    ("verb", "fields", "right"),
    [
        ("edit", {"title": "検索が遅い", "started": "いつか"}, "10 分前"),
        ("note", {"note": "1 行目\n2 行目", "at": "いつか"}, "1 分前"),
    ],
)
async def test_a_time_that_cannot_be_read_costs_no_words(
    world: ConsoleWorld, verb: str, fields: dict[str, str], right: str
) -> None:
    """The form comes back until it is right, each time as it was sent last."""
    await incident(world)
    (time,) = (name for name, text in fields.items() if text == "いつか")
    form = await opened(world, verb)
    again = await refused(world, form, "いつか", **fields)
    assert filled(again) == fields
    again = await refused(world, again, "そのうち", **{time: "そのうち"})
    assert filled(again) == {**fields, time: "そのうち"}
    assert not presses(shown(await world.send(again, **{time: right})))


async def test_a_button_from_before_a_restart_says_where_the_words_are(world: ConsoleWorld) -> None:
    """The process has forgotten the form; the refusal still has what was typed."""
    await incident(world)
    reply = shown(await world.send(await opened(world, "note"), note="再起動した", at="いつか"))
    assert "再起動した" in reply["content"]
    (again,) = (one for one in presses(reply) if one.startswith("ui:v1:again:"))
    await world.restart()
    assert "上の返事にあります" in shown(await world.click(reply, again))["content"]


async def test_a_form_that_would_be_refused_again_is_not_offered(world: ConsoleWorld) -> None:
    """Once the incident is over, the words of an update come back without a button."""
    alert = await incident(world)
    late = await world.command("incident update", where=alert["id"])
    await world.resolve(1)
    reply = shown(await world.send(late, known="再起動した"))
    assert "再起動した" in reply["content"]
    assert presses(reply) == []


async def opened(world: ConsoleWorld, verb: str) -> Json:
    """The form that [その他…] of `/incident show` opens."""
    screen = shown(await world.command("incident show", number=1))
    return await world.click(screen, f"inc:v1:{verb}:1")
