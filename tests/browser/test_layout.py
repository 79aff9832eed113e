"""Room for everything: columns beside and over each other, long words, what shows while the line is cut."""

from typing import Any

import pytest
from playwright.async_api import FloatRect, Locator, expect

from tests.browser.conftest import Visit, restarted
from tests.browser.puppet import Puppet
from tests.browser.visitor import PHONE
from tests.sandbox.client import GENERAL

pytestmark = pytest.mark.asyncio(loop_scope="session")
LONG = "unbroken" * 30
LEAST_PX = 360


async def box(locator: Locator) -> FloatRect:
    """Where an element is, which must be somewhere."""
    found = await locator.bounding_box()
    assert found
    return found


@pytest.mark.parametrize("width", [1660, 1600, 1280, 1150, 1000])
async def test_messages_keep_their_room(open_page: Visit, puppet: Puppet, width: int) -> None:
    """With a thread, the members and the drawer open the channel stays readable, and nothing sticks out."""
    posted = await puppet.client.post(GENERAL, content="let us talk")
    await puppet.client.api(f"POST /channels/{GENERAL}/messages/{posted['id']}/threads", {"name": "A thread"})
    async with open_page(locale="en-US", size=(width, 720)) as visitor:
        await visitor.press("A thread")
        await visitor.sees("let us talk", pane=visitor.side)
        for name, column in (("Member list", "#members"), ("Traffic and faults", "#drawer")):
            await visitor.press(name)
            assert (await box(visitor.main))["width"] >= LEAST_PX
            opened = await box(visitor.page.locator(column))
            assert opened["x"] + opened["width"] == width
            assert await visitor.page.locator("#page").evaluate("(one) => one.scrollWidth") == width


LONG_SELECT: dict[str, Any] = {
    "type": 3,
    "custom_id": "pick",
    "placeholder": LONG[:150],
    "options": [{"label": LONG[:100], "value": "a"}],
}
LONG_PARTS: dict[str, Any] = {
    "content": f"||{LONG}|| `{LONG}`",
    "embeds": [
        {
            "title": LONG,
            "description": f"||{LONG}||",
            "author": {"name": LONG},
            "footer": {"text": LONG},
            "fields": [{"name": LONG, "value": LONG, "inline": True} for _ in range(3)],
        }
    ],
    "components": [
        {"type": 1, "components": [{"type": 2, "style": 1, "custom_id": "b", "label": LONG[:80]}]},
        {"type": 1, "components": [LONG_SELECT]},
    ],
}
# Every element whose words end beyond its own box or that of what holds it.
CUT_OFF = """(root) => [...root.querySelectorAll('.embed *, .markdown, .markdown *, .button, .button span')]
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline'
    || one.getBoundingClientRect().right > root.getBoundingClientRect().right + 1)
  .map((one) => one.className || one.tagName)"""


@pytest.mark.parametrize("size", [(1000, 760), PHONE])
async def test_long_words_are_broken(open_page: Visit, puppet: Puppet, size: tuple[int, int]) -> None:
    """In embeds, fields, buttons and spoilers; a select's line ends in dots."""
    await puppet.client.post(GENERAL, **LONG_PARTS)
    async with open_page(locale="en-US", size=size) as visitor:
        body = visitor.main.locator("li.message .body").last
        await expect(body.locator(".select")).to_be_visible()
        assert await body.evaluate(CUT_OFF) == []
        placeholder = body.locator(".select .placeholder")
        await expect(placeholder).to_have_css("text-overflow", "ellipsis")
        line = await box(body.locator(".select"))
        inside = await box(placeholder)
        assert inside["x"] + inside["width"] < line["x"] + line["width"]


async def test_cut_line_is_said_in_a_row_of_its_own(open_page: Visit, puppet: Puppet) -> None:
    """It covers no header, and what a person does meanwhile is answered with the same words."""
    sandbox = puppet.client.sandbox
    async with open_page(locale="en-US") as visitor:
        await sandbox.stop()
        banner = visitor.page.locator("#banner")
        await expect(banner).to_contain_text("Connection lost")
        said = await box(banner)
        for header in (".pane-head >> nth=0", ".side-head"):
            assert (await box(visitor.page.locator(header)))["y"] >= said["y"] + said["height"]
        foot = await box(visitor.sidebar.locator(".you"))
        assert foot["y"] + foot["height"] <= visitor.page.viewport_size["height"]  # type: ignore[index]
        await visitor.say("is anybody there?")
        await expect(visitor.page.locator(".toast")).to_contain_text("Connection lost")
        async with restarted(sandbox):
            await expect(banner).to_be_hidden()
            visitor.troubles.clear()  # Chromium reports each attempt that was refused


async def test_phone_header_has_room_for_the_name(open_page: Visit, puppet: Puppet) -> None:
    """That the bot is offline and that faults are in force is told by signs, and read out in words."""
    await puppet.client.human("POST fault", route="GET /gateway", status=503, times=None)
    async with open_page(locale="en-US", size=PHONE) as visitor:
        heading = visitor.main.locator(".pane-head h2")
        await expect(heading).to_have_text("general")
        assert await heading.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        states = visitor.main.locator(".pane-head [role=status]")
        await expect(states).to_contain_text(["incident-bot: offline", "Faults in force: 1"])
        for at in range(2):
            assert (await box(states.nth(at)))["width"] < 60
