"""Only named people and a role see a private incident, whatever happens to the bot."""

import re
from typing import Any

import pytest

from local_discord.client import HumanSideError, Interaction, Message
from tests.e2e.world.figures import digest_told, week_told
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World

TITLE = "顧客データの流出"
WORD = "流出"
#: Said once nothing is left to empty.
CLEARED = "これまでの bot の投稿の片付けが終わりました"
PUBLIC = ("p0-alerts", "p1-ops", "p2-deploys", "p3-insights", "general")
NAME_CHANGE = 4  # Discord: the type of its note of a rename
PEOPLE = {"primary": "1100000000000000101", "secondary": "1100000000000000102"}
RESPONDER, OBSERVER = "1100000000000000103", "1100000000000000104"


async def private_threads(world: World) -> list[dict[str, Any]]:
    """The private threads there are."""
    return [thread for thread in (await world.human.state())["threads"] if thread["type"] == 12]


async def private_thread(world: World) -> str:
    """The one private thread, waited for; its name tells nothing."""

    async def look() -> str | None:
        found = await private_threads(world)
        return str(found[0]["id"]) if found else None

    thread = await world.human.until(look, "a private thread")
    (only,) = await private_threads(world)
    assert re.fullmatch("🔒 INC-1 [🔴🟠🟢⚪]", only["name"])
    assert only["thread_metadata"]["invitable"] is False
    return thread


async def members(world: World, thread: str) -> set[str]:
    """Who is in a thread, the bot left out."""
    await world.idle()
    state = world.sandbox.core.world.channels[thread].thread
    assert state is not None
    return set(state.members) - {world.sandbox.core.world.application.id}


async def open_private(world: World) -> tuple[str, Message]:
    """Run `/incident declare private:True` as a person on call; return its thread and alert."""
    said = await world.command("incident declare", by="primary", title=TITLE, severity="SEV1", private=True)
    assert "INC-1" in said.text
    thread = await private_thread(world)
    await world.expect_message(thread, contains="開始時刻")
    alert = await world.expect_message(thread, contains=f"SEV1 · {TITLE}")
    await world.expect_message(thread, contains="**初動：**")
    await world.expect_dm("primary", contains=TITLE)
    return thread, alert


def roles_pinged(world: World, message: Message) -> list[str]:
    """Return the roles that a message pinged when it was posted. Its edits name none."""
    answers = [entry["response"] for entry in world.sandbox.core.log.since(0) if entry["kind"] == "rest"]
    posted = next(one for one in answers if isinstance(one, dict) and one.get("id") == message.id)
    return [*posted["mention_roles"]]


async def expect_hidden(world: World) -> None:
    """No word of it in any place that everybody reads, nor in the name of one.

    Discord's notes of an old thread's renames stay: it is closed then, and a line in the private one says so.
    """
    await world.settle()
    hidden = {found["id"] for found in await private_threads(world)}
    told = [message.text for thread in hidden for message in await world.human.messages(thread)]
    state = await world.human.state()
    for place in [*state["channels"], *state["threads"]]:
        if place["id"] in hidden or place["name"].startswith("dm:"):
            continue
        assert WORD not in place["name"], place["name"]
        for message in await world.human.messages(place["id"]):
            if message.raw["type"] == NAME_CHANGE and WORD in message.text:
                closed = place["thread_metadata"]
                assert (closed["locked"], closed["archived"]) == (True, True)
                assert [text for text in told if place["id"] in text and message.text in text]
            else:
                assert message.is_private or WORD not in message.text, message.text


async def expect_unknown_to(world: World, who: str) -> None:
    """Lists, numbers and offers hide it from *who*, as if there were none."""
    for command in ("incident show", "incident timeline", "incident resolve", "incident private"):
        said = await world.command(command, by=who, number=1)
        assert "そのインシデントはありません" in said.text, command
    assert WORD not in (await world.command("incident list", by=who)).text
    for command in ("incident show", "incident note"):
        offered = await world.human.autocomplete(who, "general", command, "number", "INC")
        assert offered == [], command


async def confirmed_private(world: World, asked: Interaction) -> str:
    """Say yes to what `/incident private` has *asked* about a public SEV1; its private thread, complete."""
    await world.human.press("primary", asked.messages[-1], "非公開にする")
    thread = await private_thread(world)
    for part in ("開始時刻", f"SEV1 · {TITLE}", "**初動：**", "非公開にしました", CLEARED):
        await world.expect_message(thread, contains=part)
    return thread


