"""One channel. Source: Discord's docs, Resources > Channel > Get Channel, Modify, Delete/Close."""

from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.messages.threads import change_thread, read_change, remove_channel
from local_discord.ratelimit import Limit
from local_discord.rest.resources.audit import audited
from local_discord.rest.resources.overwrites import may_set
from local_discord.rest.routing import Call, RouteTable
from local_discord.world import events
from local_discord.world.access import require, thread_state, viewable
from local_discord.world.audit import Action, changes
from local_discord.world.channels import ChannelForm
from local_discord.world.kinds import JSON, ChannelType
from local_discord.world.payloads import channel_payload
from local_discord.world.permissions import P
from local_discord.world.world import Channel

routes = RouteTable()
#: Name and topic of a channel, the name of a thread. Discord's pages do not give the figure; what its users
#: measured does: discord-api-docs #1900 for channels, discord.js #6651 for threads. There a person renamed
#: one ten times in a minute.
_RENAMES = Limit(2, 600.0, "channel-renames")
_CONVERTIBLE = (ChannelType.TEXT, ChannelType.ANNOUNCEMENT)


@routes.add("GET /channels/{channel_id}")
def get(call: Call) -> JSON:
    """Get Channel: also threads and DMs."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    return channel_payload(call.core.world, channel)


@routes.add("PATCH /channels/{channel_id}")
def modify(call: Call) -> JSON:
    """Modify Channel or thread; bots together may rename one so often, people in their client at will."""
    core = call.core
    channel = viewable(core, call.bot_id, call.params["channel_id"])
    if channel.is_dm:
        raise refused(50003)
    before = channel_payload(core.world, channel)
    if channel.is_thread:
        _may_change_thread(call, channel)
        changed = read_change(core, channel, call.data)
        if changed["name"] != channel.name:
            call.share(_RENAMES, channel.id)
        change_thread(core, channel, changed, call.bot_id)
    else:
        _change(call, channel)
        events.channel_changed(core, "CHANNEL_UPDATE", channel)
    after = channel_payload(core.world, channel)
    action = Action.THREAD_UPDATE if channel.is_thread else Action.CHANNEL_UPDATE
    if done := changes(_flat(before), _flat(after)):
        audited(call, action, channel.id, changes=done)
    return after


def _flat(payload: JSON) -> JSON:
    """The channel with its thread metadata as fields of its own, as the audit log shows them."""
    return {**payload, **payload.get("thread_metadata", {}), "thread_metadata": None, "member": None}


def _may_change_thread(call: Call, thread: Channel) -> None:
    """MANAGE_THREADS; its creator may rename and archive; who can speak may unarchive an unlocked one."""
    state, asked = thread_state(thread), call.data
    if set(asked) == {"archived"} and asked["archived"] is False and not state.locked:
        require(call.core, call.bot_id, thread, P.SEND_MESSAGES_IN_THREADS)
        return
    owns = (
        state.owner_id == call.bot_id
        and not state.locked
        and not {"locked", "rate_limit_per_user"} & set(asked)
    )
    if not owns:
        require(call.core, call.bot_id, thread, P.MANAGE_THREADS)
    if state.archived and asked.get("archived", True) and set(asked) - {"archived", "locked"}:
        raise refused(50083)


def _change(call: Call, channel: Channel) -> None:
    core, form, body = call.core, Form(), call.data
    kind = channel.type
    if body.get("type") is not None:
        form.choice(
            ("type",), body["type"], [int(one) for one in (_CONVERTIBLE if kind in _CONVERTIBLE else (kind,))]
        )
        form.finish()
        kind = ChannelType(body["type"])
    reader = ChannelForm(core, form, body, kind)
    reader.read()
    form.finish()
    require(core, call.bot_id, channel, P.MANAGE_CHANNELS)
    if reader.overwrites is not None:
        may_set(core, channel, reader.overwrites.values())
    if {"name", "topic"} & set(body):
        call.share(_RENAMES, channel.id)
    channel.type = kind
    reader.apply(channel)


@routes.add("DELETE /channels/{channel_id}")
def delete(call: Call) -> JSON:
    """Delete/Close Channel, its threads with it; a category leaves its channels behind."""
    core = call.core
    channel = viewable(core, call.bot_id, call.params["channel_id"])
    needed = P.MANAGE_THREADS if channel.is_thread else P.MANAGE_CHANNELS
    payload = channel_payload(core.world, channel)
    if not channel.is_dm:
        require(core, call.bot_id, channel, needed)
        action = Action.THREAD_DELETE if channel.is_thread else Action.CHANNEL_DELETE
        audited(call, action, channel.id, changes=changes(payload, {}))
    remove_channel(core, channel)
    return payload
