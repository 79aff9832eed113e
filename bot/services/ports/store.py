"""Our own tables, read; and the one clock that all instances share."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from bot.domain.delivery.delivery import Delivery
from bot.domain.dlq import Origin, ReplayRecord
from bot.domain.escalation.ladder import Step
from bot.domain.escalation.watches import Change, Watch
from bot.domain.incident.incident import Holder, Incident
from bot.domain.incident.listing import Wanted
from bot.domain.installation import Installation
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.triage.evidence import Evidence
from bot.domain.triage.session import Triage
from bot.services.ports.alerts import AlertStore
from bot.services.ports.mornings import MorningStore
from bot.services.ports.oncall import OnCallReads
from bot.services.ports.private import MemberReads
from bot.services.ports.storms import StormStore
from bot.services.ports.transaction import Transaction
from bot.services.ports.triages import KnownMessage


class Clock(Protocol):
    """Where "now" comes from."""

    async def now(self) -> datetime:
        """The database's time, aware: the one clock that all instances share."""
        ...


class Store(Clock, AlertStore, MorningStore, OnCallReads, StormStore, MemberReads, Protocol):
    """Our own tables. Reads need no transaction of the caller's."""

    def transaction(self, *, locking: int | None = None) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving, roll back on an error.

        Args:
            locking: The number of an incident that is locked from the beginning, if it is there.

        Raises:
            StorageUnavailable: PostgreSQL is away or read-only.
        """
        ...

    def at_once(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of a single statement, which commits by itself: one round trip instead of three.

        It is for what neither asks for jobs nor adds to a history.
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

    async def incident_of_delivery(self, delivery_id: int) -> Incident | None:
        """The incident that a delivery is about; None: it is about none."""
        ...

    async def incident_by_message(self, message_id: int) -> Incident | None:
        """The incident on whose message a 👀 counts: one of ours (`ACK_PLACES`), or an alert of others."""
        ...

    async def incident_by_thread(self, thread_id: int) -> Incident:
        """The incident whose thread it is, or was before a change of severity. Raises IncidentNotFound."""
        ...

    async def open_incidents(self, guild_id: int) -> list[Incident]:
        """Not ended, oldest first."""
        ...

    async def list_incidents(
        self, guild_id: int, wanted: Wanted, *, limit: int, offset: int
    ) -> list[Incident]:
        """Open ones first, each newest first."""
        ...

    async def who_left(self, incident_id: int) -> frozenset[int]:
        """Return the ids of former responders: they released the incident, or were silent for too long."""
        ...

    async def responders(self, incident_id: int) -> list[Holder]:
        """Return the responders who have acknowledged the incident or joined, in that order."""
        ...

    async def pinned_in(self, message_id: int) -> list[int]:
        """The incidents on whose timeline a message was put, by number."""
        ...

    async def related(self, incident_id: int) -> list[Incident]:
        """Return the incidents that are linked with one or were merged into it, oldest first."""
        ...

    async def linked(self, incident_id: int) -> list[Incident]:
        """Return the incidents that are linked with one, oldest first."""
        ...

    async def incidents_between(self, guild_id: int, start: datetime, end: datetime) -> list[Incident]:
        """Triggered in [start, end), oldest first."""
        ...

    async def pages(self, incident_id: int) -> list[Delivery]:
        """Return all DMs that an incident has queued, in any state, oldest first."""
        ...

    async def posts(self, incident_id: int) -> list[Delivery]:
        """The sent deliveries of an incident, oldest first."""
        ...

    async def delivery_nonces(self, incident_id: int) -> list[str]:
        """Those of all deliveries of an incident, oldest first: rows of the DLQ are found by them."""
        ...

    async def naming_nonces(self, incident_id: int) -> list[str]:
        """Those of failed deliveries of another incident, or of none, whose body may name this one.

        A morning's list, a handover, a digest; and what the version before this one kept of a bundle.
        """
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

    async def note_message(self, channel_id: int, message_id: int, evidence: Evidence) -> None:
        """Keep for a day a message that a triage form was opened from; a later call replaces it."""
        ...

    async def noted_message(self, channel_id: int, message_id: int) -> Evidence | None:
        """Return the message that `note_message` has kept, or None."""
        ...

    async def known_message(self, channel_id: int, message_id: int) -> KnownMessage:
        """Return all that is known about a message to triage, in one round trip."""
        ...

    async def delivery(self, delivery_id: int) -> Delivery:
        """One delivery, finished or not."""
        ...

    async def delivery_by_key(self, key: str) -> Delivery | None:
        """The delivery of that key, finished or not."""
        ...

    async def held_deliveries(self) -> int:
        """How many deliveries wait for Discord to be back."""
        ...

    async def installation(self) -> Installation:
        """Return the facts that all instances on this database share."""
        ...

    async def beat(self, *, mirror: UUID | None = None) -> datetime:
        """Write a row to see that writing works, and return the database's time.

        Args:
            mirror: The mirror of a process that has no news from a time without the database.

        Raises:
            StorageUnavailable: the write failed or took more than two seconds; the text names the error's
                class.
        """
        ...

    async def leave(self, mirror: UUID) -> None:
        """Note that the process that owns *mirror* ends: no other process need wait for its news."""
        ...

    async def is_untold(self) -> bool:
        """Return True if another process may have escalated without the database and not recorded it yet."""
        ...

    def listen(self, listener: Callable[[Change], None]) -> None:
        """Have *listener*, which must not raise, told of each commit by which a ladder begins or ends."""
        ...

    async def watched(self, *, without: Sequence[str], limit: int) -> list[Watch]:
        """Unacknowledged incidents with the steps to come and what is not yet said, the most urgent first.

        Args:
            without: Names of the severities that are not mirrored.
        """
        ...

    async def is_link_used(self, link_id: str) -> bool:
        """Whether a link has acknowledged."""
        ...

    async def replay_of(self, entry_id: UUID) -> ReplayRecord | None:
        """Return the replay of a DLQ entry: its person, and the message once that was sent."""
        ...

    async def origins(self, guild_id: int, at: datetime) -> list[Origin]:
        """Return deliveries queued or first tried at exactly *at* (aware): DLQ entries may be about them."""
        ...

    async def requeue_stuck(self, *, overdue: timedelta) -> list[str]:
        """Give a job to overdue steps, deliveries, triages, reminders, drills and watches that lost theirs.

        Returns:
            The keys of the jobs that were enqueued.
        """
        ...

    async def late_steps(self, *, overdue: timedelta) -> int:
        """How many pending steps were due that long ago or longer, whether or not they have a job."""
        ...

    async def unheard_incidents(self, *, overdue: timedelta) -> int:
        """Return the number of the most severe incidents that have reached no person for *overdue* or longer.

        Their escalation waits, or was given up and no other was sent since. No email has gone out either.
        """
        ...
