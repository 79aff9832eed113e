"""Permission overwrites. Source: Discord's docs, Resources > Channel > Edit Channel Permissions."""

from collections.abc import Iterable

from local_discord.core import Core
from local_discord.errors import refused, unknown
from local_discord.forms import Form
from local_discord.rest.resources.audit import audited
from local_discord.rest.routing import Call, RouteTable
from local_discord.world import events
from local_discord.world.access import require, viewable
from local_discord.world.audit import Action, changes
from local_discord.world.channels import read_overwrite
from local_discord.world.kinds import JSON
from local_discord.world.payloads import overwrite_payload
from local_discord.world.permissions import ALL, P, channel_permissions, guild_permissions
from local_discord.world.world import Channel, Overwrite

routes = RouteTable()


def may_set(core: Core, channel: Channel | None, overwrites: Iterable[Overwrite]) -> None:
    """Raise 50013 unless the bot may put *overwrites* on *channel* (None: on one that it creates).

    It needs MANAGE_ROLES, can only touch permissions that it has, and only an administrator those of
    MANAGE_ROLES itself.
    """
    world = core.world
    own = guild_permissions(world, world.bot)
    if own == ALL:
        return
    bits = channel_permissions(world, world.application.id, channel) if channel else own
    if not bits & P.MANAGE_ROLES:
        raise refused(50013)
    for one in overwrites:
        old = channel.overwrites.get(one.id) if channel else None
        touched = (one.allow ^ old.allow) | (one.deny ^ old.deny) if old else one.allow | one.deny
        if touched & ALL & ~(own | bits) or touched & P.MANAGE_ROLES:
            raise refused(50013)


def _guild_channel(call: Call) -> Channel:
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    if channel.is_dm:
        raise refused(50003)
    if channel.is_thread:
        raise refused(50024)
    return channel


@routes.add("PUT /channels/{channel_id}/permissions/{overwrite_id}")
def put(call: Call) -> None:
    """Edit Channel Permissions: needs MANAGE_ROLES; 10011 or 10013 for an unknown id."""
    core, channel = call.core, _guild_channel(call)
    target = call.params["overwrite_id"]
    form = Form()
    made = read_overwrite(form, (), {**call.data, "id": target})
    form.finish()
    assert made is not None
    require(core, call.bot_id, channel, P.MANAGE_ROLES)
    may_set(core, channel, [made])
    if made.type == 0:
        core.world.role(target)
    else:
        core.world.user(target)
    old = channel.overwrites.get(target)
    channel.overwrites[target] = made
    action = Action.OVERWRITE_UPDATE if old else Action.OVERWRITE_CREATE
    done = changes(overwrite_payload(old) if old else {}, overwrite_payload(made))
    audited(call, action, channel.id, changes=done, options=_options(core, made))
    events.channel_changed(core, "CHANNEL_UPDATE", channel)


@routes.add("DELETE /channels/{channel_id}/permissions/{overwrite_id}")
def delete(call: Call) -> None:
    """Delete Channel Permission. 10009 when there is none."""
    core, channel = call.core, _guild_channel(call)
    require(core, call.bot_id, channel, P.MANAGE_ROLES)
    old = channel.overwrites.pop(call.params["overwrite_id"], None)
    if old is None:
        raise unknown("permission overwrite")
    done = changes(overwrite_payload(old), {})
    audited(call, Action.OVERWRITE_DELETE, channel.id, changes=done, options=_options(core, old))
    events.channel_changed(core, "CHANNEL_UPDATE", channel)


def _options(core: Core, overwrite: Overwrite) -> JSON:
    role = core.world.roles.get(overwrite.id)
    named = {"role_name": role.name} if role and overwrite.type == 0 else {}
    return {"id": overwrite.id, "type": str(overwrite.type), **named}
