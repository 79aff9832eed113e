"""An incident: what is known of it, who is on it, where it is shown. Its changes: `transitions` beside it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.people import Person
from bot.domain.triage.evidence import Evidence


class Status(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"  # a false alarm
    MERGED = "merged"  # a duplicate of another


#: Somebody still has something to do.
OPEN = frozenset({Status.TRIGGERED, Status.ACKNOWLEDGED})


class IncidentKind(StrEnum):
    """Who noticed it."""

    INCIDENT = "incident"  # declared by a person
    ALERT = "alert"  # a message by a monitor, tracked: same clock and ladder, no thread until it is declared


class Role(StrEnum):
    """What somebody does during an incident; one person each."""

    COMMANDER = "commander"
    COMMUNICATOR = "communicator"
    SCRIBE = "scribe"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a role."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Who is on it since then, after an acknowledge that has ended."""

    id: int
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EndedAck:
    """How an acknowledge ended before its incident did.

    Attributes:
        who: The name of whoever was on it.
        lapsed: They said nothing for too long; False: they let go.
    """

    who: str
    at: datetime
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A step of the first-response sheet that is done: who ticked it, and when."""

    by_id: int
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What was last told of an incident.

    Attributes:
        known: What is known, at most 1,000 characters; empty while only the impact was told.
        impact: Who or what is affected; may be empty.
    """

    known: str
    impact: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Source:
    """The message that a tracked alert is.

    Attributes:
        author: The name that it was posted under.
    """

    channel_id: int
    message_id: int
    author: str


