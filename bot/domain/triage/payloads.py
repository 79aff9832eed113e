"""What notices and deliveries hold about triages."""

from bot.domain.delivery.notices import Notice
from bot.domain.payloads import Payload


class TriagedHereNotice(Notice, name="triaged_here"):
    """Another triage of the same message has ended in this incident.

    Attributes:
        severity: Its result; None for a re-evaluation.
    """

    severity: str | None = None


class TriageData(Payload):
    """A post of a triage.

    Attributes:
        triage: Its number.
        monitor: The name of the monitor whose alert it is about.
        quiet: The person it mentions was notified before.
    """

    triage: int
    monitor: str | None = None
    quiet: bool = False
