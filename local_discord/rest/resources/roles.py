"""Roles of the guild. Source: Discord's docs, Resources > Guild > Get Guild Roles and following."""

from collections import Counter

from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.gateway.hub import Event
from local_discord.messages.images import read_image
from local_discord.rest.resources.audit import audited
from local_discord.rest.routing import Call, RouteTable
from local_discord.world import events
from local_discord.world.audit import Action, changes
from local_discord.world.kinds import JSON
from local_discord.world.payloads import role_payload
from local_discord.world.permissions import ALL, P, guild_permissions, rank
from local_discord.world.world import Role, World

routes = RouteTable()
_MOST_ROLES = 250
_MAX_COLOR = 0xFFFFFF


def _world(call: Call) -> World:
    call.guild()
    return call.core.world


@routes.add("GET /guilds/{guild_id}/roles")
def listed(call: Call) -> list[JSON]:
    """Get Guild Roles."""
    return [role_payload(role) for role in _world(call).roles.values()]


@routes.add("GET /guilds/{guild_id}/roles/member-counts")
def member_counts(call: Call) -> JSON:
    """Get Guild Role Member Counts: role id -> members, without @everyone."""
    world = _world(call)
    counts = Counter(role_id for member in world.members.values() for role_id in member.roles)
    return {role_id: counts[role_id] for role_id in world.roles if role_id != world.guild.id}


@routes.add("GET /guilds/{guild_id}/roles/{role_id}")
def get(call: Call) -> JSON:
    """Get Guild Role. 10011."""
    return role_payload(_world(call).role(call.params["role_id"]))


@routes.add("POST /guilds/{guild_id}/roles")
def create(call: Call) -> JSON:
    """Create Guild Role: needs MANAGE_ROLES; it begins just above @everyone. 30005."""
    world = _world(call)
    _may_manage(world)
    if len(world.roles) >= _MOST_ROLES:
        raise refused(30005)
    everyone = world.roles[world.guild.id]
    role = Role(call.core.ids.next(), "new role", everyone.permissions, position=1)
    _read(call, role)
    for other in world.roles.values():
        other.position += other.position >= 1
    world.roles[role.id] = role
    audited(call, Action.ROLE_CREATE, role.id, changes=changes({}, _logged(role)))
    events.role_changed(call.core, "GUILD_ROLE_CREATE", role)
    return role_payload(role)


@routes.add("PATCH /guilds/{guild_id}/roles/{role_id}")
def modify(call: Call) -> JSON:
    """Modify Guild Role: needs MANAGE_ROLES and a higher role. 50013."""
    world = _world(call)
    role = world.role(call.params["role_id"])
    _may_change(world, role)
    before = _logged(role)
    _read(call, role)
    audited(call, Action.ROLE_UPDATE, role.id, changes=changes(before, _logged(role)))
    events.role_changed(call.core, "GUILD_ROLE_UPDATE", role)
    return role_payload(role)


@routes.add("DELETE /guilds/{guild_id}/roles/{role_id}")
def delete(call: Call) -> None:
    """Delete Guild Role: neither @everyone nor a managed one (50028)."""
    core, world = call.core, _world(call)
    role = world.role(call.params["role_id"])
    _may_change(world, role)
    if role.id == world.guild.id or role.managed_by:
        raise refused(50028)
    del world.roles[role.id]
    for member in world.members.values():
        member.roles = [role_id for role_id in member.roles if role_id != role.id]
    for channel in world.channels.values():
        channel.overwrites.pop(role.id, None)
    audited(call, Action.ROLE_DELETE, role.id, changes=changes(_logged(role), {}))
    data = {"guild_id": world.guild.id, "role_id": role.id}
    core.hub.emit(Event("GUILD_ROLE_DELETE", data))


@routes.add("PATCH /guilds/{guild_id}/roles")
def move(call: Call) -> list[JSON]:
    """Modify Guild Role Positions: roles below one's own highest may be moved below it."""
    world = _world(call)
    form = Form()
    wanted: dict[str, int] = {}
    for at, item in enumerate(call.items(form, _MOST_ROLES)):
        role_id = form.snowflake((at, "id"), item.get("id"))
        position = form.integer((at, "position"), item.get("position"), 0, least=0, most=_MOST_ROLES)
        if role_id and item.get("position") is not None:
            wanted[role_id] = position
    form.finish()
    _may_manage(world)
    for role_id, position in wanted.items():
        role = world.role(role_id)
        if role.id == world.guild.id or position < 1:
            raise refused(50028)
        if max(role.position, position) >= rank(world, world.bot):
            raise refused(50013)
    for role_id, position in wanted.items():
        world.roles[role_id].position = position
        events.role_changed(call.core, "GUILD_ROLE_UPDATE", world.roles[role_id])
    return [role_payload(role) for role in world.roles.values()]


def _may_manage(world: World) -> int:
    """The bot's permissions in the guild, or 50013 without MANAGE_ROLES."""
    bits = guild_permissions(world, world.bot)
    if not bits & P.MANAGE_ROLES:
        raise refused(50013)
    return bits


def _may_change(world: World, role: Role) -> None:
    _may_manage(world)
    if role.position >= rank(world, world.bot):
        raise refused(50013)


def _read(call: Call, role: Role) -> None:
    """Put what the body says into *role*; one can only grant permissions that one has."""
    body, form = call.data, Form()
    name = form.text(("name",), body.get("name"), least=body.get("name") is not None, most=100)
    bits = form.integer(
        ("permissions",), body.get("permissions"), role.permissions, least=0, most=(1 << 63) - 1
    )
    colors = form.mapping(("colors",), body.get("colors"))
    color = form.integer(("color",), body.get("color"), role.color, least=0, most=_MAX_COLOR)
    color = form.integer(
        ("colors", "primary_color"), colors.get("primary_color"), color, least=0, most=_MAX_COLOR
    )
    for key in ("secondary_color", "tertiary_color"):  # gradients, for boosted servers
        form.integer(("colors", key), colors.get(key), 0, least=0, most=_MAX_COLOR)
    hoist = form.boolean(("hoist",), body.get("hoist"), default=role.hoist)
    mentionable = form.boolean(("mentionable",), body.get("mentionable"), default=role.mentionable)
    read_image(form, ("icon",), body.get("icon"))
    form.text(("unicode_emoji",), body.get("unicode_emoji"), most=100)
    form.finish()
    world = call.core.world
    own = guild_permissions(world, world.bot)
    if bits & ALL & ~own & ~role.permissions:
        raise refused(50013)
    role.name, role.permissions, role.color = name or role.name, bits & ALL, color
    role.hoist, role.mentionable = hoist, mentionable


def _logged(role: Role) -> JSON:
    keys = ("name", "permissions", "color", "hoist", "mentionable")
    return {key: value for key, value in role_payload(role).items() if key in keys}
