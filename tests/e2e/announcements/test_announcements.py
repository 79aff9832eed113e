"""Users are told while they are affected: drafted, edited, published once over a kill, followed up."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.e2e.conftest import MakeWorld
from tests.e2e.world.severities import SEV1
from tests.e2e.world.world import World
from tests.standins.paging.server import Outside, outside_systems

PATH = "/announce"


@pytest_asyncio.fixture
async def outside() -> AsyncIterator[Outside]:
    """The team's own receiver."""
    async with outside_systems() as made:
        yield made


@pytest_asyncio.fixture
async def world(outside: Outside, make_world: MakeWorld) -> AsyncIterator[World]:
    """A world whose bot sends announcements there."""
    env = {name: value for name, value in outside.environment.items() if name.startswith("ANNOUNCE_")}
    async with make_world(**env) as made:
        await made.start_bot()
        yield made


async def test_users_are_told_once_although_the_bot_is_killed(world: World, outside: Outside) -> None:
    """The request was under way at the kill; the next process repeats it under the same key."""
    alert = await world.declare(SEV1, title="決済 API が 5xx")
    form = await world.click(alert, "更新", by="primary")
    await world.human.submit("primary", form, {"known": "rollback 中", "phase": ["users:yes"]})
    said = await world.expect_message(alert.thread, contains="**ユーザー影響：** あり")
    screen = await world.human.press("secondary", said, "告知")
    assert "一部の機能で重大な障害が発生しています。" in screen.text
    assert "決済 API" not in screen.text
    form = await world.human.press("secondary", screen.messages[-1], "編集")
    await world.human.submit("secondary", form, {"x:ja": "決済で障害が起きています。"})
    screen = await world.human.press("secondary", said, "告知")
    outside.hangs = {PATH: asyncio.Event()}
    await world.human.press("secondary", screen.messages[-1], "承認して公開")
    await outside.is_asked.wait()
    await world.kill_bot()
    outside.hangs[PATH].set()
    await world.start_bot()
    await world.expect_message(alert.thread, contains="@secondary がユーザーに告知しました · 調査中")
    (event,) = outside.announced.received.values()
    assert event["data"]["texts"]["x"]["ja"] == "決済で障害が起きています。"
    form = await world.click(alert, "更新", by="primary")
    await world.human.submit("primary", form, {"phase": ["identified"]})
    await world.expect_message(alert.thread, contains="**状態：** 🟠 原因特定")
    asked = await world.expect_message(alert.thread, contains="いまは「原因特定」です。続報を出してください")
    screen = await world.human.press("primary", asked, "告知")
    await world.human.press("primary", screen.messages[-1], "コピーして公開した")
    await world.expect_message(alert.thread, contains="@primary がユーザーに告知しました · 原因特定 · コピー")
    shown = await world.command("incident show", number=alert.number)
    assert "**告知：** 2 件" in shown.text
    assert len(outside.announced.received) == 1
