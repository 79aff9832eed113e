"""Reading messages of a thread by REST, for the timeline."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import discord
import structlog

from bot.domain.errors import DeliveryRefused
from bot.domain.timeline.recorded import ThreadMessage
from bot.runbook.model import Policy
from bot.ui.discord_api.client import Payload, Rest
from bot.ui.discord_api.reading.reactions import reacted_with
from bot.ui.discord_api.routes import message_route, messages_route
from bot.ui.words.evidence import evidence_from, evidence_of

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
