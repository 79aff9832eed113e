"""Monitoring figures that are counted from rows, so they are the same for all processes and outlive them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import asyncpg

from bot.capability import installed
from bot.storage.database.pools import PoolConnection
from bot.storage.database.sql import Sql

#: Upper bounds of the lateness of a step, seconds.
LATENESS_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

#: A step decided later than this has missed its deadline. Source: the product's promise, deadline + 5 s.
MISSED_S = 5.0


@dataclass(frozen=True, slots=True)
class RowGauge:
    """A gauge that a capability counts from its rows.

    Attributes:
        values: By the values of its labels; it may have none.
    """

    name: str
    meaning: str
    labels: tuple[()] | tuple[str, str]
    values: Mapping[tuple[()], float] | Mapping[tuple[str, str], float]


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures; drills are left out of those about steps.

    Attributes:
        decided: Steps that were decided at their time, ever.
        late_by: For each bound of `LATENESS_S`, how many of them were not later than it.
        late_s: Their lateness added up, seconds.
        missed: Those decided later than `MISSED_S`, and those that should have been and are not.
        queue: Jobs by name and state: waiting for their time, due, or running.
        deliveries: By kind and result.
        failovers: How often a shard was taken from an owner that had gone silent.
        identifies: Sessions begun at Discord's gateway within 24 hours.
        instances: Processes by version.
        own: The capabilities'.
    """

    decided: int
    late_by: tuple[int, ...]
    late_s: float
    missed: int
    queue: dict[tuple[str, str], int]
    deliveries: dict[tuple[str, str], int]
    failovers: int
    identifies: int
    instances: dict[str, int]
    own: tuple[RowGauge, ...] = ()


async def read_figures(
    pool: asyncpg.Pool, switched_off: Mapping[str, Collection[int]] = MappingProxyType({})
) -> Figures:
    """Count the figures.

    Args:
        switched_off: The guilds that have switched a capability off, by its name.

    Raises:
        StorageUnavailable: the database is away.
    """
    sql = Sql(PoolConnection(pool))
    steps = await sql.all("step_figures", bounds_s=list(LATENESS_S), missed_s=MISSED_S)
    queue = await sql.all("queue_figures")
    deliveries = await sql.all("delivery_figures")
    gateway = await sql.one("gateway_figures")
    versions = await sql.all("instance_figures")
    own: list[RowGauge] = []
    for one in installed():
        if one.gauges is not None:
            own += await one.gauges(sql, switched_off.get(one.name, ()))
    return Figures(
        decided=sum(row["decided"] for row in steps),
        # A place counts the bounds that are passed.
        late_by=tuple(
            sum(row["decided"] for row in steps if row["place"] <= index)
            for index, _ in enumerate(LATENESS_S)
        ),
        late_s=sum(row["late_s"] for row in steps),
        missed=sum(row["missed"] for row in steps),
        queue={(row["entrypoint"], row["state"]): row["jobs"] for row in queue},
        deliveries={(row["kind"], row["status"]): row["deliveries"] for row in deliveries},
        failovers=gateway["failovers"],
        identifies=gateway["identifies"],
        instances={row["version"]: row["instances"] for row in versions},
        own=tuple(own),
    )
