"""The page itself: keys, phone width, themes, the live connection, the log and the faults."""

import re

import pytest
from playwright.async_api import WebSocket, expect

from local_discord.tests.client import ALERTS, GENERAL
from tests.browser.conftest import Visit, restarted
from tests.browser.visitor.puppet import MESSAGE, Puppet
from tests.browser.visitor.visitor import PHONE

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_channels_by_keys(open_page: Visit, puppet: Puppet) -> None:
    """Alt with arrows goes up and down, with Shift to what is unread; Ctrl+K finds by name; Tab works."""
    await puppet.client.post(ALERTS, content="news")
    async with open_page(locale="en-US") as visitor:
        heading = visitor.main.get_by_role("heading", level=2).first
        await visitor.keys("Alt+ArrowUp")
        await expect(heading).to_have_text("p3-insights")
        await visitor.keys("Alt+Shift+ArrowUp")
        await expect(heading).to_have_text("p0-alerts")
        await visitor.keys("Control+k")
        await visitor.type("gen")
        await visitor.keys("Enter")
        await expect(heading).to_have_text("general")
        await visitor.page.locator(".find").focus()
        await visitor.keys("Shift+Tab")
        await expect(visitor.page.get_by_text("Skip to the message box")).to_be_in_viewport()
        await visitor.keys("Enter")
        await expect(visitor.box).to_be_focused()


async def test_page_opens_where_the_program_says(open_page: Visit, puppet: Puppet) -> None:
    """The page opens on the channel that the program has named, unless the address names a channel."""
    await puppet.client.post(ALERTS, content="it burns")
    await puppet.client.post(GENERAL, content="welcome")
    await puppet.client.human("PUT home", channel="p0-alerts")
    async with open_page(locale="en-US") as visitor:
        await visitor.sees("it burns")
        address = f"{puppet.client.sandbox.core.origin}/?lang=en#{GENERAL}"
        await visitor.page.goto(address)
        await visitor.sees("welcome")
        assert visitor.page.url == address.replace("?lang=en", "")


async def test_picker_by_keys(open_page: Visit, puppet: Puppet) -> None:
    """Arrows move, Escape closes and keeps what was typed, Enter picks; what is active is announced."""
    await puppet.client.register(*({"name": name, "description": name} for name in ("alpha", "beta")))
    async with open_page(locale="en-US") as visitor:
        await visitor.type("/")
        await expect(visitor.picker.get_by_role("option", selected=True)).to_contain_text("/alpha")
        await visitor.keys("ArrowDown")
        active = await visitor.box.get_attribute("aria-activedescendant")
        await expect(visitor.page.locator(f"#{active}")).to_contain_text("/beta")
        await visitor.keys("Escape")
        await expect(visitor.picker).to_have_count(0)
        await expect(visitor.box).to_have_value("/")
        await visitor.type("b")
        await visitor.keys("Enter", "Enter")
        asked = await puppet.answer(MESSAGE, content="done")
        assert asked["data"]["name"] == "beta"


async def test_messages_by_keys(open_page: Visit, puppet: Puppet) -> None:
    """Arrows go from message to message, Enter opens the menu, r replies, Escape takes the reply back."""
    for word in ("one", "two", "three"):
        await puppet.client.post(GENERAL, content=f"message {word}")
    async with open_page(locale="en-US") as visitor:
        await visitor.message("message three").focus()
        await visitor.keys("ArrowUp", "ArrowUp")
        await expect(visitor.message("message one")).to_be_focused()
        await visitor.keys("Enter")
        await expect(visitor.page.get_by_role("menuitem").first).to_be_focused()
        await visitor.keys("Escape")
        await expect(visitor.message("message one")).to_be_focused()
        await visitor.keys("r")
        await expect(visitor.box).to_be_focused()
        await expect(visitor.main.get_by_text("Replying to incident-bot")).to_be_visible()
        await visitor.keys("Escape")
        await expect(visitor.main.get_by_text("Replying to incident-bot")).to_be_hidden()


async def test_enter_belongs_to_the_input_method(open_page: Visit, puppet: Puppet) -> None:
    """While Japanese is being composed, Enter confirms the word and sends nothing, and no command opens."""
    await puppet.client.register({"name": "now", "description": "Now"})
    async with open_page() as visitor:
        await visitor.box.fill("決済")
        await visitor.box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "keyCode": 229})
        await expect(visitor.box).to_have_value("決済")
        await visitor.keys("Enter")
        await visitor.sees("決済")
        event = "new InputEvent('input', { isComposing: true })"
        await visitor.box.evaluate(f"(one) => {{ one.value = '/now '; one.dispatchEvent({event}); }}")
        form = visitor.main.locator("form.command")
        assert await form.count() == 0
        await visitor.box.dispatch_event("compositionend")
        await expect(form).to_be_visible()
        assert puppet.seen == []


async def test_phone_width(open_page: Visit, puppet: Puppet) -> None:
    """On a phone nothing is wider than the screen, and an opened thread takes the channel's place.

    The channel list slides in, and goes on Escape or when a channel is chosen.
    """
    posted = await puppet.client.post(GENERAL, content="x" * 300, embeds=[{"title": "y" * 200}])
    await puppet.client.api(f"POST /channels/{GENERAL}/messages/{posted['id']}/threads", {"name": "A thread"})
    async with open_page(size=PHONE, locale="en-US") as visitor:
        await visitor.sees("xxx")
        wide = await visitor.page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
        assert not wide
        await expect(visitor.sidebar).to_be_hidden()
        await visitor.press("A thread")
        await expect(visitor.main.get_by_role("heading", level=2).first).to_have_text("A thread")
        toggle = visitor.page.locator("#nav-toggle")
        await visitor.press("Open the channel list")
        await expect(toggle).to_have_attribute("aria-expanded", "true")
        await visitor.keys("Escape")
        await expect(toggle).to_have_attribute("aria-expanded", "false")
        await visitor.press("Open the channel list")
        await expect(visitor.sidebar).to_be_visible()
        await visitor.go("p1-ops")
        await expect(visitor.sidebar).to_be_hidden()
        await expect(visitor.main.get_by_role("heading", level=2).first).to_have_text("p1-ops")


