"""Which incidents a list shows."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident.incident import Status


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; what is left out admits everything.

    Attributes:
        statuses: Any of these.
        severity: Its name.
        words: A part of the title, whatever the case.
        since: Triggered then or later, aware.
        viewer: The user id of the person who looks: they get the private incidents that name them.
        involves: Reported, acknowledged or joined by the user of this id, or a role of it theirs.
        sees_all: They get every private incident.
        drills: Whether drills are shown.
        by_severity: Names of severities, the most severe first: the order of those that are open.
    """

    statuses: frozenset[Status] = frozenset()
    severity: str | None = None
    words: str | None = None
    since: datetime | None = None
    viewer: int | None = None
    involves: int | None = None
    sees_all: bool = False
    drills: bool = True
    by_severity: tuple[str, ...] = ()
