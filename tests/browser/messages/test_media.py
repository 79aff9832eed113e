"""Pictures and files: where they stand, what is covered, and that nothing is loaded from elsewhere."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.gallery import (
    ELSEWHERE,
    EMBED,
    EMBED_FROM_ELSEWHERE,
    gallery_from_elsewhere,
    square_png,
)
from tests.browser.visitor.puppet import V2, Puppet
from tests.browser.visitor.visitor import DESKTOP, PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_components_v2_show_only_what_they_expose(open_page: Visit, puppet: Puppet) -> None:
    """Documented: with that flag attachments show only through components; a hidden one is not seen."""
    gallery: dict[str, Any] = {
        "type": 12,
        "items": [{"media": {"url": "attachment://a.png"}, "description": "A"}],
    }
    log = {"type": 13, "file": {"url": "attachment://log.txt"}}
    files = {
        "a.png": ("image/png", square_png()),
        "log.txt": ("text/plain", b"one line"),
        "forgotten.png": ("image/png", square_png()),
    }
    container = {"type": 17, "components": [{"type": 10, "content": "exposed"}, gallery, log]}
    await puppet.post_files(GENERAL, files, flags=V2, components=[container])
    async with open_page(locale="en-US") as visitor:
        message = visitor.message("exposed")
        await expect(message.locator(".container .picture img")).to_have_count(1)
        await expect(message.locator(".picture")).to_have_count(1)
        await expect(message.locator(".file")).to_have_count(1)
        await expect(message.locator(".attachments")).to_have_count(0)


async def test_spoiler_files_are_covered_until_they_are_clicked(open_page: Visit, puppet: Puppet) -> None:
    """A file whose name begins with SPOILER_ is blurred until it is clicked, as Discord's clients show it."""
    await puppet.post_file(GENERAL, "SPOILER_square.png", "image/png", square_png())
    async with open_page(locale="en-US") as visitor:
        picture = visitor.main.locator(".attachments .picture")
        await expect(picture).to_have_css("filter", "blur(18px)")
        await visitor.press("Spoiler")
        await expect(picture).to_have_css("filter", "none")


async def test_nothing_is_loaded_from_elsewhere(open_page: Visit, puppet: Puppet) -> None:
    """A posted address would tell who reads it: its words stand there, as a link to follow by will."""
    async with open_page(locale="en-US") as visitor:
        asked: list[str] = []
        visitor.listen("request", lambda request: asked.append(request.url))
        await puppet.client.post(GENERAL, embeds=[EMBED_FROM_ELSEWHERE])
        await puppet.client.post(GENERAL, **gallery_from_elsewhere(1))
        link = visitor.main.get_by_role("link", name="A dashboard")
        await expect(link).to_contain_text("Images from pictures.example are not loaded")
        await expect(link).to_have_attribute("href", ELSEWHERE)
        await visitor.sees("from elsewhere")
        origin = puppet.client.sandbox.core.origin
        assert [url for url in asked if not url.startswith((origin, "data:", "ws"))] == []
        assert await visitor.page.locator(f"img[src^='{ELSEWHERE}']").count() == 0


# What sticks out of the message, or out of what stands for a picture.
STICKING_OUT = """(body) => [...body.querySelectorAll('.elsewhere, .elsewhere small, .embed-body')]
  .filter((one) => one.getBoundingClientRect().right > body.getBoundingClientRect().right
    || one.clientWidth && one.scrollWidth > one.clientWidth && !one.closest('.thumbnail'))
  .map((one) => one.className || one.tagName)"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_what_stands_for_a_picture_takes_no_more_room(
    open_page: Visit, puppet: Puppet, size: tuple[int, int]
) -> None:
    """A thumbnail is a small sign at the right, with its words as its title; a gallery keeps its columns."""
    await puppet.client.post(GENERAL, embeds=[EMBED_FROM_ELSEWHERE])
    for pictures in (1, 2, 3, 5):
        await puppet.client.post(GENERAL, **gallery_from_elsewhere(pictures))
    async with open_page(locale="en-US", size=size) as visitor:
        embed = visitor.main.locator(".embed")
        whole, words = await embed.bounding_box(), await embed.locator(".embed-body").bounding_box()
        assert whole
        assert words
        assert words["width"] > whole["width"] - 100
        for sign in await visitor.main.locator(".elsewhere.thumbnail").all():
            small = await sign.bounding_box()
            assert small
            assert small["width"] < 60
            assert small["height"] < 60
            await expect(sign).to_have_attribute("title", re.compile("Images from pictures.example"))
        for body in await visitor.main.locator("li.message .body").all():
            assert await body.evaluate(STICKING_OUT) == []


async def test_thumbnail_stands_at_the_top_right(open_page: Visit, puppet: Puppet) -> None:
    """Beside the title, however long the embed is, and no larger than its picture."""
    origin = puppet.client.sandbox.core.origin
    long = EMBED | {"description": "line\n" * 20, "thumbnail": {"url": f"{origin}/_page/icon.svg"}}
    await puppet.client.post(GENERAL, embeds=[long])
    async with open_page() as visitor:
        embed = visitor.main.locator(".embed")
        whole, small = await embed.bounding_box(), await embed.locator(".thumbnail").bounding_box()
        assert whole
        assert small
        assert small["y"] - whole["y"] < 20
        assert small["height"] <= 84
        assert whole["x"] + whole["width"] - small["x"] - small["width"] < 20


async def test_archived_threads_stand_below_their_channels(open_page: Visit, puppet: Puppet) -> None:
    """Archived threads are listed above the voice channels, not below, and can be opened from there."""
    post = await puppet.client.post(GENERAL, content="start")
    path = f"/channels/{GENERAL}/messages/{post['id']}/threads"
    thread = (await puppet.client.api(f"POST {path}", {"name": "an old matter"})).body
    await puppet.client.api(f"PATCH /channels/{thread['id']}", {"archived": True})
    async with open_page(locale="en-US") as visitor:
        await expect(visitor.sidebar.get_by_text("Archived threads 1")).to_be_visible()
        shown = await visitor.sidebar.inner_text()  # at once: the list may be drawn anew at any moment
        assert shown.index("Archived threads 1") < shown.index("Voice channels")
        await visitor.sidebar.get_by_text("Archived threads 1").click()
        await puppet.client.post(GENERAL, content="<@1100000000000000103> something else")
        await visitor.sees("something else")
        await visitor.sidebar.locator("a", has_text="an old matter").click()
        await expect(visitor.main.locator(".pane-head h2")).to_have_text("an old matter")
