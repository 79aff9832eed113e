"""The channels' own webhooks, by which undelivered notifications can be sent again."""

from collections.abc import Collection
from typing import Final

from bot.doctor.finding import Finding, ok, warn
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.services.ports import Webhooks

_NAME: Final = "webhook"


async def check_webhooks(webhooks: Webhooks, *, guilds: Collection[int]) -> list[Finding]:
    """Check that Discord knows each webhook of DLQ_WEBHOOKS, in a server that is served; none without any."""
    return [
        await _check(webhooks, channel, webhook_id, guilds) for channel, webhook_id in webhooks.ids.items()
    ]


async def _check(webhooks: Webhooks, channel: str, webhook_id: int, guilds: Collection[int]) -> Finding:
    """Check one; nothing that is said holds its address."""
    try:
        place = await webhooks.place(webhook_id)
    except DeliveryRefused as refused:
        todo = "make a new webhook in the channel's settings, and put its address into DLQ_WEBHOOKS"
        return warn(_NAME, f"#{channel}: {refused.reason}", todo)
    except UpstreamUnavailable as away:
        return warn(
            _NAME, f"#{channel}: {away.reason}", "try again; HTTPS_PROXY is the way out, if one is set"
        )
    if place.guild_id not in guilds:
        todo = "take a webhook of this server: replays by this one are refused"
        return warn(_NAME, f"#{channel}: posts in another server", todo)
    return ok(_NAME, f"#{channel} has one")
