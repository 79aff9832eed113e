"""The result of a check."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARN = "warn"  # the bot works, something will be missed
    FAIL = "fail"  # something that the policy promises cannot be done


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's table.

    Attributes:
        what: The thing checked: "channel #p0-alerts".
        said: Its state, in one line without secrets.
        todo: What a person can do about it; empty when nothing is to be done.
    """

    what: str
    state: State
    said: str
    todo: str = ""


def ok(what: str, said: str) -> Finding:
    """Return the finding that *what* is all right."""
    return Finding(what, State.OK, said)


def warn(what: str, said: str, todo: str) -> Finding:
    """Return a finding for a problem with which the bot still works."""
    return Finding(what, State.WARN, said, todo)


def fail(what: str, said: str, todo: str) -> Finding:
    """Return a finding for something that will not work."""
    return Finding(what, State.FAIL, said, todo)
