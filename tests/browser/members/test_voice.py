"""Voice channels on the page: a click joins and leaves, and everybody sees who is there."""

import pytest
from playwright.async_api import expect

from local_discord.tests.client import WAR_ROOM
from tests.browser.conftest import Visit
from tests.browser.visitor.puppet import Puppet

pytestmark = pytest.mark.asyncio(loop_scope="session")
RESPONDER = "1100000000000000103"


async def test_joined_and_left_by_a_click(open_page: Visit, puppet: Puppet) -> None:
    """A click joins or leaves a voice channel, and the people who are there are listed below the channel.

    The chat of the voice channel is a channel like any other.
    """
    voice = puppet.client.sandbox.core.world.voice
    async with open_page(locale="en-US") as visitor:
        here = visitor.sidebar.get_by_role("list", name="In war-room")
        await puppet.client.human("POST voice", user="primary", channel="war-room")
        await expect(here).to_have_text("Pprimary")
        await visitor.press("Join the voice channel war-room", within=visitor.sidebar)
        await expect(here.get_by_role("listitem")).to_have_count(2)
        assert voice[RESPONDER].channel_id == WAR_ROOM
        leave = visitor.sidebar.get_by_role("button", name="Leave the voice channel war-room")
        await expect(leave).to_be_focused()
        await leave.click()
        await expect(here.get_by_role("listitem")).to_have_count(1)
        assert RESPONDER not in voice
        await visitor.sidebar.get_by_role("link", name="Open the chat of war-room").click()
        await visitor.say("we are in voice")
        await visitor.sees("we are in voice")


async def test_who_may_not_connect(open_page: Visit, puppet: Puppet) -> None:
    """A member without CONNECT sees a voice channel and cannot press its button to join."""
    await puppet.client.human("PATCH channel", channel="war-room", role="@everyone", deny=str(1 << 20))
    async with open_page(locale="en-US") as visitor:
        join = visitor.sidebar.get_by_role("button", name="Join the voice channel war-room")
        await expect(join).to_be_disabled()
