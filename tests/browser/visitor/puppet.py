"""A bot without a mind: posts and answers what a test tells it, over the API alone."""

import json
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from local_discord.gateway.hub import Event
from local_discord.tests.client import Client, Reply

MESSAGE, DEFERRED, UPDATE, CHOICES, MODAL = 4, 5, 7, 8, 9
EPHEMERAL, V2 = 1 << 6, 1 << 15
DEADLINE_S = 8.0


@dataclass
class Puppet:
    """Sees every interaction, in order, and answers when told to."""

    client: Client
    seen: list[dict[str, Any]] = field(default_factory=list)
    taken: int = 0

    def __post_init__(self) -> None:
        self.client.sandbox.core.hub.subscribe(self._note)

    def _note(self, event: Event) -> None:
        if event.name == "INTERACTION_CREATE":
            self.seen.append(event.data)

    async def next(self) -> dict[str, Any]:
        """The next interaction, waited for."""
        hub = self.client.sandbox.core.hub
        found = await hub.until(
            lambda: self.seen[self.taken] if len(self.seen) > self.taken else None, DEADLINE_S
        )
        assert found, "nobody did anything"
        self.taken += 1
        return found

    async def answer(self, kind: int, **data: Any) -> dict[str, Any]:
        """Answer the next interaction; returns it."""
        interaction = await self.next()
        reply = await self.client.respond(interaction, kind, **data)
        assert reply.status in (200, 204), reply.body
        return interaction

    async def finish(self, interaction: dict[str, Any], **body: Any) -> Reply:
        """End a deferral with a message."""
        application = self.client.sandbox.address.application_id
        path = f"/webhooks/{application}/{interaction['token']}/messages/@original"
        return await self.client.api(f"PATCH {path}", body)

    async def post_file(self, channel: str, name: str, kind: str, data: bytes) -> None:
        """Post a file."""
        await self.post_files(channel, {name: (kind, data)})

    async def post_files(self, channel: str, files: dict[str, tuple[str, bytes]], **body: Any) -> None:
        """Post files, name -> content type and bytes, with the message *body*."""
        form = aiohttp.FormData()
        form.add_field("payload_json", json.dumps(body), content_type="application/json")
        for at, (name, (kind, data)) in enumerate(files.items()):
            form.add_field(f"files[{at}]", data, filename=name, content_type=kind)
        client = self.client
        url = f"{client.sandbox.api_base}/channels/{channel}/messages"
        async with client.http.post(url, data=form, headers=client.headers) as response:
            assert response.status == 200, await response.text()
