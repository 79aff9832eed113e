"""What the lines in an incident's thread say about triages."""

from bot.domain.delivery.notices import Notice


class TriagedHereNotice(Notice, name="triaged_here"):
    """Another triage of the same message has ended in this incident.

    Attributes:
        severity: Its result; None for a re-evaluation.
    """

    severity: str | None = None
