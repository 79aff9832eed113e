"""What was decided about something that a monitor has said, and alerts that are held back for a while."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.alerts.alert import AlertMessage, mention_of
from bot.domain.alerts.events import NO_CHANNEL, AlertSender, EventOrigin, Occurrence
from bot.domain.alerts.questions import AlertQuestion
from bot.domain.alerts.recognition import Says
from bot.domain.incident.incident import Incident, IncidentKind, NewIncident
from bot.domain.incident.parts import AlertOrigin, AlertWait, Source
from bot.domain.payloads import Json, Payload
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.session import Evidence

#: Pieces of evidence that are kept of a decision: what decided, without all that agrees.
MOST_CLUES: Final = 3


class AlertOutcome(StrEnum):
    """What became of a message or an event."""

    TRACKED = "tracked"  # it opened an alert
    COUNTED = "counted"  # the same alert was open
    RECOVERED = "recovered"  # it ended its alert, or was noted on it
    NOTHING_OPEN = "nothing_open"  # it says that an alert is over, and none was open
    MUTED = "muted"  # the team has muted the alert
    IGNORED = "ignored"  # by a rule of the policy
    BELOW = "below"  # a rule waits until it has come more often
    HELD = "held"  # by a maintenance window
    DEPENDS = "depends"  # held by an open incident of what it depends on
    ASKED = "asked"  # the bot has asked whether it is an alert
    WAITING = "waiting"  # it is tracked unless somebody answers; too many were asked about to ask about it
    NOT_ASKED = "not_asked"  # its sender is ignored, or was asked about
    UNKNOWN = "unknown"  # no pattern matches, and the channel's policy passes over that
    CHATTER = "chatter"  # a pattern says that it is no alert
    OVER_BEFORE = "over_before"  # it was over before it was received
    TOO_OLD = "too_old"  # it was posted long before the bot came back
    REPLAY = "replay"  # an old notification that was sent again
    IGNORED_SENDER = "ignored_sender"  # `ignore` of the policy
    NOT_HEEDED = "not_heeded"  # by a bot that the policy does not name
    UNREADABLE = "unreadable"  # what a source has sent by HTTP cannot be read


class DecisionDetail(Payload):
    """More about a decision.

    Attributes:
        rule: The number of the rule that decided, from 1.
        count, needed, within_s: How often it came within that time, and how often it has to.
        problem: Why it cannot be read.
        clues: By what it is known what it says, the strongest first: the part of the message, its words.
        lesson: The number of the lesson by which it was read.
    """

    rule: int | None = None
    count: int | None = None
    needed: int | None = None
    within_s: float | None = None
    problem: str | None = None
    clues: tuple[tuple[str, ...], ...] = ()
    lesson: int | None = None

    @property
    def within(self) -> timedelta | None:
        """Return the time within which it is counted."""
        return None if self.within_s is None else timedelta(seconds=self.within_s)


@dataclass(frozen=True, slots=True)
class AlertDecision:
    """What was decided about one message or event.

    Attributes:
        sender, said_id, nth: Two with the same ones are the same decision; the last is for events that came
            together.
        channel_id: Where the message is; `NO_CHANNEL` for an event.
        said_at: When it was said, aware.
        says: None: no pattern matches it.
        label: The monitor, as people read it.
        title: What it is about, one line.
        url: The message, or where to read more; may be empty.
        severity: The name of the severity that it would have.
        fingerprint: Empty if it was passed over before it had one.
        incident_id: The incident that it was counted on, or that it opened, perhaps later.
        window_id: The maintenance window that has held it.
        held_by: The incident that has held it.
        held: What to open when nothing holds it back any more.
    """

    guild_id: int
    sender: str
    said_id: int
    channel_id: int
    said_at: datetime
    outcome: AlertOutcome
    label: str
    title: str
    nth: int = 0
    says: Says | None = None
    url: str = ""
    target: str | None = None
    severity: str | None = None
    fingerprint: str = ""
    incident_id: int | None = None
    window_id: int | None = None
    held_by: int | None = None
    detail: DecisionDetail = field(default_factory=DecisionDetail)
    held: Json | None = None

    @classmethod
    def on(
        cls,
        occurrence: Occurrence,
        outcome: AlertOutcome,
        *,
        says: Says | None,
        incident: Incident | None = None,
    ) -> "AlertDecision":
        """Build the decision record for a message or event, with the evidence for what it says."""
        clues = [clue for clue in occurrence.clues if says in (None, clue.says)][:MOST_CLUES]
        return cls(
            guild_id=occurrence.guild_id,
            sender=occurrence.sender,
            said_id=occurrence.id,
            nth=occurrence.nth,
            channel_id=occurrence.channel_id,
            said_at=occurrence.at,
            says=says,
            outcome=outcome,
            label=occurrence.by.name,
            title=occurrence.title,
            url=occurrence.url,
            target=occurrence.target,
            severity=occurrence.severity.name,
            fingerprint=occurrence.fingerprint,
            incident_id=None if incident is None else incident.id,
            detail=DecisionDetail(
                clues=tuple((one.part, one.words) for one in clues), lesson=occurrence.lesson
            ),
        )

    @classmethod
    def on_hook(cls, sender: AlertSender, origin: EventOrigin, *, problem: str) -> "AlertDecision":
        """Return the decision about what *sender* has sent by HTTP, which says nothing that can be read."""
        return cls(
            guild_id=origin.guild_id,
            sender=sender.name,
            said_id=origin.id,
            nth=origin.nth,
            channel_id=NO_CHANNEL,
            said_at=origin.at,
            outcome=AlertOutcome.UNREADABLE,
            label=sender.label,
            title=sender.label,
            detail=DecisionDetail(problem=problem),
        )

    @classmethod
    def on_answer(
        cls, question: AlertQuestion, outcome: AlertOutcome, *, incident: Incident
    ) -> "AlertDecision":
        """Return the decision that a person took about a message that was asked about."""
        return cls(
            guild_id=question.guild_id,
            sender=question.sender,
            said_id=question.message_id,
            channel_id=question.channel_id,
            said_at=question.evidence.at,
            outcome=outcome,
            label=question.evidence.author_name,
            title=question.title,
            url=question.evidence.url,
            target=question.target,
            severity=question.severity,
            fingerprint=question.fingerprint,
            incident_id=incident.id,
        )

    @classmethod
    def on_message(cls, message: AlertMessage, outcome: AlertOutcome) -> "AlertDecision":
        """Return the decision about a message that was passed over before it was read."""
        return cls(
            guild_id=message.guild_id,
            sender=message.sender,
            said_id=message.id,
            channel_id=message.channel_id,
            said_at=message.evidence.at,
            outcome=outcome,
            label=message.evidence.author_name,
            title=message.title or message.stand_in,
            url=message.evidence.url,
        )


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which decisions are listed.

    Attributes:
        target, outcome: None: any.
    """

    target: str | None = None
    outcome: AlertOutcome | None = None


