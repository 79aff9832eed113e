"""What the lines in an incident's thread say about triages."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.delivery.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class TriagedHereNotice(Notice):
    """Another triage of the same message has ended in this incident.

    Attributes:
        severity: Its result; None for a re-evaluation.
    """

    name: ClassVar = "triaged_here"

    severity: str | None = None