async def test_theme_follows_the_system_until_switched(open_page: Visit) -> None:
    """Dark or light as the browser prefers; the switch is remembered."""
    async with open_page(dark=False, locale="en-US") as visitor:
        background = "() => getComputedStyle(document.body).backgroundColor"
        assert await visitor.page.evaluate(background) == "rgb(255, 255, 255)"
        await visitor.sidebar.get_by_role("button", name="Switch between dark and light").click()
        await visitor.page.reload()
        await expect(visitor.box).to_be_visible()
        assert await visitor.page.evaluate(background) == "rgb(43, 45, 51)"


async def test_one_socket_that_comes_back_by_itself(open_page: Visit, puppet: Puppet) -> None:
    """The page has one socket at a time, and says so when the connection is lost.

    Once the local Discord is back, the page connects by itself and shows new messages.
    """
    sandbox = puppet.client.sandbox
    async with open_page(locale="en-US") as visitor:
        sockets: list[WebSocket] = []
        visitor.listen("websocket", lambda socket: sockets.append(socket))  # noqa: PLW0108 (it is given marks)
        await visitor.page.reload()
        await expect(visitor.main.locator(".messages > li").first).to_be_visible()
        await visitor.say("before")
        await visitor.sees("before")
        assert len(sockets) == 1
        visitor.may_lose_the_line = True
        await sandbox.stop()
        await expect(visitor.page.get_by_text("Connection lost")).to_be_visible()
        async with restarted(sandbox):
            await expect(visitor.page.get_by_text("Connection lost")).to_be_hidden()
            await puppet.client.post(GENERAL, content="meanwhile")
            await visitor.sees("meanwhile")
            await visitor.sees("before")
            assert all(socket.url.endswith("/_page/ws") for socket in sockets)
            assert [socket.is_closed() for socket in sockets] == [True] * (len(sockets) - 1) + [False]


async def test_log_is_live_filtered_and_opened(open_page: Visit, puppet: Puppet) -> None:
    """Each exchange appears in the log as it happens; a filter narrows the log, a click opens an entry."""
    async with open_page(locale="en-US") as visitor:
        await visitor.press("Traffic and faults")
        await puppet.client.human("POST clock", advance_s=3 * 3600)
        await puppet.client.post(GENERAL, content="needle in the log")
        await puppet.client.api("GET /users/@me")
        log = visitor.page.locator("#drawer .log")
        await expect(log.locator("li", has_text="/users/@me")).to_be_visible()
        await visitor.page.get_by_role("searchbox").fill("needle")
        await expect(log.locator("li")).to_have_count(1)
        await log.locator("summary").click()
        await expect(log.locator("pre")).to_contain_text('"content": "needle in the log"')
        posted = await visitor.message("needle").locator("time").first.inner_text()
        hour = posted.split(" ")[-1].split(":")[0]
        await expect(log.locator("time")).to_have_text(re.compile(f"^{hour}:"))  # as the message


async def test_switches_break_discord_and_mend_it(open_page: Visit, puppet: Puppet) -> None:
    """Switches hold until they are switched off; the header says that something is wrong."""
    async with open_page(locale="en-US") as visitor:
        await visitor.press("Traffic and faults")
        await visitor.page.get_by_role("tab", name="Faults").click()
        for name in ("API answers 503", "Gateway is down"):
            await visitor.page.get_by_role("switch", name=name).click()
            await expect(visitor.page.get_by_role("switch", name=name)).to_be_checked()
        assert (await puppet.client.api("GET /users/@me")).status == 503
        await expect(visitor.main.get_by_text("Faults in force: 2")).to_be_visible()
        await visitor.page.get_by_role("switch", name="API answers 503").click()
        await expect(visitor.main.get_by_text("Faults in force: 1")).to_be_visible()
        assert (await puppet.client.api("GET /users/@me")).status == 200
        await visitor.page.get_by_role("switch", name="The resume host is down").click()
        await expect(visitor.main.get_by_text("Faults in force: 2")).to_be_visible()
        assert puppet.client.sandbox.desk.resume_down
        await visitor.page.get_by_role("switch", name="The resume host is down").click()
        await expect(visitor.main.get_by_text("Faults in force: 1")).to_be_visible()
        assert not puppet.client.sandbox.desk.resume_down
        await visitor.press("Lift all faults", within=visitor.page.locator("#drawer"))
        await expect(visitor.main.get_by_text("Faults in force")).to_have_count(0)
        assert not puppet.client.sandbox.desk.gateway_down


async def test_address_names_the_language(open_page: Visit) -> None:
    """`?lang=en` is as if the person had switched: it is still so after a reload without it."""
    async with open_page(locale="ja-JP") as visitor:
        await expect(visitor.page.get_by_text("メッセージ欄へ")).to_be_attached()
        await visitor.page.goto(f"{visitor.page.url.partition('#')[0]}?lang=en")
        await expect(visitor.page.get_by_text("Skip to the message box")).to_be_attached()
        assert "lang=" not in visitor.page.url
        await visitor.page.reload()
        await expect(visitor.page.get_by_text("Skip to the message box")).to_be_attached()
