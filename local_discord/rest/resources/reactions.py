"""Reactions. Source: Discord's docs, Resources > Message > Create Reaction and following."""

from local_discord.gateway.hub import Event
from local_discord.messages.reacting import check_emoji, known, react, unreact
from local_discord.ratelimit import Limit
from local_discord.rest.routing import Call, RouteTable
from local_discord.world import events
from local_discord.world.access import not_archived, require, viewable
from local_discord.world.kinds import JSON
from local_discord.world.message import Message
from local_discord.world.message_payloads import emoji_payload
from local_discord.world.payloads import user_payload
from local_discord.world.permissions import P

routes = RouteTable()
REACTION_LIMIT = Limit(1, 0.25, "reactions")
_BASE = "/channels/{channel_id}/messages/{message_id}/reactions"


def _message(call: Call) -> Message:
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    return call.core.world.message(channel.id, call.params["message_id"])


@routes.add(f"PUT {_BASE}/{{emoji}}/@me", limit=REACTION_LIMIT)
def create(call: Call) -> None:
    """Create Reaction."""
    react(call.core, _message(call), call.bot_id, call.params["emoji"])


@routes.add(f"DELETE {_BASE}/{{emoji}}/@me", limit=REACTION_LIMIT)
def delete_own(call: Call) -> None:
    """Delete Own Reaction."""
    unreact(call.core, _message(call), call.bot_id, call.params["emoji"])


@routes.add(f"DELETE {_BASE}/{{emoji}}/{{user_id}}", limit=REACTION_LIMIT)
def delete_users(call: Call) -> None:
    """Delete User Reaction: needs MANAGE_MESSAGES."""
    message = _message(call)
    require(call.core, call.bot_id, call.core.world.channels[message.channel_id], P.MANAGE_MESSAGES)
    unreact(call.core, message, call.params["user_id"], call.params["emoji"])


@routes.add(f"GET {_BASE}/{{emoji}}")
def who(call: Call) -> list[JSON]:
    """Get Reactions: users by id, after ``after``, up to ``limit`` (25; at most 100).

    Normal ones, unless ``type`` is 1: then super reactions alone. Source: Reaction Types.
    """
    check_emoji(call.params["emoji"])
    message = _message(call)
    limit = call.number("limit", 25, least=1, most=100)
    call.check_ids("after")
    burst = call.number("type", 0, least=0, most=1)
    after = int(call.query.get("after", "0"))
    reactions = message.bursts if burst else message.reactions
    ids = sorted(reactions.get(known(message, call.params["emoji"]), []), key=int)
    found = [call.core.world.users[user_id] for user_id in ids if int(user_id) > after]
    return [user_payload(user) for user in found[:limit]]


@routes.add(f"DELETE {_BASE}", limit=REACTION_LIMIT)
def delete_all(call: Call) -> None:
    """Delete All Reactions: needs MANAGE_MESSAGES."""
    message = _clearable(call)
    message.reactions.clear()
    message.bursts.clear()
    _emit(call, "MESSAGE_REACTION_REMOVE_ALL", message, {})


@routes.add(f"DELETE {_BASE}/{{emoji}}", limit=REACTION_LIMIT)
def delete_emoji(call: Call) -> None:
    """Delete All Reactions for Emoji: needs MANAGE_MESSAGES."""
    message = _clearable(call)
    check_emoji(call.params["emoji"])
    emoji = known(message, call.params["emoji"])
    if emoji in message.emojis:
        message.reactions.pop(emoji, None)
        message.bursts.pop(emoji, None)
        _emit(call, "MESSAGE_REACTION_REMOVE_EMOJI", message, {"emoji": emoji_payload(emoji)})


def _clearable(call: Call) -> Message:
    message = _message(call)
    channel = call.core.world.channels[message.channel_id]
    require(call.core, call.bot_id, channel, P.MANAGE_MESSAGES)
    not_archived(channel)
    return message


def _emit(call: Call, name: str, message: Message, extra: JSON) -> None:
    channel = call.core.world.channels[message.channel_id]
    data = {"channel_id": channel.id, "message_id": message.id, **events.scope(call.core, channel), **extra}
    call.core.hub.emit(Event(name, data, channel))
