"""Builds gateway events from world objects and emits them.

Source: Discord's docs, Events > Gateway Events.
"""

from local_discord.core import Core
from local_discord.gateway.hub import Event
from local_discord.world.kinds import JSON
from local_discord.world.message import Message
from local_discord.world.message_payloads import BURST_COLORS, emoji_payload, message_payload
from local_discord.world.payloads import channel_payload, member_payload, role_payload, thread_member_payload
from local_discord.world.world import Channel, Member, Role


def scope(core: Core, channel: Channel) -> JSON:
    """``guild_id`` for events outside DMs."""
    return {} if channel.is_dm else {"guild_id": core.world.guild.id}


def message_changed(core: Core, name: str, message: Message) -> None:
    """MESSAGE_CREATE or MESSAGE_UPDATE. Ephemeral messages have no event: only their reader sees them."""
    if message.ephemeral_to:
        core.hub.beat()
        return
    world = core.world
    channel = world.channels[message.channel_id]
    data = message_payload(world, message) | scope(core, channel)
    data["channel_type"] = int(channel.type)
    if not channel.is_dm:
        data["mentions"] = [_mention(core, user) for user in data["mentions"]]
        author = world.members.get(message.author_id)
        if author and not message.webhook_id:
            data["member"] = member_payload(author, with_user=False)
    core.hub.emit(Event(name, data, channel, message))


def _mention(core: Core, user: JSON) -> JSON:
    member = core.world.members.get(user["id"])
    return user | {"member": member_payload(member, with_user=False)} if member else user


def message_deleted(core: Core, message: Message) -> None:
    """MESSAGE_DELETE."""
    channel = core.world.channels[message.channel_id]
    data = {"id": message.id, "channel_id": channel.id, **scope(core, channel)}
    core.hub.emit(Event("MESSAGE_DELETE", data, channel))


def reaction_changed(
    core: Core, name: str, message: Message, user_id: str, emoji: str, *, burst: bool = False
) -> None:
    """MESSAGE_REACTION_ADD (with the member, in a guild) or MESSAGE_REACTION_REMOVE."""
    channel = core.world.channels[message.channel_id]
    data: JSON = {
        "user_id": user_id,
        "type": int(burst),
        "message_id": message.id,
        "emoji": emoji_payload(emoji),
        "channel_id": channel.id,
        "burst": burst,
        **scope(core, channel),
    }
    if name == "MESSAGE_REACTION_ADD":
        if burst:
            data["burst_colors"] = BURST_COLORS
        if message.webhook_id is None:
            data["message_author_id"] = message.author_id
        if not channel.is_dm:
            data["member"] = member_payload(core.world.members[user_id])
    core.hub.emit(Event(name, data, channel))


def channel_changed(core: Core, name: str, channel: Channel, **extra: object) -> None:
    """CHANNEL_* and THREAD_* events that carry the whole channel.

    Those of channels come to all: an update may be what takes the bot's access away. Threads are told only
    to who may view them. Source: Topics > Threads > Permissions, Losing Access to Channels.
    """
    data = {**channel_payload(core.world, channel), **extra}
    core.hub.emit(Event(name, data, channel, regardless=name.startswith("CHANNEL_")))


def thread_updated(core: Core, thread: Channel, *, unarchived: bool) -> None:
    """THREAD_UPDATE; and when it was unarchived THREAD_MEMBER_UPDATE, for the bot if it is in the thread.

    Source: Topics > Threads > Unarchiving a Thread.
    """
    channel_changed(core, "THREAD_UPDATE", thread)
    bot_id = core.world.application.id
    if unarchived and thread.thread and bot_id in thread.thread.members:
        data = thread_member_payload(thread, bot_id) | scope(core, thread)
        core.hub.emit(Event("THREAD_MEMBER_UPDATE", data, thread))


def thread_deleted(core: Core, thread: Channel) -> None:
    """THREAD_DELETE: id, guild, parent and type only."""
    data = {"id": thread.id, "parent_id": thread.parent_id, "type": int(thread.type), **scope(core, thread)}
    core.hub.emit(Event("THREAD_DELETE", data, core.world.parent_of(thread)))


def member_changed(core: Core, name: str, member: Member) -> None:
    """GUILD_MEMBER_ADD or GUILD_MEMBER_UPDATE; the update of the bot's own member needs no intent."""
    data = {**member_payload(member), "guild_id": core.world.guild.id}
    core.hub.emit(Event(name, data, own=member.user.id == core.world.application.id))


def role_changed(core: Core, name: str, role: Role) -> None:
    """GUILD_ROLE_CREATE or GUILD_ROLE_UPDATE."""
    core.hub.emit(Event(name, {"guild_id": core.world.guild.id, "role": role_payload(role)}))


def typing_started(core: Core, channel: Channel, user_id: str) -> None:
    """TYPING_START."""
    data: JSON = {"channel_id": channel.id, "user_id": user_id, "timestamp": core.clock.now_ms() // 1000}
    data |= scope(core, channel)
    if not channel.is_dm:
        data["member"] = member_payload(core.world.members[user_id])
    core.hub.emit(Event("TYPING_START", data, channel))
