"""A movable `now()` for the demo's own database: the tour shows a missed deadline without waiting for it.

The bot reads the time from its database, unqualified and with our schema ahead of pg_catalog; a function
`now()` in our schema therefore moves the time of every instance and of the job queue alike. Nothing outside
the demo and the tests creates that function.
"""

from datetime import timedelta
from typing import Final

import asyncpg

from bot.storage.migrate import SCHEMA

_INSTALL: Final = f"""
CREATE TABLE IF NOT EXISTS {SCHEMA}.demo_clock (shift interval NOT NULL);
INSERT INTO {SCHEMA}.demo_clock SELECT interval '0' WHERE NOT EXISTS (SELECT FROM {SCHEMA}.demo_clock);
CREATE OR REPLACE FUNCTION {SCHEMA}.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT pg_catalog.now() + shift FROM {SCHEMA}.demo_clock $$;
"""

# A column's default was bound to pg_catalog.now() when the migration ran; parsed again, it finds ours.
_DEFAULTS: Final = f"""
DO $$
DECLARE
    fixed record;
BEGIN
    FOR fixed IN
        SELECT adrelid::regclass AS tbl, attname AS col, pg_get_expr(adbin, adrelid) AS expression
        FROM pg_attrdef
        JOIN pg_class ON pg_class.oid = adrelid
        JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
        WHERE relnamespace = '{SCHEMA}'::regnamespace
          AND pg_get_expr(adbin, adrelid) LIKE '%pg_catalog.now()%'
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', fixed.tbl, fixed.col,
                       replace(fixed.expression, 'pg_catalog.now()', 'now()'));
    END LOOP;
END
$$
"""

_SHIFT: Final = f"UPDATE {SCHEMA}.demo_clock SET shift = shift + $1"
_WAKE: Final = f"DELETE FROM {SCHEMA}.pgqueuer WHERE false"  # the statement trigger notifies the workers

# A job that runs while the clock moves would look abandoned, and run a second time.
_BUSY: Final = f"""
SELECT EXISTS (
    SELECT FROM {SCHEMA}.pgqueuer WHERE status = 'picked' OR (status = 'queued' AND execute_after <= now())
)
"""


async def install(connection: asyncpg.Connection) -> None:
    """Make `now()` movable. *connection* has the bot's search_path, as in the functions below."""
    await connection.execute(_INSTALL)
    await connection.execute(_DEFAULTS)


async def is_busy(connection: asyncpg.Connection) -> bool:
    """Whether the job queue has work that is running or due."""
    return bool(await connection.fetchval(_BUSY))


async def advance(connection: asyncpg.Connection, by: timedelta) -> None:
    """Move `now()` on and wake the workers to look at it. Only when the queue is idle (`is_busy`)."""
    await connection.execute(_SHIFT, by)
    await connection.execute(_WAKE)
