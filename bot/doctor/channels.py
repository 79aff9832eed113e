"""The channels of a policy: those that take alerts, are watched, or hold private threads or voices."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import discord

from bot.doctor.finding import Finding, fail, ok, warn
from bot.domain.oncall.people import id_of
from bot.runbook.model import Policy

Channel: TypeAlias = discord.abc.GuildChannel

#: Where the bot finds a channel by its name, and can post and open a thread.
_TAKES_ALERTS: Final = (discord.ChannelType.text, discord.ChannelType.news)
VOICE: Final = (discord.ChannelType.voice, discord.ChannelType.stage_voice)


def channels_by_name(
    channels: Sequence[Channel], kinds: Collection[discord.ChannelType] = _TAKES_ALERTS
) -> dict[str, Channel]:
    """Return the channels by name and by id, chosen as the bot does: of one name the oldest.

    Args:
        kinds: Come before all others; by default, those that take alerts.
    """
    newest_first = sorted(channels, key=lambda one: (one.type in kinds, -one.id))
    return {one.name: one for one in newest_first} | {str(one.id): one for one in channels}


def check_channels(
    needed: Mapping[str, discord.Permissions],
    channels: Sequence[Channel],
    *,
    hidden: Collection[str],
    me: discord.Member,
) -> Iterator[Finding]:
    """Yield one finding for each channel that is needed.

    Args:
        needed: What the bot must be allowed there, by the policy's name of the channel.
        channels: Those that the bot may view; Discord lists no others.
        hidden: The ids of the policy that belong to channels which the bot may not view.
    """
    known = channels_by_name(channels)
    for given, wanted in needed.items():
        name = given.removeprefix("#")
        rivals = [one.id for one in channels if one.name == name and one.type in _TAKES_ALERTS]
        channel = known.get(name)
        if channel is None:
            yield _unseen(f"channel #{name}", name, hidden=hidden, other="in the policy file")
        else:
            yield _channel(name, channel, rivals=rivals, me=me, wanted=wanted)


def _unseen(what: str, name: str, *, hidden: Collection[str], other: str) -> Finding:
    """Report a channel that is not among those the bot may view. Only an id tells whether it exists."""
    if name in hidden:
        return fail(what, "the bot may not view it (VIEW_CHANNEL)", "give the bot View Channel in it")
    by = "id" if id_of(name) else "name"
    todo = f"create it, give the bot View Channel in it, or name another one {other}"
    return fail(what, f"there is no channel of this {by} that the bot may view (VIEW_CHANNEL)", todo)


def _channel(
    name: str,
    channel: Channel,
    *,
    rivals: Sequence[int],
    me: discord.Member,
    wanted: discord.Permissions,
) -> Finding:
    what = f"channel #{name}"
    if channel.type not in _TAKES_ALERTS:
        todo = "create a text channel of this name, or name another one in the policy file"
        return fail(what, f"it is a {channel.type.name} channel, which takes no alerts", todo)
    allowed = channel.permissions_for(me)
    missing = [_official(bit) for bit, is_wanted in wanted if is_wanted and not getattr(allowed, bit)]
    if missing:
        return fail(what, f"missing: {', '.join(missing)}", "allow it for the bot's role in this channel")
    if len(rivals) > 1 and name != str(channel.id):
        todo = "rename the others, or write the channel's id in the policy file"
        return warn(what, f"{len(rivals)} channels have this name; the oldest is used: {channel.id}", todo)
    return ok(what, "has every permission that it needs")


def _official(permission: str) -> str:
    """Discord's own name of a permission; discord.py has kept an older one."""
    return "VIEW_CHANNEL" if permission == "read_messages" else permission.upper()


def check_alerts(client: discord.Client, policy: Policy) -> Finding:
    """Say which channels are watched, and what is missed without the message content intent.

    `check_channels` finds out if they exist and may be read.
    """
    watch = policy.alerts.watch
    if not watch:
        return ok("alerts", "the policy watches no channel")
    listed = ", ".join(f"#{channel} ({severity})" for channel, severity in watch.items())
    if client.intents.message_content:
        return ok("alerts", f"watched: {listed}")
    flags = client.application_flags
    is_granted = flags.gateway_message_content or flags.gateway_message_content_limited
    first = "" if is_granted else "switch on Message Content Intent on the application's Bot page, then "
    return warn(
        "alerts",
        f"watched: {listed}; without the message content intent alerts are tracked unread: no title, no "
        "target, no severity of their own, and all of one author in one channel are the same until somebody "
        "acknowledges",
        f"{first}set MESSAGE_CONTENT=true",
    )


def check_voice(
    policy: Policy, known: Mapping[str, Channel], *, hidden: Collection[str]
) -> Iterator[Finding]:
    """Yield one finding for each voice channel whose joins the policy wants on the timeline.

    Args:
        known: The channels that the bot can see, by name and by id: Discord reports no joins in others.
        hidden: As for `check_channels`.
    """
    for name in policy.timeline.voice_channels:
        found = known.get(name)
        what = f"voice channel {name}"
        if found is None:
            yield _unseen(what, name, hidden=hidden, other="under [timeline]")
        elif found.type not in VOICE:
            yield fail(what, "it is no voice channel", "name another one under [timeline]")
        else:
            yield ok(what, "people who join are noted on the timeline")


def check_private(
    policy: Policy,
    channel: Channel | None,
    *,
    roles: Sequence[discord.Role],
    me: discord.Member,
) -> Iterator[Finding]:
    """Look at the channel of private threads, and at the roles that are addressed in them.

    Discord has private threads in text channels only. A message rings a role when that is mentionable, or its
    author has MENTION_EVERYONE. Source: Topics > Threads > Private Threads; Topics > Permissions.

    Args:
        channel: The one of the policy; None when there is none, which is another finding.
    """
    if channel is None:
        return
    what = f"private incidents in #{channel.name}"
    if channel.type is not discord.ChannelType.text:
        todo = "name a text channel as `channel` below [private] in the policy file"
        yield fail(what, f"it is a {channel.type.name} channel, which has no private threads", todo)
        return
    silent = []
    if not channel.permissions_for(me).mention_everyone:
        wanted = set(policy.permissions.private)
        silent = [
            f"@{role.name}" for role in roles if {role.name, str(role.id)} & wanted and not role.mentionable
        ]
    if silent:
        todo = (
            "let anyone mention the role (server settings, Roles), or allow MENTION_EVERYONE in this channel"
        )
        yield fail(what, f"no ping reaches {', '.join(silent)}: the role is not mentionable", todo)
        return
    yield ok(what, "threads can be created, roles can be pinged")
