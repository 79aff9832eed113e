"""Logging in to Discord: patiently while it is away, not at all with a token that it does not know."""

import asyncio
from typing import Final

import aiohttp
import discord
import structlog

from bot.domain.errors import ConfigError

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_ATTEMPT_S: Final = 30.0  # discord.py would wait for 300

#: Close codes of the gateway that no reconnecting mends, beside 4014, which discord.py has an error for.
_BAD_TOKEN: Final = 4004

AWAY: Final = (discord.HTTPException, aiohttp.ClientError, OSError)


async def log_in(client: discord.Client, token: str) -> None:
    """One attempt; afterwards REST works, and the client's set-up has run.

    Raises:
        ConfigError: Discord does not know the token.
        HTTPException, ClientError, OSError: Discord is away (`AWAY`).
    """
    # Each attempt makes a session on the same connector; the one before is let go without closing it.
    before = client.http._HTTPClient__session  # type: ignore[attr-defined]  # noqa: SLF001  # the version is pinned
    try:
        await client.login(token)
    except discord.LoginFailure as error:
        raise ConfigError(bad_token()) from error
    finally:
        if isinstance(before, aiohttp.ClientSession):
            before.detach()


async def log_in_patiently(client: discord.Client, token: str, *, tried: asyncio.Event) -> None:
    """Attempts until one succeeds. What the bot owes is meanwhile retried, kept and mailed.

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


async def stay_connected(client: discord.Client) -> None:
    """Hold the gateway's connection until the client is closed; discord.py reconnects by itself.

    Raises:
        ConfigError: Discord will not have us, however often we come.
    """
    try:
        await client.connect(reconnect=True)
    except discord.PrivilegedIntentsRequired as error:
        raise ConfigError(
            "MESSAGE_CONTENT: Discord refuses the intent (4014); allowed: true once Message Content Intent "
            "is switched on on the Bot page of https://discord.com/developers/applications, false until then"
        ) from error
    except discord.ConnectionClosed as error:
        if error.code == _BAD_TOKEN:
            raise ConfigError(bad_token()) from error
        raise ConfigError(f"Discord closed the connection for good ({error.code})") from error


def bad_token() -> str:
    """What to say of a token that Discord does not know."""
    return (
        "DISCORD_TOKEN: Discord does not know this token (hidden); allowed: "
        "the token from the Bot page of https://discord.com/developers/applications"
    )
