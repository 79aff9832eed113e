"""Permissions of members in channels. Source: Discord's docs, Topics > Permissions."""

from datetime import datetime
from enum import IntFlag
from functools import reduce

from local_discord.world.kinds import ChannelType
from local_discord.world.world import Channel, Member, World


class P(IntFlag):
    """Permission bits."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    SEND_TTS_MESSAGES = 1 << 12
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MUTE_MEMBERS = 1 << 22
    DEAFEN_MEMBERS = 1 << 23
    MOVE_MEMBERS = 1 << 24
    CHANGE_NICKNAME = 1 << 26
    MANAGE_NICKNAMES = 1 << 27
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_EVENTS = 1 << 33
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    MODERATE_MEMBERS = 1 << 40
    CREATE_EVENTS = 1 << 44
    PIN_MESSAGES = 1 << 51
    BYPASS_SLOWMODE = 1 << 52


ALL = (1 << 53) - 1
# The starred ones: on a server that requires 2FA, the owner of the account must have it. Issue #69: of a bot,
# the owner of the application.
NEEDS_2FA = (
    P.KICK_MEMBERS
    | P.ADMINISTRATOR
    | P.MANAGE_CHANNELS
    | P.MANAGE_GUILD
    | P.MANAGE_MESSAGES
    | P.MANAGE_ROLES
    | P.MANAGE_WEBHOOKS
    | P.MANAGE_THREADS
)
_TIMED_OUT = P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY
# Implicit Permissions: who cannot send cannot do these either.
_NEEDS_SENDING = P.MENTION_EVERYONE | P.SEND_TTS_MESSAGES | P.ATTACH_FILES | P.EMBED_LINKS
# Receiving and Responding, footnote of app_permissions: what holds in a DM with the app's own bot.
IN_DM = P.ATTACH_FILES | P.EMBED_LINKS | P.MENTION_EVERYONE | P.USE_EXTERNAL_EMOJIS
_DM_TALK = P.VIEW_CHANNEL | P.SEND_MESSAGES | P.READ_MESSAGE_HISTORY | P.ADD_REACTIONS | P.PIN_MESSAGES


def guild_permissions(world: World, member: Member) -> int:
    """The union of @everyone and the member's roles; everything for the owner and for ADMINISTRATOR."""
    if member.user.id == world.guild.owner_id:
        return ALL
    roles = [world.roles[role_id] for role_id in (world.guild.id, *member.roles)]
    union = reduce(lambda bits, role: bits | role.permissions, roles, 0)
    if union & P.ADMINISTRATOR:
        return ALL
    return union & _TIMED_OUT if is_timed_out(world, member) else union


def is_timed_out(world: World, member: Member) -> bool:
    """True while a timeout of *member* lasts. Source: Permissions for Timed Out Members."""
    until = member.timed_out_until
    return until is not None and datetime.fromisoformat(until) > world.now()


def rank(world: World, member: Member) -> int:
    """Return the position of a member's top role; the owner is above all. Source: Permission Hierarchy."""
    if member.user.id == world.guild.owner_id:
        return 1 << 30
    return max((world.roles[role_id].position for role_id in member.roles), default=0)


def channel_permissions(world: World, user_id: str, channel: Channel) -> int:
    """The bits of *user_id* in *channel*: role union, then overwrites; a thread takes its parent's.

    Returns 0 for a user who is not there at all.
    """
    if channel.is_dm:
        return int(IN_DM | _DM_TALK) if user_id in channel.recipients else 0
    member = world.members.get(user_id)
    if member is None:
        return 0
    base = guild_permissions(world, member)
    if base == ALL:
        return ALL
    bits = _overwritten(base, world.parent_of(channel), member, world.guild.id)
    if is_timed_out(world, member):
        bits &= _TIMED_OUT
    if not bits & (P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES):
        bits &= ~_NEEDS_SENDING
    return bits if bits & P.VIEW_CHANNEL and _is_let_in(channel, user_id, bits) else 0


def _is_let_in(channel: Channel, user_id: str, bits: int) -> bool:
    """A private thread is for its members, and for those who manage threads."""
    if channel.type is not ChannelType.PRIVATE_THREAD or channel.thread is None:
        return True
    return user_id in channel.thread.members or bool(bits & P.MANAGE_THREADS)


def _overwritten(bits: int, channel: Channel, member: Member, everyone_id: str) -> int:
    """Apply @everyone's overwrite, then the roles' together, then the member's own."""
    found = channel.overwrites
    if everyone := found.get(everyone_id):
        bits = bits & ~everyone.deny | everyone.allow
    of_roles = [found[role_id] for role_id in member.roles if role_id in found]
    deny = reduce(lambda total, overwrite: total | overwrite.deny, of_roles, 0)
    allow = reduce(lambda total, overwrite: total | overwrite.allow, of_roles, 0)
    bits = bits & ~deny | allow
    if own := found.get(member.user.id):
        bits = bits & ~own.deny | own.allow
    return bits
