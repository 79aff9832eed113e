"""Changing the world from outside: members, overwrites, the application, clock, limits, the state file."""

from typing import Final

from local_discord.errors import unknown
from local_discord.gateway.hub import Event
from local_discord.gateway.rules import BadRule, rules_payload
from local_discord.human.desk import Ask, BadRequest
from local_discord.messages.posting import archive_idle, set_archived
from local_discord.messages.threads import remove_channel
from local_discord.world import events, voice
from local_discord.world.access import thread_state
from local_discord.world.kinds import JSON, THREADS, ChannelType, extra_of
from local_discord.world.membership import remove_member
from local_discord.world.names import find_role
from local_discord.world.payloads import guild_payload, is_listed, user_payload
from local_discord.world.saving.state import save
from local_discord.world.world import Channel, Member, Overwrite, User

_ENDPOINT: Final = "interactions_endpoint_url"


def patch_member(ask: Ask) -> JSON:
    """PATCH member {user, roles?, dms?, locale?, nick?, username?, global_name?}."""
    user, body, world = ask.user(), ask.body, ask.core.world
    member = _member(ask, user)
    roles = [find_role(world, name).id for name in ask.names("roles")]
    nick = ask.words("nick", member.nick or "")
    dms, locale = ask.flag("dms", user.accepts_dms), ask.words("locale", user.locale)
    username, global_name = _username(ask, user), ask.words("global_name", user.global_name or "")
    if "roles" in body:
        member.roles = roles
    if "nick" in body:
        member.nick = nick if body["nick"] else None
    user.accepts_dms, user.locale = dms, locale
    user.username, user.global_name = username, global_name or None
    if {"roles", "nick", "username", "global_name"} & set(body):
        events.member_changed(ask.core, "GUILD_MEMBER_UPDATE", member)
    return {}


def _username(ask: Ask, user: User) -> str:
    name = ask.words("username", user.username)
    taken = {one.username for one in ask.core.world.users.values() if one is not user}
    if not name or name in taken:
        raise BadRequest(f"'username' is a name that no user has, not {name!r}")
    return name


def _member(ask: Ask, user: User) -> Member:
    if user.id not in ask.core.world.members:
        raise BadRequest(f"{user.username} is no member")
    return ask.core.world.members[user.id]


def join(ask: Ask) -> JSON:
    """POST member {user, roles?}: a known or new user joins the server."""
    world, name = ask.core.world, ask.words("user")
    user = next((one for one in world.users.values() if one.username == name), None)
    user = user or User(ask.core.ids.next(), name)
    roles = [find_role(world, role).id for role in ask.names("roles")]
    world.users[user.id] = user
    world.members[user.id] = Member(user, roles, ask.core.clock.iso())
    events.member_changed(ask.core, "GUILD_MEMBER_ADD", world.members[user.id])
    return {"id": user.id}


def leave(ask: Ask) -> JSON:
    """DELETE member {user}: a member leaves the server and its threads."""
    core, user = ask.core, ask.user()
    _member(ask, user)
    voice.leave(core, user.id)
    del core.world.members[user.id]
    for channel in core.world.channels.values():
        remove_member(core, channel, user.id)
    data = {"guild_id": core.world.guild.id, "user": user_payload(user)}
    core.hub.emit(Event("GUILD_MEMBER_REMOVE", data))
    return {}


def leave_thread(ask: Ask) -> JSON:
    """DELETE thread {user, channel}: a member leaves a thread. 10007 for a user who is not in it."""
    thread, user = ask.channel(), ask.user()
    if user.id not in thread_state(thread).members:
        raise unknown("Member")
    remove_member(ask.core, thread, user.id)
    return {}


def make_channel(ask: Ask) -> JSON:
    """POST channel {channel, type?}: a new channel of that name, below the others; default: text."""
    world, name = ask.core.world, ask.words("channel")
    taken = [channel.name for channel in world.channels.values()]
    if not name or name in taken:
        raise BadRequest(f"'channel' is a name that no channel has, not {name!r}")
    position = sum(is_listed(channel) for channel in world.channels.values())
    kind = _listed_kind(ask)
    made = Channel(ask.core.ids.next(), kind, name, position=position, extra=extra_of(kind))
    world.channels[made.id] = made
    events.channel_changed(ask.core, "CHANNEL_CREATE", made)
    return {"id": made.id}


def _listed_kind(ask: Ask) -> ChannelType:
    known = [kind for kind in ChannelType if kind is not ChannelType.DM and kind not in THREADS]
    number = ask.whole("type", ChannelType.TEXT)
    if number not in known:
        raise BadRequest(f"'type' is one of {[int(kind) for kind in known]}, not {number}")
    return ChannelType(number)


