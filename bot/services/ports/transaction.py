"""One database transaction: what the use cases write together."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from bot.domain.delivery.delivery import Delivery, NewDelivery, Posted, Request
from bot.domain.digest import IsoWeek
from bot.domain.escalation.ladder import Step
from bot.domain.incident.incident import Holder, Incident, NewIncident
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.services.ports.alerts import AlertTransaction
from bot.services.ports.drills import DrillTransaction
from bot.services.ports.jobs import Job
from bot.services.ports.mornings import MorningTransaction
from bot.services.ports.oncall import OnCallTransaction
from bot.services.ports.private import MemberTransaction
from bot.services.ports.storms import StormTransaction
from bot.services.ports.triages import TriageTransaction


class Transaction(
    TriageTransaction,
    AlertTransaction,
    DrillTransaction,
    MorningTransaction,
    OnCallTransaction,
    StormTransaction,
    MemberTransaction,
    Protocol,
):
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
        self, new: NewIncident, *, priority: str, ack_due_at: datetime, thread_channel: str | None = None
    ) -> tuple[Incident, bool]:
        """Store a new incident; with a known `key` the first one comes back.

        Args:
            thread_channel: The policy's name of where its thread is opened.

        Returns:
            The incident, and whether it was made now.
        """
        ...

    async def incident_by_key(self, key: str) -> Incident | None:
        """The incident that *key* opened; None: none yet."""
        ...

    async def incident(
        self, incident_id: int, *, lock: bool = False, known: Incident | None = None
    ) -> Incident:
        """Return one incident, with *lock* locked until the commit.

        Args:
            known: The incident as read before. It is returned without a read if it had not changed when it
                was locked. Pass it only before anything is written.

        Raises:
            IncidentNotFound: no such number.
        """
        ...

    async def save(self, incident: Incident) -> None:
        """Write what `bot.domain.incident.transitions` may have changed. The row must be locked."""
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

    async def join(self, incident_id: int, by: Person, *, via: AckVia) -> bool:
        """Make *by* a responder; return False if they are one already, or there is no such open incident."""
        ...

    async def leave(self, incident_id: int, user_id: int | None = None) -> list[Holder]:
        """Remove one responder, or all of them, and return those that remain in the order they joined."""
        ...

    async def on_it(self, incident_id: int) -> list[Holder]:
        """Return the responders who acknowledged or joined and have not left, in the order they joined."""
        ...

    async def responders(self, incident_id: int) -> list[Holder]:
        """Return the responders as `on_it` does, and also those who have left."""
        ...

    async def use_link(self, link_id: str, incident_id: int) -> bool:
        """Note that a link acknowledges; False when it has before."""
        ...

    async def record(
        self, incident: Incident, entry: TimelineEntry, *, by: Person, data: Mapping[str, object]
    ) -> None:
        """Append an entry about what *by* did, and audit it under the entry's kind with *data*, JSON-able."""
        ...

    async def add_timeline(self, incident_id: int, *entries: TimelineEntry) -> None:
        """Append to the incident's history."""
        ...

    async def pin(self, incident_id: int, entry: TimelineEntry) -> bool:
        """Append a message of the thread (PINNED, with its "message_id"); False when it is there already."""
        ...

    async def fill_pin(self, incident_id: int, message_id: int, *, data: Mapping[str, object]) -> bool:
        """Give a pinned message without words those of *data*; False when it has some, or is not there."""
        ...

    async def timeline(self, incident_id: int) -> list[TimelineEntry]:
        """The history so far, oldest first, as this transaction sees it."""
        ...

    async def link(self, incident_id: int, related_id: int, *, by: Person) -> bool:
        """Link two related incidents, in either order; return False when they were linked already."""
        ...

    async def unlink(self, incident_id: int, related_id: int) -> bool:
        """Remove the link between two incidents; return False when there was none."""
        ...

    async def audit(
        self, *, guild_id: int, by: Person, action: str, data: Mapping[str, object] | None = None
    ) -> None:
        """Record a change that a person made, in the commit that makes it."""
        ...

    # -- the ladder
    async def insert_steps(self, steps: Sequence[Step]) -> None:
        """Store a ladder: a new incident's, or the one that a change of severity starts."""
        ...

    async def steps(self, incident_id: int) -> list[Step]:
        """The ladder by due time, as this transaction sees it."""
        ...

    async def resume_ladder(self, incident_id: int, *, since: datetime, priority: int) -> bool:
        """Make pending again, without jobs, the latest ladder's steps that the last acknowledge cancelled.

        The first step is due at its former time, or at *since* if that is later. The others keep their
        distance from it.

        Args:
            priority: The priority of the steps: those of another severity's ladder stay cancelled.

        Returns:
            True if there were such steps.
        """
        ...

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        """Lock a pending step; None when it was decided before."""
        ...

    async def finish_step(self, incident_id: int, index: int) -> None:
        """Mark a claimed step as done."""
        ...

    async def acknowledge(
        self, incident: Incident, entry: TimelineEntry, *, via: AckVia, data: Mapping[str, object]
    ) -> list[int]:
        """Write the first acknowledge of a locked incident in one statement, and return the cancelled steps.

        Args:
            incident: After `transitions.acknowledge`; saved, with the person who acknowledged as a responder.
            entry: Appended, and audited as what they did.
            data: For the audit row; JSON-able.
        """
        ...

    async def cancel_ladder(self, incident_id: int) -> list[int]:
        """Cancel the pending steps of an incident, whose indexes come back, and its pending pages and
        escalations with their jobs.
        """
        ...

    def watch(self, incident_id: int) -> None:
        """Note that a ladder begins, so that listeners (`Store.listen`) are told of it with the commit."""
        ...

    # -- deliveries
    async def insert_deliveries(self, new: Sequence[NewDelivery]) -> None:
        """Store deliveries, and enqueue the jobs of those that wait for nothing. A known key is skipped.

        A delivery whose `after` is sent already is enqueued at once.
        """
        ...

    async def claim_delivery(self, delivery_id: int) -> Delivery | None:
        """Lock a delivery that is pending or sending; None when it is finished."""
        ...

    async def delivery_by_key(self, key: str) -> Delivery | None:
        """The delivery of that key, finished or not, as this transaction sees it."""
        ...

    async def pages(self, incident_id: int) -> list[Delivery]:
        """Return all DMs that an incident has queued, in any state, oldest first, as seen here."""
        ...

    async def posts(self, incident_id: int) -> list[Delivery]:
        """The sent deliveries of an incident, oldest first, as seen here."""
        ...

    async def begin_attempt(
        self, delivery_id: int, request: Request, *, version: int, late: bool = False, quiet: bool = False
    ) -> Delivery | None:
        """Mark it as sending and keep the rendered request with the incident's version that it shows.

        The first request (and its version and time) stays: each attempt is the same message. One that is
        *late* takes its place; one that is *quiet* mentions nobody, then and later.

        Returns:
            None when it was cancelled since it was claimed, because of an acknowledge.
        """
        ...

    async def finish_sent(self, delivery_id: int, posted: Posted) -> list[Delivery]:
        """Mark a delivery as sent, and enqueue and return the deliveries that waited for it."""
        ...

    async def finish_deleted(self, delivery_id: int, *, channel_id: int) -> None:
        """Mark a delivery as sent to a channel, but deleted there before its message's id was known.

        It is none of `Store.posts`. The deliveries that waited for it are enqueued.
        """
        ...

    async def finish_failed(self, delivery_id: int, *, error: str, http_status: int | None) -> None:
        """Give it up. What waited for it is cancelled."""
        ...

    async def retry_later(
        self, delivery_id: int, *, error: str, http_status: int | None, after: timedelta
    ) -> None:
        """Keep it, with what went wrong, for another attempt; counts the one that failed."""
        ...

    async def hold_delivery(
        self, delivery_id: int, *, error: str | None, http_status: int | None, after: timedelta
    ) -> bool:
        """Keep it until Discord is back; counts as no attempt.

        Returns:
            Whether that is news.
        """
        ...

    async def is_overtaken(self, delivery_id: int) -> bool:
        """Whether the same people are owed a later one of its kind about the same incident."""
        ...

    async def is_behind(self, delivery_id: int) -> bool:
        """Whether an outage still holds back an earlier one of its kind, or the alert, for the same place."""
        ...

    async def is_in_line(self, delivery_id: int, *, patience: timedelta) -> bool:
        """Whether an earlier one of its kind for the same place is on its way, and has not failed repeatedly.

        Args:
            patience: How long after it was owed it waits for that.
        """
        ...

    async def cancel_delivery(self, delivery_id: int) -> None:
        """Cancel a delivery that has become moot."""
        ...

    async def cancel_posts(self, incident_id: int) -> None:
        """Cancel an incident's queued deliveries to channels and threads, unless begun; DMs stay queued."""
        ...

    async def tell_thread_deleted(self, incident_id: int, thread_id: int, *, by: str) -> None:
        """Let the notices about an old thread say that it was deleted now, once they are refreshed.

        They get ``deleted_by`` and ``deleted_at``; those that have them keep them.
        """
        ...

    async def mark_emailed(self, delivery_id: int, *, to: Sequence[str], is_done: bool) -> None:
        """The email in its place was accepted for *to*, by `OnCallPerson.mailbox`, beside those before them.

        Args:
            is_done: No recipient is left.
        """
        ...

    async def set_shown(self, delivery_ids: Sequence[int], *, version: int) -> None:
        """These posts show the incident's *version* now (never lowers it)."""
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
