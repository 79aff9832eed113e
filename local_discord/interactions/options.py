"""The options that a person types after a slash, checked against the registered command.

Source: Discord's docs, Interactions > Receiving and Responding > Application Command Data Structure.
"""

import unicodedata
from base64 import b64decode
from typing import Any

from local_discord.core import Core
from local_discord.interactions import commands
from local_discord.interactions.command_access import refusal
from local_discord.messages.uploads import MAX_BYTES, Upload, store_uploads
from local_discord.refusals import Refusal, Why
from local_discord.world.kinds import JSON, CommandType, OptionType
from local_discord.world.names import find_channel, find_role, find_user
from local_discord.world.payloads import interaction_channel, member_payload, role_payload, user_payload
from local_discord.world.permissions import guild_permissions
from local_discord.world.world import Channel

_NUMBERS = (OptionType.INTEGER, OptionType.NUMBER)
_MOST_STRING = 6000


class BadCommand(Refusal):
    """The person's client would not let them send this."""


def find_command(core: Core, user_id: str, channel: Channel, kind: CommandType, name: str) -> JSON:
    """Return the command that *user_id* sees under *name* in *channel*; the guild's before a global one.

    Raises:
        BadCommand: It is not registered, or this person may not use it here.
    """
    wanted = unicodedata.normalize("NFC", name)
    scopes = [None] if channel.is_dm else [core.world.guild.id, None]
    for guild_id in scopes:
        for command in commands.listed(core, guild_id):
            if command["type"] == kind and command["name"] == wanted:
                if reason := refusal(core, user_id, channel, command):
                    raise BadCommand(*reason, name=shown_name(command, core, user_id))
                return command
    known = sorted(command["name"] for command in core.commands.values() if command["type"] == kind)
    raise BadCommand(f"no command {wanted!r} here; registered: {known}", Why.NO_COMMAND, name=wanted)


def shown_name(node: JSON, core: Core, user_id: str) -> str:
    """The name of a command or option as *user_id* sees it."""
    localized = (node.get("name_localizations") or {}).get(core.world.users[user_id].locale)
    return str(localized or node["name"])


