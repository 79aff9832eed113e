"""The demo's own world in a browser: last week's digest, the DLQ, and what goes over the wire."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import expect

from bot.demo.process import Child
from bot.demo.stage import set_stage
from tests import warm
from tests.browser.conftest import Visit
from tests.browser.pictures import BELOW_THE_DAY, WINDOW, Album
from tests.postgres import connect

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("browser-and-bot")]

#: The demo's week is that of a Japanese company; README's English picture has its failures in English.
ENGLISH: Final = {
    "満空情報 API の p95 が 2.4 s": "Vacancy API: p95 is 2.4 s",
    "精算機 #12 のハートビートが途絶": "Pay station #12: no heartbeat",
    "精算機 #7 のハートビートが途絶": "Pay station #7: no heartbeat",
    "決済エラー率 8.2 %": "Payments: 8.2 % fail",
    "DB 接続プールの待ち 40 件": "Database pool: 40 wait",
    "api の deploy が完了 (canary 10 %)": "api deployed (canary, 10 %)",
    "QR 決済の成功率 97.1 %": "QR payments: 97.1 % succeed",
    "marketing の Pages deploy が失敗": "marketing: Pages deploy failed",
    "領収書メールのバウンス率 3 %": "Receipts by email: 3 % bounce",
    "日次レポート: 稼働率 81 %": "Daily report: 81 % occupied",
}
RENAME: Final = "UPDATE admin.notification_failures SET title = $2 WHERE title = $1"


async def tell_in_english(database_url: str) -> None:
    """Give the failures that the picture shows their English titles."""
    connection = await connect(database_url)
    await connection.executemany(RENAME, ENGLISH.items())
    await connection.close()


@pytest.fixture
def _forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the demo's programs, as those of the stories; their start from nothing has tests of its own."""
    monkeypatch.setattr(Child, "start", warm.start)


@pytest.mark.usefixtures("_forked")
async def test_demo_in_a_browser(
    page_at: Callable[[str], Visit], database_url: str, tmp_path: Path, album: Album
) -> None:
    """A newcomer finds the week told in #p3-insights, the failures in `/dlq recent`, and every request."""
    async with set_stage(database_url, folder=tmp_path) as stage:
        opened = page_at(stage.human_url.removesuffix("/_human"))
        async with opened(dark=False, size=BELOW_THE_DAY) as visitor:
            await expect(visitor.sidebar.locator("a.unread", has_text="p3-insights")).to_be_visible()
            await visitor.go("p3-insights")
            await visitor.sees("先週は SEV1 が")
            await album.take(visitor, "digest.ja")
        for language, locale, heading, traffic in (
            ("ja", "ja-JP", "通知 DLQ", "通信ログと障害"),
            ("en", "en-US", "Notification DLQ", "Traffic and faults"),
        ):
            async with opened(locale=locale, size=WINDOW) as visitor:
                if language == "en":
                    await tell_in_english(database_url)
                    await visitor.act_as("鈴木")  # who does not see what was said to somebody else
                await visitor.command("dlq recent")
                await visitor.sees(heading)
                if language == "en":
                    await expect(visitor.message(heading)).not_to_contain_text("の")
                await album.take(visitor, f"dlq.{language}")
                await visitor.go("p2-deploys")
                await visitor.press(traffic)
                await expect(visitor.page.locator("#drawer .log li").first).to_be_visible()
                await album.take(visitor, f"traffic.{language}")
