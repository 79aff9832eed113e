"""The team's own webhook that announcements are sent to."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bot.integrations.outbound.call import CallTerms

if TYPE_CHECKING:
    from bot.configured import Outbound
    from bot.integrations.paging import SignedWebhook
    from bot.settings import Settings

#: The operator sets its address, which may be in their own network.
_TERMS: Final = CallTerms("announcements", allows_private=True)


class AnnouncementWebhook:
    """Sends announcements to a system of the team's own."""

    def __init__(self, webhook: "SignedWebhook") -> None:
        self._webhook = webhook

    async def publish(self, key: str, facts: Mapping[str, object]) -> None:
        """Send an announcement.

        Args:
            key: The same for each attempt to send one version: the receiver drops the second one.
            facts: For machines; JSON-able.

        Raises:
            OutboundFailed: it did not take it, or did not say.
        """
        await self._webhook.post("incident.announcement", key, facts, _TERMS)


def open_webhook(settings: "Settings", outbound: "Outbound") -> AnnouncementWebhook | None:
    """Return the webhook that the settings name; None without one, which costs nothing."""
    url, secret = settings.announce_webhook_url, settings.announce_webhook_secret
    if url is None or secret is None:
        return None
    # Its HTTP client is three megabytes, which most bots do not need.
    from bot.integrations.paging import SignedWebhook  # noqa: PLC0415

    return AnnouncementWebhook(
        SignedWebhook(outbound(), url=url.get_secret_value(), secret=secret.get_secret_value())
    )
