"""Action items as people use them: commands, the menu of a message, forms, buttons, a DM."""

from dataclasses import replace
from typing import Any, Final

from bot.domain.action_items import ActionState, ActionStatus, WatchedAlert
from bot.storage.tables.incidents import IncidentRows
from cogs.actions.screens import DUE, OWNER, REASON, VERIFICATION, WHAT
from cogs.actions.store import Actions
from tests.cogs.actions.action_desk import MONDAY
from tests.integration.cogs.console_world import ConsoleWorld, Json, presses, shown, words
from tests.services.alerts.test_alerts import alert

FILLED: Final[dict[str, Any]] = {
    WHAT: "リトライ上限を 3 回にする",
    OWNER: ["secondary"],
    DUE: "来週金曜",
    VERIFICATION: "負荷試験で 5xx が 0.1% 未満のまま 30 分",
}


async def thread(world: ConsoleWorld) -> str:
    """The thread of an incident."""
    await world.command("sev3", title="決済 API が 5xx")
    await world.until("p2-deploys", contains="inc:v1:ack:1")
    await world.rest()
    return str((await IncidentRows(world.store.sql).incident(1)).thread.id)


async def added(world: ConsoleWorld) -> str:
    """The thread of an incident with an item of secondary's."""
    place = await thread(world)
    await world.send(await world.command("action add", where=place), **FILLED)
    return place


def inputs(form: Json) -> dict[str, Json]:
    """The inputs of a modal by their ids."""
    return {each["component"]["custom_id"]: each["component"] for each in form["modal"]["components"]}


async def test_a_refused_form_comes_back_and_the_next_one_adds_the_item(world: ConsoleWorld) -> None:
    """A refused action item is answered with the words that were typed; the next form adds the item.

    In the thread no incident has to be named, and a form that was opened before a restart can be sent.
    """
    place = await thread(world)
    form = await world.command("action add", where=place)
    assert form["modal"]["title"] == "INC-1 のアクションを追加"
    assert list(inputs(form)) == [WHAT, OWNER, DUE, VERIFICATION]
    await world.restart()
    refused = shown(await world.send(form, **{**FILLED, WHAT: "確認する"}))
    assert "いつ終わったことになるか分かりません" in refused["content"]
    for kept in ("確認する", FILLED[DUE], FILLED[VERIFICATION]):
        assert kept in refused["content"]
    form = await world.command("action add", where=place)
    said = shown(await world.send(form, **FILLED))
    assert "AI-1 を追加しました。期限：" in said["content"]
    assert "@secondary に知らせます" in said["content"]
    line = await world.until(place, contains="act:v1:finish:1")
    assert presses(line) == [f"act:v1:{verb}:1" for verb in ("finish", "change", "drop")]
    assert FILLED[VERIFICATION] in words(line)
    assert line["mentions"] == []
    dm = await world.until("dm:secondary", contains="AI-1", by="secondary")
    assert "@responder があなたに任せました" in words(dm)


async def test_a_refused_date_costs_neither_the_words_nor_the_owner(world: ConsoleWorld) -> None:
    """The button below the refusal opens the form with everything that was typed and chosen."""
    place = await thread(world)
    form = await world.command("action add", where=place)
    reply = shown(await world.send(form, **{**FILLED, DUE: "いつか"}))
    (again,) = (one for one in presses(reply) if one.startswith("ui:v1:again:"))
    form = await world.click(reply, again)
    assert inputs(form)[WHAT]["value"] == FILLED[WHAT]
    assert inputs(form)[OWNER]["default_values"]
    said = shown(await world.send(form, **{DUE: FILLED[DUE]}))
    assert "@secondary に知らせます" in said["content"]


async def test_a_message_becomes_an_item(world: ConsoleWorld) -> None:
    """The form for an action item has the message's plain text; outside a thread the item has no incident."""
    await world.human(
        "POST", "say", user="responder", channel="general", content="**監視**を分けたい\nあとで"
    )
    message = (await world.messages("general"))[-1]
    form = await world.context("Make an action item", message)
    assert form["modal"]["title"] == "アクションを追加"
    assert inputs(form)[WHAT]["value"] == "監視を分けたい"
    await world.send(form, **{**FILLED, WHAT: "監視を worker ごとに分ける"})
    item = await Actions(world.store.sql).item(1)
    assert (item.incident_id, item.source.value) == (None, "message")


async def test_what_is_said_in_a_private_thread_becomes_no_public_item(world: ConsoleWorld) -> None:
    """A person in a private thread who may not see its incident gets no form there, from no command.

    A person who may see it adds items of that incident.
    """
    place = await thread(world)
    await world.human("POST", "say", user="responder", channel=place, content="顧客 4 千人の住所が漏れた")
    message = (await world.messages(place))[-1]
    await world.database.fetch("UPDATE incidents SET is_private = true")
    for asked in (
        await world.context("Make an action item", message),
        await world.command("action add", where=place),
        await world.command("action list", where=place),
        await world.command("check", where=place),
        await world.command("incident show", where=place),
    ):
        assert "そのインシデントはありません" in shown(asked)["content"]
    form = await world.context("Make an action item", message, by="primary")
    assert form["modal"]["title"] == "INC-1 のアクションを追加"


