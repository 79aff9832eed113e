"""Asks every route for what must be refused: with a body that is wrong, and without the permission it needs.

On a stage of their own, with ids of things that exist: what is refused is the body or the bot, not the path.
"""

import re
from collections.abc import Iterator
from typing import Any

import aiohttp

from local_discord.interactions.responses import respond
from local_discord.messages.drafts import Draft
from local_discord.messages.posting import Origin, publish
from local_discord.server import LocalDiscord
from local_discord.tests.fuzz.requests import USUAL, Request
from local_discord.tests.fuzz.stage import Stage
from local_discord.tests.openapi.description import document, operation, operations
from local_discord.tests.openapi.implemented import is_implemented
from local_discord.world.kinds import JSON, CallbackType
from local_discord.world.payloads import webhook_author
from local_discord.world.permissions import P

# What a body needs to be right, by the operation's id; the others are right when empty.
BASES: dict[str, Any] = {
    "create_application_command": {"name": "x", "description": "d"},
    "create_guild_application_command": {"name": "x", "description": "d"},
    "bulk_set_application_commands": [],
    "bulk_set_guild_application_commands": [],
    "bulk_update_guild_channels": [{"id": "<channel>", "position": 1}],
    "bulk_update_guild_roles": [{"id": "<role>", "position": 1}],
    "bulk_delete_messages": {"messages": ["<message>", "<old>"]},
    "create_message": {"content": "x"},
    "update_message": {"content": "x"},
    "create_thread": {"name": "x", "type": 11},
    "create_thread_from_message": {"name": "x"},
    "create_dm": {"recipient_id": "<person>"},
    "create_guild_channel": {"name": "x"},
    "create_webhook": {"name": "x"},
    "execute_webhook": {"content": "x"},
    "set_channel_permission_overwrite": {"type": 1},
    "create_interaction_response": {"type": 4, "data": {"content": "x"}},
    "update_guild_member": {"nick": "x"},
    "update_my_guild_member": {"nick": "x"},
    "update_channel": {"name": "x"},
    "create_guild_scheduled_event": {
        "name": "x",
        "privacy_level": 2,
        "entity_type": 3,
        "scheduled_start_time": "2100-01-01T00:00:00+00:00",
        "scheduled_end_time": "2100-01-01T01:00:00+00:00",
        "entity_metadata": {"location": "x"},
    },
    "update_guild_scheduled_event": {"name": "x"},
}
# What the bot may do that may do nothing but look; and nothing at all.
_LOOKING, _BLIND = int(P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY), 0
# Where the usual thing in a place of the path would not do.
_INSTEAD = (
    (r"/channels/\{channel_id\}/thread-members.*", "channel_id", "<thread>"),
    (r".*/crosspost", "channel_id", "<news>"),
    (r"/channels/.*/messages/\{message_id\}/threads", "message_id", "<old>"),
    (r"/applications/\{application_id\}/commands/.*", "command_id", "<global-command>"),
    (r".*/@original", "webhook_id", "<application>"),
    (r".*/@original", "webhook_token", "<interaction-token>"),
    (r"/webhooks/.*/messages/\{message_id\}", "message_id", "<hook-message>"),
)
_FOR_PEOPLE = "set_guild_application_command_permissions"  # bots cannot: 20001
_WRONG: tuple[Any, ...] = ({"wrong": [[]]}, [[]], "x" * 7000)
_INVALID_BODY = 50035
# Operations for which there is no permission that a bot in the guild could lack: its own account and
# commands, what every member sees of the guild, and what a token in the path allows.
OPEN = (
    r"\w+ /(applications|oauth2|gateway|users|interactions|soundboard-default-sounds)\b.*",
    r"GET /guilds/\{guild_id\}(/(channels|emojis|stickers|preview|roles|threads/active)(/.*)?)?",
    r"GET /guilds/\{guild_id\}/scheduled-events.*",
    r"GET /guilds/\{guild_id\}/(members/(search|\{user_id\})|voice-states/.*)",
    r"\w+ /webhooks/\{webhook_id\}/\{webhook_token\}.*",
)


