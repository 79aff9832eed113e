"""Switching between members: each sees what the permissions allow, on the page and on the wire."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

import pytest
from playwright.async_api import WebSocket, expect

from local_discord.tests.client import ALERTS, GENERAL
from local_discord.world.permissions import P
from tests.browser.conftest import Visit
from tests.browser.visitor.puppet import EPHEMERAL, MESSAGE, Puppet
from tests.browser.visitor.visitor import PHONE, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")
VIEW, SEND = int(P.VIEW_CHANNEL), int(P.SEND_MESSAGES)
Way: TypeAlias = Callable[[Visitor], Awaitable[None]]


async def test_hidden_channels_stay_hidden(open_page: Visit, puppet: Puppet) -> None:
    """A member who may not view a channel sees neither entry nor messages, and is not sent the messages."""
    await puppet.client.human("PATCH channel", channel="p0-alerts", role="@everyone", deny=VIEW)
    await puppet.client.human("PATCH channel", channel="p0-alerts", role="responder", allow=VIEW)
    await puppet.client.human("PATCH channel", channel="p0-alerts", user="incident-bot", allow=VIEW)
    await puppet.client.post(ALERTS, content="the secret word")
    async with open_page(locale="en-US") as visitor:
        await visitor.go("p0-alerts")
        await visitor.sees("the secret word")
        received: list[Any] = []

        def listen(socket: WebSocket) -> None:
            socket.on("framereceived", lambda frame: received.append(frame))  # noqa: PLW0108 (it is given marks)

        visitor.listen("websocket", listen)
        await visitor.act_as("observer")
        await expect(visitor.main.get_by_text("observer may not view this channel")).to_be_visible()
        await expect(visitor.sidebar.locator("a", has_text="p0-alerts")).to_have_count(0)
        await visitor.page.reload()
        await expect(visitor.main.get_by_text("observer may not view this channel")).to_be_visible()
        await visitor.go("general")
        await visitor.say("hello")
        await visitor.sees("hello")
        assert received
        assert not [frame for frame in received if "the secret word" in str(frame)]


async def test_change_of_permissions_shows_at_once(open_page: Visit, puppet: Puppet) -> None:
    """A channel that is taken away goes, one that may only be read cannot be written to."""
    async with open_page(locale="en-US") as visitor:
        entry = visitor.sidebar.locator("a", has_text="p1-ops")
        await expect(entry).to_be_visible()
        await puppet.client.human("PATCH channel", channel="p1-ops", role="@everyone", deny=VIEW)
        await expect(entry).to_have_count(0)
        await puppet.client.human("PATCH channel", channel="general", role="@everyone", deny=SEND)
        await expect(visitor.box).to_be_disabled()
        await expect(visitor.box).to_have_attribute("placeholder", "You may not send messages here")


async def test_ephemeral_messages_are_for_one_person(open_page: Visit, puppet: Puppet) -> None:
    """Others do not see it; who does can dismiss it."""
    await puppet.client.register({"name": "whisper", "description": "Whisper"})
    async with open_page(locale="en-US") as visitor:
        await visitor.command("whisper")
        await puppet.answer(MESSAGE, content="psst", flags=EPHEMERAL)
        await visitor.sees("psst")
        await visitor.act_as("primary")
        await expect(visitor.main.get_by_text("psst")).to_have_count(0)
        await visitor.act_as("responder")
        await visitor.press("Dismiss message")
        await expect(visitor.main.get_by_text("psst")).to_have_count(0)


async def test_unread_marks_and_mentions(open_page: Visit, puppet: Puppet) -> None:
    """A new message marks its channel, one that calls the viewer counts; opening it takes both away."""
    async with open_page(locale="en-US") as visitor:
        await visitor.go("p1-ops")
        await puppet.client.post(ALERTS, content="for all to read")
        entry = visitor.sidebar.locator("a", has_text="p0-alerts")
        await expect(entry).to_have_class("unread")
        await puppet.client.post(ALERTS, content="<@1100000000000000103> look")
        await puppet.client.post(ALERTS, content="@here too")
        await expect(entry.locator(".count")).to_have_text("2")
        await entry.click()
        await visitor.sees("look")
        await expect(entry).not_to_have_class("unread")
        await expect(visitor.main.locator("li.mentioned")).to_have_count(2)


async def test_commands_by_permission(open_page: Visit, puppet: Puppet) -> None:
    """The picker offers what the member may use here."""
    await puppet.client.register(
        {"name": "open", "description": "For all"},
        {"name": "closed", "description": "For admins", "default_member_permissions": "0"},
    )
    async with open_page(locale="en-US") as visitor:
        await visitor.box.fill("/")
        await expect(visitor.picker.get_by_role("option")).to_have_count(1)
        await visitor.keys("Escape")
        await visitor.act_as("admin")
        await visitor.box.fill("/")
        await expect(visitor.picker.get_by_role("option")).to_have_count(2)


async def test_language_goes_with_the_browser_and_the_switch(open_page: Visit, puppet: Puppet) -> None:
    """The page's words and the locale that the bot gets are the browser's, until switched."""
    await puppet.client.register({"name": "speak", "description": "Speak"})
    async with open_page(locale="ja-JP") as visitor:
        await expect(visitor.main.get_by_text("#general へようこそ")).to_be_visible()
        await visitor.command("speak")
        assert (await puppet.answer(MESSAGE, content="はい"))["locale"] == "ja"
        await visitor.sidebar.get_by_role("button", name="Switch to English").click()
        await expect(visitor.main.get_by_text("Welcome to #general")).to_be_visible()
        await visitor.command("speak")
        assert (await puppet.answer(MESSAGE, content="yes"))["locale"] == "en-US"


async def test_direct_messages(open_page: Visit, puppet: Puppet) -> None:
    """The DM with the bot opens with the first word, and the bot's answer arrives there."""
    async with open_page(locale="en-US") as visitor:
        await visitor.go("incident-bot")
        await visitor.say("are you there?")
        await visitor.sees("are you there?")
        dm = puppet.client.sandbox.core.world.dm_with("1100000000000000103")
        assert dm
        await puppet.client.post(dm.id, content="always")
        await visitor.sees("always")
        await visitor.go("general")
        assert GENERAL in visitor.page.url


