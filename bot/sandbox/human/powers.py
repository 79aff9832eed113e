"""Changing the world from outside: faults, members, overwrites, the application, the clock."""

from bot.sandbox import events
from bot.sandbox.faults import GATEWAY_FAULTS, BadFault
from bot.sandbox.gateway import Op
from bot.sandbox.hub import Event
from bot.sandbox.human.desk import Ask, BadRequest
from bot.sandbox.kinds import JSON
from bot.sandbox.membership import remove_member
from bot.sandbox.names import find_role
from bot.sandbox.payloads import user_payload
from bot.sandbox.posting import archive_idle, set_archived
from bot.sandbox.threads import remove_channel
from bot.sandbox.world import Member, Overwrite, User

_RECONNECT_CLOSE = 4000


def put_fault(ask: Ask) -> JSON:
    """POST fault: of a route, or {gateway: drop | invalidate | reconnect | silent | down | close}."""
    if "gateway" not in ask.body:
        fault = ask.core.faults.add(ask.body)
        return {"route": fault.route, "times": fault.times}
    kind = ask.body["gateway"]
    if kind not in GATEWAY_FAULTS:
        raise BadFault(f"gateway is one of {GATEWAY_FAULTS}")
    hit = list(ask.desk.connections)
    ask.core.log.add("fault", {"gateway": kind, "connections": len(hit)})
    if kind == "down":
        ask.desk.gateway_down = True
    for connection in hit:
        if kind in ("drop", "down"):
            connection.drop()
        elif kind == "silent":
            connection.silent = True
        elif kind == "reconnect":
            connection.put(Op.RECONNECT, None)
        elif kind == "close":
            connection.close(int(ask.body.get("code", _RECONNECT_CLOSE)))
        elif connection.session:
            ask.desk.sessions.forget(connection.session.id)
            connection.put(Op.INVALID_SESSION, data=False)
    return {"gateway": kind, "connections": len(hit)}


def clear_faults(ask: Ask) -> JSON:
    """DELETE fault: lift them all; silent sockets stay silent until they reconnect."""
    ask.core.faults.clear()
    ask.desk.gateway_down = False
    return {}


def patch_member(ask: Ask) -> JSON:
    """PATCH member {user, roles?, dms?, locale?, nick?}."""
    user, body, world = ask.user(), ask.body, ask.core.world
    member = world.members[user.id]
    if "roles" in body:
        member.roles = [find_role(world, str(name)).id for name in body["roles"]]
    if "nick" in body:
        member.nick = body["nick"]
    if "dms" in body:
        user.accepts_dms = bool(body["dms"])
    if "locale" in body:
        user.locale = str(body["locale"])
    if {"roles", "nick"} & set(body):
        events.member_changed(ask.core, "GUILD_MEMBER_UPDATE", member)
    return {}


def join(ask: Ask) -> JSON:
    """POST member {user, roles?}: somebody joins the server, known or new."""
    world, name = ask.core.world, ask.text("user")
    user = next((one for one in world.users.values() if one.username == name), None)
    user = user or User(ask.core.ids.next(), name)
    roles = [find_role(world, str(role)).id for role in ask.body.get("roles") or []]
    world.users[user.id] = user
    world.members[user.id] = Member(user, roles, ask.core.clock.iso())
    events.member_changed(ask.core, "GUILD_MEMBER_ADD", world.members[user.id])
    return {"id": user.id}


def leave(ask: Ask) -> JSON:
    """DELETE member {user}: somebody leaves the server and its threads."""
    core, user = ask.core, ask.user()
    if core.world.members.pop(user.id, None) is None:
        raise BadRequest(f"{user.username} is no member")
    for channel in core.world.channels.values():
        remove_member(core, channel, user.id)
    data = {"guild_id": core.world.guild.id, "user": user_payload(user)}
    core.hub.emit(Event("GUILD_MEMBER_REMOVE", data))
    return {}


def patch_channel(ask: Ask) -> JSON:
    """PATCH channel {channel, role or user, allow?, deny?}: an overwrite; {archived?, locked?}: a thread."""
    channel, body = ask.channel(), ask.body
    if "role" in body or "user" in body:
        by_role = "role" in body
        target = find_role(ask.core.world, ask.text("role")).id if by_role else ask.user().id
        bits = (int(body.get("allow") or 0), int(body.get("deny") or 0))
        channel.overwrites[target] = Overwrite(target, 0 if by_role else 1, *bits)
        events.channel_changed(ask.core, "CHANNEL_UPDATE", channel)
    if {"archived", "locked"} & set(body):
        if channel.thread is None:
            raise BadRequest("only threads are archived or locked")
        channel.thread.locked = bool(body.get("locked", channel.thread.locked))
        set_archived(ask.core, channel, archived=bool(body.get("archived", channel.thread.archived)))
    return {}


def patch_role(ask: Ask) -> JSON:
    """PATCH role {role, permissions?, mentionable?}: *permissions* are the whole set of bits."""
    role = find_role(ask.core.world, ask.text("role"))
    role.permissions = int(ask.body.get("permissions", role.permissions))
    role.mentionable = bool(ask.body.get("mentionable", role.mentionable))
    ask.core.hub.beat()
    return {}


def delete_channel(ask: Ask) -> JSON:
    """DELETE channel {channel}: an admin deletes a channel or thread, its threads with it."""
    remove_channel(ask.core, ask.channel())
    return {}


def patch_application(ask: Ask) -> JSON:
    """PATCH application {message_content?, members?, presences?}: the portal's privileged intents."""
    application = ask.core.world.application
    for name in ("message_content", "members", "presences"):
        if name in ask.body:
            setattr(application, name, bool(ask.body[name]))
    return {}


def advance_clock(ask: Ask) -> JSON:
    """POST clock {advance_s}: tokens, nonces, message ages and idle threads move; rate limits do not."""
    ask.core.clock.advance(float(ask.text("advance_s")))
    archive_idle(ask.core)
    ask.core.hub.beat()
    return {"clock_shift_s": ask.core.clock.shift_s}


def limits(ask: Ask) -> JSON:
    """PATCH limits {enabled}: switch rate limiting off or on."""
    ask.core.limiter.enabled = bool(ask.body.get("enabled", True))
    return {"enabled": ask.core.limiter.enabled}