def patch_channel(ask: Ask) -> JSON:
    """PATCH channel {channel, role or user, allow?, deny?}: an overwrite; {archived?, locked?}: a thread."""
    channel, body = ask.channel(), ask.body
    if "role" in body or "user" in body:
        by_role = "role" in body
        target = find_role(ask.core.world, ask.text("role")).id if by_role else ask.user().id
        bits = (ask.bits("allow", 0), ask.bits("deny", 0))
        channel.overwrites[target] = Overwrite(target, 0 if by_role else 1, *bits)
        events.channel_changed(ask.core, "CHANNEL_UPDATE", channel)
    if {"archived", "locked"} & set(body):
        if channel.thread is None:
            raise BadRequest("only threads are archived or locked")
        locked, archived = (
            ask.flag("locked", channel.thread.locked),
            ask.flag("archived", channel.thread.archived),
        )
        channel.thread.locked = locked
        set_archived(ask.core, channel, archived=archived)
    return {}


def patch_role(ask: Ask) -> JSON:
    """PATCH role {role, permissions?, mentionable?}: *permissions* are the whole set of bits."""
    role = find_role(ask.core.world, ask.text("role"))
    bits, mentionable = ask.bits("permissions", role.permissions), ask.flag("mentionable", role.mentionable)
    role.permissions, role.mentionable = bits, mentionable
    events.role_changed(ask.core, "GUILD_ROLE_UPDATE", role)
    return {}


def delete_channel(ask: Ask) -> JSON:
    """DELETE channel {channel}: an admin deletes a channel or thread, its threads with it."""
    remove_channel(ask.core, ask.channel())
    return {}


def patch_application(ask: Ask) -> JSON:
    """PATCH application {message_content?, members?, presences?, activities?, obfuscation?, owner_mfa?,
    quarantined?, obfuscates_to_null?, interactions_endpoint_url?}: the portal's switches, its owner's 2FA,
    and what Discord makes of it.

    Answers with them and the token, which changes when the app identifies too often in a day.
    """
    application = ask.core.world.application
    names = (
        *("message_content", "members", "presences", "activities", "obfuscation", "owner_mfa", "quarantined"),
        "obfuscates_to_null",
    )
    switches = {name: ask.flag(name, getattr(application, name)) for name in names}
    endpoint = ask.words(_ENDPOINT, application.extra.get(_ENDPOINT) or "") or None
    for name, is_on in switches.items():
        setattr(application, name, is_on)
    application.extra[_ENDPOINT] = endpoint
    return {"id": application.id, "token": application.token, **switches, _ENDPOINT: endpoint}


def patch_guild(ask: Ask) -> JSON:
    """PATCH guild {mfa_level}: 1 requires two-factor authentication of those who moderate."""
    core, level = ask.core, ask.whole("mfa_level")
    if level not in (0, 1):
        raise BadRequest("mfa_level is 0 or 1")
    core.world.guild.mfa_level = level
    core.hub.emit(Event("GUILD_UPDATE", guild_payload(core.world)))
    return {"mfa_level": level}


def advance_clock(ask: Ask) -> JSON:
    """POST clock {advance_s}: time passes for tokens, nonces, message ages, idle threads, sessions without
    a socket, the day's IDENTIFYs and rate limits; not for heartbeats: sockets live in real time.
    """
    seconds = ask.number("advance_s")
    try:
        ask.core.clock.advance(seconds)
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"advance_s is a number of seconds, not negative: {error}") from error
    ask.core.limiter.advance(seconds)
    archive_idle(ask.core)
    ask.core.hub.beat()
    return {"clock_shift_s": ask.core.clock.shift_s}


def limits(ask: Ask) -> JSON:
    """PATCH limits {enabled?, identifies_left?, gateway?: {...}}: rate limits of the API on or off, what is
    left of the day's IDENTIFYs, and the gateway's rules (see `GatewayRules`); answers with all of them.
    """
    core = ask.core
    enabled, left = ask.flag("enabled", core.limiter.enabled), ask.whole("identifies_left", core.starts.left)
    try:
        core.rules.change(ask.mapping("gateway"))
    except (BadRule, TypeError, ValueError, OverflowError) as error:
        raise BadRequest(str(error)) from error
    core.limiter.enabled, core.starts.left = enabled, left
    rules = rules_payload(core.rules)
    return {"enabled": core.limiter.enabled, "identifies_left": core.identifies_left, "gateway": rules}


def save_state(ask: Ask) -> JSON:
    """POST save: write the state to the file that the local Discord was started with."""
    if ask.core.state_file is None:
        raise BadRequest("there is no state file: start the local Discord with --state FILE")
    save(ask.core, ask.desk.sessions, ask.core.state_file)
    return {"file": ask.core.state_file.name}
