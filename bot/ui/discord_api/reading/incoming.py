"""Messages of others as the tracking of alerts reads them, live or from a channel's history."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import discord

from bot.domain.alerts.alert import AlertEmbed, AlertMessage, ChannelPage
from bot.ui.discord_api.client import Rest, snowflake
from bot.ui.discord_api.reading.history import further
from bot.ui.discord_api.reading.places import Places
from bot.ui.discord_api.routes import messages_route
from bot.ui.words.evidence import evidence_from, written_embeds
from bot.ui.words.wording import Wording

_PAGE: Final = 100  # Discord: messages per page
_WRITTEN: Final = (0, 19)  # messages and answers; the other types are notes of Discord's own
_TEXT_DISPLAY: Final = 10


class Incoming:
    """Reads messages.

    Args:
        words: The team's, for the title of a message that cannot be read.
        client: Logged in, so that what is our own can be told; None: nothing is.
    """

    def __init__(self, client: discord.Client | None, words: Wording) -> None:
        self._client = client
        self._words = words

    def live(self, message: discord.Message, *, guild_id: int) -> AlertMessage:
        """Read a message that the gateway delivered."""
        asked = message.interaction_metadata
        payload: dict[str, object] = {
            "id": message.id,
            "channel_id": message.channel.id,
            "type": message.type.value,
            "content": message.content,
            "embeds": [embed.to_dict() for embed in message.embeds],
            "components": [component.to_dict() for component in message.components],
            "attachments": [{"filename": file.filename} for file in message.attachments],
            "author": {
                "id": message.author.id,
                "username": message.author.name,
                "global_name": message.author.display_name,
                "bot": message.author.bot,
            },
            "webhook_id": message.webhook_id,
            "application_id": message.application_id,
            "interaction_metadata": None if asked is None else {"id": asked.id},
            "timestamp": message.created_at.isoformat(),
        }
        return self.read(payload, guild_id=guild_id, channel=getattr(message.channel, "name", ""))

    def read(self, payload: Mapping[str, Any], *, guild_id: int, channel: str) -> AlertMessage:
        """Read a Message object of Discord's.

        Args:
            channel: The channel's name.
        """
        author: Mapping[str, Any] = payload.get("author") or {}
        user = None if self._client is None else self._client.user
        ours = set() if self._client is None else {self._client.application_id, user and user.id}
        signs = (payload.get("webhook_id"), payload.get("application_id"), author.get("id"))
        is_written = payload.get("type", 0) in _WRITTEN and not _is_answer(payload)
        evidence = evidence_from(payload, guild_id=guild_id)
        shown = {"channel": f"#{channel}", "author": evidence.author_name}
        return AlertMessage(
            id=int(payload["id"]),
            guild_id=guild_id,
            channel_id=int(payload["channel_id"]),
            channel=channel,
            content="\n".join([str(payload.get("content") or ""), *_displayed(payload.get("components"))]),
            embeds=tuple(_embed(embed) for embed in written_embeds(payload)),
            evidence=evidence,
            is_webhook=is_written and payload.get("webhook_id") is not None,
            is_bot=is_written and bool(author.get("bot")),
            is_ours=any(int(sign) in ours for sign in signs if sign is not None),
            username=str(author.get("username") or ""),
            stand_in=self._words.say("tracked.unread", **shown),
        )


class WatchedChannels:
    """Reads the watched channels by REST, for messages that the gateway did not bring."""

    def __init__(self, rest: Rest, places: Places, incoming: Incoming) -> None:
        self._rest = rest
        self._places = places
        self._incoming = incoming

    async def page(self, guild_id: int, channel: str, *, before: int | None = None) -> ChannelPage:
        """Return the newest messages of a channel, up to 100.

        Args:
            channel: Its name or id.
            before: Only those that are older than this message.

        Raises:
            DeliveryRefused: there is no such channel, or it may not be read. UpstreamUnavailable.
        """
        channel_id = await self._places.channel(guild_id, channel)
        route = messages_route("GET", channel_id)
        found = (
            await self._rest.many(route, params={"limit": _PAGE})
            if before is None
            else await further(self._rest, route, before=before)
        )
        read = [
            self._incoming.read(payload, guild_id=guild_id, channel=channel)
            for payload in sorted(found, key=snowflake)
        ]
        return ChannelPage(channel_id, tuple(read))


def _is_answer(payload: Mapping[str, Any]) -> bool:
    """Return whether a message is an app's answer to a person who used its command or pressed its button.

    Such answers come by a webhook, too, and not all have a type of their own: answers to a press, and
    follow-ups to a first answer, look like any message.

    Source: Discord's docs, Message > ``interaction_metadata``; ``interaction`` was its name before.
    """
    return any(payload.get(name) is not None for name in ("interaction_metadata", "interaction"))


def _embed(embed: Mapping[str, Any]) -> AlertEmbed:
    author: Mapping[str, Any] = embed.get("author") or {}
    footer: Mapping[str, Any] = embed.get("footer") or {}
    return AlertEmbed(
        title=str(embed.get("title") or ""),
        description=str(embed.get("description") or ""),
        author=str(author.get("name") or ""),
        footer=str(footer.get("text") or ""),
        fields=tuple((str(each.get("name")), str(each.get("value"))) for each in embed.get("fields") or ()),
        colour=embed.get("color") or 0,
    )


def _displayed(components: object) -> Iterator[str]:
    """Yield the texts of a message that is made of components."""
    for component in components if isinstance(components, list) else ():
        if component.get("type") == _TEXT_DISPLAY:
            yield str(component.get("content") or "")
        yield from _displayed(component.get("components"))
