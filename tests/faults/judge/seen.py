"""The messages and the log of the local Discord, the independent side of the evidence."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local_discord.server import LocalDiscord
from local_discord.world.message import Message
from local_discord.world.world import Channel
from tests.e2e.world.ledger import WRITTEN
from tests.e2e.world.world import World

_BUNDLED = """
SELECT whole.nonce, array_agg(DISTINCT owed.incident_id) AS numbers
  FROM deliveries AS owed
  JOIN deliveries AS whole ON whole.id = owed.bundle_id
 WHERE owed.status = 'sent'
 GROUP BY whole.nonce
"""

#: At the head of an escalation.
ESCALATES = "⏫"

#: At the head of a message about new failures in the DLQ.
UNDELIVERED = "📭"


@dataclass(frozen=True, slots=True)
class Post:
    """A message that the bot wrote for others.

    Attributes:
        place: A channel's or thread's name, "dm:primary" for a DM.
        nonce: The nonce of its delivery.
        text: The text as it was posted. An escalation is edited after an answer, and then looks like none.
        at: When Discord accepted it.
    """

    id: int
    place: str
    nonce: str
    text: str
    at: datetime
    rings: bool
    in_thread: bool


def posts(sandbox: LocalDiscord) -> list[Post]:
    """Every message that the bot wrote for others, in the order of Discord's ids."""
    return [post for _, post in sorted(_posts(sandbox), key=lambda found: int(found[0]))]


async def bundles(world: World) -> list[tuple[Post, list[int]]]:
    """Every message that tells of many incidents at once, and of which: it names a few of them only."""
    standing = {post.nonce: post for post in posts(world.sandbox)}
    rows = await world.rows(_BUNDLED)
    return [(standing[row["nonce"]], row["numbers"]) for row in rows if row["nonce"] in standing]


def attempts(sandbox: LocalDiscord, *, since: int = 0) -> list[dict[str, Any]]:
    """The requests of the bot to write a message, as the log has them."""
    return [
        entry
        for entry in sandbox.core.log.since(since)
        if entry["kind"] == "rest"
        and entry["method"] == "POST"
        and str(entry["path"]).endswith("/messages")
        and str(entry["path"]).startswith("/channels/")
    ]


def identifies(sandbox: LocalDiscord, *, since: int = 0) -> int:
    """How often a bot has identified at the gateway."""
    frames = (e["frame"] for e in sandbox.core.log.since(since) if e["kind"] == "gateway")
    return sum(1 for frame in frames if frame.get("op") == 2)


def _posts(sandbox: LocalDiscord) -> Iterator[tuple[str, Post]]:
    world, posted = sandbox.core.world, _posted(sandbox)
    for channel_id, found in world.messages.items():
        channel = world.channels.get(channel_id)
        for message in found.values():
            if channel is not None and _is_told(message, world.application.id):
                yield message.id, _post(sandbox, channel, message, posted)


def _posted(sandbox: LocalDiscord) -> dict[str, str]:
    """The words of each delivery's request, by its nonce."""
    bodies = (entry["body"] for entry in attempts(sandbox) if isinstance(entry["body"], dict))
    return {str(body.get("nonce")): _words(body.get("content"), body.get("embeds")) for body in bodies}


def _is_told(message: Message, bot_id: str) -> bool:
    own = message.author_id == bot_id and message.type in WRITTEN
    return own and message.ephemeral_to is None and message.interaction is None


def _words(content: object, embeds: Any) -> str:
    return "\n".join([str(content or ""), *(str(embed.get("description", "")) for embed in embeds or ())])


def _post(sandbox: LocalDiscord, channel: Channel, message: Message, posted: dict[str, str]) -> Post:
    return Post(
        id=int(message.id),
        place=_name(sandbox, channel),
        nonce=str(message.nonce),
        text=posted.get(str(message.nonce)) or _words(message.content, message.embeds),
        at=datetime.fromisoformat(message.timestamp),
        rings=message.mention_everyone,
        in_thread=channel.is_thread,
    )


def _name(sandbox: LocalDiscord, channel: Channel) -> str:
    world = sandbox.core.world
    if not channel.is_dm:
        return channel.name
    people = (one for one in channel.recipients if one != world.application.id)
    return f"dm:{world.users[next(people)].username}"
