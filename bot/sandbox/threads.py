"""Threads: starting, changing, joining. Source: Discord's docs, Topics > Threads; Resources > Channel."""

from bot.sandbox import events
from bot.sandbox.core import Core
from bot.sandbox.forms import Form
from bot.sandbox.kinds import JSON, ChannelType, MessageFlag, MessageType
from bot.sandbox.membership import add_member
from bot.sandbox.payloads import user_payload
from bot.sandbox.posting import system_message
from bot.sandbox.world import Channel, Message, ThreadState

DURATIONS = (60, 1440, 4320, 10080)


def start_thread(core: Core, parent: Channel, owner_id: str, body: JSON, source: Message | None) -> Channel:
    """Start a thread on *source*, or without a message.

    Args:
        core: The sandbox.
        parent: Its channel.
        owner_id: Who starts it; becomes its first member.
        body: The request: name (1-100), auto_archive_duration, type, invitable, rate_limit_per_user.
        source: The message it hangs on: the thread takes its id.

    Raises:
        ApiError: 50035.
    """
    thread = _read_thread(core, parent, owner_id, body, source)
    core.world.channels[thread.id] = thread
    if source:
        source.flags |= MessageFlag.HAS_THREAD
    events.channel_changed(core, "THREAD_CREATE", thread, newly_created=True)
    add_member(core, thread, owner_id)
    _announce(core, parent, thread, owner_id, source)
    return thread


def _read_thread(core: Core, parent: Channel, owner_id: str, body: JSON, source: Message | None) -> Channel:
    form = Form()
    name = form.text(("name",), body.get("name"), least=1, most=100)
    minutes = body.get("auto_archive_duration") or 1440
    form.choice(("auto_archive_duration",), minutes, DURATIONS)
    slowmode = form.integer(("rate_limit_per_user",), body.get("rate_limit_per_user"), 0, least=0, most=21600)
    # Start Thread without Message: the type defaults to a private thread (for now, say the docs).
    kind = ChannelType.PUBLIC_THREAD if source else body.get("type", ChannelType.PRIVATE_THREAD)
    form.choice(("type",), kind, (11, 12))
    form.finish()
    now = core.clock.iso()
    is_private = kind == ChannelType.PRIVATE_THREAD
    state = ThreadState(owner_id, now, now, auto_archive_minutes=int(minutes))
    state.invitable = bool(body.get("invitable", True)) if is_private else None
    thread_id = source.id if source else core.ids.next()
    return Channel(thread_id, ChannelType(kind), name, parent.id, slowmode_s=slowmode, thread=state)


def _announce(core: Core, parent: Channel, thread: Channel, owner_id: str, source: Message | None) -> None:
    """The first message inside, or the line in the parent channel."""
    author = user_payload(core.world.users[owner_id])
    guild_id = core.world.guild.id
    if source:
        events.message_changed(core, "MESSAGE_UPDATE", source)
        reference: JSON = {"type": 0, "channel_id": parent.id, "message_id": source.id, "guild_id": guild_id}
        starter = Message(
            thread.id,
            thread.id,
            author,
            core.clock.iso(),
            type=MessageType.THREAD_STARTER,
            reference=reference,
        )
        core.world.messages[thread.id][starter.id] = starter
    elif thread.type is ChannelType.PUBLIC_THREAD:
        reference = {"type": 0, "channel_id": thread.id, "guild_id": guild_id}
        kind = MessageType.THREAD_CREATED
        system_message(core, parent, author, kind, content=thread.name, reference=reference)


def change_thread(core: Core, thread: Channel, body: JSON) -> None:
    """Apply a Modify Channel body to a thread.

    Raises:
        ApiError: 50035.
    """
    state = thread.thread
    assert state is not None
    form = Form()
    if "name" in body:
        thread.name = form.text(("name",), body["name"], least=1, most=100) or thread.name
    if "auto_archive_duration" in body:
        form.choice(("auto_archive_duration",), body["auto_archive_duration"], DURATIONS)
    slowmode = form.integer(
        ("rate_limit_per_user",), body.get("rate_limit_per_user"), thread.slowmode_s, least=0, most=21600
    )
    form.finish()
    thread.slowmode_s = slowmode
    if "auto_archive_duration" in body:
        # archive_timestamp also changes with the duration: Topics > Threads > Thread Fields.
        state.auto_archive_minutes, state.archived_at = body["auto_archive_duration"], core.clock.iso()
    state.locked = bool(body.get("locked", state.locked))
    archived = bool(body.get("archived", state.archived))
    if archived != state.archived:
        state.archived, state.archived_at = archived, core.clock.iso()
    events.channel_changed(core, "THREAD_UPDATE", thread)


def remove_channel(core: Core, channel: Channel) -> None:
    """Take a channel or thread (and a channel's threads) out of the world, with the event."""
    world = core.world
    for thread in [one for one in world.channels.values() if one.is_thread and one.parent_id == channel.id]:
        del world.channels[thread.id]
        world.messages.pop(thread.id, None)
    if channel.is_thread:
        events.thread_deleted(core, channel)
    elif not channel.is_dm:
        events.channel_changed(core, "CHANNEL_DELETE", channel)
    del world.channels[channel.id]
    if not channel.is_dm:
        world.messages.pop(channel.id, None)
