"""The settings of the systems outside Discord that are told: none is needed, unset none costs anything."""

from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings

from bot.settings.values import HttpsUrl, Key, PublicUrl, WebhookSecret

PUSHOVER_API: Final = "https://api.pushover.net/1"
PAGERDUTY_EVENTS: Final = "https://events.pagerduty.com"
PAGERDUTY_API: Final = "https://api.pagerduty.com"


class PagingSettings(BaseSettings):
    """The part of `bot.settings.Settings` about paging outside Discord."""

    ntfy_url: PublicUrl | None = Field(
        None, description="https://ntfy.sh, or your own server's address; without it no push goes by ntfy"
    )
    ntfy_token: Key | None = Field(
        None, description="an access token of NTFY_URL (tk_...), if its topics need one"
    )
    pushover_token: Key | None = Field(
        None, description="the token of your application at Pushover; without it no push goes there"
    )
    pushover_api_url: PublicUrl = Field(
        PUSHOVER_API, description=f"{PUSHOVER_API}, or a stand-in on loopback"
    )
    pagerduty_routing_key: Key | None = Field(
        None, description="the integration key of a service (Events API v2); without it no page goes there"
    )
    pagerduty_token: Key | None = Field(
        None, description="a read-only REST API key; without it an answer in PagerDuty is not seen here"
    )
    pagerduty_events_url: PublicUrl = Field(
        PAGERDUTY_EVENTS, description=f"{PAGERDUTY_EVENTS}, or https://events.eu.pagerduty.com"
    )
    pagerduty_api_url: PublicUrl = Field(
        PAGERDUTY_API, description=f"{PAGERDUTY_API}, or https://api.eu.pagerduty.com"
    )
    page_webhook_url: HttpsUrl | None = Field(
        None, description="https:// address that pages are posted to; needs PAGE_WEBHOOK_SECRET"
    )
    page_webhook_secret: WebhookSecret | None = Field(
        None, description="whsec_ and base64 of 24 to 64 bytes: signs what goes to PAGE_WEBHOOK_URL"
    )
    announce_webhook_url: HttpsUrl | None = Field(
        None,
        description="https:// address that announcements are posted to; needs ANNOUNCE_WEBHOOK_SECRET",
    )
    announce_webhook_secret: WebhookSecret | None = Field(
        None, description="whsec_ and base64 of 24 to 64 bytes: signs what goes to ANNOUNCE_WEBHOOK_URL"
    )
