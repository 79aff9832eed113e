"""The databases: ours with its migrations, and the one that holds the failed notifications."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Final

from bot.database import FAR_S, closing, reach, reason_of
from bot.doctor.finding import Finding, fail, ok, warn
from bot.domain.dlq import Misfit, TableReport, Unrecorded
from bot.domain.errors import ConfigError, StorageUnavailable
from bot.services.ports import DlqStore
from bot.storage.database.leases import Leases
from bot.storage.database.migrate import pending
from bot.storage.database.pools import open_pool

#: What is said of a table that cannot be read, and what to do.
_MISFITS: Final = {
    Misfit.NO_TABLE: (
        "there is no {table}",
        "run `incident-bot migrate`, name it under [dlq], or correct DLQ_DATABASE_URL",
    ),
    Misfit.NO_COLUMN: ("{table} has no column {columns}", "name it under [dlq.columns]"),
    Misfit.NO_PERMISSION: (
        "{columns} of {table} cannot be read",
        "grant the bot's role SELECT, and USAGE on the schema",
    ),
    Misfit.WRONG_TYPE: (
        "{columns} of {table} has a type without order",
        "an id is a uuid, an integer or text, a moment timestamptz or timestamp: name another column",
    ),
}

_OWN: Final = "the bot's own failures are not recorded: "
_UNRECORDED: Final = {
    Unrecorded.READ_ONLY: (
        f"{_OWN}the role may not insert",
        "grant INSERT, or look for them with `incident-bot jobs`",
    ),
    Unrecorded.REQUIRED_COLUMN: (
        f"{_OWN}a column that the policy does not name is required",
        "give it a default",
    ),
    Unrecorded.ID_TYPE: (f"{_OWN}a smallint has no room for their ids", "nothing, or widen the id"),
    Unrecorded.GENERATED: (f"{_OWN}a column is computed", 'set it to "none" under [dlq.columns]'),
}


async def check_database(dsn: str) -> Finding:
    """Check that our database takes a connection and is near enough."""
    try:
        reached = await reach(dsn, patience_s=0.0)
    except ConfigError as error:
        return fail("database", str(error), "start PostgreSQL, or correct DATABASE_URL")
    said = f"PostgreSQL {reached.version}, {1000 * reached.round_trip_s:.1f} ms away"
    if reached.is_far:
        limit = f"{1000 * FAR_S:.0f} ms"
        return warn(
            "database", f"{said}: beyond {limit} alerts and escalations are late", "run the bot near it"
        )
    return ok("database", said)


def check_migrations(dsn: str) -> Finding:
    """Check that our tables are those of this version."""
    try:
        left = pending(dsn)
    except ConfigError as error:
        return fail(
            "migrations", str(error), "correct DATABASE_URL: a direct connection, no transaction pooler"
        )
    if left:
        return warn(
            "migrations", f"pending: {', '.join(left)}", "nothing: `run` applies them, as does `migrate`"
        )
    return ok("migrations", "all applied")


async def check_connections(dsn: str, wanted: int) -> Finding:
    """Check that the database allows *wanted* more connections, as many as a process needs."""
    async with AsyncExitStack() as stack:
        for count in range(wanted):
            try:
                pool = await open_pool(dsn, max_size=1)
            except StorageUnavailable as refused:
                reason = reason_of(refused.__cause__)
                return warn(
                    "connections",
                    f"only {count} of {wanted} more are allowed: {reason}",
                    "raise the limit of the database or its pooler, or lower DATABASE_CONNECTIONS",
                )
            await stack.enter_async_context(closing(pool))
    return ok("connections", f"{wanted} more are allowed, enough for one more process")


async def check_dlq(dlq: DlqStore) -> list[Finding]:
    """Check that the undelivered notifications can be read as the policy describes them, and quickly."""
    try:
        report = await dlq.report()
    except StorageUnavailable as error:
        return [fail("DLQ", f"cannot be reached: {error}", "correct DLQ_DATABASE_URL")]
    if report.misfit is not None:
        said, todo = _MISFITS[report.misfit]
        columns = ", ".join(report.concerned)
        return [fail("DLQ", said.format(table=report.table, columns=columns), todo)]
    return list(_dlq_warnings(report)) or [ok("DLQ", f"{report.table} has every column and index")]


def _dlq_warnings(report: TableReport) -> Iterator[Finding]:
    """Yield what is off in a table that can be read."""
    if report.missing:
        said = f"columns are missing: {', '.join(report.missing)}; what needs them is off"
        yield warn("DLQ", said, 'name them under [dlq.columns], or set them to "none" there')
    if report.unrecorded is not None:
        yield warn("DLQ", *_UNRECORDED[report.unrecorded])
    if report.indexes:
        said = f"indexes are missing: lists of {report.table} may be slow"
        yield warn("DLQ", said, "\n".join(["its owner may run:", *report.indexes]))


async def check_instances(leases: Leases) -> Finding:
    """Check which processes run, and that each shard has a listener."""
    try:
        fleet = await leases.fleet()
    except StorageUnavailable as error:
        return fail("processes", f"cannot be reached: {error}", "look at the database's load")
    if not fleet.instances:
        return ok("processes", "none is running")
    there = ", ".join(f"{one.host} ({one.version})" for one in fleet.instances)
    hosts = {one.id: one.host for one in fleet.instances}
    counts = {one.shard_count for one in fleet.instances}
    late = [lease.shard for lease in fleet.leases if lease.shard.count in counts and lease.is_late]
    if len(counts) > 1:
        return warn("processes", f"{there}; they divide the gateway differently", "give all the same SHARDS")
    if late:
        return warn("processes", f"{there}; no process listens to shard {late[0].id}", "look at their logs")
    held = [f"{lease.shard.id}: {hosts[lease.owner]}" for lease in fleet.leases if lease.owner in hosts]
    return ok("processes", f"{there}; shards: {', '.join(held)}")
