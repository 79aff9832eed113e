"""Checks that a user may do something in a channel, with the API's own refusals.

Source: Discord's docs, Topics > Permissions; Topics > Threads.
"""

from local_discord.core import Core
from local_discord.errors import refused, slowed
from local_discord.world.kinds import ChannelType
from local_discord.world.permissions import NEEDS_2FA, P, channel_permissions
from local_discord.world.snowflake import created_at
from local_discord.world.world import Channel, ThreadState


def viewable(core: Core, user_id: str, channel_id: str) -> Channel:
    """The channel when *user_id* may view it.

    Raises:
        ApiError: 10003 when it does not exist, 50001 when it may not be viewed.
    """
    channel = core.world.channel(channel_id)
    bits = channel_permissions(core.world, user_id, channel)
    if not bits & P.VIEW_CHANNEL:
        raise refused(50001)
    return channel


def require(core: Core, user_id: str, channel: Channel, needed: P) -> None:
    """Raise unless *user_id* has every bit of *needed* in *channel*.

    Raises:
        ApiError: 50013; 60003 where the server wants 2FA for that, and the bot's owner has none.
    """
    if channel_permissions(core.world, user_id, channel) & needed != needed:
        raise refused(50013)
    application = core.world.application
    is_bare = user_id == application.id and not application.owner_mfa
    if core.world.guild.mfa_level and is_bare and needed & NEEDS_2FA:
        raise refused(60003)


def may_send(core: Core, user_id: str, channel: Channel) -> None:
    """Raise unless *user_id* may send a message in *channel*.

    Raises:
        ApiError: 50007 (DM refused), 50278 (no common server), 50008 (no text channel), 40058 (a forum takes
            posts only), 50013, 160005 (locked thread).
    """
    if channel.type is ChannelType.CATEGORY:
        raise refused(50008)
    if channel.type is ChannelType.FORUM:
        raise refused(40058)
    if channel.is_dm:
        _may_write_to(core, [other for other in channel.recipients if other != user_id])
        return
    require(core, user_id, channel, P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES)
    if channel.thread and channel.thread.locked:
        bits = channel_permissions(core.world, user_id, channel)
        if channel.thread.archived or not bits & P.MANAGE_THREADS:
            raise refused(160005)


def _may_write_to(core: Core, others: list[str]) -> None:
    """Raise unless everybody in *others* takes direct messages from here."""
    if any(other not in core.world.members for other in others):
        raise refused(50278)
    if any(not core.world.users[other].accepts_dms for other in others):
        raise refused(50007)


def keep_pace(core: Core, user_id: str, channel: Channel) -> None:
    """Raise 20016 when a person writes faster than the slowmode lets them.

    Bots are free of it, and so is who manages the channel or its messages.

    Source: Resources > Channel > rate_limit_per_user; Topics > Permissions > BYPASS_SLOWMODE.
    """
    free = P.MANAGE_MESSAGES | P.MANAGE_CHANNELS | P.BYPASS_SLOWMODE
    bits = channel_permissions(core.world, user_id, channel)
    if not channel.slowmode_s or core.world.users[user_id].bot or bits & free:
        return
    now = core.clock.now()
    for message in reversed(core.world.messages[channel.id].values()):
        left_s = channel.slowmode_s - (now - created_at(message.id)).total_seconds()
        if left_s <= 0:
            return
        if message.author_id == user_id:
            raise slowed(left_s)


def unlocked(core: Core, user_id: str, channel: Channel) -> None:
    """Raise 160005 in a locked thread for who does not manage threads: messages there cannot be changed."""
    locked = channel.thread is not None and channel.thread.locked
    if locked and not channel_permissions(core.world, user_id, channel) & P.MANAGE_THREADS:
        raise refused(160005)


def not_archived(channel: Channel) -> None:
    """Raise 50083 in an archived thread: it takes no edits and no reactions."""
    if channel.thread and channel.thread.archived:
        raise refused(50083)


def thread_state(channel: Channel) -> ThreadState:
    """The thread part of *channel*, or 50024 when it is no thread."""
    if channel.thread is None:
        raise refused(50024)
    return channel.thread
