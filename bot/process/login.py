"""Logging in to Discord: patiently while it is away, not at all with a token that it does not know."""

import asyncio
from dataclasses import dataclass
from typing import Final

import aiohttp
import discord
import structlog

from bot.domain.errors import ConfigError

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_ATTEMPT_S: Final = 30.0  # discord.py would wait for 300
_ADVICE_S: Final = 5.0

#: The error text for a token that Discord does not know.
LOGIN_REFUSED: Final = (
    "DISCORD_TOKEN: Discord does not know this token (hidden); allowed: "
    "the token from the Bot page of https://discord.com/developers/applications"
)

#: The errors while Discord is away.
AWAY: Final = (discord.HTTPException, aiohttp.ClientError, OSError)


async def log_in(client: discord.Client, token: str) -> None:
    """Try to log in once; afterwards REST works, and the client's set-up has run.

    Raises:
        ConfigError: Discord does not know the token.
        discord.HTTPException, aiohttp.ClientError, OSError: Discord is away (`AWAY`).
    """
    # Each attempt makes a session on the same connector; the one before is let go without closing it.
    before = client.http._HTTPClient__session  # type: ignore[attr-defined]  # noqa: SLF001  # the version is pinned
    try:
        await client.login(token)
    except discord.LoginFailure as error:
        raise ConfigError(LOGIN_REFUSED) from error
    finally:
        if isinstance(before, aiohttp.ClientSession):
            before.detach()


async def log_in_patiently(client: discord.Client, token: str, *, tried: asyncio.Event) -> None:
    """Try to log in until it works. Meanwhile deliveries are retried, kept and mailed.

    Args:
        tried: Set after the first attempt that Discord did not refuse.

    Raises:
        ConfigError: Discord does not know the token.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            async with asyncio.timeout(_ATTEMPT_S):
                await log_in(client, token)
        except AWAY as error:
            log.warning("discord.login_failed", error=type(error).__name__, retry_s=pause_s)
            tried.set()
        else:
            return tried.set()
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class GatewayAdvice:
    """Discord's advice for this bot's gateway. Source: its docs, Get Gateway Bot.

    Attributes:
        shards: How many it advises.
        total: IDENTIFYs a day.
        remaining: How many of them are left; None: it was not asked.
        concurrency: Buckets of shards that may identify at the same time.
    """

    shards: int = 1
    total: int = 1000
    remaining: int | None = None
    concurrency: int = 1


async def advised(client: discord.Client, *, insist: bool) -> GatewayAdvice:
    """Ask Discord for its advice on the gateway.

    Args:
        insist: Retry until Discord answers; if False, its usual values are returned instead.
    """
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            async with asyncio.timeout(_ADVICE_S):
                shards, _, limits = await client.http.get_bot_gateway()
        except (*AWAY, discord.GatewayNotFound) as error:
            log.warning("gateway.not_advised", error=type(error).__name__)
            if not insist:
                return GatewayAdvice()
        else:
            return GatewayAdvice(shards, limits["total"], limits["remaining"], limits["max_concurrency"])
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
