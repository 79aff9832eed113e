"""Roles are taken with a button, given by name, passed on and left."""

import asyncio
import json

from local_discord.client import Interaction
from tests.e2e.world.alert import Alert
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "決済 API が 5xx"


async def assign(world: World, by: str, /, **options: object) -> Interaction:
    """`/incident assign`."""
    return await world.human.command(by, "general", "incident assign", options)


async def roles(world: World) -> dict[str, str]:
    """Who has which, as the database knows it."""
    [row] = await world.rows("SELECT roles::text AS roles FROM incidents")
    return {role: who["name"] for role, who in json.loads(row["roles"]).items()}


async def expect_refusals(world: World, alert: Alert) -> None:
    """Outsiders, bots and people who left or lost the role cannot get a role, and the refusal says why."""
    refused = await world.click(alert.card, "その他", by="observer")
    assert "ロールが必要です" in refused.text
    scribe = await assign(world, "responder", number=alert.number, role="scribe")
    await world.human.change("member", user="responder", roles=[])
    assert "ロールが必要です" in (await world.human.press("responder", scribe.messages[-1], "降りる")).text
    await world.human.change("member", user="responder", roles=["responder"])
    await world.human._request("DELETE", "member", {"user": "secondary"})
    for who, why in (
        ("incident-bot", "bot です"),
        (
            "observer",
            "@observer は役割を受け持てません。@responder / @on-call / @admin のいずれかの",
        ),
        ("secondary", "@secondary はこのサーバーにいません"),
    ):
        refused = await assign(world, "primary", number=alert.number, role="communicator", user=who)
        assert why in refused.text
    audit = await world.rows("SELECT actor_name FROM audit WHERE NOT allowed ORDER BY id")
    assert [row["actor_name"] for row in audit] == ["responder", "primary"]


async def test_roles_are_taken_passed_on_and_left_with_buttons(world: World) -> None:
    """One press on the card acknowledges and shows the commander everywhere; the former one is told by DM.

    The button under an answer works after a restart, and clears only one's own role. Of two presses at once,
    one wins, and the thread shows both.
    """
    alert = await world.declare(SEV1, title=TITLE)
    mine = await world.click(alert.card, "🧭", by="responder")
    assert f"{alert.label} の**指揮**を受け持ちました" in mine.text
    assert "ack も記録し" in mine.text
    assert all(message.is_private for message in mine.messages)
    await world.expect_message(alert.thread, contains="**指揮** は @responder が担当します")
    await world.expect_text(alert.card, "指揮：@responder  ")
    await world.expect_acknowledged(alert, by="responder")
    await world.expect_text(alert.post, "指揮：@responder")
    again = await assign(world, "responder", number=alert.number, role="commander")
    assert "すでにあなたでした" in again.text

    taken = await world.click(alert.card, "🧭", by="secondary")
    assert "@responder から引き継ぎました" in taken.text
    await world.expect_message(alert.thread, contains="@secondary が @responder から引き継ぎます")
    await world.expect_dm("responder", contains="@secondary が **指揮** を引き継ぎました")
    await world.settle()
    await world.restart_bot()
    refused = await world.human.press("responder", mine.messages[-1], "降りる")
    assert "いま @secondary が受け持っています" in refused.text
    assert await roles(world) == {"commander": "secondary"}
    down = await world.human.press("secondary", taken.messages[-1], "降りる")
    assert "未定に戻しました" in down.text
    await world.expect_message(alert.thread, contains="@secondary が降りました")
    await world.expect_text(alert.card, "指揮：未定")

    people = ("primary", "secondary")
    said = await asyncio.gather(*(world.click(alert.card, "💬", by=who) for who in people))
    assert sum("引き継ぎました" in one.text for one in said) == 1
    await world.expect_message(alert.thread, contains="が担当します")
    await world.expect_message(alert.thread, contains="から引き継ぎます")
    rows = await world.rows("SELECT actor_name FROM timeline WHERE kind = 'role_changed' ORDER BY id")
    has_it = rows[-1]["actor_name"]
    assert await roles(world) == {"communicator": has_it}
    [former] = set(people) - {has_it}
    await world.expect_dm(former, contains="を引き継ぎました")
    await world.fast_forward(minutes=20)


async def test_roles_are_given_and_cleared_by_command(world: World) -> None:
    """A person given a role gets a DM, and 👀 on it acknowledges; a refused DM is a line in the thread.

    Any responder can clear the role of a person who is absent. A person who may not hold a role is refused.
    After the end, nothing changes.
    """
    alert = await world.declare(SEV1, title=TITLE)
    given = {"number": alert.number, "role": "commander", "user": "secondary"}
    said = await assign(world, "admin", **given)
    assert "@secondary に任せ、" in said.text
    dm = await world.expect_dm("secondary", contains="@admin から **指揮** を任されました")
    assert TITLE in dm.content
    await world.expect_message(alert.thread, contains="**指揮** は @secondary に任せます · @admin")
    again = await assign(world, "admin", **given)
    assert "すでに @secondary でした" in again.text
    await world.react(dm, by="secondary")
    await world.expect_acknowledged(alert, by="secondary")
    await world.command("incident assign", by="admin", channel=alert.thread, role="commander", user="primary")
    await world.expect_message(alert.thread, contains="@secondary から @primary に替わります")
    await world.expect_dm("primary", contains="を任されました")
    await world.human.see("dm:secondary", "**指揮** は @primary に替わりました。")

    await world.human.change("member", user="responder", dms=False)
    await assign(world, "primary", number=alert.number, role="scribe", user="responder")
    await world.expect_message(alert.thread, contains="**記録** は @responder に任せます")
    await world.expect_message(alert.thread, contains="@responder に DM が届きません")
    assert await world.rows("SELECT 1 FROM admin.notification_failures") == []
    freed = {"number": alert.number, "role": "commander", "release": True}
    other = await assign(world, "responder", user="secondary", **freed)
    assert "受け持っているのは指定した人ではなく" in other.text
    said = await assign(world, "responder", **freed)
    assert "未定に戻しました (前は @primary)" in said.text
    await world.expect_message(alert.thread, contains="@primary が外れました")
    assert "もともと未定でした" in (await assign(world, "responder", **freed)).text

    await expect_refusals(world, alert)
    mine = await world.click(alert.card, "🧭", by="primary")
    await world.expect_message(alert.thread, contains="@primary が担当します")
    asked = await world.command("incident resolve", number=alert.number)
    await world.human.submit("responder", asked, {})
    await world.expect_message(alert.thread, contains="解決")
    await world.expect_draft(alert.thread)
    await world.expect_dm("primary", contains="postmortem の担当はあなたです")
    late = await world.human.press("primary", mine.messages[-1], "降りる")
    assert "解決済み" in late.text
    command = await world.command("incident assign", number=alert.number, role="scribe")
    assert "解決済み" in command.text
    assert await roles(world) == {"commander": "primary", "scribe": "responder"}
    await world.settle()
    card = await world.reread(alert.card)
    labels = [control.label for control in card.controls]
    assert labels == ["🔄 再開", "📄 ふりかえり", "その他…"]
