"""axe-core, an outside judge of accessibility, looks at the page as people come to see it."""

from typing import Any, Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.page.test_tour import STEPS, tour
from tests.browser.visitor.gallery import (
    EMBED,
    MARKDOWN,
    MODAL,
    ONLY_YOU,
    SELECTS,
    button,
    components_v2,
    row,
    square_png,
)
from tests.browser.visitor.puppet import CHOICES, MESSAGE, Puppet
from tests.browser.visitor.puppet import MODAL as FORM
from tests.browser.visitor.visitor import DESKTOP, PHONE, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

RESPONDER: Final = "1100000000000000103"  # who the page begins as
#: Menus and the way to the message box lie over the page, in no part of it. On a phone the server's name, the
#: page's heading, is in the list of channels, which slides in.
PARDONED: Final = {"region", "page-has-heading-one"}
FIND: Final[dict[str, Any]] = {
    "name": "find",
    "description": "Find something",
    "options": [
        {"type": 3, "name": "what", "description": "What to find", "required": True, "autocomplete": True}
    ],
}

BELL: Final[dict[str, Any]] = {
    "id": "bell",
    "icon": "bell",
    "label": {"ja": "監視", "en": "Post an alert"},
    "controls": [
        {
            "id": "bell.new",
            "label": {"ja": "新しい", "en": "A new alert"},
            "detail": {"ja": "#ops", "en": "#ops"},
            "hint": {"ja": "説明", "en": "What to look at"},
        },
        {"id": "bell.again", "label": {"ja": "もう一度", "en": "Again"}},
    ],
}


class Judge:
    """Collects what axe finds.

    Attributes:
        found: Where each violation was seen first: the rule, the element and what is wrong with it.
    """

    def __init__(self, visitor: Visitor) -> None:
        self._page = visitor.page
        self.found: dict[str, str] = {}

    async def look(self, scene: str) -> None:
        """Let axe look at the page as it is now, which shows *scene*."""
        for one in (await Axe().run(self._page)).response["violations"]:
            for node in one["nodes"] if one["id"] not in PARDONED else ():
                self.found.setdefault(
                    f"{one['id']} ({one['impact']}): {node['html']}: {node['failureSummary']}", scene
                )


async def fill_general(puppet: Puppet) -> None:
    """Post an alert with its buttons, and beside it everything that a message can consist of."""
    await puppet.client.register(FIND)
    said = await puppet.client.human("POST say", user="observer", channel="general", content="any news?")
    await puppet.client.post(GENERAL, content=MARKDOWN)
    await puppet.post_file(GENERAL, "square.png", "image/png", square_png())
    [shown] = (await puppet.client.api(f"GET /channels/{GENERAL}/messages?limit=1")).body
    await puppet.client.post(GENERAL, **components_v2(shown["attachments"][0]["url"]))
    await puppet.client.post(GENERAL, content="choose", components=SELECTS)
    buttons = [button(f"style-{style}", f"Style {style}", style) for style in (1, 2, 3, 4)]
    alert = await puppet.client.post(
        GENERAL,
        content=f"@here <@{RESPONDER}> it burns",
        allowed_mentions={"parse": ["everyone", "users"]},
        embeds=[EMBED],
        message_reference={"message_id": said.body["id"]},
        components=[row(*buttons, button("no", "Disabled", disabled=True))],
    )
    await puppet.client.human(
        "PUT reaction", user="primary", channel="general", message=alert["id"], emoji="👀"
    )
    await puppet.client.api(f"POST /channels/{GENERAL}/messages/{alert['id']}/threads", {"name": "It burns"})
    talk = await puppet.client.api("POST /users/@me/channels", {"recipient_id": RESPONDER})
    await puppet.client.post(talk.body["id"], content="only to you", components=[row(*buttons)])


async def look_at_other_places(visitor: Visitor, judge: Judge, *, is_phone: bool) -> None:
    """Look at the channels, a DM, the members and what goes over the wire."""
    if is_phone:
        await visitor.main.locator("#nav-toggle").click()
        await judge.look("channels")
    await visitor.go("incident-bot")
    await visitor.sees("only to you")
    await judge.look("DM")
    await visitor.press("Member list")
    await judge.look("members")
    await visitor.press("Member list", within=visitor.page.locator("body"))
    await visitor.page.locator("#drawer-toggle").click()
    await judge.look("traffic")
    await visitor.page.get_by_role("tab").last.click()
    await judge.look("faults")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
async def test_axe_finds_nothing(open_page: Visit, puppet: Puppet, size: tuple[int, int], dark: bool) -> None:
    """No violation of any weight: first screen, alert, form, autocomplete, menus, columns, DM."""
    await fill_general(puppet)
    await puppet.client.human("PUT tour", steps=STEPS)
    await puppet.client.human("PUT controls", groups=[BELL])
    async with open_page(locale="en-US", size=size, dark=dark) as visitor:
        judge = Judge(visitor)
        await expect(tour(visitor)).to_be_visible()
        await judge.look("first screen")
        await tour(visitor).get_by_role("button", name="Skip").click()
        await judge.look("alert")
        await visitor.press("Style 1")
        await puppet.answer(FORM, **MODAL)
        await expect(visitor.page.get_by_role("dialog", name="A form")).to_be_visible()
        await judge.look("form")
        await visitor.keys("Escape")
        await visitor.press("Style 2")
        await puppet.answer(MESSAGE, **ONLY_YOU)
        await visitor.sees("for your eyes only")
        await visitor.box.fill("/")
        await expect(visitor.picker.get_by_role("option")).to_have_count(1)
        await judge.look("commands")
        await visitor.box.fill("/nothing")
        await expect(visitor.picker).to_contain_text("No such command")
        await judge.look("no command")
        await visitor.box.fill("/")
        await visitor.keys("Enter")
        await puppet.answer(CHOICES, choices=[{"name": "Needle", "value": "n"}])
        await expect(visitor.picker.get_by_role("option")).to_have_text("Needle")
        await judge.look("autocomplete")
        await visitor.keys("Escape", "Escape")
        await visitor.press("Pick one")
        await judge.look("select")
        await visitor.keys("Escape")
        await visitor.main.get_by_role("button", name="Post an alert").click()
        item = visitor.page.get_by_role("menuitem").first
        await expect(item).to_have_text("A new alertWhat to look at#ops")
        await judge.look("menu")
        await visitor.keys("Escape")
        await look_at_other_places(visitor, judge, is_phone=size == PHONE)
    assert judge.found == {}
