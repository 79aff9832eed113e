"""An incident: its facts, its responders, and its posts. For its changes see `transitions`."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.incident.ownership import Ownership, OwnerWhy
from bot.domain.incident.parts import (
    ActionCount,
    Aftermath,
    AlertOrigin,
    AlertPost,
    AlertWait,
    Calls,
    EscalationPost,
    IncidentThread,
    Source,
    Tracked,
)
from bot.domain.payloads import Json, Payload
from bot.domain.people import Person
from bot.domain.severity import SeverityChange
from bot.domain.triage.session import Evidence


class Status(StrEnum):
    """The status of an incident."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CANCELLED = "cancelled"  # a false alarm
    MERGED = "merged"  # a duplicate of another


#: States in which an incident still needs work.
OPEN = frozenset({Status.TRIGGERED, Status.ACKNOWLEDGED})


class Phase(StrEnum):
    """How far the responders have come, as a status update says. A status page has the same words."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"  # the cause is known
    MONITORING = "monitoring"  # a fix is out


class UsersAffected(StrEnum):
    """Whether users are affected, as a status update says."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class IncidentKind(StrEnum):
    """The origin of an incident: a person or a monitor."""

    INCIDENT = "incident"  # declared by a person
    ALERT = "alert"  # a message by a monitor, tracked: same clock and ladder, no thread until it is declared


class Role(StrEnum):
    """A role during an incident; one person holds it."""

    COMMANDER = "commander"
    COMMUNICATOR = "communicator"
    SCRIBE = "scribe"


class PersonRef(Payload, kw_only=False):
    """A person as an incident stores them: the reporter, the holder of a role."""

    id: int
    name: str


class ByPerson(Payload, kw_only=False):
    """A person who did something to an incident, and when.

    Attributes:
        why: How they came to have the incident, if not by acknowledging it.
    """

    id: int
    name: str
    at: datetime
    why: OwnerWhy | None = None


class EndedAck(Payload, kw_only=False):
    """The end of an acknowledgement whose incident goes on.

    Attributes:
        who: The name of the responder.
        lapsed: True: they were silent for too long; False: they let go.
    """

    who: str
    at: datetime
    lapsed: bool


class Check(Payload, kw_only=False):
    """The tick of a step of the first-response sheet: who ticked it, and when."""

    by_id: int
    by_name: str
    at: datetime


