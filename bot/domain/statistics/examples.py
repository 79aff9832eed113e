"""Incidents that stand for a line of figures, so that the line can lead somewhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.incident.incident import Incident


class ExampleOf(StrEnum):
    """What an incident stands for; the name beside it says which one.

    The latest one is taken, except of a severity: there it is the one that took longest to resolve.
    """

    SEVERITY = "severity"
    TARGET = "target"
    READER = "reader"  # of a page, by handle
    SENDER = "sender"  # of an alert
    LATE_UPDATE = "late_update"
    DRILL = "drill"


@dataclass(frozen=True, slots=True)
class Example:
    """One incident that stands for a figure.

    Attributes:
        name: Of the severity, target, reader or sender; None for others, and for a reader who was not kept.
        place: Of such a reader, the on-call place that was paged.
    """

    of: ExampleOf
    name: str | None
    place: str | None
    incident: Incident


@dataclass(frozen=True, slots=True)
class Examples:
    """The examples of a period. Private incidents are not among them."""

    incidents: Mapping[tuple[ExampleOf, str], Incident] = field(default_factory=dict)

    @classmethod
    def by_name(cls, named: Iterable[tuple[ExampleOf, str, Incident]]) -> "Examples":
        """Keep the latest incident of each name."""
        in_order = sorted(named, key=lambda one: one[2].id)
        return cls({(of, name): incident for of, name, incident in in_order})

    def of(self, kind: ExampleOf, name: str = "") -> Incident | None:
        """Return the example of that name; None for none that may be shown."""
        return self.incidents.get((kind, name))