class OptionReader:
    """Builds the ``data`` of one command interaction; collects resolved objects on the way."""

    def __init__(self, core: Core, user_id: str, focused: str | None = None) -> None:
        self._core = core
        self._user_id = user_id
        self._focused = focused
        self.resolved: dict[str, JSON] = {}

    def read(self, command: JSON, path: list[str], given: JSON) -> JSON:
        """The interaction's ``data``.

        Args:
            command: As registered.
            path: Names of group and subcommand below the command, possibly empty.
            given: Option name -> value.

        Raises:
            BadCommand: Naming the option and what is wrong with it.
        """
        data: JSON = {"id": command["id"], "name": command["name"], "type": command["type"]}
        options = self._level(command, path, given)
        if options:
            data["options"] = options
        if command.get("guild_id"):
            data["guild_id"] = command["guild_id"]
        if self.resolved:
            data["resolved"] = self.resolved
        return data

    def _level(self, node: JSON, path: list[str], given: JSON) -> list[JSON]:
        offered: list[JSON] = node.get("options") or []
        nested = {
            option["name"]: option
            for option in offered
            if option["type"] in (OptionType.SUBCOMMAND, OptionType.GROUP)
        }
        if not nested and not path:
            return self._leaf(offered, given)
        if not path or path[0] not in nested:
            raise BadCommand(f"{node['name']} has the subcommands {sorted(nested)}, not {path[:1]}")
        child = nested[path[0]]
        options = self._level(child, path[1:], given)
        return [{"name": child["name"], "type": child["type"], "options": options}]

    def _leaf(self, offered: list[JSON], given: JSON) -> list[JSON]:
        by_name = {option["name"]: option for option in offered}
        if strange := set(given) - set(by_name):
            raise BadCommand(f"no option {sorted(strange)}; options: {sorted(by_name)}")
        missing = [name for name, option in by_name.items() if option.get("required") and name not in given]
        if missing and self._focused is None:
            first = self._named(by_name[missing[0]])
            raise BadCommand(f"required options are missing: {missing}", Why.REQUIRED, **first)
        return [self._value(by_name[name], value) for name, value in given.items()]

    def _value(self, option: JSON, value: Any) -> JSON:  # noqa: ANN401 (a JSON value)
        name, kind = option["name"], OptionType(option["type"])
        if name == self._focused:
            return {"name": name, "type": int(kind), "value": str(value), "focused": True}
        if self._focused is None:
            value = self._checked(option, kind, value)
        return {"name": name, "type": int(kind), "value": value}

    def _checked(self, option: JSON, kind: OptionType, value: Any) -> Any:  # noqa: ANN401 (JSON values)
        if kind is OptionType.STRING:
            self._check_string(option, value)
        elif kind in _NUMBERS:
            self._check_number(option, kind, value)
        elif kind is OptionType.BOOLEAN:
            if not isinstance(value, bool):
                raise BadCommand(f"{option['name']} is true or false", Why.NOT_OFFERED, **self._named(option))
        elif kind is OptionType.ATTACHMENT:
            return self.add_attachment(value)
        else:
            return self._entity(kind, str(value))
        values = [choice["value"] for choice in option.get("choices") or []]
        if values and value not in values:
            raise BadCommand(f"{option['name']} is one of {values}", Why.NOT_OFFERED, **self._named(option))
        return value

    def _named(self, option: JSON) -> JSON:
        return {"field": option["name"], "label": shown_name(option, self._core, self._user_id)}

    def _check_string(self, option: JSON, value: object) -> None:
        if not isinstance(value, str):
            raise BadCommand(f"{option['name']} is a string")
        least, most = option.get("min_length", 0), option.get("max_length", _MOST_STRING)
        if not least <= len(value) <= most:
            message = f"{option['name']} takes {least} to {most} characters, not {len(value)}"
            fields = {"least": least, "most": most, "n": len(value), **self._named(option)}
            raise BadCommand(message, Why.LENGTH, **fields)

    def _check_number(self, option: JSON, kind: OptionType, value: object) -> None:
        whole = kind is OptionType.INTEGER
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            message = f"{option['name']} is {'an integer' if whole else 'a number'}"
            raise BadCommand(message, Why.WHOLE if whole else Why.NUMBER, **self._named(option))
        least, most = option.get("min_value", -(2**53)), option.get("max_value", 2**53)
        if not least <= value <= most:
            message = f"{option['name']} is between {least} and {most}"
            raise BadCommand(message, Why.BETWEEN, least=least, most=most, **self._named(option))

    def _entity(self, kind: OptionType, text: str) -> str:
        """The id behind a name or id, with its object put into ``resolved``."""
        world = self._core.world
        if kind is OptionType.CHANNEL:
            return self.add_channel(find_channel(world, text))
        if kind is OptionType.ROLE or (kind is OptionType.MENTIONABLE and text in world.roles):
            role = find_role(world, text)
            self.resolved.setdefault("roles", {})[role.id] = role_payload(role)
            return role.id
        return self.add_user(find_user(world, text).id)

    def add_attachment(self, given: Any) -> str:  # noqa: ANN401 (a JSON value)
        """Keep the file {filename, content_type?, data: base64} and resolve it; returns its id.

        Raises:
            BadCommand: When it is no such thing, or too large.
        """
        try:
            data = b64decode(given["data"], validate=True)
            kind = str(given.get("content_type") or "application/octet-stream")
            upload = Upload("0", str(given["filename"]), kind, data)
        except (TypeError, KeyError, ValueError, AttributeError):
            raise BadCommand("a file is {filename, content_type, data: base64}") from None
        if len(data) > MAX_BYTES:
            most = MAX_BYTES // (1024 * 1024)
            raise BadCommand(f"files have up to {MAX_BYTES} bytes", Why.FILE_SIZE, most=most)
        made = store_uploads(self._core, self._user_id, [upload], None)[0] | {"ephemeral": True}
        self.resolved.setdefault("attachments", {})[made["id"]] = made
        return str(made["id"])

    def add_user(self, user_id: str) -> str:
        """Resolve a user, and the member behind it; returns the id."""
        world = self._core.world
        self.resolved.setdefault("users", {})[user_id] = user_payload(world.users[user_id])
        if member := world.members.get(user_id):
            bits = str(guild_permissions(world, member))
            shown = member_payload(member, with_user=False) | {"permissions": bits}
            self.resolved.setdefault("members", {})[user_id] = shown
        return user_id

    def add_role(self, role_id: str) -> str:
        """Resolve a role; returns the id."""
        role = self._core.world.roles[role_id]
        self.resolved.setdefault("roles", {})[role_id] = role_payload(role)
        return role_id

    def add_channel(self, channel: Channel) -> str:
        """Resolve a channel with the person's permissions in it; returns the id."""
        shown = interaction_channel(self._core.world, channel, self._user_id)
        self.resolved.setdefault("channels", {})[channel.id] = shown
        return channel.id
