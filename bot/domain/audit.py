"""The audit log: every change that a person made, and every refusal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit log.

    Attributes:
        id: Grows with time.
        action: What was done: the kind of the timeline entry, or the permission that was refused.
        allowed: False: the person was refused, and nothing changed.
        data: What it was about; `incident_id` if that is an incident.
    """

    id: int
    at: datetime
    guild_id: int
    actor_id: int
    actor_name: str
    action: str
    allowed: bool
    data: Mapping[str, object]

    @property
    def incident_id(self) -> int | None:
        """Return the number of the incident that it is about; None if it is about none."""
        number = self.data.get("incident_id")
        return number if isinstance(number, int) else None


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Which rows of the audit log are asked for.

    Attributes:
        incident_id: About this incident only.
        since: Not earlier.
        refused: Refusals only.
        before: Rows older than the one with this id: the next page.
    """

    incident_id: int | None = None
    since: datetime | None = None
    refused: bool = False
    before: int | None = None