def implemented() -> list[tuple[str, str]]:
    """Method and template of every implemented operation."""
    return [one for one in operations() if is_implemented(*one)]


def is_open(method: str, template: str) -> bool:
    """True when no permission is needed, so that none can be lacking."""
    return any(re.fullmatch(pattern, f"{method} {template}") for pattern in OPEN)


def takes_body(method: str, template: str) -> bool:
    """True when the operation has a JSON body."""
    return "application/json" in operation(template, method.lower()).get("requestBody", {}).get("content", {})


class Refusals:
    """Provokes refusals; the sandbox's log has the answers."""

    def __init__(self, sandbox: LocalDiscord, http: aiohttp.ClientSession) -> None:
        self._sandbox = sandbox
        self._stage = Stage(sandbox, http)

    async def ask_for_all(self) -> None:
        """Every operation with a wrong body, if it takes one, and with two sets of permissions too small."""
        for method, template in implemented():
            if takes_body(method, template):
                await self._with_wrong_bodies(method, template)
            for bits in (_LOOKING, _BLIND):
                self._set(admin=False)
                for role in self._sandbox.core.world.roles.values():
                    role.permissions = bits
                base: JSON | None = {} if takes_body(method, template) else None
                right = BASES.get(operation(template, method.lower())["operationId"], base)
                await self._stage.send(Request(method, _path(template), body=right))

    async def _with_wrong_bodies(self, method: str, template: str) -> None:
        """One wrong field after the other, until it is the body that is refused."""
        described = operation(template, method.lower())
        for body in _wrong_bodies(described):
            self._set(admin=True)
            by_admin = described["operationId"] == _FOR_PEOPLE
            await self._stage.send(Request(method, _path(template), body=body, by_admin=by_admin))
            response = self._sandbox.core.log.since(0)[-1]["response"]
            if response and response.get("code") == _INVALID_BODY:
                return

    def _set(self, *, admin: bool) -> None:
        """The stage, with an interaction that is answered, and a message of its webhook."""
        core = self._sandbox.core
        self._stage.reset(admin=admin, kind=0)
        ids = self._stage.ids
        interaction = core.interactions[ids["<interaction>"]]
        respond(core, interaction, CallbackType.MESSAGE, {"content": "x"}, [])
        hook = core.world.webhooks[ids["<webhook>"]]
        origin = Origin(webhook_author(hook, None), webhook_id=hook.id)
        said = publish(core, core.world.channels[ids["<channel>"]], Draft(content="x"), origin)
        command = {**core.commands[ids["<command>"]], "id": core.ids.next()}
        del command["guild_id"]
        core.commands[str(command["id"])] = command
        ids |= {"<hook-message>": said.id, "<global-command>": str(command["id"])}


def _path(template: str) -> str:
    def place(found: re.Match[str]) -> str:
        name = found.group(1)
        special = (
            one for pattern, where, one in _INSTEAD if where == name and re.fullmatch(pattern, template)
        )
        return next(special, USUAL[name][0])

    return re.sub(r"\{(\w+)\}", place, template)


def _wrong_bodies(described: JSON) -> Iterator[Any]:
    """The right body with one of its fields wrong."""
    base = BASES.get(described["operationId"], {})
    if isinstance(base, list):
        yield [{"id": [[]], "name": [[]]}]
        return
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    for name in sorted(_fields(schema)):
        for wrong in _WRONG:
            yield {**base, name: wrong}


def _fields(schema: JSON) -> set[str]:
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    options = schema.get("anyOf", []) + schema.get("oneOf", [])
    return set(schema.get("properties", {})).union(*map(_fields, options))


async def ask_for_refusals() -> list[JSON]:
    """The log of all of them, in a sandbox of their own."""
    async with LocalDiscord() as sandbox, aiohttp.ClientSession() as http:
        sandbox.core.limiter.enabled = False
        await Refusals(sandbox, http).ask_for_all()
        assert sandbox.core.world.internal_errors == []
        return sandbox.core.log.since(0)
