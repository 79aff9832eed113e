"""What happens elsewhere leaves alone what a person is at: scrolling, the focus, an open list."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import expect

from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.gallery import SELECTS, button, row
from tests.browser.visitor.puppet import EPHEMERAL, MESSAGE, UPDATE, Puppet

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def elsewhere(puppet: Puppet) -> None:
    """Something that changes the state of every page."""
    await puppet.client.post(ALERTS, content="<@1100000000000000103> look")


async def test_channel_list_stays_where_it_was_scrolled(open_page: Visit, puppet: Puppet) -> None:
    """A message in another channel marks it, and moves nothing."""
    await puppet.client.human("PATCH role", role="incident-bot", permissions=str(1 << 3))
    guild = puppet.client.sandbox.address.guild_id
    for number in range(20):
        await puppet.client.api(f"POST /guilds/{guild}/channels", {"name": f"room-{number}"})
    async with open_page(locale="en-US", size=(1000, 480)) as visitor:
        channels = visitor.sidebar.locator(".channel-list")
        await expect(visitor.sidebar.get_by_text("room-19")).to_have_count(1)
        await channels.evaluate("(one) => one.scrollTo(0, 300)")
        await elsewhere(puppet)
        await expect(visitor.sidebar.locator("a", has_text="p0-alerts").locator(".count")).to_have_text("1")
        assert await channels.evaluate("(one) => one.scrollTop") == 300


async def test_member_menu_stays_and_gives_the_focus_back(open_page: Visit, puppet: Puppet) -> None:
    """The open member menu stays when its button is drawn anew, and gives the focus back when closed."""
    async with open_page(locale="en-US") as visitor:
        who = visitor.sidebar.locator("button.who")
        await who.click()
        await elsewhere(puppet)
        await puppet.client.human("PATCH member", user="responder", nick="Renamed")
        await expect(who.locator("strong")).to_have_text("Renamed")
        await expect(who).to_have_attribute("aria-expanded", "true")
        await expect(visitor.page.get_by_role("menuitemradio", checked=True)).to_be_focused()
        await visitor.keys("Escape")
        await expect(who).to_be_focused()


async def test_header_keeps_the_focus(open_page: Visit, puppet: Puppet) -> None:
    """A button in the header keeps the focus when something happens elsewhere or the header changes."""
    async with open_page(locale="en-US") as visitor:
        toggle = visitor.main.get_by_role("button", name="Traffic and faults")
        await toggle.focus()
        await elsewhere(puppet)
        await expect(visitor.sidebar.locator("a", has_text="p0-alerts").locator(".count")).to_have_text("1")
        await expect(toggle).to_be_focused()
        await puppet.client.human("POST fault", gateway="down")
        await expect(visitor.main.get_by_text("Faults in force: 1")).to_be_visible()
        await expect(toggle).to_be_focused()


async def test_dismissed_messages_stay_away(open_page: Visit, puppet: Puppet) -> None:
    """A dismissed message stays away in another channel and back, as somebody else and after a reload."""
    await puppet.client.register({"name": "whisper", "description": "Whisper"})
    async with open_page(locale="en-US") as visitor:
        await visitor.command("whisper")
        await puppet.answer(MESSAGE, content="psst", flags=EPHEMERAL)
        await visitor.press("Dismiss message")
        await visitor.say("and on we go")
        await visitor.go("p1-ops")
        await visitor.go("general")
        await visitor.sees("and on we go")
        await expect(visitor.main.get_by_text("psst")).to_have_count(0)
        await visitor.act_as("primary")
        await visitor.act_as("responder")
        await visitor.page.reload()
        await visitor.sees("and on we go")
        await expect(visitor.main.get_by_text("psst")).to_have_count(0)


async def test_nothing_moves_under_a_pressed_pointer(open_page: Visit, puppet: Puppet) -> None:
    """A press on a button is a click although a message arrives before the pointer is released.

    The message is shown afterwards.
    """
    await puppet.client.post(GENERAL, content="Sure?", components=[row(button("yes", label="Yes"))])
    async with open_page(locale="en-US") as visitor, open_page(locale="en-US") as other:
        yes = visitor.main.get_by_role("button", name="Yes")
        await yes.hover()
        await visitor.page.mouse.down()
        await puppet.client.post(GENERAL, content="news" + "\n." * 30)
        await other.sees("news")
        await expect(visitor.main.get_by_text("news")).to_have_count(0)
        await visitor.page.mouse.up()
        assert (await puppet.answer(UPDATE, content="Done", components=[]))["data"]["custom_id"] == "yes"
        await visitor.sees("news")
        await visitor.sees("Done")


async def test_open_list_survives_a_reaction(open_page: Visit, puppet: Puppet) -> None:
    """A reaction leaves a select's open list and choices alone; the closed select has the focus."""
    posted = await puppet.client.post(GENERAL, content="choose", components=SELECTS)
    async with open_page(locale="en-US") as visitor:
        await visitor.press("Pick many")
        option = visitor.page.get_by_role("option")
        await option.filter(has_text="A").click()
        await puppet.client.human("PUT reaction", user="primary", message=posted["id"], emoji="👀")
        await expect(visitor.main.get_by_role("button", name="👀 1: primary")).to_be_visible()
        await option.filter(has_text="C").click()
        await visitor.keys("Escape")
        await expect(visitor.main.get_by_role("button", name="Pick many: A, C")).to_be_focused()
        assert (await puppet.answer(6))["data"]["values"] == ["a", "c"]


