"""Messages. Source: Discord's docs, Resources > Message."""

from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.gateway.hub import Event
from local_discord.gateway.intents import may_read, without_content
from local_discord.messages.drafts import Draft, Request, read_draft, read_edit
from local_discord.messages.posting import Origin, deletable, publish, remembered, remove, revise, take_out
from local_discord.ratelimit import Limit
from local_discord.rest.resources.audit import audited
from local_discord.rest.routing import Call, RouteTable
from local_discord.world import events
from local_discord.world.access import may_send, require, unlocked, viewable
from local_discord.world.audit import Action
from local_discord.world.kinds import JSON, ChannelType, MessageFlag, MessageType
from local_discord.world.message import Message
from local_discord.world.message_payloads import message_payload
from local_discord.world.payloads import user_payload
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.snowflake import created_at
from local_discord.world.world import Channel

routes = RouteTable()
SEND_LIMIT = Limit(5, 5.0)
# What a channel takes from everybody together (20028); Discord does not say how much.
CHANNEL_WRITES = Limit(60, 10.0, "channel-writes")
_BULK = range(2, 101)
_BULK_AGE_DAYS = 14
_PLACES = ("around", "before", "after")


def show(call: Call, message: Message) -> JSON:
    """The message as this application may read it: without content where MESSAGE_CONTENT is needed."""
    world = call.core.world
    payload = message_payload(world, message)
    channel = world.channels[message.channel_id]
    if world.application.message_content or may_read(world, channel, message):
        return payload
    return without_content(payload, world.application.id)


