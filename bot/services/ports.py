"""What the use cases need from the outside, as they need it.

The adapters live in `bot.storage`, `bot.ui` and `bot.integrations`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from bot.domain.delivery import Delivery, NewDelivery, Posted, Request
from bot.domain.digest import Digest, IsoWeek
from bot.domain.dlq import (
    DlqCounts,
    DlqEntry,
    DlqFilter,
    DlqPage,
    NewFailure,
    ReplayRecord,
    StatusCount,
)
from bot.domain.escalation import Step
from bot.domain.incident import AckVia, Incident, NewIncident, Status, TimelineEntry
from bot.domain.people import Person
from bot.domain.triage_session import NewTriage, Triage, TriageStatus


class Clock(Protocol):
    """Where "now" comes from."""

    async def now(self) -> datetime:
        """The database's time, aware: the one clock that all instances share."""
        ...


class JobName(StrEnum):
    """The entry points of the queue. Each handler may run twice without harm."""

    DELIVER = "deliver"  # payload: delivery id
    ESCALATE = "escalate"  # payload: "incident_id:index"
    REFRESH = "refresh"  # payload: incident id
    REFRESH_TRIAGE = "refresh_triage"  # payload: triage id
    REEVALUATE = "reevaluate"  # payload: triage id
    RECORD_FAILURE = "record_failure"  # payload: delivery id


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done after the transaction that enqueues it.

    Attributes:
        key: One job per key at a time; asked for while it runs, it runs once more afterwards.
        priority: Higher goes first.
        after: Delay from the transaction's time.
    """

    name: JobName
    payload: str
    key: str
    priority: int = 0
    after: timedelta = timedelta()


class Transaction(Protocol):
    """One database transaction: state, timeline and jobs are committed together or not at all."""

    async def now(self) -> datetime:
        """The transaction's time."""
        ...

    # -- jobs
    async def enqueue(self, *jobs: Job) -> None:
        """Add jobs. A key that is queued stays one job; one that is running runs once more afterwards."""
        ...

    async def cancel_jobs(self, keys: Sequence[str]) -> None:
        """Take back queued jobs that have become moot."""
        ...

    # -- incidents
    async def insert_incident(
        self, new: NewIncident, *, priority: str, ack_due_at: datetime
    ) -> tuple[Incident, bool]:
        """Store a new incident; with a known `key` the first one comes back.

        Returns:
            The incident, and whether it was made now.
        """
        ...

    async def incident(self, incident_id: int, *, lock: bool = False) -> Incident:
        """One incident; with *lock* nobody else changes it until the commit.

        Raises:
            IncidentNotFound: no such number.
        """
        ...

    async def save(self, incident: Incident) -> None:
        """Write a changed incident: state, who and when, version. The row must be locked."""
        ...

    async def set_details(
        self, incident_id: int, *, targets: Sequence[str], symptoms: Sequence[str]
    ) -> Incident:
        """Replace what is known of where and how; grows the version."""
        ...

    async def set_places(
        self,
        incident_id: int,
        *,
        alert: tuple[int, int] | None = None,
        thread_id: int | None = None,
    ) -> Incident:
        """Remember where the alert (channel id, message id) or the thread is; grows the version."""
        ...

    async def add_responder(self, incident_id: int, by: Person, *, via: AckVia, at: datetime) -> bool:
        """Put *by* on the list of responders; False when they were on it."""
        ...

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        """Append to the incident's history."""
        ...

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        """The history so far, oldest first, as this transaction sees it."""
        ...

    # -- the ladder
    async def insert_steps(self, steps: Sequence[Step]) -> None:
        """Store a new incident's ladder."""
        ...

    async def steps(self, incident_id: int) -> list[Step]:
        """The ladder by due time, as this transaction sees it."""
        ...

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        """Lock a pending step; None when it was decided before."""
        ...

    async def finish_step(self, incident_id: int, index: int) -> None:
        """Mark a claimed step as done."""
        ...

    async def cancel_steps(self, incident_id: int) -> list[int]:
        """Cancel what is pending of a ladder; the indexes that were."""
        ...

    # -- deliveries
    async def insert_deliveries(self, new: Sequence[NewDelivery]) -> None:
        """Store what is owed and enqueue the jobs of those that wait for nothing. A known key is skipped.

        A delivery whose `after` is sent already is enqueued at once.
        """
        ...

    async def claim_delivery(self, delivery_id: int) -> Delivery | None:
        """Lock a delivery that is pending or sending; None when it is finished."""
        ...

    async def begin_attempt(self, delivery_id: int, request: Request, *, version: int) -> Delivery:
        """Mark it as sending and keep the rendered request with the incident's version that it shows.

        The first request (and its version and time) stays: each attempt is the same message.
        """
        ...

    async def finish_sent(self, delivery_id: int, posted: Posted) -> list[Delivery]:
        """Mark it as sent, and enqueue whatever waited for it; returns those."""
        ...

    async def finish_failed(self, delivery_id: int, *, error: str, http_status: int | None) -> None:
        """Give it up. What waited for it is cancelled."""
        ...

    async def retry_later(
        self, delivery_id: int, *, error: str, http_status: int | None, after: timedelta
    ) -> None:
        """Keep it, with what went wrong, for another attempt; counts the one that failed."""
        ...

    async def cancel_delivery(self, delivery_id: int) -> None:
        """It has become moot."""
        ...

    async def cancel_paging(self, incident_id: int) -> None:
        """Cancel pending pages and escalations of an incident, with their jobs."""
        ...

    async def mark_emailed(self, delivery_id: int) -> None:
        """The email for this failed delivery was accepted."""
        ...

    async def set_shown(self, delivery_ids: Sequence[int], *, version: int) -> None:
        """These posts show the incident's *version* now (never lowers it)."""
        ...

    # -- triage
    async def insert_triage(self, new: NewTriage) -> Triage:
        """Start a walk through the tree; a known key gives the first one back."""
        ...

    async def triage(self, triage_id: int, *, lock: bool = False) -> Triage:
        """One walk with its standing answers.

        Raises:
            UserError: no such triage.
        """
        ...

    async def add_answer(
        self, triage_id: int, *, question: str, answer: str, unsure: bool, by: Person
    ) -> None:
        """Record an answer."""
        ...

    async def withdraw_last_answer(self, triage_id: int) -> None:
        """Go one question back; the row stays, marked."""
        ...

    async def set_triage(
        self,
        triage_id: int,
        *,
        status: TriageStatus,
        severity: str | None = None,
        incident_id: int | None = None,
        reevaluate_at: datetime | None = None,
    ) -> None:
        """Write where the walk stands."""
        ...

    # -- digest, replay
    async def claim_digest(self, guild_id: int, week: IsoWeek, *, due_at: datetime) -> bool:
        """Reserve a week's digest; False when it is taken."""
        ...

    async def claim_replay(
        self, entry_id: UUID, *, guild_id: int, channel: str, by: Person, key: str
    ) -> bool:
        """Reserve an entry's one replay; False when it is taken by one that has not failed."""
        ...