async def test_what_was_revealed_and_what_failed_stay(open_page: Visit, puppet: Puppet) -> None:
    """A spoiler stays open and a failure stays said, until one tries again; so does the focus."""
    body = {"content": "||hidden|| words", "components": [row(button("go", "Try"))]}
    posted = await puppet.client.post(GENERAL, **body)
    mended = {"content": "||hidden|| words, mended", "components": [row(button("go", "Again"))]}
    async with open_page(locale="en-US") as visitor:
        message = visitor.message("words")
        await message.locator(".spoiler").click()
        await visitor.press("Try")
        await puppet.next()
        await puppet.client.human("POST clock", advance_s=4)
        await expect(message.get_by_role("alert")).to_have_text("This interaction failed")
        await message.get_by_role("button", name="Try").focus()
        await puppet.client.human("PUT reaction", user="primary", message=posted["id"], emoji="👀")
        await expect(visitor.main.get_by_role("button", name="👀 1: primary")).to_be_visible()
        await expect(message.locator(".spoiler.shown")).to_be_visible()
        await expect(message.get_by_role("alert")).to_be_visible()
        await expect(message.get_by_role("button", name="Try")).to_be_focused()
        await visitor.press("Try")
        await puppet.answer(UPDATE, **mended)
        await expect(message.get_by_role("alert")).to_have_count(0)
        await expect(message.get_by_role("button", name="Again")).to_be_focused()


@asynccontextmanager
async def another_process(sandbox: LocalDiscord) -> AsyncIterator[None]:
    """A local Discord that knows nothing of the one before, at the same port."""
    port = int(sandbox.core.origin.rpartition(":")[2])
    await sandbox.stop()
    async with LocalDiscord(port=port):
        yield


async def test_log_goes_on_with_another_process(open_page: Visit, puppet: Puppet) -> None:
    """The log shows the entries of another process, although their numbers begin at 0 again."""
    async with open_page(locale="en-US") as visitor:
        await visitor.press("Traffic and faults")
        for _ in range(30):
            await puppet.client.api("GET /users/@me")
        log = visitor.page.locator("#drawer .log")
        await expect(log.locator("li", has_text="/users/@me")).to_have_count(30)
        visitor.may_lose_the_line = True
        async with another_process(puppet.client.sandbox):
            await expect(visitor.page.get_by_text("Connection lost")).to_be_hidden()
            await puppet.client.api("GET /gateway")
            await expect(log.locator("li", has_text="/gateway")).to_have_count(1)
