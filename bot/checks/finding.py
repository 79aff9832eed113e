"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How much it matters."""

    OK = "ok"
    WARN = "warn"  # the bot works, something will be missed
    FAIL = "fail"  # something that the policy promises cannot be done


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's table.

    Attributes:
        what: What was looked at: "channel #p0-alerts".
        said: What it looks like, one line without secrets.
        todo: What a person can do about it; empty when nothing is to be done.
    """

    what: str
    state: State
    said: str
    todo: str = ""


def ok(what: str, said: str) -> Finding:
    """All is well with *what*."""
    return Finding(what, State.OK, said)


def warn(what: str, said: str, todo: str) -> Finding:
    """The bot works, but somebody should know."""
    return Finding(what, State.WARN, said, todo)


def fail(what: str, said: str, todo: str) -> Finding:
    """Something will not work."""
    return Finding(what, State.FAIL, said, todo)