class Store(Clock, Protocol):
    """Our own tables. Reads need no transaction of the caller's."""

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving, roll back on an error.

        Raises:
            StorageUnavailable: PostgreSQL is away or read-only.
        """
        ...

    async def audit(
        self,
        *,
        guild_id: int,
        by: Person,
        action: str,
        allowed: bool,
        data: Mapping[str, object] | None = None,
    ) -> None:
        """Record a refusal or a change outside any transaction of the caller's."""
        ...

    async def register_guild(self, guild_id: int) -> datetime:
        """Note since when we serve a guild; returns that time."""
        ...

    async def incident(self, incident_id: int) -> Incident:
        """Raises IncidentNotFound."""
        ...

    async def incident_by_message(self, message_id: int) -> Incident | None:
        """The incident that a sent message of ours belongs to, if a 👀 on it counts (`ACK_PLACES`)."""
        ...

    async def incident_by_thread(self, thread_id: int) -> Incident:
        """Raises IncidentNotFound."""
        ...

    async def open_incidents(self, guild_id: int) -> list[Incident]:
        """Not resolved, oldest first."""
        ...

    async def list_incidents(
        self, guild_id: int, *, status: Status | None, limit: int, offset: int
    ) -> list[Incident]:
        """Newest first."""
        ...

    async def incidents_between(self, guild_id: int, start: datetime, end: datetime) -> list[Incident]:
        """Triggered in [start, end), oldest first."""
        ...

    async def unacknowledged(self) -> list[Incident]:
        """Still triggered, of all guilds."""
        ...

    async def pages(self, incident_id: int) -> list[Delivery]:
        """The DMs that an incident owed, whatever became of them, oldest first."""
        ...

    async def posts(self, incident_id: int) -> list[Delivery]:
        """The sent deliveries of an incident, oldest first."""
        ...

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        """Oldest first."""
        ...

    async def steps(self, incident_id: int) -> list[Step]:
        """The ladder, by due time."""
        ...

    async def triage(self, triage_id: int) -> Triage:
        """One walk with its standing answers. Raises UserError when there is none."""
        ...

    async def delivery(self, delivery_id: int) -> Delivery:
        """One delivery, finished or not."""
        ...

    async def delivery_by_key(self, key: str) -> Delivery | None:
        """The delivery of that key, finished or not."""
        ...

    async def replay_of(self, entry_id: UUID) -> ReplayRecord | None:
        """Who replayed an entry, and the message it became once it was sent."""
        ...

    async def requeue_stuck(self, *, overdue: timedelta) -> list[str]:
        """Give overdue steps, deliveries and re-evaluations a job again if they lost theirs.

        Returns:
            The keys of the jobs that were enqueued.
        """
        ...