class StatusUpdate(Payload, kw_only=False):
    """The latest status update of an incident.

    Attributes:
        known: The facts known, at most 1,000 characters; empty if the update only names the impact.
        impact: Who or what is affected; may be empty.
    """

    known: str
    impact: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class StatusUpdates:
    """The status updates of an incident, and its promise of the next one.

    Attributes:
        last: The latest update.
        due_at: When the next one is due: a promise, which stays when it is broken.
        remind_at: When the next reminder of it is due.
        reminders: The number of reminders since the last sign of life.
    """

    last: StatusUpdate | None = None
    due_at: datetime | None = None
    remind_at: datetime | None = None
    reminders: int = 0

    @property
    def impact(self) -> str:
        """Return who or what is affected, in a person's words; empty while no update says it."""
        return "" if self.last is None else self.last.impact


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as stored. Every datetime is aware.

    Attributes:
        id: The number in its label.
        version: Grows with each visible change; the post remembers which one it shows.
        ack_due_at: When the first escalation past the paging of on-call is due.
        reported_by: The person who raised it, or the sender of a tracked alert.
        ended: Its end, of any kind; `status` says which.
        merged_into_hidden: What it was merged into is private: posts do not name it, see `told_merged_into`.
        reopened: The last reopening.
        first_ended_at: When it ended first, whether or not it was reopened.
        duplicates, linked: Numbers of the incidents merged into it, and of those linked with it.
        details_version: The version that last corrected title or start; None: they were never corrected.
        checks: The ticked steps of the first-response sheet, by the key of the step (see `checklist`).
        acknowledged: The first acknowledgement, which stays.
        taken: How the latest responder came to have it, if that was not by the first acknowledgement alone.
        ack_ended: The latest acknowledge that has ended; None while none has.
        phase: As the last status update that named one has it; None while none has. See `shown_phase`.
        affected_version: The version that last changed severity, targets or symptoms, as it was read; None:
            none has.
        calls: Whom its ladder has called and calls next; only of an incident that was read to be shown.
        actions: How many action items it has; as `calls`.
        unreached: People on call whom no DM reaches, as `bot.domain.oncall.people.marked`.
        aftermath: How it was resolved, and its postmortem; read as `calls` is.
        own: What the posts of capabilities show of it, by their names; read as `calls` is.
        severity_changed: The last change of the severity; an older version does not write it, see `regraded`.
        team: Whose it is; None: the default team's.
        users_affected: As the last status update that says has it; None: none has.
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
    reported_by: PersonRef
    acknowledged: ByPerson | None = None
    ended: ByPerson | None = None
    post: AlertPost = field(default_factory=AlertPost)
    thread: IncidentThread = field(default_factory=IncidentThread)
    escalation: EscalationPost = field(default_factory=EscalationPost)
    version: int = 1
    kind: IncidentKind = IncidentKind.INCIDENT
    is_drill: bool = False
    rings: bool = True
    is_private: bool = False
    merged_into_id: int | None = None
    merged_into_hidden: bool = False
    roles: Mapping[Role, PersonRef] = field(default_factory=dict)
    updates: StatusUpdates = StatusUpdates()
    tracked: Tracked = field(default_factory=Tracked)
    reopened: ByPerson | None = None
    first_ended_at: datetime | None = None
    duplicates: tuple[int, ...] = ()
    linked: tuple[int, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    details_version: int | None = None
    unreached: tuple[str, ...] = ()
    taken: ByPerson | None = None
    ack_ended: EndedAck | None = None
    phase: Phase | None = None
    severity_changed: SeverityChange | None = None
    users_affected: UsersAffected | None = None
    team: str | None = None
    affected_version: int | None = field(default=None, compare=False)
    calls: Calls = field(default=Calls(), compare=False)
    actions: ActionCount = field(default=ActionCount(), compare=False)
    aftermath: Aftermath = field(default=Aftermath(), compare=False)
    own: Mapping[str, Json] = field(default_factory=dict, compare=False)

    @property
    def label(self) -> str:
        """Return the name people use: INC-42, or ALERT-42 until a person makes an alert an incident."""
        return label_of(self.id, self.kind)

    @property
    def told_merged_into(self) -> int | None:
        """Return the incident that it was merged into, if its posts may name that one; else None."""
        return None if self.merged_into_hidden else self.merged_into_id

    @property
    def is_open(self) -> bool:
        """Return True while the incident still needs work."""
        return self.status in OPEN

    @property
    def shown_phase(self) -> Phase | None:
        """Return the phase while a responder is on the incident; its status says more before and after."""
        return self.phase if self.status is Status.ACKNOWLEDGED else None

    @property
    def regraded(self) -> SeverityChange | None:
        """Return the change that led to the current severity; None while the triage's result counts."""
        last = self.severity_changed
        return last if last is not None and last.after == self.severity else None

    @property
    def commander(self) -> PersonRef | None:
        """Return the commander; None by default."""
        return self.roles.get(Role.COMMANDER)

    @property
    def owner(self) -> Ownership:
        """Return the owner now, since when and why; or since when and why there is none."""
        if not self.is_open and (end := self.ended) is not None:
            return Ownership(end.id, end.name, end.at, OwnerWhy.ENDED)
        act = self._taken_by
        if act is None:
            if (ended := self.ack_ended) is None:
                return Ownership(None, None, self.triggered_at, OwnerWhy.NEW)
            why = OwnerWhy.LAPSED if ended.lapsed else OwnerWhy.RELEASED
            return Ownership(None, None, ended.at, why, former=ended.who)
        why = OwnerWhy.REOPENED if act is self.reopened else act.why or OwnerWhy.ACKED
        return Ownership(act.id, act.name, act.at, why)

    @property
    def on_it(self) -> PersonRef | None:
        """Return the owner or, of an ended incident, the owner at its end; None if it had none."""
        act = self._taken_by
        return None if act is None else PersonRef(act.id, act.name)

    @property
    def _taken_by(self) -> ByPerson | None:
        """Return the act that made `on_it` the owner; None without one."""
        if self.status is Status.TRIGGERED:
            return None
        act = self.taken if self.is_taken_last else self.reopened or self.acknowledged
        if self.is_open or act is None or (ended := self.ack_ended) is None or ended.at < act.at:
            return act
        return None  # it ended without an owner

    @property
    def is_taken_last(self) -> bool:
        """Return True if the latest responder came to have it after the last reopening."""
        return self.taken is not None and (self.reopened is None or self.taken.at > self.reopened.at)

    @property
    def lead(self) -> PersonRef | None:
        """Return the person whom reminders address: who has the incident, else the commander."""
        return self.lead_without(())

    def lead_without(self, absent: Collection[int]) -> PersonRef | None:
        """Return the `lead`, passing over the people with the ids *absent*, who cannot be asked."""
        leads = (who for who in (self.on_it, self.commander) if who is not None)
        return next((who for who in leads if who.id not in absent), None)

    @property
    def took_to_acknowledge(self) -> timedelta | None:
        """Return the time from trigger to first acknowledgement; None before the first acknowledgement."""
        return None if self.acknowledged is None else self.acknowledged.at - self.triggered_at


def label_of(number: int, kind: IncidentKind = IncidentKind.INCIDENT) -> str:
    """Return the name people use for an incident, INC-42, or for a tracked alert, ALERT-42."""
    return f"ALERT-{number}" if kind is IncidentKind.ALERT else f"INC-{number}"


def number_label(number: int) -> str:
    """Return a name for what may be an incident or a tracked alert: No.42."""
    return f"No.{number}"


def label_pattern(number: int | None = None) -> str:
    """Return a regular expression for each of these names, of *number* or of any."""
    return rf"(?:INC-|ALERT-|No\.){r'[0-9]+' if number is None else number}"


#: What a person types for one.
_TYPED: Final = re.compile(r"(?:inc|alert|no)[-.\s]?(?P<digits>\d*)", re.ASCII | re.IGNORECASE)


def typed_number(text: str) -> str | None:
    """Return the digits of a label that a person types, "ALERT-4" as "4"; None if it is none."""
    found = _TYPED.fullmatch(text.strip())
    return None if found is None else found["digits"]


@dataclass(frozen=True, slots=True)
class NewIncident:
    """The facts with which an incident is opened.

    Attributes:
        title: Cleaned, 1..200 characters.
        started_at: When the trouble began, aware; not later than the opening.
        path: The triage answers that led here, as `Given.as_step`; empty for /sev1.
        key: Idempotency key: the same key opens the same incident ("interaction:123").
        evidence: The message that the triage started from.
        rings: False silences every mention, whatever the policy says: a drill that should not disturb.
        source, fingerprint, origin, waited: Of a tracked alert, as in `Tracked`.
        subject: What a message of a monitor is about, by which it is found again; None without one.
        team: Whose it is, if its source says so and its targets do not.
        triggered_at: When it was raised, if that was earlier, while the database was away.
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
    subject: str | None = None
    triggered_at: datetime | None = None
    origin: AlertOrigin | None = None
    waited: AlertWait | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """The conditions for an incident to be listed; a condition left at its default holds for every incident.

    Attributes:
        statuses: The incident has one of these; empty: any status.
        severity: Its name.
        team: The name of its team; "default": it has none of `teams`.
        teams: The teams of the policy.
        words: A part of the title; upper and lower case count as the same.
        since: The incident was triggered then or later; aware.
        viewer: The id of the user who reads the list. They see the private incidents that name them.
        involves: The id of a user who reported, acknowledged or joined the incident, or has a role in it.
        sees_all: *viewer* sees every private incident.
        drills: Drills are listed, too.
        by_severity: Names of severities, the most severe first: open incidents are listed in this order.
    """

    statuses: frozenset[Status] = frozenset()
    severity: str | None = None
    team: str | None = None
    teams: tuple[str, ...] = ()
    words: str | None = None
    since: datetime | None = None
    viewer: int | None = None
    involves: int | None = None
    sees_all: bool = False
    drills: bool = True
    by_severity: tuple[str, ...] = ()
