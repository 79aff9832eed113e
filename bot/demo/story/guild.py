"""The guild of the demo on the local Discord: its channels, and the webhooks of monitors."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.demo.story.cast import Cast
from bot.demo.vendors import channel_of, read_monitors
from bot.runbook import Policy
from local_discord.client import Human


@dataclass(frozen=True, slots=True)
class MonitorWebhook:
    """A monitor's webhook on the local Discord: its id, its name, and where it posts."""

    id: int
    name: str
    channel: str
    channel_id: int


@dataclass(frozen=True, slots=True)
class DemoGuild:
    """The guild on the local Discord that the demo's past is in.

    Attributes:
        id: The guild's id.
        bot_id: The bot's user.
        channels: Ids of channels by name.
        webhooks: The webhooks of monitors by the monitors' keys.
    """

    id: int
    bot_id: int
    channels: Mapping[str, int]
    cast: Cast
    webhooks: Mapping[str, MonitorWebhook] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageLocation:
    """Where a message is: its channel and its id."""

    channel_id: int
    message_id: int


async def set_up_webhooks(
    human: Human, policy: Policy, channels: Mapping[str, int]
) -> dict[str, MonitorWebhook]:
    """Create a webhook for each monitor, and return them by the monitors' keys."""
    webhooks = {}
    for one in read_monitors(policy.language):
        channel = channel_of(policy, one.watched)
        url = await human.webhook_url(channel, one.sender)
        webhooks[one.key] = MonitorWebhook(int(url.split("/")[-2]), one.sender, channel, channels[channel])
    return webhooks
