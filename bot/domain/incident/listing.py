"""The filter of a list of incidents."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.incident.incident import Status


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """The conditions for an incident to be listed; a condition left at its default holds for every incident.

    Attributes:
        statuses: The incident has one of these; empty: any status.
        severity: Its name.
        words: A part of the title; upper and lower case count as the same.
        since: The incident was triggered then or later; aware.
        viewer: The id of the user who reads the list. They see the private incidents that name them.
        involves: The id of a user who reported, acknowledged or joined the incident, or has a role in it.
        sees_all: *viewer* sees every private incident.
        drills: Drills are listed, too.
        by_severity: Names of severities, the most severe first: open incidents are listed in this order.
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
