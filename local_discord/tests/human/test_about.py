"""The address of the human side alone says what it is."""

import re

import pytest

from local_discord.tests.client import Client


@pytest.mark.parametrize("slash", ["", "/"])
async def test_bare_address_lists_every_route_with_its_use(client: Client, slash: str) -> None:
    """The printed address lists what can be asked there, and where the page is."""
    async with client.http.get(client.sandbox.human + slash) as answered:
        assert (answered.status, answered.content_type) == (200, "application/json")
        said = await answered.json()
    assert said["address"] == client.sandbox.human
    assert said["page"] == client.sandbox.address.page
    names = re.findall("'([A-Z]+ [^']+)'", (await client.human("GET nothing")).body["error"])
    assert len(names) > 1
    for name, usage in zip(names, said["routes"], strict=True):
        assert usage.startswith(name)
        assert len(usage) > len(name)
    assert (
        "POST say {user, channel, content, reply_to?, files?}: a person writes a message." in said["routes"]
    )
