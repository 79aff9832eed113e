"""A person at the page, in a real browser: clicks, keys, what is seen. What fails in it fails the test."""

import os
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

#: Where the browser is, the best place first.
CHROMIUM: Final = (
    (os.environ["CHROMIUM"],)
    if "CHROMIUM" in os.environ
    else ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")
)
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
LINE_IS_CUT: Final = ("WebSocket connection to ", "Failed to load resource: net::ERR_")
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
        may_lose_the_line: The local Discord is away for a while: Chromium reports each attempt to reach it.
    """

    page: Page
    troubles: list[str] = field(default_factory=list)
    may_lose_the_line: bool = False
    _listening: list[tuple[str, Callable[[Any], None]]] = field(default_factory=list)

    # -- coming and going
    async def enter(self, url: str, look: Look) -> None:
        """Open the page at *url*."""
        self.listen("console", self._note)
        self.listen("pageerror", lambda error: self.troubles.append(str(error)))
        await self.resize(look.size)
        await self.page.mouse.move(0, 0)
        await self.page.goto(url)
        await expect(self.main.locator(".messages > li").first).to_be_visible()

    async def leave(self) -> None:
        """Leave the page, and nothing of what it has stored.

        The page itself goes elsewhere, so that its process stays, with all that is warm in it.
        """
        await self.page.evaluate("() => location.replace('about:blank')")
        await self.page.wait_for_url("about:blank")
        await self.page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        for event, told in self._listening:
            self.page.remove_listener(event, told)

    def listen(self, event: str, told: Callable[[Any], None]) -> None:
        """Call *told* with each *event* until the page is left."""
        self._listening.append((event, told))
        cast("Any", self.page).on(event, told)

    def _note(self, message: ConsoleMessage) -> None:
        # What the local Discord refuses, Chromium reports by itself; the page tells the person.
        is_refusal = "the server responded with a status of 4" in message.text
        is_of_the_line = self.may_lose_the_line and message.text.startswith(LINE_IS_CUT)
        if message.type in ("error", "warning") and not is_refusal and not is_of_the_line:
            self.troubles.append(message.text)

    @property
    def size(self) -> tuple[int, int]:
        """Return the width and the height of the window."""
        now = self.page.viewport_size
        assert now
        return now["width"], now["height"]

    async def resize(self, size: tuple[int, int]) -> None:
        """Give the window this width and height."""
        width, height = size
        await self.page.set_viewport_size({"width": width, "height": height})

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
        return self.main.locator(".composer .listbox:visible")

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


class Pages:
    """Pages of a browser, one test's after the other's: what a test leaves has been cleared, and is warm."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._left: defaultdict[Look, list[Page]] = defaultdict(list)

    @asynccontextmanager
    async def visit(self, url: str, look: Look) -> AsyncIterator[Visitor]:
        """Open the page at *url*, and check when it is left that nothing went wrong in it."""
        left = self._left[look if look.is_phone else replace(look, size=DESKTOP)]
        page = left.pop() if left else await self._opened(look)
        visitor = Visitor(page)
        try:
            await visitor.enter(url, look)
            yield visitor
            await visitor.leave()
        except BaseException:
            await page.context.close()
            raise
        left.append(page)
        assert not visitor.troubles, visitor.troubles

    async def _opened(self, look: Look) -> Page:
        settings: dict[str, Any] = {"device_scale_factor": 2, "is_mobile": True, "has_touch": True}
        context = await self._browser.new_context(
            locale=look.locale,
            timezone_id="Asia/Tokyo",
            color_scheme="dark" if look.dark else "light",
            reduced_motion="reduce",  # nobody waits for a drawer to slide in, and no picture is taken of it
            **(settings if look.is_phone else {}),
        )
        context.set_default_timeout(SEEN_MS)
        return await context.new_page()
