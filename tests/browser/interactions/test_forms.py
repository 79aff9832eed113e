"""Fields of forms that browsers draw in their own way, drawn in the page's."""

from typing import Any

import pytest
from playwright.async_api import FilePayload, expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.gallery import button, label, row
from tests.browser.visitor.puppet import MODAL, UPDATE, Puppet
from tests.browser.visitor.visitor import PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")
FORM: dict[str, Any] = {
    "custom_id": "form",
    "title": "A form",
    "components": [
        label("Tell everybody", {"type": 23, "custom_id": "tell"}) | {"description": "By mail"},
        label("Evidence", {"type": 19, "custom_id": "files", "max_values": 2}),
        label("One more", {"type": 19, "custom_id": "one", "required": False}),
    ],
}


def file(name: str) -> FilePayload:
    """A file of the person's."""
    return {"name": name, "mimeType": "text/plain", "buffer": b"hello"}


async def test_check_boxes_and_files(open_page: Visit, puppet: Puppet) -> None:
    """A check box stands before its words; files are chosen in the page's language, listed, taken back."""
    await puppet.client.post(GENERAL, content="open it", components=[row(button("open", "Open"))])
    async with open_page(locale="ja-JP") as visitor:
        await visitor.press("Open")
        await puppet.answer(MODAL, **FORM)
        form = visitor.page.get_by_role("dialog", name="A form")
        tick, words = form.get_by_label("Tell everybody"), form.get_by_text("Tell everybody")
        await expect(tick).to_be_focused()
        beside, before = await words.bounding_box(), await tick.bounding_box()
        assert beside
        assert before
        assert before["x"] < beside["x"]
        assert abs(before["y"] - beside["y"]) < 10
        await words.click()
        await expect(tick).to_be_checked()
        evidence = form.get_by_role("group", name="Evidence")
        await expect(evidence.get_by_role("button", name="ファイルを選ぶ (2 個まで)")).to_be_visible()
        await expect(form.locator("input[type=file]:visible")).to_have_count(0)
        for name in ("wrong.txt", "a.txt"):
            async with visitor.page.expect_file_chooser() as chooser:
                await evidence.get_by_role("button", name="ファイルを選ぶ").click()
            await (await chooser.value).set_files([file(name)])
        await expect(evidence.locator(".chip")).to_have_text(["wrong.txt", "a.txt"])
        await evidence.get_by_role("button", name="wrong.txt を外す").click()
        await visitor.press("送信", within=form)
        got = (await puppet.answer(UPDATE))["data"]
        names = [one["filename"] for one in got["resolved"]["attachments"].values()]
        assert (got["components"][0]["component"]["value"], names) == (True, ["a.txt"])


LONG = "unbroken" * 30
WIDE: dict[str, Any] = {"label": LONG[:100], "value": "a"}
WIDE_SELECT: dict[str, Any] = {"type": 3, "custom_id": "pick", "placeholder": LONG[:150]}
WIDE_FORM: dict[str, Any] = {
    "custom_id": "wide",
    "title": "Wide",
    "components": [
        label(LONG[:45], WIDE_SELECT | {"options": [WIDE]}) | {"description": LONG[:100]},
        label("Chosen", WIDE_SELECT | {"custom_id": "chosen", "options": [WIDE | {"default": True}]}),
        label("Text", {"type": 4, "custom_id": "text", "style": 1, "placeholder": LONG[:100]}),
        label("Radio", {"type": 21, "custom_id": "one", "options": [WIDE, WIDE | {"value": "b"}]}),
        label(LONG[:45], {"type": 23, "custom_id": "tell"}) | {"description": LONG[:100]},
    ],
}
# What begins or ends beyond the dialog, of what the form shows.
STICKS_OUT = """(dialog) => {
  const { left, right } = dialog.getBoundingClientRect();
  return [...dialog.querySelectorAll(".fields, .fields *")]
    .filter((one) => one.getBoundingClientRect().left < left || one.getBoundingClientRect().right > right)
    .map((one) => one.className || one.tagName);
}"""


async def test_fields_are_no_wider_than_their_form(open_page: Visit, puppet: Puppet) -> None:
    """On a phone no field is wider than its form, however long its hint or its options are."""
    await puppet.client.post(GENERAL, content="open it", components=[row(button("open", "Open"))])
    async with open_page(locale="en-US", size=PHONE) as visitor:
        await visitor.press("Open")
        await puppet.answer(MODAL, **WIDE_FORM)
        form = visitor.page.get_by_role("dialog", name="Wide")
        await expect(form.locator(".select")).to_have_count(2)
        assert await form.evaluate(STICKS_OUT) == []
        assert await form.locator(".fields").evaluate("(one) => one.scrollWidth - one.clientWidth") == 0
