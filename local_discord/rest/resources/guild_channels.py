"""Channels of the guild. Source: Discord's docs, Resources > Guild > Get Guild Channels and following."""

from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.rest.resources.audit import audited
from local_discord.rest.resources.overwrites import may_set
from local_discord.rest.routing import Call, Reply, RouteTable
from local_discord.world import events
from local_discord.world.audit import Action, changes
from local_discord.world.channels import ChannelForm, inherited
from local_discord.world.kinds import JSON, ChannelType, extra_of
from local_discord.world.payloads import channel_payload, is_listed
from local_discord.world.permissions import P, channel_permissions, guild_permissions
from local_discord.world.world import Channel

routes = RouteTable()
_CREATABLE = tuple(kind for kind in ChannelType if kind is not ChannelType.DM and kind not in range(10, 13))
_MOST_CHANNELS = 500


@routes.add("GET /guilds/{guild_id}/channels")
def listed(call: Call) -> list[JSON]:
    """Get Guild Channels: without threads, and without what the bot may not view."""
    call.guild()
    world = call.core.world
    visible = [
        channel
        for channel in world.channels.values()
        if is_listed(channel) and channel_permissions(world, call.bot_id, channel) & P.VIEW_CHANNEL
    ]
    return [channel_payload(world, channel) for channel in visible]


@routes.add("POST /guilds/{guild_id}/channels")
def create(call: Call) -> Reply:
    """Create Guild Channel: needs MANAGE_CHANNELS; takes its category's overwrites. 30013."""
    call.guild()
    core, world, body = call.core, call.core.world, call.data
    form = Form()
    kind = 0 if body.get("type") is None else body["type"]
    form.choice(("type",), kind, [int(one) for one in _CREATABLE])
    form.finish()
    reader = ChannelForm(core, form, {"name": None, **body}, ChannelType(kind))
    reader.read()
    form.finish()
    _may_manage(call)
    mine = [channel for channel in world.channels.values() if is_listed(channel)]
    if len(mine) >= _MOST_CHANNELS:
        raise refused(30013)
    if reader.overwrites is not None:
        may_set(core, None, reader.overwrites.values())
    channel = Channel(
        core.ids.next(), ChannelType(kind), position=len(mine), extra=extra_of(ChannelType(kind))
    )
    reader.apply(channel)
    if reader.overwrites is None:
        channel.overwrites = inherited(world, channel)
    world.channels[channel.id] = channel
    payload = channel_payload(world, channel)
    audited(call, Action.CHANNEL_CREATE, channel.id, changes=changes({}, payload))
    events.channel_changed(core, "CHANNEL_CREATE", channel)
    return Reply(201, payload)


def _may_manage(call: Call) -> None:
    world = call.core.world
    if not guild_permissions(world, world.bot) & P.MANAGE_CHANNELS:
        raise refused(50013)


@routes.add("PATCH /guilds/{guild_id}/channels")
def move(call: Call) -> None:
    """Modify Guild Channel Positions: also into another category, one channel at a time (40009)."""
    call.guild()
    core, form = call.core, Form()
    items = call.items(form, _MOST_CHANNELS)
    for at, item in enumerate(items):
        form.snowflake((at, "id"), item.get("id"))
        form.snowflake((at, "parent_id"), item.get("parent_id"))
        form.integer((at, "position"), item.get("position"), 0, least=0, most=2**31 - 1)
        form.boolean((at, "lock_permissions"), item.get("lock_permissions"))
    form.finish()
    _may_manage(call)
    items = [item for item in items if item.get("id") is not None]
    found = [core.world.channel(str(item["id"])) for item in items]
    if any(not is_listed(channel) for channel in found):
        raise refused(50024)
    if sum("parent_id" in item for item in items) > 1:
        raise refused(40009)
    for channel, item in zip(found, items, strict=True):
        _move(call, channel, item)


def _move(call: Call, channel: Channel, item: JSON) -> None:
    core, form = call.core, Form()
    keys = [key for key in ("position", "parent_id") if key in item]
    reader = ChannelForm(core, form, {key: item[key] for key in keys}, channel.type)
    reader.read()
    form.finish()
    reader.apply(channel)
    if item.get("lock_permissions"):
        channel.overwrites = inherited(core.world, channel)
    events.channel_changed(core, "CHANNEL_UPDATE", channel)
