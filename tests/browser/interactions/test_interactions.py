"""Buttons, selects, modals, menus, options: what the bot gets, and what a person sees of its answer."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.gallery import MODAL, ONLY_YOU, SELECTS, button, components_v2, row
from tests.browser.visitor.puppet import CHOICES, DEFERRED, MESSAGE, UPDATE, Puppet
from tests.browser.visitor.puppet import MODAL as OPEN_MODAL
from tests.browser.visitor.visitor import PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT, INTEGER, BOOLEAN, USER = 3, 4, 5, 6
FIND: dict[str, Any] = {
    "name": "find",
    "description": "Find something",
    "options": [
        {"type": TEXT, "name": "what", "description": "What to find", "required": True, "autocomplete": True},
        {"type": INTEGER, "name": "most", "description": "How many", "max_value": 9},
        {"type": BOOLEAN, "name": "loud", "description": "Aloud"},
        {"type": USER, "name": "by", "description": "Whose"},
        {"type": TEXT, "name": "kind", "description": "Kind", "choices": [{"name": "Big", "value": "b"}]},
    ],
}


async def test_button_updates_its_message(open_page: Visit, puppet: Puppet) -> None:
    """The bot gets the custom id; the message changes in place and the focus stays where it was."""
    await puppet.client.post(GENERAL, content="count: 0", components=[row(button("more", "More", 1))])
    async with open_page() as visitor:
        await visitor.main.get_by_role("button", name="More").focus()
        await visitor.keys("Enter")
        again = [row(button("more", "More", 1))]
        pressed = await puppet.answer(UPDATE, content="count: 1", components=again)
        assert pressed["data"]["custom_id"] == "more"
        await visitor.sees("count: 1")
        await expect(visitor.main.get_by_role("button", name="More")).to_be_focused()


async def test_button_without_an_answer_says_so(open_page: Visit, puppet: Puppet) -> None:
    """A person reads that the interaction failed when the bot has not answered a button in time."""
    await puppet.client.post(GENERAL, content="silence", components=[row(button("x", "Press"))])
    async with open_page(locale="en-US") as visitor:
        await visitor.press("Press")
        await puppet.next()
        await puppet.client.human("POST clock", advance_s=4)
        await visitor.sees("This interaction failed")


async def test_answer_to_ones_own_act_comes_into_sight(open_page: Visit, puppet: Puppet) -> None:
    """On a phone the answer to a person's own act is scrolled into sight; other messages scroll nothing."""
    await puppet.client.post(GENERAL, content="press me", components=[row(button("x", "Press"))])
    for number in range(30):
        await puppet.client.post(GENERAL, content=f"line {number}")
    look = {"name": "look", "description": "Look", "options": [FIND["options"][3]]}
    await puppet.client.register({"name": "now", "description": "Now"}, look)
    async with open_page(locale="en-US", size=PHONE) as visitor:
        pressed = visitor.main.get_by_role("button", name="Press", exact=True)
        await pressed.scroll_into_view_if_needed()
        await puppet.client.post(GENERAL, content="somebody else's")
        await expect(visitor.message("somebody else's")).to_have_count(1)
        await expect(visitor.message("somebody else's")).not_to_be_in_viewport()
        await expect(pressed).to_be_in_viewport()
        await pressed.click()
        await puppet.answer(MESSAGE, **ONLY_YOU)
        await expect(visitor.message("for your eyes only")).to_be_in_viewport()
        await pressed.scroll_into_view_if_needed()
        await visitor.command("now")
        await puppet.answer(MESSAGE, content="for all")
        await expect(visitor.message("for all")).to_be_in_viewport()
        await visitor.box.fill("/look ")  # a field to write into, or the phone's keyboard would go
        await expect(visitor.main.get_by_role("combobox", name="by")).to_be_focused()
        await visitor.keys("Enter")
        assert "options" not in (await puppet.answer(MESSAGE, content="nobody's"))["data"]


async def test_selects_of_every_kind(open_page: Visit, puppet: Puppet) -> None:
    """One value at once, several when the list closes; people, roles and channels by their ids."""
    await puppet.client.post(GENERAL, content="choose", components=SELECTS)
    async with open_page(locale="en-US") as visitor:
        picks = {
            "one": ("Pick one", ["Green"], ["green"]),
            "many": ("Pick many", ["A", "C"], ["a", "c"]),
            "user": ("Pick a user", ["primary"], ["1100000000000000101"]),
            "role": ("Pick a role", ["@on-call"], ["1100000000000000201"]),
            "channel": ("Pick a channel", ["#p1-ops"], ["1100000000000000302"]),
        }
        for custom_id, (placeholder, names, values) in picks.items():
            await visitor.press(placeholder)
            for name in names:
                await visitor.page.get_by_role("option", name=name, exact=True).click()
            if len(names) > 1:
                await visitor.keys("Escape")
            got = (await puppet.answer(6))["data"]
            assert (got["custom_id"], got["values"]) == (custom_id, values)


