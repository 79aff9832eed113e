"""The demo's own world in a browser: the digest, action items, the DLQ, and what goes over the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Locator, expect

from bot.demo.process import Child
from bot.demo.running_demo import running_demo
from bot.demo.setup import set_up
from tests import warm
from tests.browser.conftest import Visit
from tests.browser.pictures.pictures import BELOW_THE_DAY, LARGE_PHONE, LOW, WINDOW, Album, by_language
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Look:
    """A demo in one language, and what its pictures are recognised by."""

    language: str
    locale: str
    digest: str
    dlq: str
    actions: str
    traffic: str
    title: str
    waiting: str


LOOKS: Final = (
    Look(
        "ja",
        "ja-JP",
        "先週 (",
        "通知 DLQ",
        "🛠 アクション",
        "通信ログと障害",
        "決済 API が 5xx",
        "対応待ち",
    ),
    Look(
        "en",
        "en-US",
        "Last week",
        "Notification DLQ",
        "🛠 Action items",
        "Traffic and faults",
        "Payments API answers 5xx",
        "waiting for a responder",
    ),
)


@pytest.fixture
def _forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the demo's programs, as those of the stories; their start from nothing has tests of its own."""
    monkeypatch.setattr(Child, "start", warm.start)


async def chart_is_seen(digest: Locator) -> None:
    """Wait until the chart has been loaded and decoded, so that the picture has it."""
    chart = digest.locator("img[src*='.png']")
    await expect(chart).to_have_count(1)
    await chart.scroll_into_view_if_needed()  # one that is out of sight is not asked for
    await expect(chart).not_to_have_js_property("naturalWidth", 0)
    await chart.evaluate("(chart) => chart.decode()")


@pytest.mark.usefixtures("_forked")
@by_language("look", LOOKS, first="en")
async def test_demo_in_a_browser(
    page_at: Callable[[str], Visit], database_url: str, tmp_path: Path, album: Album, look: Look
) -> None:
    """A newcomer finds the week told in #p3-insights, the failures in `/dlq recent`, and every request."""
    async with running_demo(database_url, folder=tmp_path, setup=set_up({}, lang=look.language)) as demo:
        opened = page_at(demo.human_url.removesuffix("/_human"))
        async with opened(dark=False, locale=look.locale, size=BELOW_THE_DAY) as visitor:
            unread = visitor.sidebar.locator("a.unread", has_text="p3-insights")
            await expect(unread).to_be_visible(timeout=1000 * PATIENCE_S)  # the demo draws a chart first
            await visitor.go("p3-insights")
            await visitor.sees(look.digest)
            await chart_is_seen(visitor.message(look.digest))
            await album.take(visitor, f"digest.{look.language}", first=visitor.message(look.digest))
        async with opened(locale=look.locale, size=WINDOW) as visitor:
            await visitor.command("dlq recent")
            await visitor.sees(look.dlq)
            await album.take(visitor, f"dlq.{look.language}", first=visitor.message(look.dlq))
            await visitor.command("action list")
            await visitor.sees(look.actions)
            await album.take(visitor, f"actions.{look.language}", first=visitor.message(look.actions))
            await visitor.resize(LOW)
            await visitor.go("p2-deploys")
            await visitor.press(look.traffic)
            await expect(visitor.page.locator("#drawer .log li").first).to_be_visible()
            await album.take(visitor, f"traffic.{look.language}")
        async with opened(locale=look.locale, size=LARGE_PHONE) as phone:
            await demo.human.command("ito", "general", "sev1", {"title": look.title})
            await demo.rest()
            await demo.human.command("ito", "general", "incident list", {"status": "open"})
            await phone.sees(look.waiting)
            await album.take(phone, f"list.{look.language}", first=phone.message(look.waiting))