async def test_an_item_is_finished_dropped_and_reopened(world: ConsoleWorld) -> None:
    """Buttons in the thread and commands finish, drop and reopen an action item; a drop asks for a reason."""
    place = await added(world)
    line = await world.until(place, contains="act:v1:finish:1")
    said = shown(await world.click(line, "act:v1:finish:1", by="secondary"))
    assert "AI-1 を完了にしました" in said["content"]
    said = shown(await world.click(line, "act:v1:finish:1"))
    assert "@secondary が完了にしました" in said["content"]
    done = await world.until(place, contains="act:v1:renew:1")
    said = shown(await world.click(done, "act:v1:renew:1"))
    assert "AI-1 を再開しました" in said["content"]
    form = await world.click(line, "act:v1:drop:1")
    said = shown(await world.send(form, **{REASON: "別の対策で足りる"}))
    assert "AI-1 を取りやめました" in said["content"]
    assert (await Actions(world.store.sql).item(1)).reason == "別の対策で足りる"
    said = shown(await world.command("action edit", item="AI-1"))  # no form of what is given up
    assert "@responder が取りやめました。必要なら `/action reopen`" in said["content"]
    said = shown(await world.click(line, "act:v1:drop:1"))
    assert "取りやめました" in said["content"]
    said = shown(await world.command("action reopen", item="AI-1", reason="足りなかった"))
    assert "AI-1 を再開しました" in said["content"]
    said = shown(await world.command("action done", item="ai1"))
    assert "AI-1 を完了にしました" in said["content"]
    said = shown(await world.command("action done", item="AI-99"))
    assert "99 というアクションは見つかりません" in said["content"]


async def test_an_edit_shows_what_the_item_says_now(world: ConsoleWorld) -> None:
    """The edit form shows the item's current values, without the owner in a DM; a stale form is refused."""
    await added(world)
    form = await world.command("action edit", item="AI-1")
    assert inputs(form)[WHAT]["value"] == FILLED[WHAT]
    assert [one["type"] for one in inputs(form)[OWNER]["default_values"]] == ["user"]
    dm = await world.until("dm:secondary", contains="act:v1:change:1", by="secondary")
    in_dm = await world.click(dm, "act:v1:change:1", by="secondary")
    assert list(inputs(in_dm)) == [WHAT, DUE, VERIFICATION]
    said = shown(await world.send(in_dm, by="secondary", **{DUE: "in 3 weeks"}))
    assert "AI-1 を変更しました" in said["content"]
    said = shown(await world.send(form, **{WHAT: "リトライ上限を 5 回にする"}))
    assert "開いている間にほかの人が変更しました" in said["content"]
    item = await Actions(world.store.sql).item(1)
    assert (item.what, item.owner.name) == (FILLED[WHAT], "secondary")


async def test_a_list_opens_its_items(world: ConsoleWorld) -> None:
    """Everybody's, one's own, the overdue ones; the pages are turned by key."""
    place = await added(world)
    listed = shown(await world.command("action list", by="observer"))
    for told in ("アクション · 未完了", "AI-1", FILLED[WHAT], "@secondary", "INC-1"):
        assert told in words(listed)
    item = shown(await world.click(listed, "act:v1:open", values=["1"], by="observer"))
    assert "@responder が" in words(item)
    assert FILLED[VERIFICATION] in words(item)
    assert "ありません" in words(shown(await world.command("action list", which="mine")))
    assert "AI-1" in words(shown(await world.command("action list", which="mine", by="secondary")))
    assert "期限切れはありません" in words(shown(await world.command("action list", which="overdue")))
    here = shown(await world.command("action list", where=place))
    assert "アクション · INC-1" in words(here)
    assert "inc:v1:action:1" in presses(here)
    form = await world.click(here, "inc:v1:action:1")
    assert form["modal"]["title"] == "INC-1 のアクションを追加"
    show = shown(await world.command("incident show", number=1))
    assert "残り 1 / 1 件" in words(show)
    assert FILLED[WHAT] in words(show)


async def test_items_and_alerts_are_offered(world: ConsoleWorld) -> None:
    """Action items are offered by their words or by their number, in any spelling.

    `action reopen` offers only closed items. Alerts are offered by their titles, and another one is refused.
    """
    await added(world)
    [choice] = await world.choices("action done", focused="item", typed="リトライ")
    assert choice["value"] == "AI-1"
    assert choice["name"].startswith("AI-1 リトライ上限")
    for typed in ("AI", "ai-1", "1"):
        assert await world.choices("action done", focused="item", typed=typed) == [choice]
    assert await world.choices("action reopen", focused="item", typed="") == []
    assert await world.choices("action edit", focused="alert", typed="latency") == []
    await world.services.alerts.receive(replace(alert(world), guild_id=world.guild_id))
    [offered] = await world.choices("action edit", focused="alert", typed="latency")
    assert offered["name"] == "API latency 812 ms"
    said = shown(await world.command("action edit", item="AI-1", alert="なにか"))
    assert "候補から選んでください" in said["content"]
    await world.command("action done", item="AI-1")
    assert await world.choices("action done", focused="item", typed="") == []
    assert [one["value"] for one in await world.choices("action reopen", focused="item")] == ["AI-1"]


