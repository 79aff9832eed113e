"""The voice channels whose joins the policy wants on the timeline."""

from collections.abc import Iterator, Mapping

import discord

from bot.checks.finding import Finding, fail, ok
from bot.runbook.model import Policy

VOICE = (discord.ChannelType.voice, discord.ChannelType.stage_voice)


def check_voice(policy: Policy, known: Mapping[str, discord.abc.GuildChannel]) -> Iterator[Finding]:
    """One finding for each.

    Args:
        known: The channels that the bot can see, by name and by id: it is told of nobody in any other.
    """
    for name in policy.timeline.voice_channels:
        found = known.get(name)
        what = f"voice channel {name}"
        if found is None or found.type not in VOICE:
            todo = "create it, give the bot View Channel in it, or name another one under [timeline]"
            yield fail(what, "there is no such voice channel, or the bot may not see it", todo)
        else:
            yield ok(what, "whoever joins is noted on the timeline")