@dataclass(frozen=True, slots=True)
class NewIncident:
    """What is known when an incident is opened.

    Attributes:
        title: Cleaned, 1..200 characters.
        started_at: When the trouble began, aware; not later than the opening.
        path: The triage answers that led here, as (question id, answer id); empty for /sev1.
        key: Idempotency key: the same key opens the same incident ("interaction:123").
        evidence: The message that somebody triaged.
        rings: False silences every mention, whatever the policy says: a drill that should not disturb.
        source, fingerprint: Of a tracked alert.
        triggered_at: When it was raised, if that was before now: while the database was away.
    """

    guild_id: int
    severity: str
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    started_at: datetime
    reported_by: Person
    path: tuple[tuple[str, str], ...]
    key: str
    evidence: Evidence | None = None
    kind: IncidentKind = IncidentKind.INCIDENT
    is_drill: bool = False
    rings: bool = True
    is_private: bool = False
    source: Source | None = None
    fingerprint: str | None = None
    triggered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as stored. Every datetime is aware.

    Attributes:
        id: Shown as INC-<id>.
        version: Grows with each visible change; the post remembers which one it shows.
        ack_due_at: When the first escalation past the paging of on-call is due.
        ended_at, ended_by_id, ended_by_name: However it ended, `status` says which way.
        alert_channel_id, alert_message_id, thread_id: Set once Discord has them.
        merged_into_hidden: What it was merged into is private: posts do not name it, see `told_merged_into`.
        posting: Which alert post is the current one, from 1: a change of severity may post another.
        thread_posting: The posting that opened the thread.
        thread_channel: The policy's name of the channel that the thread hangs in; None without a thread.
        reopened_at, reopened_by_id, reopened_by_name: When somebody last opened it again, and who.
        first_ended_at: When it ended first, whether or not it was reopened.
        duplicates, linked: Numbers of those that were merged into it, and that somebody has linked with it.
        details_version: The version that last put title or start right; None: they are as it was opened.
        checks: What is done of the first-response sheet, by the key of the step (see `checklist`).
        next_update_at: When the next status update is owed: a promise, which stays when it was not kept.
        remind_at: When it is asked for next.
        reminders: How often one was asked for since the last sign of life.
        archive_at: When the thread of an ended incident goes to sleep.
        occurrences, last_seen_at: Of a tracked alert: how often it came, and when last.
        acknowledged_at, acknowledged_by_id, acknowledged_by_name: The first acknowledge, which stays.
        taken: The latest one, after one that has ended, or after it was reopened and handed back.
        ack_ended: The latest that has ended; None while none has.
        unreached: People on call whom no DM reaches, as `bot.domain.oncall.roster.marked`.
    """

    id: int
    guild_id: int
    severity: str
    priority: str
    status: Status
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    path: tuple[tuple[str, str], ...]
    started_at: datetime
    triggered_at: datetime
    ack_due_at: datetime
    reported_by_id: int
    reported_by_name: str
    acknowledged_at: datetime | None = None
    acknowledged_by_id: int | None = None
    acknowledged_by_name: str | None = None
    ended_at: datetime | None = None
    ended_by_id: int | None = None
    ended_by_name: str | None = None
    alert_channel_id: int | None = None
    alert_message_id: int | None = None
    thread_id: int | None = None
    version: int = 1
    kind: IncidentKind = IncidentKind.INCIDENT
    is_drill: bool = False
    rings: bool = True
    is_private: bool = False
    merged_into_id: int | None = None
    merged_into_hidden: bool = False
    posting: int = 1
    thread_posting: int = 1
    thread_channel: str | None = None
    roles: Mapping[Role, Holder] = field(default_factory=dict)
    last_update: StatusUpdate | None = None
    next_update_at: datetime | None = None
    remind_at: datetime | None = None
    reminders: int = 0
    archive_at: datetime | None = None
    source: Source | None = None
    fingerprint: str | None = None
    occurrences: int = 1
    last_seen_at: datetime | None = None
    reopened_at: datetime | None = None
    reopened_by_id: int | None = None
    reopened_by_name: str | None = None
    first_ended_at: datetime | None = None
    duplicates: tuple[int, ...] = ()
    linked: tuple[int, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    details_version: int | None = None
    unreached: tuple[str, ...] = ()
    taken: Taken | None = None
    ack_ended: EndedAck | None = None

    @property
    def label(self) -> str:
        """The name people say: INC-42."""
        return label_of(self.id)

    @property
    def told_merged_into(self) -> int | None:
        """What it was merged into, where whoever reads its posts may know of that; else None."""
        return None if self.merged_into_hidden else self.merged_into_id

    @property
    def is_open(self) -> bool:
        """Somebody still has something to do."""
        return self.status in OPEN

    @property
    def commander(self) -> Holder | None:
        """Whoever took the lead; nobody is it by default."""
        return self.roles.get(Role.COMMANDER)

    @property
    def on_it(self) -> Holder | None:
        """Whoever took it last: by an acknowledge, or by opening it again. Nobody while it waits."""
        if self.status is Status.TRIGGERED:
            return None
        if self.taken is not None and self.is_taken_last:
            return Holder(self.taken.id, self.taken.name)
        for number, name in (
            (self.reopened_by_id, self.reopened_by_name),
            (self.acknowledged_by_id, self.acknowledged_by_name),
        ):
            if number is not None and name is not None:
                return Holder(number, name)
        return None

    @property
    def is_taken_last(self) -> bool:
        """Whether the latest acknowledge is not the first, and came after it was last opened again."""
        return self.taken is not None and (self.reopened_at is None or self.taken.at > self.reopened_at)

    @property
    def lead(self) -> Holder | None:
        """Whom a reminder is for: the commander, else whoever is on it."""
        return self.lead_without(())

    def lead_without(self, gone: Collection[int]) -> Holder | None:
        """The same when the people with these ids have left."""
        asked = (who for who in (self.commander, self.on_it) if who is not None)
        return next((who for who in asked if who.id not in gone), None)

    @property
    def took_to_acknowledge(self) -> timedelta | None:
        """Triggered to first acknowledge, or None while nobody did."""
        return None if self.acknowledged_at is None else self.acknowledged_at - self.triggered_at

    def missed_deadline(self, *, now: datetime) -> bool:
        """Whether nobody had acknowledged when the deadline passed. Ending it counts as an acknowledge."""
        answered = self.acknowledged_at or self.first_ended_at or self.ended_at or now
        return answered > self.ack_due_at


def label_of(number: int) -> str:
    """The name people say of incident *number*: INC-42."""
    return f"INC-{number}"
