"""The demo's own world in a browser: last week's digest, the DLQ, and what goes over the wire."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.demo.stage import set_stage
from tests.browser.conftest import Visit
from tests.browser.pictures import Album

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("browser-and-bot")]


async def test_demo_in_a_browser(
    page_at: Callable[[str], Visit], database_url: str, tmp_path: Path, album: Album
) -> None:
    """A newcomer finds the week told in #p3-insights, the failures in `/dlq recent`, and every request."""
    async with set_stage(database_url, folder=tmp_path) as stage:
        opened = page_at(stage.human_url.removesuffix("/_human"))
        async with opened(dark=False) as visitor:
            await expect(visitor.sidebar.locator("a.unread", has_text="p3-insights")).to_be_visible()
            await visitor.go("p3-insights")
            await visitor.sees("先週は SEV1 が")
            await album.take(visitor, "digest.ja")
        for language, locale, heading, traffic in (
            ("ja", "ja-JP", "通知 DLQ", "通信ログと障害"),
            ("en", "en-US", "Notification DLQ", "Traffic and faults"),
        ):
            async with opened(locale=locale) as visitor:
                await visitor.command("dlq recent")
                await visitor.sees(heading)
                await album.take(visitor, f"dlq.{language}")
                await visitor.go("p2-deploys")
                await visitor.press(traffic)
                await expect(visitor.page.locator("#drawer .log li").first).to_be_visible()
                await album.take(visitor, f"traffic.{language}")
