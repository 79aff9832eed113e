"""Members of the guild. Source: Discord's docs, Resources > Guild > Get Guild Member and following."""

from datetime import UTC, timedelta

from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.gateway.hub import Event
from local_discord.messages.images import read_image
from local_discord.rest.resources.audit import audited
from local_discord.rest.resources.voice import read_voice, set_voice
from local_discord.rest.routing import Call, RouteTable
from local_discord.world import events, voice
from local_discord.world.audit import Action, changes
from local_discord.world.kinds import JSON
from local_discord.world.membership import remove_member
from local_discord.world.payloads import member_payload, user_payload
from local_discord.world.permissions import P, guild_permissions, rank
from local_discord.world.world import Member, Role, World

routes = RouteTable()
_LONGEST_TIMEOUT = timedelta(days=28)
_MOST_ROLES = 350
# What each field of Modify Guild Member needs.
_NEEDED = {
    "nick": P.MANAGE_NICKNAMES,
    "roles": P.MANAGE_ROLES,
    "communication_disabled_until": P.MODERATE_MEMBERS,
    "flags": P.MANAGE_GUILD,
    "mute": P.MUTE_MEMBERS,
    "deaf": P.DEAFEN_MEMBERS,
    "channel_id": P.MOVE_MEMBERS,
}
_VOICE = ("mute", "deaf", "channel_id")


def _world(call: Call) -> World:
    call.guild()
    return call.core.world


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
    """Search Guild Members: username or nickname begins with ``query``, which is required."""
    world = _world(call)
    limit = call.number("limit", 1, least=1, most=1000)
    form = Form()
    prefix = form.text(("query",), call.query.get("query"), least=1, most=100).lower()
    form.finish()
    found = [
        member
        for member in world.members.values()
        if any(name.lower().startswith(prefix) for name in (member.user.username, member.nick or ""))
    ]
    return [member_payload(member) for member in found[:limit]]


@routes.add("GET /guilds/{guild_id}/members/{user_id}")
def get(call: Call) -> JSON:
    """Get Guild Member. 10007, 10013."""
    return member_payload(_member(call))


@routes.add("PATCH /guilds/{guild_id}/members/@me")
def modify_me(call: Call) -> JSON:
    """Modify Current Member: the nickname needs CHANGE_NICKNAME; pictures and bio are checked, not kept."""
    own, body, form = _world(call).bot, call.data, Form()
    nick = form.text(("nick",), body.get("nick"), most=32)
    form.text(("bio",), body.get("bio"), most=190)
    for key in ("avatar", "banner"):
        read_image(form, (key,), body.get(key))
    form.finish()
    if "nick" in body:
        if not guild_permissions(call.core.world, own) & P.CHANGE_NICKNAME and own.nick != (nick or None):
            raise refused(50013)
        own.nick = nick or None
        events.member_changed(call.core, "GUILD_MEMBER_UPDATE", own)
    return member_payload(own)


@routes.add("PATCH /guilds/{guild_id}/members/{user_id}")
def modify(call: Call) -> JSON:
    """Modify Guild Member: nickname, roles, timeout (28 days at most), voice. 50013; 40032: not in voice."""
    world, found, body = _world(call), _member(call), call.data
    form = Form()
    nick = form.text(("nick",), body.get("nick"), most=32) or None
    role_ids = form.snowflakes(("roles",), body.get("roles"), most=_MOST_ROLES)
    form.unique(("roles",), role_ids)
    until = _timeout(call, form, body.get("communication_disabled_until"))
    form.integer(("flags",), body.get("flags"), 0, least=0, most=1 << 31)
    read_voice(form, body)
    form.finish()
    _may_modify(call, found)
    set_voice(call, found)
    before = member_payload(found)
    if "roles" in body:
        _set_roles(call, found, [world.role(role_id) for role_id in role_ids])
    found.nick = nick if "nick" in body else found.nick
    if "communication_disabled_until" in body:
        found.timed_out_until = until
    done = [one for one in changes(before, member_payload(found)) if one["key"] != "roles"]
    if done:
        audited(call, Action.MEMBER_UPDATE, found.user.id, changes=done)
    events.member_changed(call.core, "GUILD_MEMBER_UPDATE", found)
    return member_payload(found)