async def by_cross(visitor: Visitor) -> None:
    """Its button, which has the focus."""
    await expect(visitor.page.get_by_role("button", name="Close the member list")).to_be_focused()
    await visitor.keys("Enter")


async def by_escape(visitor: Visitor) -> None:
    """Wherever the focus is in it."""
    await visitor.keys("Tab", "Escape")


async def by_tap_beside(visitor: Visitor) -> None:
    """On what it lies over."""
    await visitor.page.locator("#scrim").click(position={"x": 20, "y": 400})


async def by_channel(visitor: Visitor) -> None:
    """Back to the channel before: the list was of no use there."""
    await visitor.page.go_back()
    await expect(visitor.main.locator(".pane-head h2")).to_have_text("general")


WAYS: Final[tuple[Way, ...]] = (by_cross, by_escape, by_tap_beside, by_channel)


@pytest.mark.parametrize("size", [PHONE, (900, 700)])
async def test_member_list_over_the_channel_can_be_left(open_page: Visit, size: tuple[int, int]) -> None:
    """A member list that covers the channel can be closed in every way, and opened again.

    Its button has the focus afterwards. Escape in the menu of a member closes only the menu.
    """
    async with open_page(locale="en-US", size=size) as visitor:
        await visitor.page.evaluate(f"() => {{ location.hash = '#{ALERTS}' }}")
        await expect(visitor.main.locator(".pane-head h2")).to_have_text("p0-alerts")
        column, toggle = visitor.page.locator("#members"), visitor.main.get_by_label("Member list")
        for close in WAYS:
            await toggle.click()
            await expect(column).to_be_visible()
            await close(visitor)
            await expect(column).to_be_hidden()
            await expect(toggle).to_be_focused()
        await toggle.click()
        await column.get_by_role("button", name="primary").click()
        await visitor.keys("Escape")
        await expect(visitor.page.locator(".popup")).to_have_count(0)
        await expect(column).to_be_visible()


async def test_member_list_beside_the_channel_stays(open_page: Visit) -> None:
    """A member list beside the channel stays on Escape and in another channel; its button closes the list."""
    async with open_page(locale="en-US", size=(1280, 760)) as visitor:
        column, toggle = visitor.page.locator("#members"), visitor.main.get_by_label("Member list")
        await toggle.click()
        await visitor.keys("Escape")
        await visitor.go("p0-alerts")
        await expect(visitor.main.locator(".pane-head h2")).to_have_text("p0-alerts")
        await expect(column).to_be_visible()
        await toggle.click()
        await expect(column).to_be_hidden()
