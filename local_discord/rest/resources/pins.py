"""Pinned messages. Source: Discord's docs, Resources > Message > Get Channel Pins and following."""

from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.gateway.hub import Event
from local_discord.messages.posting import system_message
from local_discord.rest.resources.audit import audited
from local_discord.rest.resources.messages import show, target
from local_discord.rest.routing import Call, RouteTable
from local_discord.world import events
from local_discord.world.access import not_archived, require, viewable
from local_discord.world.audit import Action
from local_discord.world.kinds import JSON, MessageType
from local_discord.world.message import Message
from local_discord.world.payloads import user_payload
from local_discord.world.permissions import P
from local_discord.world.world import Channel

routes = RouteTable()
_MOST_PINS = 250
_MOST_LISTED = 50
_UNPINNABLE = (MessageType.PINNED, MessageType.THREAD_CREATED, MessageType.THREAD_STARTER)


@routes.add("GET /channels/{channel_id}/messages/pins")
def pins(call: Call) -> JSON:
    """Get Channel Pins, newest pin first."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    limit = call.number("limit", 50, least=1, most=50)
    pinned = _pinned(call, channel)
    form = Form()
    before = form.time(("before",), call.query.get("before"))
    form.finish()
    if before:
        limit_iso = before.isoformat(timespec="microseconds")
        pinned = [message for message in pinned if (message.pinned_at or "") < limit_iso]
    items = [{"pinned_at": message.pinned_at, "message": show(call, message)} for message in pinned]
    return {"items": items[:limit], "has_more": len(items) > limit}


@routes.add("GET /channels/{channel_id}/pins")
def pins_deprecated(call: Call) -> list[JSON]:
    """Get Pinned Messages (deprecated): the newest fifty."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    return [show(call, message) for message in _pinned(call, channel)[:_MOST_LISTED]]


def _pinned(call: Call, channel: Channel) -> list[Message]:
    require(call.core, call.bot_id, channel, P.READ_MESSAGE_HISTORY)
    pinned = [one for one in call.core.world.messages[channel.id].values() if one.pinned_at]
    return sorted(pinned, key=lambda message: message.pinned_at or "", reverse=True)


@routes.add("PUT /channels/{channel_id}/messages/pins/{message_id}")
@routes.add("PUT /channels/{channel_id}/pins/{message_id}")
def pin(call: Call) -> None:
    """Pin Message: 250 at most; leaves a system message."""
    core = call.core
    channel, message = target(call)
    require(core, call.bot_id, channel, P.PIN_MESSAGES)
    not_archived(channel)
    if message.type in _UNPINNABLE:
        raise refused(50021)
    if message.pinned_at:
        return
    if len(_pinned(call, channel)) >= _MOST_PINS:
        raise refused(30003)
    message.pinned_at = channel.last_pin_at = core.clock.iso()
    _pins_changed(call, channel, message)
    reference: JSON = {"type": 0, "channel_id": channel.id, "message_id": message.id}
    reference |= events.scope(core, channel)
    author = user_payload(core.world.bot.user)
    _audit(call, Action.MESSAGE_PIN, message)
    system_message(core, channel, author, MessageType.PINNED, reference=reference)


@routes.add("DELETE /channels/{channel_id}/messages/pins/{message_id}")
@routes.add("DELETE /channels/{channel_id}/pins/{message_id}")
def unpin(call: Call) -> None:
    """Unpin Message."""
    channel, message = target(call)
    require(call.core, call.bot_id, channel, P.PIN_MESSAGES)
    not_archived(channel)
    if message.pinned_at:
        _audit(call, Action.MESSAGE_UNPIN, message)
    message.pinned_at = None
    _pins_changed(call, channel, message)


def _pins_changed(call: Call, channel: Channel, message: Message) -> None:
    data = {"channel_id": channel.id, "last_pin_timestamp": channel.last_pin_at}
    data |= events.scope(call.core, channel)
    call.core.hub.emit(Event("CHANNEL_PINS_UPDATE", data, channel))
    events.message_changed(call.core, "MESSAGE_UPDATE", message)


def _audit(call: Call, action: Action, message: Message) -> None:
    if (
        message.channel_id in call.core.world.channels
        and not call.core.world.channels[message.channel_id].is_dm
    ):
        options = {"channel_id": message.channel_id, "message_id": message.id}
        audited(call, action, message.author_id, options=options)
