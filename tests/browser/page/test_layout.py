"""Room for everything: columns beside and over each other, long words, what shows while the line is cut."""

import re
from typing import Any

import pytest
from playwright.async_api import FloatRect, Locator, expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit, restarted
from tests.browser.visitor.puppet import Puppet
from tests.browser.visitor.visitor import DESKTOP, PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")
LONG = "unbroken" * 30
WIDTHS = (1660, 1600, 1280, 1150, 1000)
LEAST_PX = 360
ONE_LINE_PX = 30
MOST_PX_OVER_A_LINE = 4  # what a line's own height leaves free above its letters
TOO_LONG = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"


async def box(locator: Locator) -> FloatRect:
    """Return the box of an element, which must be visible."""
    found = await locator.bounding_box()
    assert found
    return found


async def test_messages_keep_their_room(open_page: Visit, puppet: Puppet) -> None:
    """With a thread, the members and the drawer open, the channel stays readable and nothing sticks out."""
    posted = await puppet.client.post(GENERAL, content="let us talk")
    await puppet.client.api(f"POST /channels/{GENERAL}/messages/{posted['id']}/threads", {"name": "A thread"})
    async with open_page(locale="en-US") as visitor:
        for width in WIDTHS:
            await visitor.page.set_viewport_size({"width": width, "height": 720})
            await visitor.page.goto(puppet.client.sandbox.core.origin)
            await visitor.press("A thread")
            await visitor.sees("let us talk", pane=visitor.side)
            for name, column in (("Member list", "#members"), ("Traffic and faults", "#drawer")):
                await visitor.press(name)
                assert (await box(visitor.main))["width"] >= LEAST_PX, width
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
    """Long words in embeds, fields, buttons and spoilers are broken; a select's long line ends in dots."""
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


async def test_way_to_the_latest_covers_no_words(open_page: Visit, puppet: Puppet) -> None:
    """The button to the latest message has a row of its own below the messages."""
    for number in range(60):
        await puppet.client.human("POST say", user="primary", channel="general", content=f"line {number}")
    async with open_page(locale="en-US") as visitor:
        await visitor.sees("line 59")
        jump, scroller = visitor.main.locator(".jump"), visitor.main.locator(".scroller")
        await expect(jump).to_be_hidden()
        await scroller.evaluate("(one) => one.scrollTo(0, 0)")
        await expect(jump).to_be_visible()
        above = await box(scroller)
        assert (await box(jump))["y"] >= above["y"] + above["height"]
        await jump.click()
        await expect(visitor.main.get_by_text("line 59")).to_be_in_viewport()
        await expect(jump).to_be_hidden()


# Where, in the first text of an element, a line begins with the mark of a long vowel.
BADLY_BROKEN = """(element) => {
  const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
  const range = document.createRange();
  const top = (at) => {
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect().top;
  };
  const begins = [...text.data].keys().filter((at) => at && top(at) > top(at - 1) + 4);
  return [...begins].filter((at) => text.data[at] === "ー");
}"""


async def test_words_of_the_japanese_page_stay_whole(open_page: Visit, puppet: Puppet) -> None:
    """No line begins with a long vowel's mark; a thread's new name stays in one piece."""
    path = f"/channels/{GENERAL}/messages/{(await puppet.client.post(GENERAL, content='x'))['id']}/threads"
    made = (await puppet.client.api(f"POST {path}", {"name": "before"})).body["id"]
    await puppet.client.api(f"PATCH /channels/{made}", {"name": "INC-1 🔴 決済 API が 5xx"})
    await puppet.client.post(GENERAL, content="エラー率が上がり、サーバーのエラーがユーザーに" * 20)
    widths = range(340, 420, 8)
    async with open_page(locale="ja-JP", size=PHONE) as visitor:
        paragraph = visitor.message("エラー").locator("p").first
        for width in widths:
            await visitor.page.set_viewport_size({"width": width, "height": 844})
            assert await paragraph.evaluate(BADLY_BROKEN) == []
        await visitor.page.goto(f"{puppet.client.sandbox.core.origin}/#{made}")
        renamed = visitor.main.locator(".system .to")
        await expect(renamed).to_have_text("INC-1 🔴 決済 API が 5xx")
        for width in widths:
            await visitor.page.set_viewport_size({"width": width, "height": 844})
            assert (await box(renamed))["height"] < ONE_LINE_PX, width