async def test_components_v2(open_page: Visit, puppet: Puppet) -> None:
    """The page shows the container, separator and gallery picture of a Components V2 message.

    The bot gets the presses of the buttons beside a section, inside the container and below it.
    """
    picture = f"{puppet.client.sandbox.core.origin}/_page/icon.svg"
    await puppet.client.post(GENERAL, **components_v2(picture))
    async with open_page(locale="en-US") as visitor:
        container = visitor.main.locator(".container")
        await expect(container).to_have_css("border-left-color", "rgb(230, 126, 34)")
        await expect(container.locator("hr.separator.wide")).to_be_visible()
        await expect(container.get_by_role("button", name="A square").locator("img")).to_be_visible()
        for name in ("Beside", "Inside", "Below"):
            await visitor.press(name)
            assert (await puppet.answer(6))["data"]["custom_id"] == name.lower()


async def test_modal_with_every_field(open_page: Visit, puppet: Puppet) -> None:
    """A modal asks for a missing required field, and sends all values that were filled in to the bot."""
    await puppet.client.post(GENERAL, content="open it", components=[row(button("open", "Open"))])
    async with open_page(locale="en-US") as visitor:
        await visitor.press("Open")
        await puppet.answer(OPEN_MODAL, **MODAL)
        form = visitor.page.get_by_role("dialog", name="A form")
        await expect(form.get_by_label("Short")).to_be_focused()
        await visitor.press("Submit", within=form)
        await expect(form.get_by_role("alert")).to_have_text("Short is required")
        await form.get_by_label("Short").fill("short words")
        await visitor.press("Colour", within=form)
        await visitor.page.get_by_role("option", name="Red").click()
        await form.get_by_label("Large").check()
        await form.get_by_label("Sugar").check()
        await visitor.press("Submit", within=form)
        got = (await puppet.answer(MESSAGE, **ONLY_YOU))["data"]["components"]
        values = [one["component"].get("values") or one["component"].get("value") for one in got]
        assert values == ["short words", "as it was", ["red"], "large", ["sugar"]]
        await expect(form).to_be_hidden()
        await visitor.sees("Only you can see this")


async def test_thinking_then_the_answer(open_page: Visit, puppet: Puppet) -> None:
    """A deferral shows that the bot is at it, the answer replaces it, under the command that was used."""
    await puppet.client.register({"name": "think", "description": "Think"})
    async with open_page(locale="en-US") as visitor:
        await visitor.command("think")
        asked = await puppet.answer(DEFERRED)
        await visitor.sees("incident-bot is thinking…")
        await puppet.finish(asked, content="thought")
        await expect(visitor.message("thought")).to_contain_text("responder used/think")


async def test_command_that_nobody_answers(open_page: Visit, puppet: Puppet) -> None:
    """The person reads that the application did not respond, and can dismiss it."""
    await puppet.client.register({"name": "think", "description": "Think"})
    async with open_page(locale="en-US") as visitor:
        await visitor.command("think")
        await visitor.sees("Sending…")
        await puppet.next()
        await puppet.client.human("POST clock", advance_s=4)
        await visitor.sees("The application did not respond")
        await visitor.press("Dismiss message")
        await expect(visitor.main.locator("li.message")).to_have_count(0)


async def test_options_choices_and_autocomplete(open_page: Visit, puppet: Puppet) -> None:
    """Every kind of option by keys: the bot's choices, a number, true or false, a person, a fixed choice."""
    await puppet.client.register(FIND)
    async with open_page(locale="en-US") as visitor:
        await visitor.type("/find")
        await visitor.keys("Enter")
        await visitor.type("ne")
        asked = ""
        while asked != "ne":  # it may ask before everything is typed, and then once more
            call = await puppet.answer(CHOICES, choices=[{"name": "Needle", "value": "n"}])
            asked = call["data"]["options"][0]["value"]
        await expect(visitor.picker.get_by_role("option", name="Needle")).to_be_visible()
        await visitor.keys("Enter")
        for typed in ("7", "tru", "prim", "bi"):
            await visitor.main.get_by_role("button", name="optional").focus()
            await visitor.keys("ArrowDown", "ArrowUp", "Enter")
            await visitor.type(typed)
            if typed != "7":
                await visitor.keys("Enter")
        await visitor.keys("Enter")
        sent = await puppet.answer(MESSAGE, content="found")
        values = {one["name"]: one["value"] for one in sent["data"]["options"]}
        assert values == {"what": "n", "most": 7, "loud": True, "by": "1100000000000000101", "kind": "b"}
        await visitor.sees("found")