async def test_only_its_people_see_it(world: World) -> None:
    """Everything happens in the private thread; the role and the named person find it, others nothing.

    The ladder pings the role in the thread and sends DMs, and acknowledge and end stay inside as well.
    """
    thread, alert = await open_private(world)
    assert roles_pinged(world, alert), "the roles of the policy are addressed"
    assert not alert.pings_here
    assert await members(world, thread) == set(PEOPLE.values())
    await expect_hidden(world)
    await expect_unknown_to(world, "responder")
    assert TITLE in (await world.command("incident show", by="secondary", number=1)).text

    said = await world.command("incident private", by="secondary", number=1, user="responder")
    assert "@responder を INC-1 に追加しました" in said.text
    await world.expect_message(thread, contains="➕ @responder")
    assert await members(world, thread) == {*PEOPLE.values(), RESPONDER}
    assert TITLE in (await world.command("incident show", by="responder", number=1)).text
    offered = await world.human.autocomplete("responder", "general", "incident show", "number", WORD)
    assert [choice["value"] for choice in offered] == [1]
    refused = await world.command("incident private", by="responder", number=1, user="observer")
    assert "ロールが必要です" in refused.text

    digest, week = await digest_told(world), await week_told(world)
    assert "未解決 1 件：非公開" in digest
    assert "インシデント 1 件" in week
    assert not [word for word in ("INC-1", WORD) for told in (digest, week) if word in told]
    await expect_unknown_to(world, "observer")
    with pytest.raises(HumanSideError):  # Discord itself keeps them out
        await world.command("incident show", by="observer", channel=thread)
    allowed = await world.rows("SELECT allowed FROM audit WHERE actor_name = 'observer'")
    assert allowed
    assert not any(row["allowed"] for row in allowed)

    await world.fast_forward(minutes=16)
    rung = await world.expect_message(thread, contains="から未対応")
    assert roles_pinged(world, rung)
    for who in PEOPLE:
        await world.expect_dm(who, contains=TITLE)
    await world.react(alert, by="secondary")
    await world.expect_text(alert, "@secondary が対応中")
    assert "@here" not in (await world.reread(alert)).text
    asked = await world.command("incident resolve", by="primary", channel=thread)
    await world.human.submit("primary", asked, {})
    await world.expect_message(thread, contains="INC-1 解決")
    await world.expect_dm("secondary", contains="postmortem の担当はあなたです")
    await expect_hidden(world)


async def test_a_public_one_is_made_private(world: World) -> None:
    """After a confirmation, an incident moves to a private thread, and its old thread is emptied and locked.

    A refusal names the roles that may do this, and a second request is told that the incident is private
    already.
    """
    alert = await world.triage(SEV1, title=TITLE)
    await world.react(alert, by="secondary")
    await world.expect_acknowledged(alert, by="secondary")
    await world.command("incident note", by="responder", number=alert.number, text=f"{WORD}は 300 件")
    await world.expect_message(alert.thread, contains="300 件")
    refused = await world.command("incident private", by="responder", number=alert.number)
    assert "非公開インシデントには @on-call / @admin" in refused.text
    declined = await world.command(
        "incident declare", by="responder", title="別件", severity="SEV1", private=True
    )
    assert "ロールが必要です" in declined.text
    await world.settle()
    asked, late = [
        await world.command("incident private", by="primary", number=alert.number) for _ in range(2)
    ]
    assert "元に戻せません" in asked.text
    done = await world.human.press("primary", asked.messages[-1], "非公開にする")
    assert "前のスレッドに人が書いた内容は" in done.text
    again = await world.human.press("primary", late.messages[-1], "非公開にする")
    assert "INC-1 は非公開です" in again.text

    thread = await private_thread(world)
    await world.expect_message(thread, contains="開始時刻")
    posted = await world.expect_message(thread, contains=f"🟠 SEV1 · {TITLE}")
    assert not posted.pings_here
    assert not posted.raw["mention_roles"], "nobody is rung twice for the same fact"
    await world.expect_message(thread, contains="**初動：**")
    for part in ("非公開にしました", CLEARED):
        await world.expect_message(thread, contains=part)
    await world.expect_text(alert.post, "🔒 INC-1 非公開にしました")
    left = await world.expect_message(thread, contains="元のスレッドは閉じましたが")
    assert f"「INC-1 🟠 {TITLE}」" in left.text
    assert "人が書いたメッセージ" not in left.text
    await expect_hidden(world)
    (old,) = [one for one in (await world.human.state())["threads"] if one["id"] == alert.thread]
    assert (old["name"], old["thread_metadata"]["locked"], old["thread_metadata"]["archived"]) == (
        "🔒 INC-1",
        True,
        True,
    )
    # Whoever reported it and whoever is on it still see it; others do not.
    assert await members(world, thread) == {*PEOPLE.values(), RESPONDER}
    assert TITLE in (await world.command("incident show", by="responder", number=1)).text
    await expect_unknown_to(world, "observer")
    entered = await world.command("incident private", by="admin", number=1)
    assert "あなたを非公開スレッドに追加しました" in entered.text
    assert "1100000000000000105" in await members(world, thread)


