"""A source's own record of what it has tried to send: what did not arrive is fetched from it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HookAttempt:
    """One attempt of a source to deliver a request.

    Attributes:
        id: Of the attempt; the source knows it by this.
        delivery_id: Of the request, the same for each attempt.
        at: When it was made, aware.
        has_arrived: It was answered with 2xx.
    """

    id: int
    delivery_id: str
    at: datetime
    has_arrived: bool


def missed(attempts: Iterable[HookAttempt], *, known: Collection[str]) -> list[HookAttempt]:
    """Return the first attempt of each request that never arrived, oldest first.

    Args:
        known: Delivery ids of requests that are stored.
    """
    first: dict[str, HookAttempt] = {}
    arrived = set(known)
    for attempt in sorted(attempts, key=lambda one: (one.at, one.id)):
        first.setdefault(attempt.delivery_id, attempt)
        if attempt.has_arrived:
            arrived.add(attempt.delivery_id)
    return [attempt for name, attempt in first.items() if name not in arrived]
