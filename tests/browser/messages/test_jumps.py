"""Links and replies to messages that are further back than what a page begins with."""

import pytest
from playwright.async_api import expect

from local_discord.tests.client import ALERTS, GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.puppet import Puppet

pytestmark = pytest.mark.asyncio(loop_scope="session")
GUILD = "1100000000000000001"


async def test_link_to_an_old_message(open_page: Visit, puppet: Puppet) -> None:
    """A link to a message 200 back in another channel shows and focuses the message."""
    old = await puppet.client.post(ALERTS, content="the very first alert")
    await puppet.client.human("POST burst", user="primary", channel="p0-alerts", count=200)
    link = f"https://discord.com/channels/{GUILD}/{ALERTS}/{old['id']}"
    await puppet.client.post(GENERAL, content=f"it began with {link}")
    async with open_page(locale="en-US") as visitor:
        await visitor.message("it began").get_by_role("link").click()
        await expect(visitor.message("the very first alert")).to_be_in_viewport()
        await expect(visitor.message("the very first alert")).to_be_focused()
        await visitor.press("Jump to the latest")
        await expect(visitor.message("burst")).to_be_in_viewport()


async def test_reply_to_an_old_message(open_page: Visit, puppet: Puppet) -> None:
    """The line above a reply leads to the message that is answered, 150 messages back."""
    asked = {"user": "primary", "channel": "general", "content": "who is on it?"}
    old = (await puppet.client.human("POST say", **asked)).body
    await puppet.client.human("POST burst", user="primary", channel="general", count=150)
    reply = {"message_reference": {"message_id": old["id"]}}
    await puppet.client.post(GENERAL, content="I am", **reply)
    async with open_page(locale="en-US") as visitor:
        await visitor.message("I am").locator("button.lead").click()
        await expect(visitor.main.locator(f"li[data-id='{old['id']}']")).to_be_in_viewport()


async def test_link_to_nothing(open_page: Visit, puppet: Puppet) -> None:
    """A message that was deleted is said to be missing."""
    gone = await puppet.client.post(ALERTS, content="soon gone")
    link = f"https://discord.com/channels/{GUILD}/{ALERTS}/{gone['id']}"
    await puppet.client.post(GENERAL, content=f"see {link}")
    await puppet.client.human("DELETE message", message=gone["id"])
    async with open_page(locale="en-US") as visitor:
        await visitor.message("see").get_by_role("link").click()
        await expect(visitor.page.get_by_text("That message cannot be found")).to_be_visible()