class DlqStore(Protocol):
    """`admin.notification_failures`, perhaps in somebody else's database behind a transaction pooler."""

    async def page(self, asked: DlqFilter, *, number: int, size: int) -> DlqPage:
        """The runbook's first question: failures, newest first. A page past the end is the last one."""
        ...

    async def p0_failed(self, *, limit: int) -> list[DlqEntry]:
        """The runbook's second question: P0 that failed, and whether the email went out; newest first."""
        ...

    async def http_statuses(self, *, hours: int) -> list[StatusCount]:
        """The runbook's third question: failures per HTTP status, most frequent first."""
        ...

    async def entry(self, entry_id: UUID) -> DlqEntry:
        """One failure with its payload.

        Raises:
            UserError: no such entry.
        """
        ...

    async def counts(self, start: datetime, end: datetime) -> DlqCounts:
        """Failures in [start, end)."""
        ...

    async def record(self, failure: NewFailure) -> None:
        """Write a failure of our own; the same id twice leaves one row (the later email flag wins)."""
        ...

    async def missing_columns(self) -> tuple[str, ...]:
        """Columns that the runbook names and the table lacks; ("*",) when there is no such table."""
        ...


class Discord(Protocol):
    """What the use cases ask of Discord. Rendering happens behind it."""

    async def compose(self, delivery: Delivery, subject: Incident | Digest | None) -> Request:
        """Render what is owed, and find out where it goes.

        Args:
            subject: The delivery's incident; for a digest its figures; None for what has neither.

        Raises:
            DeliveryRefused: the place does not exist or a person refuses DMs.
            UpstreamUnavailable: Discord is away.
        """
        ...

    async def send(self, request: Request, *, nonce: str) -> Posted:
        """Do it, within our own deadline. A thread or reaction that is there already counts as done.

        Raises:
            DeliveryRefused: Discord will never take it.
            UpstreamUnavailable: it may work later; whether Discord has it is unknown.
        """
        ...

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        """A message of ours that an earlier attempt left in the channel, if any."""
        ...

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> Sequence[int]:
        """Make the posts of an incident (alert, thread's name and card, DMs) say what is true now.

        A post that was deleted is not an error.

        Returns:
            The ids of the posts that need no further look; the others may work later.
        """
        ...

    async def refresh_triage(self, triage: Triage, post: Delivery) -> None:
        """Make the question of a re-evaluation say how it was answered.

        Raises:
            UpstreamUnavailable: it may work later.
        """
        ...

    def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        """Everyone whose 👀 stands on one of *places*, with the message id; bots left out."""
        ...


@dataclass(frozen=True, slots=True)
class Mail:
    """An email to whoever is on call.

    Attributes:
        message_id: RFC 5322 Message-ID, the same for each attempt.
    """

    to: tuple[str, ...]
    subject: str
    body: str
    message_id: str


class Mailer(Protocol):
    """The way round Discord."""

    async def send(self, mail: Mail) -> None:
        """Hand it to the SMTP server.

        Raises:
            UpstreamUnavailable: not accepted now.
        """
        ...


class MailWriter(Protocol):
    """Turns a page that Discord did not take into an email; in `bot.ui`, the only place with sentences."""

    def write(self, delivery: Delivery, incident: Incident, *, to: tuple[str, ...]) -> Mail:
        """The email for *delivery* in the team's language."""
        ...
