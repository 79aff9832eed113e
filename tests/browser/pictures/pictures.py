"""The README's pictures: taken by the tests, kept only when asked for."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

import pytest
from playwright.async_api import Locator

from tests.browser.pictures.animation import Frame, animated
from tests.browser.visitor.visitor import Visitor

PICTURES: Final = Path(__file__).parents[3] / "docs" / "pictures"
# Windows in which the pictures begin with a whole message, below the header.
WINDOW: Final = (1200, 840)
BELOW_THE_DAY: Final = (1200, 820)
LOW: Final = (1200, 740)
MOST_HIGH: Final = 1100
LARGE_PHONE: Final = (412, 915)
STORY: Final = (900, 680)
MOST_BYTES: Final = 256 * 1024
MOST_STORY_BYTES: Final = 2_000_000
_COVER_S: Final = 2.0
_HEADER_PX: Final = 49
_TO_THE_TOP: Final = "(one) => one.scrollIntoView({block: 'start'})"
_BELOW_PX: Final = 30  # between the last message and the message box, and a little above the first

# A line above the page, and above a dialog, which says what is going on; none is there afterwards.
_SHOW_CAPTION: Final = """(words) => {
  const line = document.createElement("p");
  line.id = "caption";
  line.popover = "manual";
  line.textContent = words;
  const place = {inset: "0 0 auto", width: "100%", border: "0", padding: "9px 18px", lineHeight: "24px"};
  const looks = {fontSize: "17px", fontWeight: "650", color: "#fff", background: "#4c55c9"};
  Object.assign(line.style, place, looks);
  document.body.style.paddingTop = "42px";
  document.body.append(line);
  line.showPopover();
}"""
_TAKE_CAPTION: Final = """() => {
  document.getElementById("caption").remove();
  document.body.style.paddingTop = "";
}"""
# The tools of a message, which show while it has the focus or the pointer, are no part of the story.
_LEAVE_MESSAGE: Final = "() => document.activeElement.closest('li.message') && document.activeElement.blur()"


_IS_KEEPING: Final = os.environ.get("UPDATE_PICTURES") == "1"


class Spoken(Protocol):
    """What a journey needs to know in its language."""

    @property
    def language(self) -> str:
        """The language's code."""


def by_language(name: str, journeys: Iterable[Spoken], *, first: str) -> pytest.MarkDecorator:
    """Return the mark that runs a journey in each language; all but the *first* are slow.

    A run that replaces README's pictures needs all of them.
    """
    slow = () if _IS_KEEPING else pytest.mark.slow
    cases = [
        pytest.param(each, id=each.language, marks=() if each.language == first else slow)
        for each in journeys
    ]
    return pytest.mark.parametrize(name, cases)


@dataclass(frozen=True, slots=True)
class Album:
    """Where this run's pictures go: `docs/pictures` with UPDATE_PICTURES=1, else a folder of the test."""

    folder: Path

    @classmethod
    def of(cls, tmp_path: Path) -> "Album":
        """The album of this run."""
        return cls(PICTURES if _IS_KEEPING else tmp_path)

    @property
    def is_kept(self) -> bool:
        """Return True if its pictures are the README's."""
        return self.folder == PICTURES

    async def take(self, visitor: Visitor, name: str, *, first: Locator | None = None) -> None:
        """Take a picture; one that is kept and too large for a README fails the test.

        Args:
            first: The message that the picture begins with; what is above it stays out.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.png"
        size = visitor.size
        if first:
            await visitor.resize(await _beginning_with(first, size))
            await first.evaluate(_TO_THE_TOP)
        await visitor.picture(path)
        await visitor.resize(size)
        assert not self.is_kept or path.stat().st_size <= MOST_BYTES, f"{path.name} is too large"


async def _beginning_with(message: Locator, size: tuple[int, int]) -> tuple[int, int]:
    """The size of the window with room for *message*, and what follows it, between header and message box."""
    place = await message.bounding_box()
    last = await message.page.locator("#main .messages > li").last.bounding_box()
    box = await message.page.locator("#main .composer").bounding_box()
    assert place
    assert last
    assert box
    words = last["y"] + last["height"] - place["y"]
    return size[0], min(MOST_HIGH, round(_HEADER_PX + words + _BELOW_PX + box["height"]))


@dataclass(slots=True)
class Film:
    """A story in pictures, which is shown as one that moves.

    Attributes:
        album: Where it goes.
        frames: What has been taken so far.
    """

    album: Album
    frames: list[Frame] = field(default_factory=list)

    async def take(
        self, visitor: Visitor, caption: str, *, shows: Locator | None = None, seconds: float = 3.0
    ) -> None:
        """Take the next frame, with *caption* above the page.

        Args:
            shows: The message that the frame is about: from its start, as far as there is room.
        """
        size, page = visitor.size, visitor.page
        await visitor.resize(STORY)
        await page.evaluate(_SHOW_CAPTION, caption)
        await page.evaluate(_LEAVE_MESSAGE)
        await page.mouse.move(0, 0)
        if shows:
            await shows.evaluate(_TO_THE_TOP)
        self.frames.append(Frame(await page.screenshot(animations="disabled", caret="hide"), seconds))
        await page.evaluate(_TAKE_CAPTION)
        await visitor.resize(size)

    def keep(self, name: str, *, cover: int) -> None:
        """Write it, and fail when it is too large for a README.

        Args:
            cover: The number of the frame, from 0, that is shown before all others, and where nothing moves.
        """
        made = animated([replace(self.frames[cover], seconds=_COVER_S), *self.frames])
        assert len(made) <= MOST_STORY_BYTES, len(made)
        (self.album.folder / f"{name}.png").write_bytes(made)
