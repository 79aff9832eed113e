"""The audit log: every change that a person made, and every refusal."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from bot.domain.payloads import Json


@dataclass(frozen=True, slots=True)
class AuditData:
    """What a row of the audit log is about, stored as one JSON object.

    Attributes:
        incident_id: The number of the incident that it is about; None if it is about none.
        act: What a refused person tried, or which part of *action* a person did; None if the action says it.
        facts: Further keys of the object, different for each action; JSON-able. They are shown as they are.
    """

    incident_id: int | None = None
    act: str | None = None
    facts: Json = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return the object to store. A key that is None is left out."""
        known = {"incident_id": self.incident_id, "act": self.act}
        return {**{key: value for key, value in known.items() if value is not None}, **self.facts}

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """Read what this or an earlier version has stored. A key of another type stays among the facts."""
        number, act = stored.get("incident_id"), stored.get("act")
        incident_id = number if isinstance(number, int) and not isinstance(number, bool) else None
        act = act if isinstance(act, str) else None
        read = {"incident_id": incident_id, "act": act}
        return cls(incident_id, act, {key: value for key, value in stored.items() if read.get(key) is None})


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit log.

    Attributes:
        id: Grows with time.
        action: What was done: the kind of the timeline entry, or the permission that was refused.
        allowed: False: the person was refused, and nothing changed.
        data: What it was about.
    """

    id: int
    at: datetime
    guild_id: int
    actor_id: int
    actor_name: str
    action: str
    allowed: bool
    data: AuditData

    @property
    def incident_id(self) -> int | None:
        """Return the number of the incident that it is about; None if it is about none."""
        return self.data.incident_id


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
