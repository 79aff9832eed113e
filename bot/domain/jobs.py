"""Jobs that do one thing later, and how urgent is what a task does."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

#: A wait up to this is a place in the line of a route that is full for a moment.
IN_LINE: Final = timedelta(seconds=5)

#: A person looks at a screen and waits for it. Jobs have the priority that the queue gave them: -9 to 100.
PERSON: Final = 110

#: For requests that can wait for all others.
BACKGROUND: Final = -10


class JobName(StrEnum):
    """The core's entry points of the queue. Each handler may run twice without harm."""

    DELIVER = "deliver"  # payload: delivery id
    ESCALATE = "escalate"  # payload: "incident_id:index"
    REFRESH = "refresh"  # payload: incident id
    REFRESH_BUNDLE = "refresh_bundle"  # payload: the bundle's delivery id
    REFRESH_TRIAGE = "refresh_triage"  # payload: triage id
    REFRESH_QUESTION = "refresh_question"  # payload: the delivery id of its line
    REEVALUATE = "reevaluate"  # payload: triage id; its deadline is reached, of any kind
    UNFINISHED_TRIAGE = "unfinished_triage"  # payload: triage id; looks if it is still being answered
    REMIND = "remind"  # payload: incident id
    ARCHIVE = "archive"  # payload: incident id
    SHOW_COUNT = "show_count"  # payload: incident id; a tracked alert came again
    RECORD_FAILURE = "record_failure"  # payload: delivery id
    EMAIL = "email"  # payload: delivery id; it is sent, but not acknowledged so far
    REDACT = "redact"  # payload: incident id; it is private by now
    REDACT_FAILURES = "redact_failures"  # payload: incident id; the same for its rows in the DLQ
    KEEP_IN_STEP = "keep_in_step"  # payload: delivery id; its page in a system outside
    TRACK_UNANSWERED = "track_unanswered"  # payload: "guild_id:message_id"; nobody has said what it means


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done after the transaction that enqueues it.

    Attributes:
        name: A `JobName`, or a capability's own.
        key: One job per key at a time; asked for while it runs, it runs once more afterwards.
        priority: Higher goes first.
        after: Delay from the transaction's time.
        sooner: When it is queued already, bring it forward to then; without this it keeps its time.
        patience: With `sooner`: one that is queued for no more than so long after then keeps its time.
        guild_id: Whose it is; None: the guild of the store that it is put into.
    """

    name: str
    payload: str
    key: str
    priority: int = 0
    after: timedelta = timedelta()
    sooner: bool = False
    patience: timedelta = timedelta()
    guild_id: int | None = None


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