async def test_thread_is_named_above_not_in_its_box(open_page: Visit, puppet: Puppet) -> None:
    """A thread's message box does not show the thread's name, but the box's label for screen readers does."""
    path = f"/channels/{GENERAL}/messages/{(await puppet.client.post(GENERAL, content='x'))['id']}/threads"
    await puppet.client.api(f"POST {path}", {"name": "INC-1 Payments API answers 5xx"})
    async with open_page(locale="en-US") as visitor:
        await visitor.press("INC-1")
        field = visitor.side.locator("textarea")
        await expect(field).to_have_attribute("placeholder", "Message the thread")
        await expect(field).to_have_attribute("aria-label", "Message INC-1 Payments API answers 5xx")


async def test_bracket_stays_with_its_time(open_page: Visit, puppet: Puppet) -> None:
    """`(in 11 minutes)` begins a new line as a whole, wherever the line before it ends."""
    await puppet.client.post(GENERAL, content="due (<t:4102444800:R>)")
    async with open_page(locale="en-US", size=PHONE) as visitor:
        await visitor.sees("due")
        words = visitor.main.locator("li.message p").last
        for number in range(4, 30):
            await words.evaluate("(one, before) => { one.firstChild.data = `${before}(`; }", "x " * number)
            assert await words.evaluate(BRACKET_IS_APART) is False, number


# Whether a text's last sign stands on another line than the time behind it.
BRACKET_IS_APART = """(words) => {
  const range = document.createRange();
  const text = words.firstChild;
  range.setStart(text, text.length - 1);
  range.setEnd(text, text.length);
  const bracket = range.getBoundingClientRect();
  return Math.abs(bracket.top - words.querySelector("time").getClientRects()[0].top) > 6;
}"""


async def test_name_stays_with_its_at_sign(open_page: Visit, puppet: Puppet) -> None:
    """A Japanese name could begin a line of its own, and leave the sign at the end of the line before."""
    await puppet.client.human("PATCH member", user="primary", nick="佐藤")
    await puppet.client.post(GENERAL, content="@here + <@1100000000000000101>, <@1100000000000000102>")
    async with open_page(locale="ja-JP", size=PHONE) as visitor:
        await visitor.sees("佐藤")
        words = visitor.main.locator("li.message p").last
        for number in range(4, 30):
            await words.evaluate("(one, before) => one.prepend(before)", "x ")
            lines = "(all) => all.map((one) => one.getClientRects().length)"
            assert await words.locator(".mention").evaluate_all(lines) == [1, 1, 1], number


# Whether a mention's first letter begins another line than its sign.
SIGN_IS_APART = """(mention) => {
  const range = document.createRange();
  const letters = document.createTreeWalker(mention, NodeFilter.SHOW_TEXT).nextNode();
  range.setStart(letters, 0);
  range.setEnd(letters, 2);
  return range.getClientRects().length > 1;
}"""


async def test_long_name_takes_its_at_sign_along(open_page: Visit, puppet: Puppet) -> None:
    """A name that one line does not hold is broken, though never between the sign and its first letter."""
    name = "佐藤当番長期休暇中は中村へ連絡してください"
    await puppet.client.human("PATCH member", user="primary", nick=name)
    await puppet.client.post(GENERAL, content="@here + <@1100000000000000101>")
    async with open_page(locale="ja-JP", size=PHONE) as visitor:
        await visitor.sees(name)
        words = visitor.main.locator("li.message p").last
        for number in range(30):
            assert await words.locator(".mention").last.evaluate(SIGN_IS_APART) is False, number
            await words.evaluate("(one, before) => one.prepend(before)", "x ")