async def test_command_typed_out_is_run(open_page: Visit, puppet: Puppet) -> None:
    """Text after a typed command fills the first option, and Enter sends the command, never a message."""
    show = {"type": 1, "name": "show", "description": "Show", "options": FIND["options"][:1]}
    person = {**FIND["options"][3], "required": True}
    await puppet.client.register(
        {"name": "dlq", "description": "Letters", "options": [show]},
        {"name": "sev1", "description": "Say", "options": [{**FIND["options"][0], "autocomplete": False}]},
        {"name": "who", "description": "Whose", "options": [person]},
        {"name": "now", "description": "Now"},
    )
    await puppet.client.human("PATCH member", user="primary", nick="高橋")

    async def run() -> list[dict[str, Any]]:
        """Answer the next command, and what the page asks for its choices before, if it is slow enough."""
        while (asked := await puppet.next())["type"] == 4:
            await puppet.client.respond(asked, CHOICES, choices=[{"name": "Another", "value": "other"}])
        await puppet.client.respond(asked, MESSAGE, content="done")
        return list(asked["data"].get("options", []))

    async def sent() -> Any:
        options = await run()
        return options[0]["value"] if options else None

    async with open_page(locale="en-US") as visitor:
        form = visitor.main.locator("form.command")
        await visitor.type("/sev1 Gate 3")
        await expect(form.get_by_role("combobox", name="what")).to_have_value("Gate 3")
        await visitor.keys("Enter")
        assert await sent() == "Gate 3"
        await visitor.box.fill("/dlq show 92c634")
        await visitor.keys("Enter")
        [show_option] = await run()
        assert show_option["options"][0]["value"] == "92c634"
        for name in ("高橋", "primary"):
            await visitor.box.fill(f"/who {name}")
            await visitor.keys("Enter")
            assert await sent() == "1100000000000000101"
        await visitor.box.fill("/who nobody")
        await visitor.keys("Enter")
        await expect(visitor.main.get_by_role("alert")).to_have_text("Not among the choices: by")
        await visitor.keys("Escape")
        await visitor.box.fill("/now")
        await visitor.press("Send")
        assert await sent() is None
        await visitor.say("/dlq shove")
        await expect(visitor.box).to_have_value("/dlq shove")
        await expect(visitor.main.locator("li.message", has_text="/sev1 Gate")).to_have_count(0)


async def test_required_option_is_asked_for(open_page: Visit, puppet: Puppet) -> None:
    """Enter with nothing typed says what is missing; Escape leaves the command."""
    await puppet.client.register({**FIND, "options": [{**FIND["options"][0], "autocomplete": False}]})
    async with open_page(locale="en-US") as visitor:
        await visitor.type("/find")
        await visitor.keys("Enter", "Enter")
        await expect(visitor.main.get_by_role("alert")).to_have_text("what is required")
        await visitor.keys("Escape")
        await expect(visitor.box).to_be_focused()


async def test_context_menu_commands(open_page: Visit, puppet: Puppet) -> None:
    """An app's entries stand in the menus of messages and of people."""
    await puppet.client.register({"name": "Keep this", "type": 3}, {"name": "Look up", "type": 2})
    posted = await puppet.client.post(GENERAL, content="keep me")
    async with open_page(locale="en-US") as visitor:
        await visitor.message("keep me").click(button="right")
        await visitor.page.get_by_role("menuitem", name="Keep this").click()
        asked = await puppet.answer(MESSAGE, content="kept")
        assert asked["data"]["target_id"] == posted["id"]
        await visitor.page.get_by_role("button", name="Member list").click()
        await visitor.page.locator("#members").get_by_role("button", name=re.compile("observer")).click()
        await visitor.page.get_by_role("menuitem", name="Look up").click()
        assert (await puppet.answer(MESSAGE, content="looked"))["data"]["target_id"] == "1100000000000000104"
        await visitor.sees("looked")
