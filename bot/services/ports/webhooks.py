"""The channels' own webhooks, by which a message arrives although the bot cannot post there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.domain.delivery.delivery import Posted


@dataclass(frozen=True, slots=True)
class WebhookPlace:
    """Where a webhook posts, as Discord says.

    Attributes:
        id: The webhook's.
    """

    id: int
    channel_id: int
    guild_id: int


class Webhooks(Protocol):
    """Executes the webhooks of the settings. Their addresses never leave the implementation."""

    @property
    def ids(self) -> Mapping[str, int]:
        """Return the id of each channel's webhook, by the channel's name without "#"."""

    async def place(self, webhook_id: int) -> WebhookPlace:
        """Ask Discord where a webhook posts.

        Raises:
            DeliveryRefused: it is gone (code 10015), or its token is wrong. UpstreamUnavailable.
        """

    def require_capacity(self, webhook_id: int) -> None:
        """Raise Crowded unless the webhook's limit has capacity, now or in a moment."""

    async def post(self, webhook_id: int, body: Mapping[str, object]) -> Posted:
        """Post a message once.

        Raises:
            DeliveryRefused: Discord has not taken it. UpstreamUnavailable: whether it has is unknown.
        """

    async def message(self, webhook_id: int, message_id: int) -> Mapping[str, object] | None:
        """Return a message that the webhook has posted, with its words; None if it is gone.

        Raises:
            DeliveryRefused: as `place`. UpstreamUnavailable.
        """