async def test_an_alert_is_named_by_its_title(world: ConsoleWorld) -> None:
    """The form carries it, and the item watches it once it is done; it can be named later, too."""
    await world.services.alerts.receive(replace(alert(world), guild_id=world.guild_id))
    [choice] = await world.choices("action add", focused="alert", typed="latency")
    assert choice["name"] == "API latency 812 ms"
    form = await world.command("action add", alert=choice["value"])
    await world.send(form, **FILLED)
    item = await Actions(world.store.sql).item(1)
    assert item.alert == WatchedAlert(choice["value"], "API latency 812 ms")
    await world.send(await world.command("action add"), **FILLED)
    said = shown(await world.command("action edit", item="AI-2", alert=choice["value"]))
    assert "「API latency 812 ms」を見守ります" in said["content"]
    said = shown(await world.command("action done", item="AI-2"))
    assert "鳴らなければ検証済みになります" in said["content"]


async def test_typing_is_no_refused_act(world: ConsoleWorld) -> None:
    """Alerts are offered only to people who may change the item; typing leaves nothing in the audit log."""
    await added(world)
    await world.services.alerts.receive(replace(alert(world), guild_id=world.guild_id))
    item, number = {"item": "AI-1"}, {"number": 1}
    [offered] = await world.choices("action edit", focused="alert", typed="lat", filled=item)
    assert [offered] == await world.choices("action add", focused="alert", typed="lat", filled=number)
    assert await world.choices("action edit", focused="alert", typed="lat", filled=item, by="observer") == []
    await world.database.fetch("UPDATE incidents SET is_private = true WHERE id = 1")
    assert await world.choices("action edit", focused="alert", typed="lat", filled=item) == []
    assert await world.choices("action add", focused="alert", typed="lat", filled=number) == []
    assert await world.database.fetch("SELECT FROM audit WHERE NOT allowed") == []


async def test_a_private_incidents_alert_is_not_named(world: ConsoleWorld) -> None:
    """A public item that watches an alert hides its title once the alert is private, and keeps it stored."""
    await world.services.alerts.receive(replace(alert(world), guild_id=world.guild_id))
    [choice] = await world.choices("action add", focused="alert", typed="latency")
    await world.send(await world.command("action add", alert=choice["value"]), **FILLED)
    listed = shown(await world.command("action list"))
    before = shown(await world.click(listed, "act:v1:open", values=["1"]))
    assert "見守るアラート：API latency 812 ms" in words(before)
    await world.database.fetch("UPDATE incidents SET is_private = true")
    after = shown(await world.click(listed, "act:v1:open", values=["1"]))
    assert "見守るアラート：🔒 非公開" in words(after)
    assert "latency" not in words(after)
    await world.command("action done", item="AI-1")
    await world.database.fetch("UPDATE incidents SET is_private = false")
    again = shown(await world.click(listed, "act:v1:open", values=["1"]))
    assert "見守るアラート：API latency 812 ms" in words(again)


async def test_no_role_is_refused_before_anything_is_typed(world: ConsoleWorld) -> None:
    """A person without a role gets no action form, but an answer that names a role that would do."""
    place = await added(world)
    for name, options in (("action add", {}), ("action edit", {"item": "AI-1"})):
        said = shown(await world.command(name, by="observer", where=place, **options))
        assert "アクションの追加と変更には" in said["content"]
        assert "responder" in said["content"]
    assert (await Actions(world.store.sql).item(1)).status is ActionStatus.OPEN


async def test_an_item_of_an_ended_incident_is_added_from_its_card(world: ConsoleWorld) -> None:
    """After an incident is resolved, a button of its card adds an action item.

    The card shows how many of the action items are still open.
    """
    place = await thread(world)
    await world.resolve(1)
    await world.rest()
    card = await world.until(place, contains="指揮：")
    form = await world.click(card, "inc:v1:action:1")
    await world.send(form, **FILLED)
    await world.rest()
    card = await world.until(place, contains="残り 1 / 1 件")
    await world.command("action done", item="1")
    await world.until(place, contains="残り 0 / 1 件")
    assert (await Actions(world.store.sql).item(1)).state(MONDAY.date()) is ActionState.DONE


async def test_somebody_who_has_left_cannot_own_an_item(world: ConsoleWorld) -> None:
    """A member who has left owns no item, though Discord still offers them; what was typed comes back."""
    place = await thread(world)
    form = await world.command("action add", where=place)
    await world.human("DELETE", "member", user="secondary")
    said = shown(await world.send(form, **FILLED))
    assert "@secondary はこのサーバーにいません" in said["content"]
    assert FILLED[WHAT] in said["content"]
