"""The settings of the systems that live checks read: none is needed, unset none costs anything."""

from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings

from bot.settings.values import BearerToken, CloudflareAccount, PostgresUrl, PublicUrl

CLOUDFLARE_API: Final = "https://api.cloudflare.com/client/v4"
SENTRY: Final = "https://sentry.io"
DISCORD_STATUS: Final = "https://discordstatus.com"


class SystemSettings(BaseSettings):
    """The part of `bot.settings.Settings` about the systems that live checks ask."""

    cloudflare_token: BearerToken | None = Field(
        None, description="a token that may read Workers Scripts and Pages; without it these are not checked"
    )
    cloudflare_account_id: CloudflareAccount | None = Field(
        None, description="the 32 letters and digits of the account that CLOUDFLARE_TOKEN is for"
    )
    cloudflare_api_url: PublicUrl = Field(
        CLOUDFLARE_API, description=f"{CLOUDFLARE_API}, or a stand-in on loopback"
    )
    sentry_token: BearerToken | None = Field(
        None, description="a token with event:read; without it Sentry's issues are not checked"
    )
    sentry_url: PublicUrl = Field(SENTRY, description=f"{SENTRY}, https://de.sentry.io, or your own server")
    checks_database_url: PostgresUrl | None = Field(
        None,
        description="postgresql://user:password@host:5432/database of the database that live checks look at;"
        " without it the bot's own",
    )
    discord_status_url: PublicUrl = Field(
        DISCORD_STATUS, description=f"{DISCORD_STATUS}, or a stand-in on loopback"
    )