@dataclass(frozen=True, slots=True)
class DecisionCursor:
    """The place between two pages.

    Attributes:
        said_id, nth: Of the decision at the end of the page that is shown.
        is_newer: The page with newer decisions is wanted; else the one with older ones.
    """

    said_id: int
    nth: int
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class HoldingWindow:
    """The maintenance window that has held an alert.

    Attributes:
        until: When it ends, or has ended; aware.
        by_name: Who has set it.
    """

    until: datetime
    by_name: str


@dataclass(frozen=True, slots=True)
class ShownDecision:
    """A decision in a list.

    Attributes:
        is_hidden: Its incident is private.
        channel_id, message_id: Where people work on its incident, once Discord has it: a thread has no
            message.
        holding: None: no maintenance window has held it.
    """

    decision: AlertDecision
    is_hidden: bool
    channel_id: int | None = None
    message_id: int | None = None
    holding: HoldingWindow | None = None


@dataclass(frozen=True, slots=True)
class DecisionPage:
    """Some decisions, newest first.

    Attributes:
        newer, older: Where the pages beside this one begin; None: there is none.
    """

    filter: DecisionFilter
    shown: tuple[ShownDecision, ...]
    newer: DecisionCursor | None = None
    older: DecisionCursor | None = None


@dataclass(frozen=True, slots=True)
class HoldReason:
    """Why a `bot.capability.AlertHold` holds an alert back.

    The decision keeps the alert as `HeldAlert`, in case it is opened later after all.

    Attributes:
        outcome: What the decision says.
        window_id: The window that holds it, if one does.
        incident_id: The incident that holds it, if one does.
    """

    outcome: AlertOutcome
    window_id: int | None = None
    incident_id: int | None = None


