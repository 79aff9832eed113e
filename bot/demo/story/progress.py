"""Reads how far the story of a kept demo has come: an earlier start may have been interrupted."""

from pathlib import Path
from typing import Final

import asyncpg

from bot.storage.database.query import composed

_QUERIES: Final = composed([Path(__file__).with_name("progress.sql").read_text(encoding="utf-8")])


async def is_past_written(connection: asyncpg.Connection) -> bool:
    """Return True if the database has the demo's past; the local Discord then has its posts, too."""
    return bool(await connection.fetchval(_QUERIES["is_past_written"].text))


async def has_begun(connection: asyncpg.Connection) -> bool:
    """Return True if an incident was raised after the past, such as the one that the demo opens on."""
    return bool(await connection.fetchval(_QUERIES["has_begun"].text))
