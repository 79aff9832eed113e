"""Slash commands: what this version has, what Discord has, and the difference between them.

Registering is limited by Discord to 200 new commands a day and resets what people see while it happens, so
nothing is written unless something differs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import aiohttp
import discord
from discord.http import Route

from bot.client import CAPABILITY, IncidentBot
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.ui.answers import AnyCommand
from bot.ui.discord_api.client import Payload, Rest

#: A command as JSON.
Command: TypeAlias = Mapping[str, Any]

#: The option that names a team.
TEAM: Final = "team"

#: What makes a command, an option or a choice what it is. The rest is Discord's own (ids, versions), or has
#: no meaning for the commands of a server (contexts, integration types).
_FIELDS: Final = frozenset(
    {
        "autocomplete",
        "channel_types",
        "choices",
        "default_member_permissions",
        "description",
        "description_localizations",
        "max_length",
        "max_value",
        "min_length",
        "min_value",
        "name",
        "name_localizations",
        "nsfw",
        "options",
        "required",
        "type",
        "value",
    }
)


@dataclass(frozen=True, slots=True)
class CommandChanges:
    """Names of commands, each with a slash unless it is in a context menu."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all commands that differ from Discord's."""
        return (*self.added, *self.changed, *self.removed)

    @property
    def any(self) -> bool:
        """Return True if there is anything to write."""
        return bool(self.names)


async def our_commands(client: IncidentBot, guild_id: int) -> list[Command]:
    """Return every command that a server has, its own severities' included, translated.

    It lacks those of a capability that it has switched off, and without teams in its policy, the option that
    names one.
    """
    tree, translator = client.tree, client.tree.translator
    kinds = (discord.AppCommandType.chat_input, discord.AppCommandType.user, discord.AppCommandType.message)
    own = discord.Object(guild_id)
    policy = client.served.at(guild_id).policy
    off = policy.off
    commands = [
        command
        for kind in kinds
        for command in (*tree.get_commands(type=kind), *tree.get_commands(guild=own, type=kind))
        if command.extras.get(CAPABILITY) not in off
    ]
    payloads = [
        _without(
            off,
            command,
            command.to_dict(tree)
            if translator is None
            else await command.get_translated_payload(tree, translator),
        )
        for command in commands
    ]
    return payloads if policy.teams else [_without_team(payload) for payload in payloads]


def _without_team(payload: Command) -> Command:
    """Return the JSON of a command, or of a group with its own, without the option that names a team."""
    options = [_without_team(one) for one in payload.get("options", ()) if one["name"] != TEAM]
    return {**payload, "options": options} if "options" in payload else payload


def _without(off: Collection[str], command: AnyCommand, payload: Command) -> Command:
    """Return the JSON of a group without what capabilities that are *off* have added to it."""
    if not isinstance(command, discord.app_commands.Group):
        return payload
    left_out = {one.name for one in command.commands if one.extras.get(CAPABILITY) in off}
    return {**payload, "options": [one for one in payload["options"] if one["name"] not in left_out]}


async def registered_commands(client: IncidentBot, guild_id: int) -> list[Payload]:
    """Return the commands that Discord has for a server.

    Raises:
        DeliveryRefused: the bot was invited without applications.commands. UpstreamUnavailable.
    """
    return await Rest(client).many(_route("GET", client, guild_id), params={"with_localizations": "true"})


async def register(client: IncidentBot, guild_id: int, commands: Sequence[Command]) -> None:
    """Make a server's commands exactly *commands*.

    Raises:
        DeliveryRefused, UpstreamUnavailable: as above.
    """
    try:
        await client.http.request(_route("PUT", client, guild_id), json=list(commands))
    except discord.DiscordServerError as error:
        raise UpstreamUnavailable(f"HTTP {error.status}", http_status=error.status) from error
    except discord.HTTPException as error:
        raise DeliveryRefused(error.text, http_status=error.status, code=error.code) from error
    except (aiohttp.ClientError, OSError) as error:
        raise UpstreamUnavailable(f"connection failed: {type(error).__name__}") from error


def compare(ours: Sequence[Command], theirs: Sequence[Command]) -> CommandChanges:
    """Return what registering *ours* would change."""
    new, old = _by_name(ours), _by_name(theirs)
    return CommandChanges(
        added=tuple(name for name in new if name not in old),
        changed=tuple(name for name in new if name in old and new[name] != old[name]),
        removed=tuple(name for name in old if name not in new),
    )


def _by_name(commands: Sequence[Command]) -> dict[str, object]:
    return {_shown(command): _essence({"type": 1, **command}) for command in commands}


def _shown(command: Command) -> str:
    return f"/{command['name']}" if command.get("type", 1) == 1 else str(command["name"])


def _essence(value: object) -> object:
    """Return *value* without what Discord adds and without what says nothing: null, false, empty."""
    if isinstance(value, Mapping):
        return _fields(value)
    return [_essence(item) for item in value] if isinstance(value, list) else value


def _fields(payload: Mapping[str, Any]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in payload.items():
        if name not in _FIELDS or value is None or value is False or value in ("", [], {}):
            continue
        if name.endswith("_localizations"):
            fields[name] = dict(value)
        elif name == "default_member_permissions":
            fields[name] = str(value)
        else:
            fields[name] = _essence(value)
    return fields


def _route(method: str, client: IncidentBot, guild_id: int) -> Route:
    return Route(
        method,
        "/applications/{application_id}/guilds/{guild_id}/commands",
        application_id=client.application_id,
        guild_id=guild_id,
    )
