"""Keeps the bot's scheduled events. Source: Discord's docs, Resources > Guild Scheduled Event."""

from datetime import datetime
from typing import Final

from discord.http import Route

from bot.domain.errors import UpstreamUnavailable
from bot.domain.server_events import EventShown, ServerEvent
from bot.ui.discord_api.client import Payload, Rest, snowflake

_EVENTS: Final = "/guilds/{guild_id}/scheduled-events"
_EVENT: Final = _EVENTS + "/{event_id}"
_GUILD_ONLY, _EXTERNAL = 2, 3
_SCHEDULED, _ACTIVE, _COMPLETED = 1, 2, 3


class ServerEvents:
    """The part of `bot.services.ports.discord.DiscordEvents`, method by method."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def own(self, guild_id: int) -> list[ServerEvent]:
        """Read the list, and return those that the bot has made and that are not over."""
        listed = await self._rest.many(Route("GET", _EVENTS, guild_id=guild_id))
        return [
            _event(one)
            for one in listed
            if str(one.get("creator_id")) == str(self._rest.own_id)
            and one.get("entity_type") == _EXTERNAL
            and one.get("status") in (_SCHEDULED, _ACTIVE)
        ]

    async def create(self, guild_id: int, shown: EventShown) -> int:
        """Create an event."""
        body = {**_body(shown), "privacy_level": _GUILD_ONLY, "entity_type": _EXTERNAL}
        return snowflake(await self._rest.one(Route("POST", _EVENTS, guild_id=guild_id), json=body))

    async def change(self, guild_id: int, event: ServerEvent, shown: EventShown) -> None:
        """Change an event; its start stays if it has begun, as Discord demands."""
        body = _body(shown)
        if event.has_begun:
            del body["scheduled_start_time"]
        await self._rest.one(Route("PATCH", _EVENT, guild_id=guild_id, event_id=event.id), json=body)

    async def end(self, guild_id: int, event: ServerEvent) -> None:
        """End an event that has begun, and delete one that has not."""
        if not event.has_begun:
            await self._rest.do(Route("DELETE", _EVENT, guild_id=guild_id, event_id=event.id))
            return
        over = Route("PATCH", _EVENT, guild_id=guild_id, event_id=event.id)
        await self._rest.one(over, json={"status": _COMPLETED})


def _body(shown: EventShown) -> dict[str, object]:
    return {
        "name": shown.name,
        "description": shown.description,
        "scheduled_start_time": shown.starts_at.isoformat(),
        "scheduled_end_time": shown.ends_at.isoformat(),
        "entity_metadata": {"location": shown.location},
    }


def _event(payload: Payload) -> ServerEvent:
    metadata = payload.get("entity_metadata")
    shown = EventShown(
        str(payload.get("name")),
        str(payload.get("description") or ""),
        str(metadata.get("location")) if isinstance(metadata, dict) else "",
        _moment(payload, "scheduled_start_time"),
        _moment(payload, "scheduled_end_time"),
    )
    return ServerEvent(snowflake(payload), shown, has_begun=payload.get("status") == _ACTIVE)


def _moment(payload: Payload, key: str) -> datetime:
    try:
        return datetime.fromisoformat(str(payload.get(key)))
    except ValueError as error:
        raise UpstreamUnavailable(f"unreadable answer: no {key}") from error