async def test_what_people_wrote_stays_until_they_delete_it(world: World) -> None:
    """The bot empties only its own posts; who may make it private deletes the thread, after a question."""
    alert = await world.declare(SEV1, title=TITLE)
    await world.react(alert, by="secondary")
    await world.expect_acknowledged(alert, by="secondary")
    written = await world.human.say("responder", alert.thread, f"{WORD}の範囲を調べています")
    await world.settle()
    asked = await world.command("incident private", by="primary", channel=alert.thread)
    thread = await confirmed_private(world, asked)
    left = await world.expect_message(thread, contains="元のスレッドは閉じましたが")
    words = [message.text for message in await world.posts(alert.thread) if WORD in message.text]
    assert words == [written.text]
    refused = await world.human.press("responder", left, "元のスレッドを削除")
    assert "非公開インシデントには @on-call / @admin" in refused.text
    question = await world.human.press("primary", left, "元のスレッドを削除")
    assert "人が書いたメッセージ 1 件、以前の名前 1 件" in question.text
    assert alert.thread in {one["id"] for one in (await world.human.state())["threads"]}
    done = await world.human.press("primary", question.messages[-1], "削除する")
    assert "INC-1 の元のスレッドは削除済みです" in done.text
    await world.expect_message(thread, contains="元のスレッドを削除しました · @primary")
    await world.expect_text(left, "🗑️ 元のスレッドは @primary が")
    assert (await world.reread(left)).controls == []
    assert alert.thread not in {one["id"] for one in (await world.human.state())["threads"]}
    await expect_hidden(world)


async def test_a_digest_from_before_loses_its_lines(world: World) -> None:
    """A digest that was posted while the incident was public shows none of its words afterwards."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.rows("DELETE FROM digests")  # the world's weeks count as told
    await world.command("digest now", by="admin")
    digest = await world.expect_message("p3-insights", contains="INC-1")
    assert WORD in digest.text
    asked = await world.command("incident private", by="primary", number=alert.number)
    await confirmed_private(world, asked)
    await world.expect_text(digest, "🔒 INC-1 非公開にしました")
    await expect_hidden(world)


async def test_an_edit_from_before_tells_nothing_afterwards(world: World) -> None:
    """An edit of the alert that arrives after its incident was made private reveals nothing."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    await world.fault(route=f"PATCH /channels/*/messages/{alert.post.id}", delay_s=1.0, times=1)
    await world.react(alert, by="secondary")

    async def look() -> bool | None:
        (fault,) = world.sandbox.core.faults.active
        return True if fault.trigger.hits else None

    await world.human.until(look, "an edit on its way")
    asked = await world.command("incident private", by="primary", number=alert.number)
    await world.human.press("primary", asked.messages[-1], "非公開にする")
    thread = await private_thread(world)
    for part in ("開始時刻", f"🟠 SEV1 · {TITLE}", "**初動：**", "非公開にしました", CLEARED):
        await world.expect_message(thread, contains=part)
    await world.expect_text(alert.post, "🔒 INC-1 非公開にしました")
    await world.expect_message(thread, contains="元のスレッドは閉じましたが")
    await expect_hidden(world)


async def test_killed_while_it_is_made_private(world: World) -> None:
    """SIGKILL before anything public is emptied: the next process does it, and posts once."""
    alert = await world.triage(SEV1, title=TITLE)
    await world.settle()
    asked = await world.command("incident private", by="primary", number=alert.number)
    await world.fault(route="PATCH /channels/*/messages/*", black_hole=True, times=1)
    await world.human.press("primary", asked.messages[-1], "非公開にする")
    await world.restart_bot()
    await world.human.clear_faults()
    thread = await private_thread(world)
    await world.shift(minutes=1)
    for part in ("開始時刻", f"SEV1 · {TITLE}", "**初動：**", "非公開にしました", CLEARED):
        await world.expect_message(thread, contains=part)
    await world.expect_text(alert.post, "🔒 INC-1 非公開にしました")
    await expect_hidden(world)
    assert len(await private_threads(world)) == 1
