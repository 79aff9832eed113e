"""Keys go where a person expects them: whatever was open before, typing writes a message."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import pytest
from playwright.async_api import expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.gallery import button, label, row, square_png
from tests.browser.visitor.puppet import MESSAGE, MODAL, UPDATE, Puppet
from tests.browser.visitor.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM: Final[dict[str, Any]] = {
    "custom_id": "form",
    "title": "A form",
    "components": [label("Title", {"type": 4, "custom_id": "title", "style": 1})],
}
OPEN: Final = {"name": "open", "description": "Opens a form"}
SHOW: Final = {
    "name": "show",
    "description": "Shows something",
    "options": [{"type": 3, "name": "number", "description": "Which one"}],
}
Way: TypeAlias = Callable[[Visitor, Puppet], Awaitable[None]]


async def by_cancel(visitor: Visitor, _puppet: Puppet) -> None:
    """Press its button."""
    await visitor.press("Cancel", within=visitor.page.get_by_role("dialog"))


async def by_cross(visitor: Visitor, _puppet: Puppet) -> None:
    """Type something, then press the cross."""
    await visitor.type("a title")
    await visitor.press("Close", within=visitor.page.get_by_role("dialog"))


async def by_escape(visitor: Visitor, _puppet: Puppet) -> None:
    """Click somewhere in it, then press Escape."""
    await visitor.page.get_by_role("heading", name="A form").click()
    await visitor.keys("Escape")


async def by_enter(visitor: Visitor, puppet: Puppet) -> None:
    """Fill the form in and submit it, without a mouse."""
    await visitor.type("a title")
    await visitor.keys("Enter")
    await puppet.answer(MESSAGE, content="thanks")


WAYS: Final[tuple[Way, ...]] = (by_cancel, by_cross, by_escape, by_enter)


async def writes(visitor: Visitor, text: str = "abc") -> None:
    """Type without clicking anywhere; the words stand in the box."""
    await visitor.type(text)
    await expect(visitor.box).to_have_value(text)


async def test_after_a_form_the_box_takes_keys(open_page: Visit, puppet: Puppet) -> None:
    """After a form is cancelled, closed or submitted, typed letters go into the message box."""
    await puppet.client.register(OPEN)
    async with open_page(locale="en-US") as visitor:
        await expect(visitor.box).to_be_focused()
        for close in WAYS:
            await visitor.type("/open")
            await expect(visitor.picker.get_by_role("option")).to_contain_text("/open")
            await visitor.keys("Enter", "Enter")
            await puppet.answer(MODAL, **FORM)
            form = visitor.page.get_by_role("dialog")
            await expect(form.get_by_label("Title")).to_be_focused()
            await close(visitor, puppet)
            await expect(form).to_be_hidden()
            await writes(visitor)
            await visitor.box.clear()


async def test_after_the_switcher_the_box_takes_keys(open_page: Visit) -> None:
    """After the channel switcher is used or left by Escape, typed letters go into the message box."""
    async with open_page(locale="en-US") as visitor:
        await visitor.keys("Control+k")
        await visitor.type("p2-dep")
        await visitor.keys("Enter")
        await expect(visitor.main.get_by_role("heading", name="p2-deploys", exact=True)).to_be_visible()
        await writes(visitor)
        await visitor.keys("Control+k")
        await visitor.type("p3")
        await visitor.keys("Escape")
        await expect(visitor.page.get_by_role("dialog")).to_be_hidden()
        await visitor.type("d")
        await expect(visitor.box).to_have_value("abcd")


async def test_after_a_picture_letters_go_to_the_box(open_page: Visit, puppet: Puppet) -> None:
    """The focus is on the picture again, and a letter begins a message."""
    await puppet.post_file(GENERAL, "square.png", "image/png", square_png())
    async with open_page(locale="en-US") as visitor:
        picture = visitor.main.get_by_role("button", name="Image square.png")
        await picture.click()
        await visitor.page.locator("dialog.lightbox").get_by_role("button", name="Close").click()
        await expect(picture).to_be_focused()
        await writes(visitor)


async def test_a_picked_channel_takes_keys(open_page: Visit, puppet: Puppet) -> None:
    """After a click on a channel or the DM the message box has the focus, and what is typed arrives there."""
    async with open_page(locale="en-US") as visitor:
        for name, channel in (("p2-deploys", "p2-deploys"), ("incident-bot", "dm:responder")):
            await visitor.go(name)
            await expect(visitor.box).to_be_focused()
            await visitor.type(f"hello {name}")
            await visitor.keys("Enter")
            await visitor.sees(f"hello {name}")
            said = (await puppet.client.human(f"GET messages/{channel}")).body
            assert said[-1]["content"] == f"hello {name}"


async def test_letters_on_a_button_go_to_the_box_and_space_presses_it(
    open_page: Visit, puppet: Puppet
) -> None:
    """Space presses a focused button, and other letters typed on a button go to the message box.

    A focused message keeps its own keys: R replies to it and writes nothing.
    """
    await puppet.client.post(GENERAL, content="press it", components=[row(button("x", "Press"))])
    async with open_page(locale="en-US") as visitor:
        await visitor.main.get_by_role("button", name="Press").focus()
        await visitor.keys(" ")
        await puppet.answer(UPDATE, content="pressed")
        await visitor.message("pressed").focus()
        await visitor.keys("r")
        await expect(visitor.main.locator(".replying")).to_be_visible()
        await expect(visitor.box).to_have_value("")
        await visitor.main.get_by_role("button", name="Member list").focus()
        await writes(visitor)


async def test_letters_after_a_command_of_optional_options_fill_the_first(
    open_page: Visit, puppet: Puppet
) -> None:
    """After a command with only optional options, typed letters become the value of the first one."""
    await puppet.client.register(SHOW)
    async with open_page(locale="en-US") as visitor:
        await visitor.type("/show")
        await expect(visitor.picker.get_by_role("option")).to_contain_text("/show")
        await visitor.keys("Enter")
        await expect(visitor.main.get_by_role("button", name=re.compile("1 optional"))).to_be_focused()
        await visitor.type("42")
        await visitor.keys("Enter")
        got = (await puppet.answer(MESSAGE, content="done"))["data"]
        assert [(one["name"], one["value"]) for one in got["options"]] == [("number", "42")]
