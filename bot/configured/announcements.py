"""The webhook that announcements to users are sent to, made from the settings if it is configured."""

from bot.configured.outbound import Outbound
from bot.services.ports.paging import AnnouncementHook
from bot.settings import Settings


def announcement_hook(settings: Settings, outbound: Outbound) -> AnnouncementHook | None:
    """Return the webhook; None without one, which costs nothing."""
    url, secret = settings.announce_webhook_url, settings.announce_webhook_secret
    if url is None or secret is None:
        return None
    from bot.integrations.paging.webhook import SignedWebhook  # noqa: PLC0415

    return SignedWebhook(outbound(), url=url.get_secret_value(), secret=secret.get_secret_value())
