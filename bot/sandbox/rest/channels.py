"""Channels. Source: Discord's docs, Resources > Channel; Resources > Guild > Create Guild Channel."""

from bot.sandbox import events
from bot.sandbox.access import require, thread_state, viewable
from bot.sandbox.errors import refused, unknown
from bot.sandbox.forms import Form
from bot.sandbox.kinds import JSON, ChannelType
from bot.sandbox.payloads import channel_payload, is_listed
from bot.sandbox.permissions import P, guild_permissions
from bot.sandbox.rest.routing import Call, Reply, RouteTable
from bot.sandbox.threads import change_thread, remove_channel
from bot.sandbox.world import Channel, Overwrite

routes = RouteTable()
_CREATABLE = (ChannelType.TEXT, ChannelType.CATEGORY, ChannelType.ANNOUNCEMENT)


@routes.add("GET /channels/{channel_id}")
def get(call: Call) -> JSON:
    """Get Channel: also threads and DMs."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    return channel_payload(call.core.world, channel)


@routes.add("PATCH /channels/{channel_id}")
def modify(call: Call) -> JSON:
    """Modify Channel or thread."""
    core = call.core
    channel = viewable(core, call.bot_id, call.params["channel_id"])
    if channel.is_dm:
        raise refused(50003)
    if channel.is_thread:
        _may_change_thread(call, channel)
        change_thread(core, channel, call.data)
    else:
        require(core, call.bot_id, channel, P.MANAGE_CHANNELS)
        _change(call, channel)
        events.channel_changed(core, "CHANNEL_UPDATE", channel)
    return channel_payload(core.world, channel)


def _may_change_thread(call: Call, thread: Channel) -> None:
    """MANAGE_THREADS; its creator may rename and archive; who can speak may unarchive an unlocked one."""
    state, asked = thread_state(thread), call.data
    if set(asked) == {"archived"} and not asked["archived"] and not state.locked:
        require(call.core, call.bot_id, thread, P.SEND_MESSAGES_IN_THREADS)
        return
    owns = state.owner_id == call.bot_id and not state.locked and "locked" not in asked
    if not owns:
        require(call.core, call.bot_id, thread, P.MANAGE_THREADS)
    if state.archived and asked.get("archived", True) and set(asked) - {"archived", "locked"}:
        raise refused(50083)


def _change(call: Call, channel: Channel) -> None:
    form, body = Form(), call.data
    name = form.text(("name",), body.get("name"), most=100)
    topic = form.text(("topic",), body.get("topic"), most=1024)
    slowmode = form.integer(
        ("rate_limit_per_user",), body.get("rate_limit_per_user"), channel.slowmode_s, least=0, most=21600
    )
    form.finish()
    channel.name = name or channel.name
    channel.topic = (topic or None) if "topic" in body else channel.topic
    channel.slowmode_s = slowmode
    channel.position = int(body.get("position") or channel.position)
    channel.nsfw = bool(body.get("nsfw", channel.nsfw))
    if "parent_id" in body:
        channel.parent_id = body["parent_id"]


@routes.add("DELETE /channels/{channel_id}")
def delete(call: Call) -> JSON:
    """Delete/Close Channel, its threads with it."""
    core = call.core
    channel = viewable(core, call.bot_id, call.params["channel_id"])
    needed = P.MANAGE_THREADS if channel.is_thread else P.MANAGE_CHANNELS
    if not channel.is_dm:
        require(core, call.bot_id, channel, needed)
    payload = channel_payload(core.world, channel)
    remove_channel(core, channel)
    return payload


@routes.add("PUT /channels/{channel_id}/permissions/{overwrite_id}")
def put_overwrite(call: Call) -> None:
    """Edit Channel Permissions: needs MANAGE_ROLES."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    require(call.core, call.bot_id, channel, P.MANAGE_ROLES)
    form, body = Form(), call.data
    form.choice(("type",), body.get("type"), (0, 1))
    allow = form.integer(("allow",), body.get("allow"), 0, least=0, most=1 << 60)
    deny = form.integer(("deny",), body.get("deny"), 0, least=0, most=1 << 60)
    form.finish()
    target = call.params["overwrite_id"]
    channel.overwrites[target] = Overwrite(target, int(body["type"]), allow, deny)
    events.channel_changed(call.core, "CHANNEL_UPDATE", channel)


@routes.add("DELETE /channels/{channel_id}/permissions/{overwrite_id}")
def delete_overwrite(call: Call) -> None:
    """Delete Channel Permission. 10009 when there is none."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    require(call.core, call.bot_id, channel, P.MANAGE_ROLES)
    if channel.overwrites.pop(call.params["overwrite_id"], None) is None:
        raise unknown("permission overwrite")
    events.channel_changed(call.core, "CHANNEL_UPDATE", channel)


@routes.add("GET /guilds/{guild_id}/channels")
def listed(call: Call) -> list[JSON]:
    """Get Guild Channels, without threads."""
    _check_guild(call)
    world = call.core.world
    return [channel_payload(world, channel) for channel in world.channels.values() if is_listed(channel)]


@routes.add("POST /guilds/{guild_id}/channels")
def create(call: Call) -> Reply:
    """Create Guild Channel: needs MANAGE_CHANNELS."""
    _check_guild(call)
    core, body = call.core, call.data
    if not guild_permissions(core.world, core.world.bot) & P.MANAGE_CHANNELS:
        raise refused(50013)
    form = Form()
    name = form.text(("name",), body.get("name"), least=1, most=100)
    form.choice(("type",), body.get("type", 0), [int(kind) for kind in _CREATABLE])
    form.finish()
    position = len(core.world.channels)
    channel = Channel(
        core.ids.next(), ChannelType(body.get("type", 0)), name, body.get("parent_id"), position
    )
    channel.topic = body.get("topic")
    core.world.channels[channel.id] = channel
    events.channel_changed(core, "CHANNEL_CREATE", channel)
    return Reply(201, channel_payload(core.world, channel))


def _check_guild(call: Call) -> None:
    if call.params["guild_id"] != call.core.world.guild.id:
        raise unknown("Guild")