@dataclass(frozen=True, slots=True)
class AlertWindow:
    """A time in which the new alerts about a target are held: a maintenance.

    Attributes:
        target: As the policy names it, or any other name.
        reason: May be empty.
        ended_at: None: it is open.
        ended_by: Who has ended it; None: its time was over.
        next_at: When it is to be looked at; None: what it held is dealt with.
    """

    id: int
    guild_id: int
    target: str
    reason: str
    by_id: int
    by_name: str
    began_at: datetime
    ends_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None
    next_at: datetime | None = None

    def is_about(self, occurrence: Occurrence) -> bool:
        """Return True if the target of an alert is this one; if it names none, if its title mentions it."""
        return self.covers(occurrence.target or occurrence.title)

    def covers(self, name: str) -> bool:
        """Return True if *name*, a target or a title, is or mentions the window's target."""
        return mention_of(self.target).search(name) is not None


class HeldAlert(Payload):
    """What to open if an alert still fires when nothing holds it back any more. See `NewIncident`."""

    severity: str
    title: str
    targets: tuple[str, ...]
    started_at: datetime
    by_id: int
    by_name: str
    key: str
    fingerprint: str
    subject: str | None = None
    evidence: Evidence | None = None
    source: Source | None = None
    origin: AlertOrigin | None = None
    team: str | None = None

    @classmethod
    def of(cls, new: NewIncident) -> "HeldAlert":
        """Return the part of *new* that is kept."""
        return cls(
            severity=new.severity,
            title=new.title,
            targets=new.targets,
            started_at=new.started_at,
            by_id=new.reported_by.id,
            by_name=new.reported_by.name,
            key=new.key,
            fingerprint=new.fingerprint or "",
            subject=new.subject,
            evidence=new.evidence,
            source=new.source,
            origin=new.origin,
            team=new.team,
        )

    def as_incident(self, guild_id: int, waited: AlertWait | None, *, began: datetime) -> NewIncident:
        """Return the alert to open.

        Args:
            began: When it came first.
        """
        return NewIncident(
            guild_id=guild_id,
            severity=self.severity,
            title=self.title,
            targets=self.targets,
            symptoms=(),
            started_at=min(self.started_at, began),
            reported_by=Person(id=self.by_id, name=self.by_name, is_bot=True),
            path=(),
            key=self.key,
            evidence=self.evidence,
            kind=IncidentKind.ALERT,
            fingerprint=self.fingerprint,
            subject=self.subject,
            source=self.source,
            origin=self.origin,
            waited=waited,
            team=self.team,
        )


@dataclass(frozen=True, slots=True)
class HeldOccurrences:
    """One alert that is held, however often it came and whatever holds it.

    Attributes:
        said_id, said_at, url, title, target: As in `AlertDecision`, of the last time that it came.
        alert: Of that time.
        times, first_at: How often it came, and when first.
        fires: Some monitor that reported it has not said since that it is over.
        counted_on: The incident on which it was counted after it was held last; None without one.
    """

    guild_id: int
    fingerprint: str
    sender: str
    said_id: int
    channel_id: int
    said_at: datetime
    url: str
    title: str
    target: str | None
    alert: HeldAlert
    times: int
    first_at: datetime
    fires: bool
    counted_on: int | None

    def latest(self, severity: SeverityPolicy) -> Occurrence:
        """Return the last time that it came, as a hold is asked about it."""
        return Occurrence(
            guild_id=self.guild_id,
            id=self.said_id,
            channel_id=self.channel_id,
            sender=self.sender,
            fingerprint=self.fingerprint,
            by=Person(id=self.alert.by_id, name=self.alert.by_name, is_bot=True),
            at=self.said_at,
            url=self.url,
            severity=severity,
            title=self.title,
            target=self.target,
            team=self.alert.team,
            channel=(self.alert.origin and self.alert.origin.channel) or None,
        )
