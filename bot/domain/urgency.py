"""How urgent is what this task does: the order of requests to Discord when there are too many."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

#: A person looks at a screen and waits for it. Jobs have the priority that the queue gave them: -9 to 100.
PERSON: Final = 110

#: For requests that can wait for all others.
BACKGROUND: Final = -10

_urgency: ContextVar[int] = ContextVar("urgency", default=PERSON)


def current() -> int:
    """Return the urgency of this task; higher goes first."""
    return _urgency.get()


@contextmanager
def urgency(value: int) -> Iterator[None]:
    """Give requests within the block, and by tasks that it starts, the urgency *value*."""
    token = _urgency.set(value)
    try:
        yield
    finally:
        _urgency.reset(token)
