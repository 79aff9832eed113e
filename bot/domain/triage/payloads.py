"""What notices, deliveries and the timeline hold about triages."""

from datetime import datetime

from bot.domain.delivery.notices import Notice
from bot.domain.payloads import Payload


class PathStep(Payload, kw_only=False):
    """An answer of the decision tree, as `Given.as_step`."""

    question: str
    answer: str


class JoinedReport(Payload):
    """A report that joined an incident of others, as its person gave it.

    Attributes:
        by: The name of the person who began the triage.
        severity: Its result.
        path: The answers that led there.
        url: The message that it was about, if it was about one.
    """

    title: str
    targets: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    started_at: datetime
    by: str
    severity: str
    path: tuple[PathStep, ...] = ()
    url: str | None = None


class ReportJoinedNotice(Notice, name="report_joined"):
    """The report of another person has joined this incident."""

    report: JoinedReport


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
