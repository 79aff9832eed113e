"""Who is in a thread. Source: Discord's docs, Topics > Threads > Thread Membership."""

from bot.sandbox.core import Core
from bot.sandbox.hub import Event
from bot.sandbox.kinds import JSON
from bot.sandbox.payloads import member_payload, thread_member_payload
from bot.sandbox.world import Channel


def add_member(core: Core, thread: Channel, user_id: str) -> None:
    """Put *user_id* into *thread*; THREAD_MEMBERS_UPDATE follows. Nothing happens when already in."""
    state = thread.thread
    member = core.world.members.get(user_id)
    if state is None or member is None or user_id in state.members:
        return
    state.members[user_id] = core.clock.iso()
    added = thread_member_payload(thread, user_id) | {"member": member_payload(member), "presence": None}
    _members_changed(core, thread, {"added_members": [added]})


def remove_member(core: Core, thread: Channel, user_id: str) -> None:
    """Take *user_id* out of *thread*; THREAD_MEMBERS_UPDATE follows."""
    if thread.thread and thread.thread.members.pop(user_id, None):
        _members_changed(core, thread, {"removed_member_ids": [user_id]})


def _members_changed(core: Core, thread: Channel, change: JSON) -> None:
    count = len(thread.thread.members) if thread.thread else 0
    data = {"id": thread.id, "guild_id": core.world.guild.id, "member_count": count, **change}
    core.hub.emit(Event("THREAD_MEMBERS_UPDATE", data, thread))