def _timeout(call: Call, form: Form, value: object) -> str | None:
    """The end of a timeout, ISO 8601; None lifts it."""
    text = form.text(("communication_disabled_until",), value, most=100)
    if not text:
        return None
    until = form.time(("communication_disabled_until",), text)
    if until and until > call.core.clock.now() + _LONGEST_TIMEOUT:
        message = "Timeout must be within 28 days."
        form.add(("communication_disabled_until",), "GUILD_MEMBER_TIMEOUT_TOO_LONG", message)
    return until.astimezone(UTC).isoformat(timespec="microseconds") if until else None


def _may_modify(call: Call, found: Member) -> None:
    """Check each field's own permission; names and timeouts only of members who rank lower, or oneself."""
    world, body = call.core.world, call.data
    bits = guild_permissions(world, world.bot)
    if found.user.id not in world.voice and any(body.get(key) is not None for key in _VOICE):
        raise refused(40032)
    if any(key in body and not bits & needed for key, needed in _NEEDED.items()):
        raise refused(50013)
    if {"nick", "communication_disabled_until"} & set(body):
        _outranks(world, found)
    if body.get("communication_disabled_until") and guild_permissions(world, found) & P.ADMINISTRATOR:
        raise refused(50013)


def _outranks(world: World, found: Member) -> None:
    """Raise 50013 unless the bot ranks higher than *found*, or *found* is the bot."""
    if found.user.id != world.application.id and rank(world, found) >= rank(world, world.bot):
        raise refused(50013)


def _set_roles(call: Call, found: Member, wanted: list[Role]) -> None:
    world = call.core.world
    ids = [role.id for role in wanted]
    for role_id in {*ids} ^ {*found.roles}:
        _may_assign(world, world.roles[role_id])
    for role_id in {*ids} - {*found.roles}:
        _audit_role(call, found, world.roles[role_id], "$add")
    for role_id in {*found.roles} - {*ids}:
        _audit_role(call, found, world.roles[role_id], "$remove")
    found.roles = list(dict.fromkeys(ids))


@routes.add("DELETE /guilds/{guild_id}/members/{user_id}")
def kick(call: Call) -> None:
    """Remove Guild Member: needs KICK_MEMBERS and a higher role."""
    core, world, found = call.core, _world(call), _member(call)
    if not guild_permissions(world, world.bot) & P.KICK_MEMBERS or found.user.id == call.bot_id:
        raise refused(50013)
    _outranks(world, found)
    voice.leave(core, found.user.id)
    for channel in world.channels.values():
        remove_member(core, channel, found.user.id)
    del world.members[found.user.id]
    audited(call, Action.MEMBER_KICK, found.user.id)
    data = {"guild_id": world.guild.id, "user": user_payload(found.user)}
    core.hub.emit(Event("GUILD_MEMBER_REMOVE", data))


@routes.add("PUT /guilds/{guild_id}/members/{user_id}/roles/{role_id}")
def add_role(call: Call) -> None:
    """Add Guild Member Role: needs MANAGE_ROLES and a higher role of one's own."""
    found, role = _assignable(call)
    if role.id not in found.roles:
        found.roles.append(role.id)
        _audit_role(call, found, role, "$add")
        events.member_changed(call.core, "GUILD_MEMBER_UPDATE", found)


@routes.add("DELETE /guilds/{guild_id}/members/{user_id}/roles/{role_id}")
def remove_role(call: Call) -> None:
    """Remove Guild Member Role: needs MANAGE_ROLES and a higher role of one's own."""
    found, role = _assignable(call)
    if role.id in found.roles:
        found.roles.remove(role.id)
        _audit_role(call, found, role, "$remove")
        events.member_changed(call.core, "GUILD_MEMBER_UPDATE", found)


def _audit_role(call: Call, found: Member, role: Role, key: str) -> None:
    change: JSON = {"key": key, "new_value": [{"id": role.id, "name": role.name}]}
    audited(call, Action.MEMBER_ROLE_UPDATE, found.user.id, changes=[change])


def _member(call: Call) -> Member:
    user_id = call.bot_id if call.params["user_id"] == "@me" else call.params["user_id"]
    return _world(call).member(user_id)


def _assignable(call: Call) -> tuple[Member, Role]:
    world, found = _world(call), _member(call)
    wanted = world.role(call.params["role_id"])
    _may_assign(world, wanted)
    return found, wanted


def _may_assign(world: World, role: Role) -> None:
    """Raise 50013 unless the bot manages roles and ranks higher; managed roles cannot be assigned."""
    may_manage = guild_permissions(world, world.bot) & P.MANAGE_ROLES
    if (
        not may_manage
        or role.position >= rank(world, world.bot)
        or role.managed_by
        or role.id == world.guild.id
    ):
        raise refused(50013)
