"""A person at the page, in a real browser: clicks, keys, what is seen. What fails in it fails the test."""

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

CHROMIUM: Final = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: Final = (1200, 760)
PHONE: Final = (390, 844)
PHONE_MOST_PX: Final = 500
SEEN_MS: Final = 10_000.0
expect.set_options(timeout=SEEN_MS)


@dataclass(frozen=True, slots=True)
class Look:
    """How a person's browser is set up."""

    locale: str = "ja-JP"
    dark: bool = True
    size: tuple[int, int] = DESKTOP

    @property
    def is_phone(self) -> bool:
        """Whether it is held in a hand."""
        return self.size[0] < PHONE_MOST_PX


@dataclass
class Visitor:
    """One open page, with words for what people do there.

    Attributes:
        troubles: What the page complained about.
    """

    page: Page
    troubles: list[str] = field(default_factory=list)

    # -- finding
    @property
    def main(self) -> Locator:
        """The channel in the middle."""
        return self.page.locator("#main")

    @property
    def side(self) -> Locator:
        """The thread beside it."""
        return self.page.locator("#side")

    @property
    def sidebar(self) -> Locator:
        """The list of channels."""
        return self.page.locator("#sidebar")

    @property
    def box(self) -> Locator:
        """Where messages are written."""
        return self.main.locator("textarea")

    @property
    def picker(self) -> Locator:
        """The commands and choices above the box."""
        return self.main.locator(".composer [role=listbox]:visible")

    def message(self, text: str, *, pane: Locator | None = None) -> Locator:
        """The last message with these words."""
        return (pane or self.main).locator("li.message", has_text=text).last

    # -- doing
    async def go(self, name: str) -> None:
        """Open a channel, thread or DM by its entry in the list."""
        await self.sidebar.locator("a", has_text=name).first.click()

    async def press(self, name: str, *, within: Locator | None = None) -> None:
        """Press the newest button of this name."""
        await (within or self.main).get_by_role("button", name=name).last.click()

    async def say(self, text: str) -> None:
        """Write a message."""
        await self.box.fill(text)
        await self.box.press("Enter")

    async def command(self, text: str) -> None:
        """Type a command without options and send it."""
        await self.box.fill(f"/{text}")
        await expect(self.picker.get_by_role("option").first).to_contain_text(text)
        await self.keys("Enter", "Enter")

    async def keys(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        for key in keys:
            await self.page.keyboard.press(key)

    async def type(self, text: str) -> None:
        """Type where the focus is."""
        await self.page.keyboard.type(text)

    async def act_as(self, name: str) -> None:
        """Become another member, by the switch below the channels."""
        await self.sidebar.locator("button.who").click()
        await self.page.get_by_role("menuitemradio", name=re.compile(f"^{name} ")).click()
        await expect(self.sidebar.locator("button.who strong")).to_have_text(name)

    # -- seeing
    async def sees(self, text: str, *, pane: Locator | None = None) -> None:
        """Wait until a message with these words is there."""
        await expect(self.message(text, pane=pane)).to_be_visible()

    async def picture(self, path: Path) -> None:
        """Take a picture of the window; nothing blinks in it, nothing shows where pointer and focus are."""
        await self.page.mouse.move(0, 0)
        await self.page.evaluate("() => document.activeElement.blur()")
        await self.page.evaluate("() => document.fonts.ready")
        await self.page.screenshot(path=path, animations="disabled", caret="hide")


@asynccontextmanager
async def visit(browser: Browser, url: str, look: Look | None = None) -> AsyncIterator[Visitor]:
    """Open the page at *url*, and check when it is left that nothing went wrong in it."""
    look = look or Look()
    width, height = look.size
    settings: dict[str, Any] = {"device_scale_factor": 2, "is_mobile": True, "has_touch": True}
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale=look.locale,
        timezone_id="Asia/Tokyo",
        color_scheme="dark" if look.dark else "light",
        **(settings if look.is_phone else {}),
    )
    context.set_default_timeout(SEEN_MS)
    visitor = Visitor(await context.new_page())
    visitor.page.on("console", lambda message: _note(visitor, message))
    visitor.page.on("pageerror", lambda error: visitor.troubles.append(str(error)))
    await visitor.page.goto(url)
    await expect(visitor.main.locator(".messages > li").first).to_be_visible()
    yield visitor
    await context.close()
    assert visitor.troubles == []


def _note(visitor: Visitor, message: ConsoleMessage) -> None:
    # What the local Discord refuses, Chromium reports by itself; the page tells the person.
    is_refusal = "the server responded with a status of 4" in message.text
    if message.type in ("error", "warning") and not is_refusal:
        visitor.troubles.append(message.text)
