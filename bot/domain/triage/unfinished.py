"""Triages that their person has left. A person who only looked around never causes an alert."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.tree import Path, Tree


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """The last act on a walk, and the person who did it."""

    at: datetime
    by_id: int
    by_name: str


@dataclass(frozen=True, slots=True)
class Idle:
    """The clock of a walk's first look, which finds out whether the walk is still answered.

    Attributes:
        due_at: When the bot checks next; None: never, unless a person goes on.
        asked_at: When the bot asked the walk's person; None: it did not, or a person has gone on since.
        asked_name: The person it asked last.
        rounds: How often it asked.
        continued_at: When a person last went on after being asked.
        continued_by_id, continued_by_name: The person who went on; the walk is theirs since.
    """

    due_at: datetime | None = None
    asked_at: datetime | None = None
    asked_name: str | None = None
    rounds: int = 0
    continued_at: datetime | None = None
    continued_by_id: int | None = None
    continued_by_name: str | None = None

    def asked(self, name: str, *, at: datetime, due_at: datetime) -> "Idle":
        """Record that *name* was asked whether they go on; at *due_at* the bot decides without them."""
        return replace(self, due_at=due_at, asked_at=at, asked_name=name, rounds=self.rounds + 1)

    def due(self, at: datetime) -> "Idle":
        """Return a copy whose next check is at *at*."""
        return replace(self, due_at=at)

    def stopped(self) -> "Idle":
        """Stop the clock, because the triage has ended or was offered to the team."""
        return replace(self, due_at=None)

    def continued(self, *, by: Person, at: datetime, due_at: datetime | None) -> "Idle":
        """Record that *by* goes on; the bot checks at *due_at* (None: never) whether they still do."""
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
    """Return the severity under which an unfinished walk is raised, if it is raised at all.

    It is the least severe outcome that the answers still allow, provided that every allowed outcome calls
    people. Without an answer no one is called.

    Args:
        path: The answers, as far as they fit the tree.
        chosen: The severity chosen by hand over the tree's; None if there is none.
    """
    if chosen is None and not path:
        return None
    names = {chosen} if chosen is not None else {outcome.severity for outcome in tree.outcomes(path)}
    left = [severities.get(name or "") for name in names]
    known = [severity for severity in left if severity is not None and severity.calls_people]
    return max(known, key=lambda severity: severity.rank) if len(known) == len(left) else None
