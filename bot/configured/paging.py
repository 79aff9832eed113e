"""The systems outside Discord that pages go to, made from the settings: those that are configured."""

from collections.abc import Callable
from typing import TypeAlias

from bot.configured.outbound import Outbound
from bot.domain.paging import Way
from bot.i18n import Texts
from bot.runbook import Policy
from bot.services.ports.paging import PagingSystem, Systems
from bot.settings import Settings

#: Returns the systems of a guild, by its policy.
Paging: TypeAlias = Callable[[Policy], Systems]


def paging_systems(settings: Settings, outbound: Outbound, texts: Texts, policy: Policy) -> Systems:
    """Return the configured systems by way; empty without any, which costs nothing."""
    systems: dict[Way, PagingSystem] = {}
    ack = texts.say(policy.language, "outside.message.ack")
    if settings.ntfy_url is not None:
        from bot.integrations.paging.ntfy import Ntfy  # noqa: PLC0415

        token = None if settings.ntfy_token is None else settings.ntfy_token.get_secret_value()
        systems[Way.NTFY] = Ntfy(outbound(), server=settings.ntfy_url, token=token, ack_label=ack)
    if settings.pushover_token is not None:
        from bot.integrations.paging.pushover import Pushover  # noqa: PLC0415

        systems[Way.PUSHOVER] = Pushover(
            outbound(),
            api=settings.pushover_api_url,
            token=settings.pushover_token.get_secret_value(),
            ack_label=ack,
        )
    if settings.pagerduty_routing_key is not None:
        from bot.integrations.paging.pagerduty import PagerDuty  # noqa: PLC0415

        api_token = settings.pagerduty_token
        systems[Way.PAGERDUTY] = PagerDuty(
            outbound(),
            events=settings.pagerduty_events_url,
            api=settings.pagerduty_api_url,
            routing_key=settings.pagerduty_routing_key.get_secret_value(),
            token=None if api_token is None else api_token.get_secret_value(),
        )
    if settings.page_webhook_url is not None and settings.page_webhook_secret is not None:
        from bot.integrations.paging.webhook import SignedWebhook  # noqa: PLC0415

        systems[Way.WEBHOOK] = SignedWebhook(
            outbound(),
            url=settings.page_webhook_url.get_secret_value(),
            secret=settings.page_webhook_secret.get_secret_value(),
        )
    return systems
