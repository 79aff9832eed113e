"""Checks that a user may do something in a channel, with the API's own refusals.

Source: Discord's docs, Topics > Permissions; Topics > Threads.
"""

from bot.sandbox.core import Core
from bot.sandbox.errors import refused
from bot.sandbox.kinds import ChannelType
from bot.sandbox.permissions import P, channel_permissions
from bot.sandbox.world import Channel, ThreadState


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
    """Raise 50013 unless *user_id* has every bit of *needed* in *channel*."""
    if channel_permissions(core.world, user_id, channel) & needed != needed:
        raise refused(50013)


def may_send(core: Core, user_id: str, channel: Channel) -> None:
    """Raise unless *user_id* may send a message in *channel*.

    Raises:
        ApiError: 50007 (DM refused), 50008 (not a text channel), 50013, 160005 (locked thread).
    """
    if channel.type is ChannelType.CATEGORY:
        raise refused(50008)
    if channel.is_dm:
        others = [core.world.users[other] for other in channel.recipients if other != user_id]
        if any(not other.accepts_dms for other in others):
            raise refused(50007)
        return
    require(core, user_id, channel, P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES)
    if channel.thread and channel.thread.locked:
        bits = channel_permissions(core.world, user_id, channel)
        if channel.thread.archived or not bits & P.MANAGE_THREADS:
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
