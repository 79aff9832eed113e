"""What becomes of a triage that its person has left: never an alert of somebody who only looked around."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.tree import Path, Tree


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """The last time that somebody did something about a walk, and who."""

    at: datetime
    by_id: int
    by_name: str


@dataclass(frozen=True, slots=True)
class Idle:
    """Whether somebody still answers a walk.

    Attributes:
        due_at: When that is looked at next; None: no more, unless somebody goes on.
        asked_at: When its person was asked; None: they were not, or somebody has gone on since.
        asked_name: Who was asked last.
        rounds: How often somebody was asked.
        continued_at: The last time that somebody went on after the question.
        continued_by_id, continued_by_name: Who that was: the walk is theirs since.
    """

    due_at: datetime | None = None
    asked_at: datetime | None = None
    asked_name: str | None = None
    rounds: int = 0
    continued_at: datetime | None = None
    continued_by_id: int | None = None
    continued_by_name: str | None = None

    def asked(self, name: str, *, at: datetime, due_at: datetime) -> "Idle":
        """*name* is asked whether they go on; at *due_at* it is decided without them."""
        return replace(self, due_at=due_at, asked_at=at, asked_name=name, rounds=self.rounds + 1)

    def due(self, at: datetime) -> "Idle":
        """It is looked at again at *at*."""
        return replace(self, due_at=at)

    def stopped(self) -> "Idle":
        """The clock ends: the walk has ended, or waits for whoever takes it up."""
        return replace(self, due_at=None)

    def continued(self, *, by: Person, at: datetime, due_at: datetime | None) -> "Idle":
        """*by* goes on; at *due_at* (None: never) it is looked at whether they still do."""
        return replace(
            self,
            due_at=due_at,
            asked_at=None,
            continued_at=at,
            continued_by_id=by.id,
            continued_by_name=by.name,
        )


def severity_if_left(
    tree: Tree, severities: Mapping[str, SeverityPolicy], *, path: Path, chosen: str | None
) -> SeverityPolicy | None:
    """Return the severity under which a walk is raised that nobody finishes.

    That is the least grave one that the answers leave, when all that they leave call people. Without an
    answer nothing was said yet, and nobody is called.

    Args:
        path: The answers, as far as they fit the tree.
        chosen: The severity that somebody chose over the tree's; None: nobody did.

    Returns:
        The severity, or None: it is not raised.
    """
    if chosen is None and not path:
        return None
    names = {chosen} if chosen is not None else {outcome.severity for outcome in tree.outcomes(path)}
    left = [severities.get(name or "") for name in names]
    known = [severity for severity in left if severity is not None and severity.calls_people]
    return max(known, key=lambda severity: severity.rank) if len(known) == len(left) else None
