"""A message of ours that stands in a channel already, though nobody has written down that it does."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import discord
from discord.http import Route

from bot.domain.delivery import Posted
from bot.ui.rest.client import Rest, snowflake
from bot.ui.rest.marks import marks

_HISTORY: Final = 100  # Discord: messages per page
_CLOCK_SKEW: Final = timedelta(seconds=10)  # between the database, which timed the attempt, and Discord


async def standing_message(
    rest: Rest, channel_id: int, body: Mapping[str, object], *, since: datetime
) -> Posted | None:
    """The message that says what *body* says, posted by us since then.

    Raises:
        DeliveryRefused: the history may not be read. UpstreamUnavailable.
    """
    after = discord.utils.time_snowflake(since - _CLOCK_SKEW)
    route = Route("GET", "/channels/{channel_id}/messages", channel_id=channel_id)
    wanted = marks(body)
    for message in await rest.many(route, params={"after": after, "limit": _HISTORY}):
        author = message.get("author")
        is_ours = isinstance(author, dict) and snowflake(author) == rest.own_id
        if is_ours and marks(message) == wanted:
            return posted(message)
    return None


def posted(message: Mapping[str, object]) -> Posted:
    """A message as Discord gives it."""
    return Posted(
        channel_id=snowflake(message, "channel_id"),
        message_id=snowflake(message),
        pinged=bool(message.get("mention_everyone")),
    )
