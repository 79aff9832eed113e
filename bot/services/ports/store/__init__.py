"""Our own tables: one interface for each capability, and the two that have them all."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.services.ports.store.acknowledgements import AcknowledgementReads, AcknowledgementWrites
from bot.services.ports.store.alerts.alerts import AlertQuestions, AlertReads, AlertWrites
from bot.services.ports.store.alerts.decisions import AlertDecisionReads, AlertDecisionWrites
from bot.services.ports.store.alerts.events import AlertEventWrites
from bot.services.ports.store.alerts.lessons import AlertLessonReads, AlertLessonWrites
from bot.services.ports.store.attachments import AttachmentReads, AttachmentWrites
from bot.services.ports.store.bundles import BundleReads, BundleWrites
from bot.services.ports.store.deliveries import DeliveryAttempts, DeliveryReads, DeliveryWrites
from bot.services.ports.store.escalation import EscalationReads, EscalationWrites
from bot.services.ports.store.incidents import IncidentReads, IncidentWrites
from bot.services.ports.store.installation import InstallationReads
from bot.services.ports.store.jobs import JobWrites, OverdueReads
from bot.services.ports.store.members import MemberReads, MemberWrites
from bot.services.ports.store.oncall import OnCallReads
from bot.services.ports.store.outage import OutageMirror
from bot.services.ports.store.output_previews import OutputPreviewWrites
from bot.services.ports.store.paging import PagingReads, PagingWrites
from bot.services.ports.store.resolutions import ResolutionReads, ResolutionWrites
from bot.services.ports.store.statistics import StatisticsReads
from bot.services.ports.store.timeline import AuditLog, AuditWrites, TimelineReads, TimelineWrites
from bot.services.ports.store.triages import TriageAnswers, TriageReads, TriageWrites

if TYPE_CHECKING:
    from bot.storage.database.sql import Sql


class Clock(Protocol):
    """Tells the time; the services ask nothing else for "now"."""

    async def now(self) -> datetime:
        """Return the database's time, aware: the one clock that all instances share."""


class Transaction(
    IncidentWrites,
    AcknowledgementWrites,
    TimelineWrites,
    AuditWrites,
    EscalationWrites,
    DeliveryWrites,
    DeliveryAttempts,
    AttachmentWrites,
    OutputPreviewWrites,
    BundleWrites,
    TriageWrites,
    TriageAnswers,
    AlertWrites,
    AlertQuestions,
    AlertEventWrites,
    AlertDecisionWrites,
    AlertLessonWrites,
    OnCallReads,
    MemberWrites,
    PagingWrites,
    ResolutionWrites,
    InstallationReads,
    JobWrites,
    Protocol,
):
    """One database transaction: state, timeline and jobs are committed together or not at all."""

    async def now(self) -> datetime:
        """Return the transaction's time."""

    @property
    def sql(self) -> "Sql":
        """Return what runs the queries of a capability in this transaction."""


class Store(
    Clock,
    IncidentReads,
    AcknowledgementReads,
    TimelineReads,
    AuditLog,
    EscalationReads,
    DeliveryReads,
    AttachmentReads,
    BundleReads,
    TriageReads,
    AlertReads,
    AlertDecisionReads,
    AlertLessonReads,
    OnCallReads,
    MemberReads,
    PagingReads,
    ResolutionReads,
    OverdueReads,
    OutageMirror,
    InstallationReads,
    StatisticsReads,
    Protocol,
):
    """Our own tables. Reads need no transaction of the caller's."""

    @property
    def sql(self) -> "Sql":
        """Return what runs the queries of a capability, each in a statement of its own."""

    def transaction(self, *, locking: int | None = None) -> AbstractAsyncContextManager[Transaction]:
        """Commit on leaving, roll back on an error.

        Args:
            locking: The number of an incident that is locked from the beginning, if it is there.

        Raises:
            StorageUnavailable: PostgreSQL is away or read-only.
        """

    def at_once(self) -> AbstractAsyncContextManager[Transaction]:
        """Begin a transaction of one statement, which commits by itself: one round trip instead of three.

        It is for what neither asks for jobs nor adds to a history.
        """