def target(call: Call, *, reads: bool = True) -> tuple[Channel, Message]:
    """The channel and the message of the path; READ_MESSAGE_HISTORY is needed only for what *reads* it."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    if reads:
        require(call.core, call.bot_id, channel, P.READ_MESSAGE_HISTORY)
    return channel, call.core.world.message(channel.id, call.params["message_id"])


@routes.add("POST /channels/{channel_id}/messages", limit=SEND_LIMIT)
def create(call: Call) -> JSON:
    """Create Message. 50006, 50007, 50013, 50035, 160005; an enforced nonce returns the first message,
    and 10008 when that was deleted.
    """
    core = call.core
    channel = viewable(core, call.bot_id, call.params["channel_id"])
    may_send(core, call.bot_id, channel)
    call.share(CHANNEL_WRITES, channel.id, code=20028)
    draft = read_draft(core, Request(call.data, call.uploads, channel, call.bot_id))
    may_show(call, channel, draft)
    if earlier := remembered(core, call.bot_id, draft):
        return message_payload(core.world, earlier)
    message = publish(core, channel, draft, Origin(user_payload(core.world.bot.user)))
    return message_payload(core.world, message)


def may_show(call: Call, channel: Channel, draft: Draft) -> None:
    """Check what *draft*, a new message, shows: 50013 for embeds and files, 160002 for a reply.

    TTS without its permission is no error: the message is not read out.
    """
    if draft.embeds:
        require(call.core, call.bot_id, channel, P.EMBED_LINKS)
    if call.uploads:
        require(call.core, call.bot_id, channel, P.ATTACH_FILES)
    bits = channel_permissions(call.core.world, call.bot_id, channel)
    if draft.reference and not draft.snapshots and not bits & P.READ_MESSAGE_HISTORY:
        raise refused(160002)
    draft.tts = draft.tts and bool(bits & P.SEND_TTS_MESSAGES)


@routes.add("GET /channels/{channel_id}/messages")
def history(call: Call) -> list[JSON]:
    """Get Channel Messages, newest first; empty without READ_MESSAGE_HISTORY."""
    core = call.core
    channel = viewable(core, call.bot_id, call.params["channel_id"])
    limit = call.number("limit", 50, least=1, most=100)
    call.check_ids(*_PLACES)
    _only_one_place(call)
    bits = channel_permissions(core.world, call.bot_id, channel)
    if not bits & P.READ_MESSAGE_HISTORY:
        return []
    listed = [one for one in core.world.messages[channel.id].values() if not one.ephemeral_to]
    return [show(call, message) for message in _page(call, listed, limit)]


def _only_one_place(call: Call) -> None:
    """Raise 50035 for more than one of ``around``, ``before`` and ``after``: they exclude each other."""
    form = Form()
    for name in [name for name in _PLACES if name in call.query][1:]:
        text = f"Only one of {', '.join(_PLACES)} may be passed at a time."
        form.add((name,), "MUTUALLY_EXCLUSIVE", text)
    form.finish()


def _page(call: Call, listed: list[Message], limit: int) -> list[Message]:
    """The asked part of *listed* (oldest first), newest first."""
    if "around" in call.query:
        middle = int(call.query["around"])
        older = [one for one in listed if int(one.id) < middle][-(limit // 2) :] if limit > 1 else []
        newer = [one for one in listed if int(one.id) >= middle][: limit - len(older)]
        return (older + newer)[::-1]
    if "after" in call.query:
        return [one for one in listed if int(one.id) > int(call.query["after"])][:limit][::-1]
    if "before" in call.query:
        listed = [one for one in listed if int(one.id) < int(call.query["before"])]
    return listed[-limit:][::-1]


@routes.add("POST /channels/{channel_id}/messages/bulk-delete", limit=Limit(1, 1.0))
def bulk_delete(call: Call) -> None:
    """Bulk Delete Messages: 2 to 100, none older than two weeks."""
    core = call.core
    channel = viewable(core, call.bot_id, call.params["channel_id"])
    if channel.is_dm:
        raise refused(50003)
    require(core, call.bot_id, channel, P.MANAGE_MESSAGES)
    form = Form()
    ids = form.snowflakes(("messages",), call.data.get("messages"))
    form.unique(("messages",), ids)
    form.finish()
    if len(ids) not in _BULK:
        raise refused(50016)
    if any((core.clock.now() - created_at(item)).days >= _BULK_AGE_DAYS for item in ids):
        raise refused(50034)
    there = core.world.messages[channel.id]
    gone = [item for item in ids if item in there and not there[item].ephemeral_to]
    for item in gone:  # whether Discord takes the others of such a bulk is not documented
        deletable(there[item])
    for item in gone:
        take_out(core, there[item])
    data = {"ids": gone, "channel_id": channel.id, **events.scope(core, channel)}
    audited(call, Action.MESSAGE_BULK_DELETE, channel.id, options={"count": str(len(gone))})
    core.hub.emit(Event("MESSAGE_DELETE_BULK", data, channel))


@routes.add("GET /channels/{channel_id}/messages/{message_id}")
def get(call: Call) -> JSON:
    """Get Channel Message. 10008."""
    return show(call, target(call)[1])


@routes.add("PATCH /channels/{channel_id}/messages/{message_id}", limit=SEND_LIMIT)
def edit(call: Call) -> JSON:
    """Edit Message: one's own; of another's only the flags, with MANAGE_MESSAGES. 50005, 50083, 30046."""
    core = call.core
    channel, message = target(call, reads=False)
    if message.author_id != call.bot_id:
        if set(call.data) - {"flags"}:
            raise refused(50005)
        require(core, call.bot_id, channel, P.MANAGE_MESSAGES)
    unlocked(core, call.bot_id, channel)
    if message.snapshots and set(call.data) - {"flags"}:
        raise refused(50021)
    if message.type not in _EDITABLE:
        raise refused(50021)
    draft = read_edit(core, Request(call.data, call.uploads, channel, call.bot_id), message)
    if call.data.get("embeds"):
        require(core, call.bot_id, channel, P.EMBED_LINKS)
    if call.uploads:
        require(core, call.bot_id, channel, P.ATTACH_FILES)
    return message_payload(core.world, revise(core, message, draft))


_EDITABLE = (
    MessageType.DEFAULT,
    MessageType.REPLY,
    MessageType.CHAT_INPUT_COMMAND,
    MessageType.CONTEXT_MENU_COMMAND,
)


@routes.add("DELETE /channels/{channel_id}/messages/{message_id}", limit=Limit(5, 1.0))
def delete(call: Call) -> None:
    """Delete Message: one's own, or any with MANAGE_MESSAGES."""
    channel, message = target(call, reads=False)
    if message.author_id != call.bot_id:
        if channel.is_dm:
            raise refused(50003)
        require(call.core, call.bot_id, channel, P.MANAGE_MESSAGES)
    deletable(message)
    if message.author_id != call.bot_id:
        options = {"channel_id": channel.id, "count": "1"}
        audited(call, Action.MESSAGE_DELETE, message.author_id, options=options)
    remove(call.core, message)


@routes.add("POST /channels/{channel_id}/messages/{message_id}/crosspost", limit=Limit(10, 3600.0))
def crosspost(call: Call) -> JSON:
    """Crosspost Message: of an announcement channel; another's needs MANAGE_MESSAGES. 40033."""
    core = call.core
    channel, message = target(call, reads=False)
    if channel.type is not ChannelType.ANNOUNCEMENT:
        raise refused(50024)
    own = message.author_id == call.bot_id
    require(core, call.bot_id, channel, P.SEND_MESSAGES if own else P.MANAGE_MESSAGES)
    if message.type is not MessageType.DEFAULT:
        raise refused(50068)
    if message.flags & MessageFlag.CROSSPOSTED:
        raise refused(40033)
    message.flags |= MessageFlag.CROSSPOSTED
    events.message_changed(core, "MESSAGE_UPDATE", message)
    return show(call, message)


@routes.add("POST /channels/{channel_id}/typing", limit=SEND_LIMIT)
def typing(call: Call) -> None:
    """Trigger Typing Indicator."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    may_send(call.core, call.bot_id, channel)
    events.typing_started(call.core, channel, call.bot_id)