# Whether what an empty field says is as wide as the field at most.
FITS = """(field) => {
  const brush = document.createElement("canvas").getContext("2d");
  brush.font = getComputedStyle(field).font;
  return brush.measureText(field.placeholder).width <= field.clientWidth;
}"""


@pytest.mark.parametrize(
    ("locale", "said", "denied"),
    [("ja-JP", "メッセージを送信", "書き込めません"), ("en-US", "Message", "Read-only")],
)
async def test_box_on_a_phone_says_what_there_is_room_for(
    open_page: Visit, puppet: Puppet, locale: str, said: str, denied: str
) -> None:
    """Beside the buttons; the channel's name stands above, and is read out."""
    groups = [
        {"id": name, "icon": "bell", "label": {"ja": name, "en": name}, "controls": []} for name in "ab"
    ]
    await puppet.client.human("PUT controls", groups=groups)
    async with open_page(locale=locale, size=(360, 740)) as visitor:
        await expect(visitor.box).to_have_attribute("placeholder", said)
        await expect(visitor.box).to_have_attribute("aria-label", re.compile("#general"))
        await expect(visitor.main.locator(".controls button")).to_have_count(2)
        assert await visitor.box.evaluate(FITS)
        await puppet.client.human("PATCH channel", channel="general", role="@everyone", deny=1 << 11)
        await expect(visitor.box).to_have_attribute("placeholder", denied)
        assert await visitor.box.evaluate(FITS)


async def test_cut_line_is_said_in_a_row_of_its_own(open_page: Visit, puppet: Puppet) -> None:
    """A row above every header says that the connection is lost; so does a note when a person sends then."""
    sandbox = puppet.client.sandbox
    async with open_page(locale="en-US") as visitor:
        visitor.may_lose_the_line = True
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


async def test_phone_header_has_room_for_the_name(open_page: Visit, puppet: Puppet) -> None:
    """On a phone the header has room for the channel's whole name.

    That the bot is offline and that faults are in force is shown by signs, whose words are read out.
    """
    await puppet.client.human("POST fault", route="GET /gateway", status=503, times=None)
    async with open_page(locale="en-US", size=PHONE) as visitor:
        heading = visitor.main.locator(".pane-head h2")
        await expect(heading).to_have_text("general")
        assert await heading.evaluate("(one) => one.scrollWidth <= one.clientWidth")
        states = visitor.main.locator(".pane-head [role=status]")
        await expect(states).to_contain_text(["incident-bot: offline", "Faults in force: 1"])
        for at in range(2):
            assert (await box(states.nth(at)))["width"] < 60


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_toolbar_covers_no_words_of_its_message(
    open_page: Visit, puppet: Puppet, size: tuple[int, int]
) -> None:
    """The toolbar of a message covers neither the author's name nor the first line of the text."""
    for word in ("first", "second"):
        await puppet.client.post(GENERAL, content=f"{word} message {'to be read ' * 9}")
    async with open_page(locale="en-US", size=size) as visitor:
        for word in ("first", "second"):
            message = visitor.message(f"{word} message")
            await message.focus()
            toolbar = await box(message.locator(".toolbar"))
            words = await box(message.locator(".body"))
            assert toolbar["y"] + toolbar["height"] <= words["y"] + MOST_PX_OVER_A_LINE
            name = message.locator(".author")
            if await name.count():
                assert (await box(name))["x"] + (await box(name))["width"] < toolbar["x"]


@pytest.mark.parametrize(("locale", "members"), [("en-US", "Member list"), ("ja-JP", "メンバー一覧")])
async def test_names_of_members_are_whole(
    open_page: Visit, puppet: Puppet, locale: str, members: str
) -> None:
    """No name in the list of members is cut off, in English or in Japanese."""
    await puppet.client.human("PATCH member", user="primary", dms=False)
    async with open_page(locale=locale) as visitor:
        await visitor.press(members)
        names = visitor.page.locator("#members .named .ellipsis")
        await expect(names.filter(has_text="incident-bot")).to_be_visible()
        assert await names.evaluate_all(TOO_LONG) == []
