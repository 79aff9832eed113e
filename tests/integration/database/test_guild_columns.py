"""Every row belongs to a guild, by a column or by its parent. See docs/internals/guilds.md."""

from typing import Final

from tests.postgres import connect

#: Tables that are nobody's, each with why.
SHARED: Final = {
    "schema_migrations": "dbmate's",
    "installation": "one row for all",
    "instances": "processes",
    "shard_leases": "a shard has many guilds",
    "identifies": "sessions at Discord, of all guilds",
    "noted_messages": "by channel, which Discord knows in one guild only",
    "pgqueuer": "a job's headers say it; a queue of PgQueuer's has the columns that it has",
    "pgqueuer_log": "PgQueuer's",
    "pgqueuer_schedules": "PgQueuer's",
    "pgqueuer_statistics": "PgQueuer's",
}

OWN: Final = """
SELECT relname,
       EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'guild_id') AS says
  FROM pg_class
 WHERE relnamespace = 'incident_bot'::regnamespace AND relkind IN ('r', 'p')
"""
PARENTS: Final = """
SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent
  FROM pg_constraint
  JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
 WHERE contype = 'f' AND attnotnull AND connamespace = 'incident_bot'::regnamespace
"""


async def test_each_row_is_a_guilds(database_url: str) -> None:
    """Each table has a column for the guild, a required parent that has one, or a stated reason."""
    connection = await connect(database_url)
    tables = {row["relname"]: row["says"] for row in await connection.fetch(OWN)}
    parents = {(row["child"], row["parent"]) for row in await connection.fetch(PARENTS)}
    await connection.close()
    own = {name for name, says in tables.items() if says}
    children = {child for child, parent in parents if parent in own} - own
    assert {"incidents", "triages", "deliveries", "audit", "oncall_overrides"} <= own
    assert {"responders", "timeline", "escalation_steps", "triage_answers"} <= children
    assert tables.keys() - own - children == SHARED.keys()
