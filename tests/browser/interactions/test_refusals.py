"""What the local Discord refuses a person is told in the page's language, by the names that people see."""

from typing import Any, Final

import pytest
from playwright.async_api import expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.gallery import button, label, options, row
from tests.browser.visitor.puppet import MESSAGE, MODAL, UPDATE, Puppet

pytestmark = pytest.mark.asyncio(loop_scope="session")

FORM: Final[dict[str, Any]] = {
    "custom_id": "form",
    "title": "報告",
    "components": [
        label("件名", {"type": 4, "custom_id": "inc:v1:title", "style": 1, "min_length": 3}),
        label("重大度", {"type": 21, "custom_id": "inc:v1:sev", "options": options("one", "two")}),
    ],
}
ALL: Final[dict[str, Any]] = {
    "name": "all",
    "description": "Everything",
    "options": [
        {
            "type": 3,
            "name": "s",
            "name_localizations": {"ja": "語句"},
            "description": "d",
            "required": True,
            "min_length": 2,
            "max_length": 5,
        },
        {"type": 4, "name": "n", "description": "d", "required": True, "max_value": 9},
    ],
}


async def test_a_form_says_what_is_missing_by_its_label(open_page: Visit, puppet: Puppet) -> None:
    """A form tells in Japanese, by the field's label, what is missing or too short.

    The field is marked, has the focus and can be corrected at once.
    """
    await puppet.client.post(GENERAL, content="open it", components=[row(button("open", "開く"))])
    async with open_page(locale="ja-JP") as visitor:
        await visitor.press("開く")
        await puppet.answer(MODAL, **FORM)
        form = visitor.page.get_by_role("dialog")
        title, trouble = form.get_by_label("件名"), form.get_by_role("alert")
        await expect(title).to_be_focused()
        for typed, told in (
            ("", "件名 を入力してください"),
            ("あ", "件名 は 3 文字から 4000 文字までです (いま 1 文字)"),
            ("いう", "重大度 を選んでください"),
        ):
            await visitor.type(typed)
            await visitor.press("送信", within=form)
            await expect(trouble).to_have_text(told)
            await expect(title).to_have_attribute("aria-invalid", str(told.startswith("件名")).lower())
        await expect(form.get_by_label("One")).to_be_focused()
        await visitor.keys(" ")
        await visitor.press("送信", within=form)
        got = (await puppet.answer(UPDATE))["data"]["components"]
        assert [one["component"]["value"] for one in got] == ["あいう", "one"]


async def test_a_refused_command_keeps_what_was_typed(open_page: Visit, puppet: Puppet) -> None:
    """A refused command keeps what was typed, and names the wrong option in the page's language.

    The option has the focus, and the corrected command is sent.
    """
    await puppet.client.register(ALL)
    async with open_page(locale="ja-JP") as visitor:
        await visitor.type("/all")
        await expect(visitor.picker.get_by_role("option")).to_contain_text("/all")
        await visitor.keys("Enter")
        await visitor.type("x")
        await visitor.keys("Tab")
        await visitor.type("5")
        await visitor.keys("Enter")
        form = visitor.main.locator("form.command")
        await expect(form.get_by_role("alert")).to_have_text(
            "語句 は 2 文字から 5 文字までです (いま 1 文字)"
        )
        await expect(form.get_by_role("combobox", name="語句")).to_be_focused()
        await expect(form.get_by_role("combobox", name="語句")).to_have_attribute("aria-invalid", "true")
        await visitor.keys("End")
        await visitor.type("yz")
        await visitor.keys("Enter")
        got = (await puppet.answer(MESSAGE, content="done"))["data"]["options"]
        assert {one["name"]: one["value"] for one in got} == {"s": "xyz", "n": 5}
        await expect(form).to_be_hidden()
        await expect(visitor.box).to_be_focused()


@pytest.mark.parametrize(
    ("locale", "told"), [("ja-JP", "その絵文字は使えません"), ("en-US", "There is no such emoji")]
)
async def test_the_apis_refusals_are_told_by_their_code(
    open_page: Visit, puppet: Puppet, locale: str, told: str
) -> None:
    """The page says in the viewer's language that an emoji does not exist.

    The words that Discord's API has for the refusal are meant for programs.
    """
    await puppet.client.post(GENERAL, content="react to me")
    async with open_page(locale=locale) as visitor:
        await visitor.message("react to me").focus()
        await visitor.keys("+")
        await visitor.page.locator(".popup input").click()
        await visitor.type("no emoji")
        await visitor.keys("Enter")
        await expect(visitor.page.locator(".toast")).to_have_text(told)
