"""Who is in a thread. Source: Discord's docs, Topics > Threads > Thread Membership."""

from bot.sandbox import events
from bot.sandbox.core import Core
from bot.sandbox.hub import Event
from bot.sandbox.kinds import JSON
from bot.sandbox.payloads import MOST_COUNTED, member_payload, thread_member_payload
from bot.sandbox.world import Channel


def add_member(core: Core, thread: Channel, user_id: str, *, starts_it: bool = False) -> None:
    """Put *user_id* into *thread*; THREAD_MEMBERS_UPDATE follows. Nothing happens when already in.

    The bot is told of the thread itself first, unless it *starts_it*: that was told as it was made.

    Source: Topics > Threads > Thread Access.
    """
    state = thread.thread
    member = core.world.members.get(user_id)
    if state is None or member is None or user_id in state.members:
        return
    state.members[user_id] = core.clock.iso()
    if user_id == core.world.application.id and not starts_it:
        events.channel_changed(core, "THREAD_CREATE", thread)
    added = thread_member_payload(thread, user_id) | {"member": member_payload(member), "presence": None}
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
