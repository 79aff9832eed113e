"""One incident from `/triage` to the resolved post, with the real bot, by clicks and keys alone."""

from collections.abc import Callable

import pytest
from playwright.async_api import expect

from bot.sandbox.server import Sandbox
from tests.browser.conftest import Visit
from tests.browser.pictures import Album
from tests.browser.visitor import PHONE, Visitor
from tests.e2e.world import World

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("browser-and-bot")]
TITLE = "決済 API が 5xx"
VisitorOf = Callable[[Sandbox], Visit]


async def report(visitor: Visitor) -> None:
    """`/triage`, and its form filled in."""
    await visitor.command("triage")
    form = visitor.page.get_by_role("dialog")
    await expect(form.get_by_label("件名")).to_be_focused()
    await visitor.type(TITLE)
    for field, choice in (("対象", "api.parky.co.jp"), ("症状", "エラー率上昇")):
        await form.get_by_label(field).click()
        await visitor.page.get_by_role("option", name=choice, exact=True).click()
        await visitor.press("決定", within=form)
    await visitor.press("送信", within=form)
    await expect(form).to_be_hidden()


async def raise_alert(visitor: Visitor, album: Album) -> None:
    """Answer the questions, confirm, and follow the link to the post."""
    await visitor.sees("本番ユーザーに影響がありますか")
    await visitor.press("はい")
    await visitor.sees("本番影響あり")
    await visitor.press("はい")
    await visitor.sees("15 分以内に ack")
    await expect(visitor.message("15 分以内に ack")).to_contain_text("あなただけに見えています")
    await album.take(visitor, "triage-card")
    await visitor.press("発報する")
    await visitor.sees("発報しました")
    await visitor.main.get_by_role("link", name="投稿へ").click()
    await visitor.sees("未対応")


async def acknowledge(visitor: Visitor) -> None:
    """The person on call finds a DM with a badge on it, and takes it on."""
    await visitor.act_as("primary")
    dm = visitor.sidebar.locator("a.dm")
    await expect(dm.locator(".count")).to_have_text("1")
    await dm.click()
    await visitor.sees("あなたが on-call です")
    await expect(dm.locator(".count")).to_be_hidden()
    await visitor.press("ack")
    await visitor.go("p0-alerts")
    await visitor.sees("👀 @primary")
    await visitor.sees("対応中")


async def resolve(visitor: Visitor) -> None:
    """Resolve it, asked once; the post, the thread and its name say so."""
    await visitor.press("解決", within=visitor.message(TITLE))
    await visitor.press("解決にする")
    await visitor.sees("🟢 SEV1 · 解決")
    await expect(visitor.sidebar.locator("a.thread", has_text="🟢")).to_be_visible()


async def test_incident_from_triage_to_resolved(world: World, visitor_of: VisitorOf, album: Album) -> None:
    """Form, questions, alert, thread, DM, ack and resolution, each seen on the page."""
    opened = visitor_of(world.sandbox)
    async with opened() as visitor:
        await report(visitor)
        await raise_alert(visitor, album)
        await expect(visitor.message("未対応")).to_contain_text("@here")
        await visitor.main.locator(".thread-card").click()
        await visitor.sees("開始時刻", pane=visitor.side)
        await visitor.sees("Cloudflare Pages", pane=visitor.side)
        start = visitor.message("開始時刻", pane=visitor.side)
        await start.evaluate("(one) => one.scrollIntoView({block: 'start'})")
        await album.take(visitor, "alert-dark")
        async with opened(size=PHONE) as phone:
            await phone.page.get_by_role("button", name="チャンネル一覧を開く").click()
            await phone.go("p0-alerts")
            await phone.sees("未対応")
            await album.take(phone, "phone")
        await visitor.press("スレッドを閉じる", within=visitor.side)
        await acknowledge(visitor)
        await resolve(visitor)
    async with opened(dark=False, locale="en-US") as visitor:
        await visitor.go("p0-alerts")
        await visitor.main.locator(".thread-card").click()
        await visitor.sees("postmortem", pane=visitor.side)
        await expect(visitor.sidebar.locator("a.unread")).to_have_count(0)
        await album.take(visitor, "resolved-light")


async def test_autocomplete_and_thread_by_keys_alone(world: World, visitor_of: VisitorOf) -> None:
    """No mouse at all: raise by `/sev1`, find the number by a part of the title, ack by a reaction."""
    async with visitor_of(world.sandbox)() as visitor:
        await expect(visitor.box).to_be_focused()
        await visitor.type("/sev1")
        await visitor.keys("Enter")
        await visitor.type(TITLE)
        await visitor.keys("Enter")
        await visitor.sees("発報しました")
        await visitor.type("/incident show")
        await visitor.keys("Enter", "ArrowDown", "Enter")
        await visitor.type("決済")
        await expect(visitor.picker.get_by_role("option", name=TITLE)).to_be_visible()
        await visitor.keys("Enter", "Enter")
        await visitor.sees("直近の記録")
        await visitor.keys("Control+k")
        await visitor.type("p0-al")
        await visitor.keys("Enter")
        await visitor.sees("未対応")
        await visitor.message("未対応").focus()
        await visitor.keys("Enter", "Enter", "Enter")  # menu, add a reaction, the first emoji: 👀
        await visitor.sees("👀 @responder")
        await expect(visitor.main.get_by_role("button", name="👀 2 件")).to_have_attribute(
            "aria-pressed", "true"
        )
