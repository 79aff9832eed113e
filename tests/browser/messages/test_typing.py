"""Who is typing: said for ten seconds, or until the message is there."""

import pytest
from playwright.async_api import expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.puppet import Puppet

pytestmark = pytest.mark.asyncio(loop_scope="session")
TYPING = f"POST /channels/{GENERAL}/typing"


async def test_typing_shows_until_the_message_comes(open_page: Visit, puppet: Puppet) -> None:
    """The typing notice shows only in the channel where the bot types, and ends when the message comes."""
    async with open_page(locale="en-US") as visitor:
        said = visitor.main.get_by_text("incident-bot is typing…")
        assert (await puppet.client.api(TYPING)).status == 204
        await expect(said).to_be_visible()
        await visitor.go("p1-ops")
        await expect(said).to_have_count(0)
        await visitor.go("general")
        await expect(said).to_be_visible()
        await puppet.client.post(GENERAL, content="here it is")
        await visitor.sees("here it is")
        await expect(said).to_have_count(0)


async def test_typing_ends_by_itself(open_page: Visit, puppet: Puppet) -> None:
    """The page stops showing that the bot is typing after ten seconds of the local Discord's clock."""
    async with open_page(locale="ja-JP") as visitor:
        said = visitor.main.get_by_text("incident-bot が入力中…")
        await puppet.client.api(TYPING)
        await puppet.client.human("POST clock", advance_s=8)
        await expect(said).to_be_visible()
        await puppet.client.human("POST clock", advance_s=3)
        await expect(said).to_have_count(0)
