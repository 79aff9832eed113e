"""The steps of a start: the database prepared, also when it comes back, and the login to Discord.

The bot logs in patiently while Discord is away, and not at all with a token that Discord does not know.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
import discord
import structlog

from bot.database import (
    PATIENCE_S,
    DatabaseAway,
    DatabaseRefuses,
    OwnDatabase,
    ReachedDatabase,
    bring_up_to_date,
    reach,
)
from bot.domain.errors import ConfigError, StorageUnavailable
from bot.storage.database.migrate import PATIENCE_S as MIGRATION_PATIENCE_S
from bot.storage.database.migrate import MigrationError, is_current
from bot.storage.spool import FileSpool

log = structlog.get_logger(__name__)

#: What must be done once the database is there.
Prepare: TypeAlias = Callable[[], Awaitable[None]]

#: The errors of a database that is away, refuses the bot, or cannot be brought up to date.
_NOT_THERE: Final = (DatabaseAway, DatabaseRefuses, MigrationError)

#: Between two tries to prepare it, seconds.
_PAUSE_S: Final = 1.0

#: How long a bot that knows of deadlines waits for its database before it goes on without, seconds.
_SHORT_S: Final = 2.0

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


def prepared_at_start(
    database: OwnDatabase, *, guilds: Collection[int], data_dir: Path, migrate: bool
) -> bool:
    """Reach the database and apply pending migrations; return False if that failed.

    A bot that has run before goes on without its database, and brings it up to date later.

    Raises:
        ConfigError: it failed, and this bot has never run; or a migration is pending that must not be
            applied.
    """
    has_run = any(FileSpool(data_dir, guild_id).is_there for guild_id in guilds)
    try:
        reached = asyncio.run(reach(database.dsn, patience_s=_SHORT_S if has_run else PATIENCE_S))
        patience_s = _SHORT_S if has_run else MIGRATION_PATIENCE_S
        if not is_current(reached.migrations):
            bring_up_to_date(database.dsn, apply=migrate, patience_s=patience_s)
    except _NOT_THERE as error:
        if not has_run:
            raise
        if isinstance(error, DatabaseAway):
            log.warning("database.started_without", reason=str(error))
        else:
            log.error("database.started_without", reason=str(error))  # noqa: TRY400 -- no bug of ours
        return False
    _tell_how_far(reached)
    return True


def _tell_how_far(reached: ReachedDatabase) -> None:
    round_trip_ms = round(1000 * reached.round_trip_s, 1)
    if reached.is_far:
        log.warning("database.reached", version=reached.version, round_trip_ms=round_trip_ms)
    else:
        log.info("database.reached", version=reached.version, round_trip_ms=round_trip_ms)


def prepare_later(database: OwnDatabase, *, migrate: bool) -> Prepare:
    """Return what brings the database up to date after everything else has started."""

    async def prepare() -> None:
        reached = await reach(database.dsn, patience_s=_SHORT_S)
        await asyncio.to_thread(bring_up_to_date, database.dsn, apply=migrate)
        _tell_how_far(reached)

    return prepare


async def try_once(prepare: Prepare) -> bool:
    """Run *prepare* once; return False if the database has just gone away: the caller waits for it."""
    try:
        await prepare()
    except StorageUnavailable as away:
        log.warning("database.not_prepared", reason=str(away))
        return False
    return True


async def until_done(prepare: Prepare) -> None:
    """Retry *prepare* until it succeeds. Meanwhile people are alerted without the database."""
    logged = None
    while True:
        try:
            return await prepare()
        except (*_NOT_THERE, StorageUnavailable) as error:
            if (reason := str(error)) != logged:
                log.warning("database.not_prepared", reason=reason)
            logged = reason
        await asyncio.sleep(_PAUSE_S)


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
