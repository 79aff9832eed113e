"""What timeline entries hold about triages, and about deliveries that did not arrive as messages."""

from datetime import datetime

from bot.domain.payloads import Payload, keyed
from bot.domain.timeline.entries import EntryData, TimelineKind
from bot.domain.triage.evidence import Evidence
from bot.domain.triage.payloads import JoinedReport


class EvidenceEntry(EntryData, kind=TimelineKind.EVIDENCE):
    """The message that the triage started from; attributes as `Evidence`."""

    text: str
    author_id: int
    author_name: str
    url: str
    at: datetime

    @classmethod
    def of(cls, evidence: Evidence) -> "EvidenceEntry":
        """Return the entry about *evidence*."""
        return cls(
            text=evidence.text,
            author_id=evidence.author_id,
            author_name=evidence.author_name,
            url=evidence.url,
            at=evidence.at,
        )


class GivenAnswer(Payload):
    """An answer.

    Attributes:
        unsure: The person did not know it for sure.
        by, at: Who gave it, and when.
        withdrawn, withdrawn_by: When it was taken back, and by whom; None: it counts.
    """

    question: str
    answer: str
    unsure: bool
    by: str | None
    at: datetime
    withdrawn: datetime | None
    withdrawn_by: str | None


class SeverityChoice(Payload):
    """A severity chosen by hand; attributes as `GivenAnswer`.

    Attributes:
        proposed: What the tree had said; None: nothing yet.
        counts: It is the one that counted in the end.
    """

    proposed: str | None
    severity: str
    counts: bool
    by: str | None
    at: datetime
    withdrawn: datetime | None
    withdrawn_by: str | None


class TriagedEntry(EntryData, kind=TimelineKind.TRIAGED):
    """The whole triage.

    Attributes:
        triage: Its number; 0 in a row of an older version.
        started_by: The name of the person who began it.
        chosen: The severity chosen by hand; an older version wrote no choices beside it.
        joined: What was reported, if the triage has joined an incident of others.
    """

    triage: int
    started_by: str | None
    chosen: str | None
    answers: tuple[GivenAnswer, ...]
    choices: tuple[SeverityChoice, ...]
    joined: JoinedReport | None = None


class PromotedEntry(EntryData, kind=TimelineKind.PROMOTED):
    """A re-evaluation without an answer was raised.

    Attributes:
        triaged_by, asked_at: Who triaged, and when the bot asked; None in a row of an older version.
    """

    triage: int
    triaged_by: str | None
    asked_at: datetime | None


class UnfinishedEntry(EntryData, kind=TimelineKind.UNFINISHED):
    """A triage that its person left unfinished was raised.

    Attributes:
        left_by, asked_at: Who left it, and when the bot asked them.
    """

    triage: int
    left_by: str | None
    asked_at: datetime | None


class DeliveryFailedEntry(EntryData, kind=TimelineKind.DELIVERY_FAILED):
    """A delivery was given up.

    Attributes:
        of: Its kind.
        to: As `Delivery.to`.
        name: Of the person it was about, where that is known.
    """

    of: str = keyed("kind")
    to: str
    reason: str
    name: str | None = None


class EmailedEntry(EntryData, kind=TimelineKind.EMAILED):
    """An email went out as the backup of a message in Discord."""

    recipients: int | None
