"""How far the story of a kept demo has come: its start may have been broken off."""

from pathlib import Path
from typing import Final

import asyncpg

from bot.storage.database.query import composed

_QUERIES: Final = composed([Path(__file__).with_name("begun.sql").read_text(encoding="utf-8")])


async def is_past_written(connection: asyncpg.Connection) -> bool:
    """Return True if the database has its past; the local Discord then has the posts of it, too."""
    return bool(await connection.fetchval(_QUERIES["is_past_written"].text))


async def has_begun(connection: asyncpg.Connection) -> bool:
    """Return True if the alert was raised that the story begins with."""
    return bool(await connection.fetchval(_QUERIES["has_begun"].text))
