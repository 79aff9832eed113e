"""Preparation of the database, at the bot's start and each time the database comes back."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Final, TypeAlias

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
from bot.domain.errors import StorageUnavailable
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
