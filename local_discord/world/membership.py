"""Membership of threads. Source: Discord's docs, Topics > Threads > Thread Membership."""

from local_discord.core import Core
from local_discord.gateway.hub import Event
from local_discord.world import events
from local_discord.world.kinds import JSON
from local_discord.world.payloads import MOST_COUNTED, member_payload, thread_member_payload
from local_discord.world.world import Channel


def add_member(core: Core, thread: Channel, user_id: str) -> None:
    """Put *user_id* into *thread*; THREAD_MEMBERS_UPDATE follows. Nothing happens when already in.

    The bot is told of the thread itself first: it may be one that it could not view.

    Source: Topics > Threads > Thread Access.
    """
    if enter(core, thread, user_id):
        if user_id == core.world.application.id:
            events.channel_changed(core, "THREAD_CREATE", thread)
        tell_entered(core, thread, user_id)


def enter(core: Core, thread: Channel, user_id: str) -> bool:
    """Put *user_id* into *thread* without an event; False when they are in it already, or in no guild."""
    state = thread.thread
    if state is None or user_id not in core.world.members or user_id in state.members:
        return False
    state.members[user_id] = core.clock.iso()
    return True


def tell_entered(core: Core, thread: Channel, user_id: str) -> None:
    """THREAD_MEMBERS_UPDATE for *user_id*, who is in *thread* now."""
    member = member_payload(core.world.members[user_id])
    added = thread_member_payload(thread, user_id) | {"member": member, "presence": None}
    _members_changed(core, thread, {"added_members": [added]})


def remove_member(core: Core, thread: Channel, user_id: str) -> None:
    """Take *user_id* out of *thread*; THREAD_MEMBERS_UPDATE follows, even if the bot can no longer see it."""
    if thread.thread and thread.thread.members.pop(user_id, None):
        is_bot = user_id == core.world.application.id
        _members_changed(core, thread, {"removed_member_ids": [user_id]}, regardless=is_bot)


def _members_changed(core: Core, thread: Channel, change: JSON, *, regardless: bool = False) -> None:
    count = min(len(thread.thread.members), MOST_COUNTED) if thread.thread else 0
    data = {"id": thread.id, "guild_id": core.world.guild.id, "member_count": count, **change}
    core.hub.emit(Event("THREAD_MEMBERS_UPDATE", data, thread, regardless=regardless))
