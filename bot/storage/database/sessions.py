"""Connections that keep their statements prepared: to parse one again is a round trip each time."""

import time
from collections.abc import Iterable
from functools import cache
from typing import Final

import asyncpg

PLANS_S: Final = 10.0
"""How long a statement's plan is kept, seconds: a storm makes a table a thousand times larger."""

#: More than there are queries, PgQueuer's and asyncpg's own included: none is ever parsed twice.
STATEMENTS: Final = 1_000

#: The server plans each statement anew when it is next run. Nothing is parsed again.
_FORGET_PLANS: Final = "DISCARD PLANS"

#: Array types that queries take or return, as "oid element_oid element": fixed in every PostgreSQL.
_ARRAYS: Final = (
    "1000 16 bool",
    "1005 21 int2",
    "1007 23 int4",
    "1016 20 int8",
    "1022 701 float8",
    "1182 1082 date",
    "1185 1184 timestamptz",
    "1187 1186 interval",
    "2951 2950 uuid",
)


class Session(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types of its own
    """A connection of a pool that knows how old its plans are."""

    __slots__ = ("_learned", "_planned_s")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._planned_s = time.monotonic()
        self._learned: set[str] = set()

    async def begin(self, statement: str) -> None:
        """Begin a transaction by *statement*; plans that have become old go with the same round trip."""
        await self.execute(f"{_FORGET_PLANS}; {statement}" if self._outlived() else statement)

    async def forget_old_plans(self) -> None:
        """Forget plans that have become old where no transaction begins."""
        if not self.is_closed() and self._outlived():
            await self.execute(_FORGET_PLANS)

    def knows(self, statements: Iterable[str]) -> bool:
        """Return True if the session has already prepared all of *statements*."""
        return self._learned.issuperset(statements)

    async def learn(self, statements: Iterable[str]) -> None:
        """Prepare those of *statements* that are not prepared yet; run none of them.

        If that ends half-way, the connection is dropped.
        """
        new = [statement for statement in statements if statement not in self._learned]
        if not new:
            return
        try:
            for statement in new:
                await self.executemany(statement, ())
                self._learned.add(statement)
            # Nothing was run, so the server still is in a transaction of its own, in which another one may
            # not choose its isolation.
            await self.execute("SELECT 1")
        except BaseException:
            self.terminate()
            raise

    def know_arrays(self) -> None:
        """Register the built-in array types, after the codecs: setting one forgets the derived types.

        asyncpg would ask the catalogs for them on each connection: a start took the server twice as long.
        """
        self._protocol.get_settings().register_data_types(_built_in_arrays())

    def _outlived(self) -> bool:
        now_s = time.monotonic()
        is_old = now_s - self._planned_s > PLANS_S
        if is_old:
            self._planned_s = now_s
        return is_old


@cache
def _built_in_arrays() -> list[dict[str, object]]:
    """Describe the built-in array types as asyncpg's look-up of types does."""
    absent = dict.fromkeys(("attrtypoids", "basetype", "range_subtype"))
    each = (line.split() for line in _ARRAYS)
    return [
        absent
        | {"oid": int(oid), "ns": "pg_catalog", "name": f"_{element}", "kind": b"b"}
        | {"elemtype": int(element_oid), "elemtype_name": element, "elemdelim": b","}
        for oid, element_oid, element in each
    ]
