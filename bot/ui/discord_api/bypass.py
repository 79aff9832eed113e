"""A bypass of discord.py's own rate-limit waits, for requests that have passed the gate.

In discord.py 2.7.1, the request that takes a bucket's last place sleeps until the bucket opens again, within
a call that has succeeded. That is five seconds for every fifth message in a channel, and it holds up a job's
slot and its commit. It has no switch for that (`max_ratelimit_timeout` is 30 s at least). So requests of
`Rest`, which has asked `Gate` before, get a bucket that never waits. Requests that discord.py makes by itself
keep the usual buckets.
"""

from contextvars import ContextVar
from typing import Any, Self, cast

import discord

#: Set while a request runs for which the gate has found capacity.
has_capacity: ContextVar[bool] = ContextVar("has_capacity", default=False)


class _Open:
    """A `Ratelimit` that never waits, with the members that `HTTPClient.request` uses."""

    remaining = 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None

    def update(self, _response: object, *, use_clock: bool = False) -> None:
        """Ignore the headers: the bot's own gate reads them."""

    def is_inactive(self) -> bool:
        """Return True: discord.py may forget the bucket at any time."""
        return True


def open_buckets(client: discord.Client) -> None:
    """Let requests with `has_capacity` pass; once per client, however often it is called."""
    http = cast("Any", client.http)
    if "get_ratelimit" in vars(http):
        return
    usual, buckets = http.get_ratelimit, http._buckets  # noqa: SLF001  # the version is pinned

    def get_ratelimit(key: str) -> object:
        if has_capacity.get():
            return _Open()
        # `request` keeps whatever it was given, once it knows the bucket.
        if isinstance(buckets.get(key), _Open):
            del buckets[key]
        return usual(key)

    http.get_ratelimit = get_ratelimit
