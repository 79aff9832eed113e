"""The rows that a transaction adds without reading them: they are written together, in one round trip.

They wait until a statement uses one of their tables, or until the commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.escalation.ladder import Step, StepStatus
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.storage.database.sql import many
from bot.storage.rows import entry_as_json

#: The tables that the query `append` writes to.
TABLES: Final = frozenset({"escalation_steps", "timeline", "audit", "deliveries"})


@dataclass(slots=True)
class Appends:
    """The rows that wait to be written.

    Attributes:
        steps, entries, audited: Rows as the query `append` takes them.
        deliveries: New ones.
    """

    steps: list[Mapping[str, object]] = field(default_factory=list)
    entries: list[Mapping[str, object]] = field(default_factory=list)
    audited: list[Mapping[str, object]] = field(default_factory=list)
    deliveries: list[NewDelivery] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.steps or self.entries or self.audited or self.deliveries)

    def add_steps(self, steps: Sequence[Step]) -> None:
        """Add steps of a ladder. Steps that are done already are stored as done."""
        self.steps += map(_step_as_json, steps)

    def tell(self, incident_id: int, *entries: TimelineEntry) -> None:
        """Add entries to the timeline of an incident."""
        self.entries += ({"incident_id": incident_id, **entry_as_json(entry)} for entry in entries)

    def audit(self, guild_id: int, by: Person, action: str, data: AuditData) -> None:
        """Add a change by a person to the audit log."""
        who = {"actor_id": by.id, "actor_name": by.name}
        self.audited.append({"guild_id": guild_id, **who, "action": action, "data": data.to_json()})

    def arguments(self) -> dict[str, object]:
        """Return the arguments of the query `append`."""
        return {
            "steps": many(self.steps),
            "entries": many(self.entries),
            "audited": many(self.audited),
            "deliveries": many(deliveries_as_json(self.deliveries)),
        }


def deliveries_as_json(new: Sequence[NewDelivery]) -> list[Mapping[str, object]]:
    """Return new deliveries as the queries `append` and `insert_deliveries` take them."""
    return [
        {
            "guild_id": one.guild_id,
            "incident_id": one.incident_id,
            "kind": one.kind,
            "target": one.to,
            "key": one.key,
            "after_key": one.after,
            "data": dict(one.data),
            "priority": one.priority,
            "wait_s": one.wait.total_seconds(),
        }
        for one in new
    ]


def _step_as_json(step: Step) -> Mapping[str, object]:
    return {
        "incident_id": step.incident_id,
        "index": step.index,
        "due_at": step.due_at.isoformat(),
        "mention": step.rung.mention,
        "dm": step.rung.dm,
        "also": step.rung.also,
        "starts_at": None if step.starts_at is None else step.starts_at.isoformat(),
        "repeat_s": None if step.rung.repeat is None else step.rung.repeat.total_seconds(),
        "repeats_left": step.rung.repeat_up_to,
        "priority": step.priority,
        "counts_from": None if step.counts_from is None else step.counts_from.isoformat(),
        "is_done": step.status is StepStatus.DONE,
    }
