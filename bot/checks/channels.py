"""The channels of a policy: of a kind that takes alerts, one of each name, with what the bot needs there."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

import discord

from bot.checks.finding import Finding, fail, ok, warn

Channel: TypeAlias = discord.abc.GuildChannel

#: Where the bot finds a channel by its name, and can post and open a thread.
_TAKES_ALERTS: Final = (discord.ChannelType.text, discord.ChannelType.news)


def channels_by_name(
    channels: Sequence[Channel], kinds: Collection[discord.ChannelType] = _TAKES_ALERTS
) -> dict[str, Channel]:
    """The channels by name and by id, chosen as the bot does: of one name the oldest.

    Args:
        kinds: Come before all others; as they stand, those that take alerts.
    """
    newest_first = sorted(channels, key=lambda one: (one.type in kinds, -one.id))
    return {one.name: one for one in newest_first} | {str(one.id): one for one in channels}


def check_channels(
    needed: Mapping[str, discord.Permissions], channels: Sequence[Channel], *, me: discord.Member
) -> Iterator[Finding]:
    """Yield one finding for each channel that is needed.

    Args:
        needed: What the bot must be allowed there, by the policy's name of the channel.
    """
    known = channels_by_name(channels)
    for given, wanted in needed.items():
        name = given.removeprefix("#")
        rivals = [one.id for one in channels if one.name == name and one.type in _TAKES_ALERTS]
        yield _channel(name, known.get(name), rivals=rivals, me=me, wanted=wanted)


def _channel(
    name: str,
    channel: Channel | None,
    *,
    rivals: Sequence[int],
    me: discord.Member,
    wanted: discord.Permissions,
) -> Finding:
    what = f"channel #{name}"
    if channel is None:
        todo = "create it, give the bot View Channel in it, or name another one in the policy file"
        return fail(what, "there is no such channel, or the bot may not see it (VIEW_CHANNEL)", todo)
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
    return ok(what, "every permission that is needed")


def _official(permission: str) -> str:
    """Discord's own name of a permission; discord.py has kept an older one."""
    return "VIEW_CHANNEL" if permission == "read_messages" else permission.upper()
