"""Walks through every route of the local Discord once with success, and once into a documented refusal.

The coverage table is made of what this leaves in the log, so that "validated" means: a success was held
against Discord's description, and so was a refusal.
"""

import re
import time
from typing import Any

import aiohttp

from local_discord.server import LocalDiscord
from local_discord.tests.client import ALERTS, GENERAL, OBSERVER, OPS, PRIMARY, Client
from local_discord.tests.openapi.callbacks import BUTTON, answer_in_every_way
from local_discord.tests.openapi.description import METHODS, document, operation
from local_discord.tests.openapi.implemented import is_implemented
from local_discord.tests.openapi.refusals import BASES, takes_body
from local_discord.world.seed import ADMIN_ID, user_token

EYES = "%F0%9F%91%80"
ADMINISTRATOR = str(1 << 3)
RESPONDER = "1100000000000000202"
PNG = "data:image/png;base64,iVBORw0KGgo="


class Tour:
    """One walk. Every step asserts that it succeeded."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.guild = f"/guilds/{client.sandbox.address.guild_id}"
        self.application = f"/applications/{client.sandbox.address.application_id}"

    async def ok(self, verb: str, body: Any = None, **params: str) -> Any:
        """A request that succeeds; returns the answer's body."""
        reply = await self.client.api(verb, body, **params)
        assert reply.status < 300, (verb, reply.status, reply.body)
        return reply.body

    async def walk(self) -> None:
        """Everything, in an order in which each part leaves what the next one needs."""
        await self.client.human("PATCH role", role="incident-bot", permissions=ADMINISTRATOR)
        await self._account()
        await self._guild()
        await self._members_and_roles()
        await self._scheduled_events()
        await self._messages()
        await self._reactions_and_pins()
        await self._threads()
        await self._channels()
        await self._webhooks()
        await self._commands()
        await self._interactions()
        await self.ok(f"GET {self.guild}/audit-logs", limit="100")

    async def _account(self) -> None:
        for verb in (
            "GET /users/@me",
            f"GET /users/{PRIMARY}",
            "GET /users/@me/guilds",
            "GET /gateway",
            "GET /gateway/bot",
            "GET /soundboard-default-sounds",
        ):
            await self.ok(verb)
        await self.ok("PATCH /users/@me", {"username": "incident-bot", "avatar": PNG})
        await self.ok("POST /users/@me/channels", {"recipient_id": PRIMARY})
        for path in ("/applications/@me", self.application):
            await self.ok(f"GET {path}")
            await self.ok(f"PATCH {path}", {"tags": ["incidents"], "description": "Coordinates incidents"})
        await self.ok("GET /oauth2/applications/@me")

    async def _guild(self) -> None:
        await self.ok(f"GET {self.guild}", with_counts="true")
        for name in ("preview", "emojis", "stickers", "channels", "threads/active", "webhooks"):
            await self.ok(f"GET {self.guild}/{name}")

    async def _members_and_roles(self) -> None:
        await self.ok(f"GET {self.guild}/members", limit="10")
        await self.ok(f"GET {self.guild}/members/search", query="prim")
        await self.ok(f"GET {self.guild}/members/{PRIMARY}")
        await self.ok(f"PATCH {self.guild}/members/@me", {"nick": "Incidents"})
        await self.ok(f"PATCH {self.guild}/members/{OBSERVER}", {"nick": "watcher", "roles": [RESPONDER]})
        await self.ok(f"DELETE {self.guild}/members/{OBSERVER}/roles/{RESPONDER}")
        await self.ok(f"PUT {self.guild}/members/{OBSERVER}/roles/{RESPONDER}")
        for user, who in (("primary", PRIMARY), ("incident-bot", "@me")):
            await self.client.human("POST voice", user=user, channel="war-room")
            await self.ok(f"GET {self.guild}/voice-states/{who}")
        await self.ok(f"PATCH {self.guild}/members/{PRIMARY}", {"mute": True, "channel_id": None})
        await self.ok(f"GET {self.guild}/roles")
        await self.ok(f"GET {self.guild}/roles/member-counts")
        role = await self.ok(
            f"POST {self.guild}/roles", {"name": "war-room", "permissions": "1024", "hoist": True}
        )
        await self.ok(f"GET {self.guild}/roles/{role['id']}")
        await self.ok(f"PATCH {self.guild}/roles/{role['id']}", {"color": 255, "mentionable": True})
        await self.ok(f"PATCH {self.guild}/roles", [{"id": role["id"], "position": 2}])
        await self.ok(f"DELETE {self.guild}/roles/{role['id']}")
        newcomer = (await self.client.human("POST member", user="newcomer")).body["id"]
        await self.ok(f"DELETE {self.guild}/members/{newcomer}")

    async def _scheduled_events(self) -> None:
        path = f"{self.guild}/scheduled-events"
        body = BASES["create_guild_scheduled_event"]
        for last in ({"status": 2}, {"status": 3}), ({"name": "y", "description": "d"}, {"status": 4}):
            made = await self.ok(f"POST {path}", body)
            await self.ok(f"GET {path}", with_user_count="true")
            await self.ok(f"GET {path}/{made['id']}", with_user_count="true")
            for change in last:
                await self.ok(f"PATCH {path}/{made['id']}", change)
            await self.ok(f"DELETE {path}/{made['id']}")

    async def _messages(self) -> None:
        path = f"/channels/{ALERTS}/messages"
        made = [
            await self.ok(f"POST {path}", {"content": str(number), "components": [BUTTON]})
            for number in range(4)
        ]
        await self.ok(f"POST {path}", {"content": "r", "message_reference": {"message_id": made[0]["id"]}})
        forward = {"type": 1, "channel_id": ALERTS, "message_id": made[0]["id"]}
        await self.ok(f"POST /channels/{OPS}/messages", {"message_reference": forward})
        await self.ok(f"GET {path}", around=made[1]["id"], limit="3")
        await self.ok(f"GET {path}/{made[0]['id']}")
        await self.ok(f"PATCH {path}/{made[0]['id']}", {"content": "edited"})
        await self.ok(f"DELETE {path}/{made[0]['id']}")
        await self.ok(f"POST {path}/bulk-delete", {"messages": [made[1]["id"], made[2]["id"]]})
        await self.ok(f"POST /channels/{ALERTS}/typing")

    async def _reactions_and_pins(self) -> None:
        made = (await self.ok(f"POST /channels/{ALERTS}/messages", {"content": "alert"}))["id"]
        path = f"/channels/{ALERTS}/messages/{made}/reactions"
        for last in ("/@me", f"/{ADMIN_ID}", "", None):
            await self.ok(f"PUT {path}/{EYES}/@me")
            await self.client.human("PUT reaction", user="admin", message=made, emoji="👀")
            await self.ok(f"GET {path}/{EYES}")
            await self.ok(f"DELETE {path}" if last is None else f"DELETE {path}/{EYES}{last}")
        for pins in (f"/channels/{ALERTS}/messages/pins", f"/channels/{ALERTS}/pins"):
            await self.ok(f"PUT {pins}/{made}")
            await self.ok(f"GET {pins}")
            await self.ok(f"DELETE {pins}/{made}")

    async def _threads(self) -> None:
        made = (await self.ok(f"POST /channels/{ALERTS}/messages", {"content": "alert"}))["id"]
        await self.ok(f"POST /channels/{ALERTS}/messages/{made}/threads", {"name": "incident"})
        private = (await self.ok(f"POST /channels/{ALERTS}/threads", {"name": "quiet", "type": 12}))["id"]
        members = f"/channels/{private}/thread-members"
        await self.ok(f"PUT {members}/{PRIMARY}")
        await self.ok(f"GET {members}", with_member="true")
        await self.ok(f"GET {members}/{PRIMARY}", with_member="true")
        await self.ok(f"DELETE {members}/{PRIMARY}")
        await self.ok(f"DELETE {members}/@me")
        await self.ok(f"PUT {members}/@me")
        await self.ok(f"GET {self.guild}/threads/active")
        for thread in (made, private):
            await self.ok(f"PATCH /channels/{thread}", {"name": "closed", "archived": True, "locked": True})
        await self.ok(f"GET /channels/{ALERTS}/threads/archived/public", before="2100-01-01T00:00:00+00:00")
        await self.ok(f"GET /channels/{ALERTS}/threads/archived/private")
        await self.ok(f"GET /channels/{ALERTS}/users/@me/threads/archived/private")

    async def _channels(self) -> None:
        await self.ok(f"GET {self.guild}/channels")
        category = await self.ok(f"POST {self.guild}/channels", {"name": "Incidents", "type": 4})
        body = {"name": "War Room", "topic": "t", "parent_id": category["id"]}
        room = await self.ok(f"POST {self.guild}/channels", body)
        await self.ok(f"POST {self.guild}/channels", {"name": "bridge", "type": 2, "bitrate": 64000})
        await self.ok(f"PATCH {self.guild}/channels", [{"id": room["id"], "position": 0, "parent_id": None}])
        path = f"/channels/{room['id']}"
        await self.ok(f"GET {path}")
        await self.ok(f"PATCH {path}", {"name": "room", "rate_limit_per_user": 5})
        await self.ok(f"PUT {path}/permissions/{OBSERVER}", {"type": 1, "allow": "1024", "deny": "0"})
        await self.ok(f"DELETE {path}/permissions/{OBSERVER}")
        await self.ok(f"DELETE {path}")
        news = await self.ok(f"POST {self.guild}/channels", {"name": "status", "type": 5})
        told = await self.ok(f"POST /channels/{news['id']}/messages", {"content": "We are looking into it"})
        await self.ok(f"POST /channels/{news['id']}/messages/{told['id']}/crosspost")
        await self._forum()

    async def _forum(self) -> None:
        tags = [{"name": "SEV1", "emoji_name": "🔥"}, {"name": "SEV2"}]
        forum = await self.ok(
            f"POST {self.guild}/channels", {"name": "postmortems", "type": 15, "available_tags": tags}
        )
        post = {
            "name": "Outage",
            "message": {"content": "What happened"},
            "applied_tags": [forum["available_tags"][0]["id"]],
        }
        made = await self.ok(f"POST /channels/{forum['id']}/threads", post)
        assert made["message"]["id"] == made["id"]

    async def _webhooks(self) -> None:
        made = await self.ok(f"POST /channels/{GENERAL}/webhooks", {"name": "deploys"})
        await self.ok(f"GET /channels/{GENERAL}/webhooks")
        await self.ok(f"GET {self.guild}/webhooks")
        by_id, by_token = f"/webhooks/{made['id']}", f"/webhooks/{made['id']}/{made['token']}"
        for path in (by_id, by_token):
            await self.ok(f"GET {path}")
            await self.ok(f"PATCH {path}", {"name": "deployments"})
        await self.ok(f"POST {by_token}", {"content": "quiet"})
        said = await self.ok(f"POST {by_token}", {"content": "done", "username": "CI"}, wait="true")
        message = f"{by_token}/messages/{said['id']}"
        await self.ok(f"GET {message}")
        await self.ok(f"PATCH {message}", {"content": "undone"})
        await self.ok(f"DELETE {message}")
        await self.ok(f"DELETE {by_token}")
        again = await self.ok(f"POST /channels/{GENERAL}/webhooks", {"name": "deploys"})
        await self.ok(f"DELETE /webhooks/{again['id']}")

    async def _commands(self) -> None:
        guild_id = self.client.sandbox.address.guild_id
        names = {"ja": "トリアージ"}
        command = {
            "name": "triage",
            "description": "d",
            "name_localizations": names,
            "default_member_permissions": "0",
        }
        for path in (f"{self.application}/commands", f"{self.application}/guilds/{guild_id}/commands"):
            await self.ok(f"PUT {path}", [command])
            made = await self.ok(f"POST {path}", {"name": "dlq", "description": "d"})
            await self.ok(f"GET {path}", with_localizations="true")
            await self.ok(f"GET {path}/{made['id']}")
            await self.ok(f"PATCH {path}/{made['id']}", {"description": "changed"})
            await self.ok(f"DELETE {path}/{made['id']}")
        listed = await self.ok(f"GET {path}")
        permissions = [{"id": RESPONDER, "type": 1, "permission": True}]
        await self._as_admin(f"{path}/{listed[0]['id']}/permissions", {"permissions": permissions})
        await self.ok(f"GET {path}/{listed[0]['id']}/permissions")
        await self.ok(f"GET {path}/permissions")

    async def _as_admin(self, path: str, body: Any) -> None:
        headers = {"Authorization": f"Bearer {user_token(ADMIN_ID)}"}
        url = self.client.sandbox.api_base + path
        async with self.client.http.put(url, json=body, headers=headers) as response:
            assert response.status == 200, await response.text()

    async def _interactions(self) -> None:
        interaction = await self.client.run()
        reply = await self.client.respond(interaction, 4, content="hello")
        assert reply.status == 200
        base = f"/webhooks/{self.client.sandbox.address.application_id}/{interaction['token']}"
        await self.ok(f"POST {base}", {"content": "more", "flags": 64})
        await self.ok(f"GET {base}/messages/@original")
        await self.ok(f"PATCH {base}/messages/@original", {"content": "changed"})
        await self.ok(f"DELETE {base}/messages/@original")
        await answer_in_every_way(self.client)

    async def be_refused(self) -> None:
        """Every implemented operation with ids that nothing has, and without a token where it has no ids."""
        for template, operations in document()["paths"].items():
            for method in METHODS:
                if method in operations and is_implemented(method, template):
                    await self._be_refused(method.upper(), template)

    async def _be_refused(self, method: str, template: str) -> None:
        body: Any = {} if method in ("POST", "PATCH") else None
        if method == "PUT" and takes_body(method, template):
            body = BASES.get(operation(template, "put")["operationId"], {})
        path = re.sub(r"\{\w+\}", "1", template)
        if "{" in template:
            reply = await self.client.api(f"{method} {path}", body)
            assert reply.status in (400, 403, 404), (method, template, reply.status, reply.body)
            assert reply.body["code"] or reply.status == 404
            return
        url = self.client.sandbox.api_base + path
        if template == "/gateway":
            self.client.sandbox.core.limiter.enabled = True
            self.client.sandbox.core.limiter._recent.extend([time.monotonic()] * 50)
        async with self.client.http.request(method, url) as response:
            assert response.status == (429 if template == "/gateway" else 401)
        self.client.sandbox.core.limiter.enabled = False


async def take_tour() -> list[dict[str, Any]]:
    """The log of one whole tour in a sandbox of its own."""
    async with LocalDiscord() as sandbox, aiohttp.ClientSession() as http:
        sandbox.core.limiter.enabled = False
        sandbox.core.world.application.members = True
        tour = Tour(Client(sandbox, http))
        await tour.walk()
        await tour.be_refused()
        assert sandbox.core.world.internal_errors == []
        return sandbox.core.log.since(0)
