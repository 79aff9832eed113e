"""Whether a private incident can have its thread, and ring its roles in it."""

from collections.abc import Iterator, Sequence

import discord

from bot.checks.finding import Finding, fail, ok
from bot.runbook.model import Policy


def check_private(
    policy: Policy,
    channel: discord.abc.GuildChannel | None,
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
    silent = [] if channel.permissions_for(me).mention_everyone else _silent(policy, roles)
    if silent:
        todo = (
            "let anyone mention the role (server settings, Roles), or allow MENTION_EVERYONE in this channel"
        )
        yield fail(what, f"nobody is rung by {', '.join(silent)}: the role is not mentionable", todo)
        return
    yield ok(what, "threads can be made, roles can be rung")


def _silent(policy: Policy, roles: Sequence[discord.Role]) -> list[str]:
    wanted = set(policy.permissions.private)
    return [f"@{role.name}" for role in roles if {role.name, str(role.id)} & wanted and not role.mentionable]
