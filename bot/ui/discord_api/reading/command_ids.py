"""The ids of the bot's commands in a server: with its id, a command in a message can be pressed."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from cachetools import TTLCache
from discord.http import Route

from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.ui.discord_api.client import Payload, Rest

#: A command that was registered anew is noticed after this long, seconds.
_KEPT_S: Final = 300.0
_GUILDS: Final = 1_000
_CHAT_INPUT: Final = 1  # Discord: a command that is typed

#: Sends a request whose answer is a list.
Read = Callable[[Route], Awaitable[list[Payload]]]


class CommandIds:
    """Reads the ids, and remembers them for a while.

    Args:
        application_id: Returns the bot's application, which is known after the login.
    """

    def __init__(self, rest: Rest, application_id: Callable[[], int | None]) -> None:
        self._rest = rest
        self._application_id = application_id
        self._kept: TTLCache[int, Mapping[str, int]] = TTLCache(_GUILDS, _KEPT_S)

    async def of(self, guild_id: int) -> Mapping[str, int]:
        """Return the ids by the commands' first word; empty if Discord does not say."""
        known, application_id = self._kept.get(guild_id), self._application_id()
        if known is not None or application_id is None:
            return known or {}
        try:
            found = self._kept[guild_id] = await read_command_ids(self._rest.many, application_id, guild_id)
        except (DeliveryRefused, UpstreamUnavailable):  # the words go out without them
            return {}
        return found


async def read_command_ids(read: Read, application_id: int, guild_id: int) -> dict[str, int]:
    """Ask Discord for the ids of the commands of a server, by their first word.

    Raises:
        What *read* raises.
    """
    path = "/applications/{application_id}/guilds/{guild_id}/commands"
    commands: list[Any] = await read(Route("GET", path, application_id=application_id, guild_id=guild_id))
    return {str(one["name"]): int(one["id"]) for one in commands if one.get("type", 1) == _CHAT_INPUT}
