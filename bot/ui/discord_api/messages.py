"""Messages in Discord: of threads and watched channels, live or by REST, and our own as they were posted."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import discord
import structlog
from discord.http import Route

from bot.domain.alerts.alert import AlertEmbed, AlertMessage, ChannelPage
from bot.domain.delivery.delivery import Posted
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.text import folded
from bot.domain.timeline.recorded import ThreadMessage
from bot.runbook.model import Policy
from bot.ui.discord_api.client import Payload, Rest, message_route, messages_route, snowflake
from bot.ui.discord_api.places import Places
from bot.ui.discord_api.reactions import reacted_with
from bot.ui.words.evidence import evidence_from, evidence_of, written_embeds
from bot.ui.words.wording import Wording

log = structlog.get_logger(__name__)

_LATEST: Final = 100  # Discord: messages per page


class ThreadReader:
    """Reads the messages in threads.

    Args:
        reads_content: The application may read message content; otherwise other people's messages come empty.
    """

    def __init__(self, rest: Rest, policy: Policy, *, reads_content: bool) -> None:
        self._rest = rest
        self._pin = policy.timeline.pin_emoji
        self._reads_content = reads_content

    async def message(self, channel_id: int, message_id: int, *, guild_id: int) -> ThreadMessage | None:
        """Return one message as it is now; None when it is deleted or not readable.

        Raises:
            UpstreamUnavailable: Discord could not be asked.
        """
        try:
            found = await self._rest.one(message_route("GET", channel_id, message_id))
        except DeliveryRefused as refused:
            log.info("message.not_readable", message_id=message_id, code=refused.code)
            return None
        return self._read(found, guild_id)

    async def latest(self, channel_id: int, *, guild_id: int) -> list[ThreadMessage]:
        """Return the newest messages, up to 100, oldest first; none when the channel is gone or hidden.

        Raises:
            UpstreamUnavailable: Discord could not be asked.
        """
        try:
            found = await self._rest.many(messages_route("GET", channel_id), params={"limit": _LATEST})
        except DeliveryRefused as refused:
            log.info("thread.not_readable", thread_id=channel_id, code=refused.code)
            return []
        return [self._read(message, guild_id) for message in reversed(found)]

    def _read(self, payload: Payload, guild_id: int) -> ThreadMessage:
        read = message_from(payload, guild_id=guild_id, reads_content=self._reads_content)
        return replace(read, has_pin=True) if reacted_with(payload, self._pin) else read


def message_from(payload: Mapping[str, Any], *, guild_id: int, reads_content: bool) -> ThreadMessage:
    """Read a Message object of Discord's, from an answer or an event."""
    content = evidence_from(payload, guild_id=guild_id)
    edited = payload.get("edited_timestamp")
    return ThreadMessage(
        id=int(payload["id"]),
        channel_id=int(payload["channel_id"]),
        content=content,
        is_readable=reads_content or bool(content.text),
        edited_at=None if edited is None else datetime.fromisoformat(str(edited)),
    )


def message_of(message: discord.Message) -> ThreadMessage:
    """Return a message that a person used a menu on; Discord always sends its content."""
    return ThreadMessage(
        id=message.id,
        channel_id=message.channel.id,
        content=evidence_of(message),
        edited_at=message.edited_at,
    )


_HISTORY: Final = 100  # Discord: messages per page
_PATIENCE: Final = timedelta(
    seconds=10
)  # for room for the next page, so as not to begin with the first again
_CLOCK_SKEW: Final = timedelta(seconds=10)  # between the database, which timed the attempt, and Discord


async def standing_message(
    rest: Rest, channel_id: int, body: Mapping[str, object], *, since: datetime
) -> Posted | None:
    """Return the message that says what *body* says, if we have posted it since then.

    Raises:
        DeliveryRefused: the history may not be read. UpstreamUnavailable.
    """
    wanted = marks(body)
    async for message in _messages(rest, channel_id, after=_from(since)):
        author = message.get("author")
        is_ours = isinstance(author, dict) and snowflake(author) == rest.own_id
        if is_ours and marks(message) == wanted:
            return posted(message)
    return None


async def by_webhook(
    rest: Rest, channel_id: int, webhook_id: int, *, since: datetime
) -> AsyncIterator[Payload]:
    """Yield a webhook's messages in a channel since then. Without the message content intent they are empty.

    Raises:
        As `standing_message`.
    """
    async for message in _messages(rest, channel_id, after=_from(since)):
        if message.get("webhook_id") == str(webhook_id):
            yield message


def _from(since: datetime) -> int:
    return discord.utils.time_snowflake(since - _CLOCK_SKEW)


async def _messages(rest: Rest, channel_id: int, *, after: int) -> AsyncIterator[Payload]:
    """Yield all messages of a channel after that id, page by page; a page has its newest first."""
    route = messages_route("GET", channel_id)
    page = await rest.many(route, params={"after": after, "limit": _HISTORY})
    while True:
        for message in page:
            yield message
        if len(page) < _HISTORY:
            return
        after = max(snowflake(message) for message in page)
        page = await further(rest, route, after=after)


async def further(rest: Rest, route: Route, **beyond: int) -> list[Payload]:
    """Return a further page of a channel's messages, as soon as Discord's limit leaves room for it.

    Args:
        beyond: ``after`` or ``before``, a message's id.
    """
    while True:
        try:
            return await rest.many(route, params={**beyond, "limit": _HISTORY})
        except UpstreamUnavailable as limit:
            if limit.capacity_in is None or limit.capacity_in > _PATIENCE:
                raise
            await asyncio.sleep(limit.capacity_in.total_seconds())


def posted(message: Mapping[str, object]) -> Posted:
    """Read a Message object of Discord's."""
    roles = message.get("mention_roles")
    return Posted(
        channel_id=snowflake(message, "channel_id"),
        message_id=snowflake(message),
        pinged=bool(message.get("mention_everyone")),
        roles=frozenset(int(str(role)) for role in roles) if isinstance(roles, list) else frozenset(),
    )


def marks(message: Mapping[str, object]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return a message's content, its embeds' titles and descriptions, and its components' custom ids.

    Discord returns these. It adds other things, such as previews of links, and may strip some characters.
    """
    shown = written_embeds(message)
    texts = (folded(str(made.get(part) or "")) for made in shown for part in ("title", "description"))
    return folded(str(message.get("content") or "")), tuple(texts), tuple(_ids(message.get("components")))


def _ids(components: object) -> Iterator[str]:
    for component in components if isinstance(components, list | tuple) else ():
        if isinstance(component, Mapping):
            if "custom_id" in component:
                yield str(component["custom_id"])
            yield from _ids(component.get("components"))


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
        # An app's answers to a command or a press come by a webhook, too, and not all have their own type.
        # Source: Discord's docs, Message > `interaction_metadata`; `interaction` was its name before.
        is_answer = any(payload.get(name) is not None for name in ("interaction_metadata", "interaction"))
        is_written = payload.get("type", 0) in _WRITTEN and not is_answer
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
