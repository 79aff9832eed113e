"""The channels in which others post their alerts, and how much of those the bot can read."""

import discord

from bot.checks.finding import Finding, ok, warn
from bot.runbook.model import Policy


def check_alerts(client: discord.Client, policy: Policy) -> Finding:
    """Which channels are watched, and what is missed without the message content intent.

    That they are there and may be read is looked at with the other channels.
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
