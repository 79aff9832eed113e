"""The guild, its members and roles. Source: Discord's docs, Resources > Guild."""

from bot.sandbox import events
from bot.sandbox.errors import refused, unknown
from bot.sandbox.forms import Form
from bot.sandbox.kinds import JSON
from bot.sandbox.payloads import guild_payload, member_payload, role_payload
from bot.sandbox.permissions import P, guild_permissions
from bot.sandbox.rest.routing import Call, RouteTable
from bot.sandbox.world import Member, World

routes = RouteTable()


def _world(call: Call) -> World:
    world = call.core.world
    if call.params["guild_id"] != world.guild.id:
        raise unknown("Guild")
    return world


@routes.add("GET /guilds/{guild_id}")
def get(call: Call) -> JSON:
    """Get Guild, with counts when asked."""
    world = _world(call)
    payload = guild_payload(world)
    if call.flag("with_counts"):
        payload["approximate_member_count"] = len(world.members)
        payload["approximate_presence_count"] = len(world.members)
    return payload


@routes.add("GET /guilds/{guild_id}/roles")
def roles(call: Call) -> list[JSON]:
    """Get Guild Roles."""
    return [role_payload(role) for role in _world(call).roles.values()]


@routes.add("GET /guilds/{guild_id}/roles/{role_id}")
def role(call: Call) -> JSON:
    """Get Guild Role. 10011."""
    return role_payload(_world(call).role(call.params["role_id"]))


@routes.add("GET /guilds/{guild_id}/members")
def members(call: Call) -> list[JSON]:
    """List Guild Members by id: needs the GUILD_MEMBERS intent of the application."""
    world = _world(call)
    limit = call.number("limit", 1, least=1, most=1000)
    if not world.application.members:
        raise refused(50001)
    call.check_ids("after")
    after = int(call.query.get("after", "0"))
    found = sorted(world.members.values(), key=lambda member: int(member.user.id))
    return [member_payload(member) for member in found if int(member.user.id) > after][:limit]


@routes.add("GET /guilds/{guild_id}/members/search")
def search(call: Call) -> list[JSON]:
    """Search Guild Members: username or nickname begins with ``query``."""
    world = _world(call)
    limit = call.number("limit", 1, least=1, most=1000)
    prefix = call.query.get("query", "").lower()
    names = {member.user.id: (member.user.username, member.nick or "") for member in world.members.values()}
    found = [
        member
        for member in world.members.values()
        if any(name.lower().startswith(prefix) for name in names[member.user.id] if name)
    ]
    return [member_payload(member) for member in found[:limit]]


@routes.add("GET /guilds/{guild_id}/members/{user_id}")
def member(call: Call) -> JSON:
    """Get Guild Member. 10007, 10013."""
    return member_payload(_member(call))


@routes.add("PATCH /guilds/{guild_id}/members/@me")
def modify_me(call: Call) -> JSON:
    """Modify Current Member: the nickname."""
    own = _world(call).bot
    if "nick" in call.data:
        form = Form()
        own.nick = form.text(("nick",), call.data["nick"], most=32) or None
        form.finish()
        events.member_changed(call.core, "GUILD_MEMBER_UPDATE", own)
    return member_payload(own)


@routes.add("PUT /guilds/{guild_id}/members/{user_id}/roles/{role_id}")
def add_role(call: Call) -> None:
    """Add Guild Member Role: needs MANAGE_ROLES and a higher role of one's own."""
    found, role_id = _assignable(call)
    if role_id not in found.roles:
        found.roles.append(role_id)
        events.member_changed(call.core, "GUILD_MEMBER_UPDATE", found)


@routes.add("DELETE /guilds/{guild_id}/members/{user_id}/roles/{role_id}")
def remove_role(call: Call) -> None:
    """Remove Guild Member Role: needs MANAGE_ROLES and a higher role of one's own."""
    found, role_id = _assignable(call)
    if role_id in found.roles:
        found.roles.remove(role_id)
        events.member_changed(call.core, "GUILD_MEMBER_UPDATE", found)


def _member(call: Call) -> Member:
    user_id = call.bot_id if call.params["user_id"] == "@me" else call.params["user_id"]
    return _world(call).member(user_id)


def _assignable(call: Call) -> tuple[Member, str]:
    world, found = _world(call), _member(call)
    wanted = world.role(call.params["role_id"])
    highest = max((world.roles[role_id].position for role_id in world.bot.roles), default=0)
    may_manage = guild_permissions(world, world.bot) & P.MANAGE_ROLES
    if not may_manage or wanted.position >= highest or wanted.managed_by:
        raise refused(50013)
    return found, wanted.id
