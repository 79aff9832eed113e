"""Nonsense in request bodies: whatever comes, the answer is one of Discord's, never a failure."""

import random
from typing import Any

import pytest

from tests.sandbox.client import ALERTS, Client

ROUNDS = 400
KEYS = (
    *("content", "embeds", "components", "flags", "nonce", "allowed_mentions", "message_reference"),
    *("attachments", "title", "description", "fields", "name", "value", "footer", "text", "author", "url"),
    *("image", "timestamp", "color", "type", "custom_id", "label", "style", "options", "min_values", "emoji"),
    *("max_values", "accessory", "items", "media", "parse", "users", "roles", "message_id", "archived", "id"),
    *("auto_archive_duration", "choices", "required", "contexts", "data", "messages", "username", "spacing"),
    *("file", "component", "nick", "name_localizations", "max_length", "min_value"),
)
LEAVES: list[Any] = [
    *[None, True, -1, 0, 1, 2, 3, 9, 10, 12, 17, 18, 1 << 15, 1 << 70, 1.5, "", "x", "@here", "<@1>"],
    *["x" * 3000, "attachment://x", "\ud800", "\0", [], {}],
]


def anything(chance: random.Random, depth: int = 0) -> Any:
    """A random JSON value with the API's own keys."""
    kind = chance.randrange(4) if depth < 4 else 0
    if kind < 2:
        return chance.choice(LEAVES)
    if kind == 2:
        return [anything(chance, depth + 1) for _ in range(chance.randrange(4))]
    return something(chance, depth + 1)


def something(chance: random.Random, depth: int = 0) -> dict[str, Any]:
    """A random JSON object."""
    return {chance.choice(KEYS): anything(chance, depth + 1) for _ in range(chance.randrange(6))}


@pytest.mark.parametrize("seed", range(3))
async def test_nonsense_never_breaks_the_sandbox(client: Client, seed: int) -> None:
    """No 500 on any of the routes that take a body; the fixture checks that and the answers' shapes."""
    chance = random.Random(seed)
    application, guild = client.sandbox.address.application_id, client.sandbox.address.guild_id
    await client.register({"name": "triage", "description": "d"})
    made = await client.post(content="x")
    message = f"/channels/{ALERTS}/messages/{made['id']}"
    commands = f"/applications/{application}/guilds/{guild}/commands"
    verbs = [
        f"POST /channels/{ALERTS}/messages",
        f"PATCH {message}",
        f"POST {message}/threads",
        f"POST /channels/{ALERTS}/threads",
        f"POST /channels/{ALERTS}/messages/bulk-delete",
        f"POST {commands}",
        f"PUT {commands}",
        "POST /users/@me/channels",
        f"PATCH /guilds/{guild}/members/@me",
        "callback",
    ]
    for _ in range(ROUNDS):
        verb, body = chance.choice(verbs), something(chance)
        if "commands" in verb:
            option = {"name": "o", "description": "d", "type": 3, **something(chance)}
            body = {"name": "a", "description": "d", "options": [option], **body}
        if verb.startswith("PUT"):
            await client.api(verb, [body, {"name": "triage", "description": "d"}])
        elif verb == "callback":
            payload = client.payload(await client.human("POST command", **RUN))
            await client.respond(payload, chance.choice((4, 5, 7, 8, 9)), **body)
        else:
            embed = {"title": "t", **something(chance)}
            row = {"type": chance.choice((1, 9, 12, 13, 17)), **something(chance)}
            flags = chance.choice((0, 1 << 15))
            await client.api(verb, {"embeds": [embed], "components": [row], "flags": flags, **body})


RUN = {"user": "primary", "channel": "p0-alerts", "name": "triage"}
