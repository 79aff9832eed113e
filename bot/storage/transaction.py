"""The port `Transaction` on our own tables, put together from its parts in `tables`.

Order of locks: a transaction locks an incident before its deliveries and steps, so that two transactions
never wait for each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.services.ports import Job
from bot.storage.appends import Appends, OrderedSql
from bot.storage.database.sql import Connection, Sql
from bot.storage.queue.enqueue import Queue
from bot.storage.tables.acknowledgements import PostgresAcknowledgementWrites
from bot.storage.tables.alerts.alerts import PostgresAlertQuestions, PostgresAlertWrites
from bot.storage.tables.alerts.decisions import PostgresAlertDecisionWrites
from bot.storage.tables.alerts.events import PostgresAlertEventWrites
from bot.storage.tables.alerts.lessons import PostgresAlertLessonWrites
from bot.storage.tables.attachments import PostgresAttachmentWrites
from bot.storage.tables.bundles import PostgresBundleWrites
from bot.storage.tables.deliveries import (
    PostgresDeliveryAttempts,
    PostgresDeliveryWrites,
)
from bot.storage.tables.escalation import PostgresEscalationWrites
from bot.storage.tables.incidents import PostgresIncidentWrites
from bot.storage.tables.installation import PostgresInstallation
from bot.storage.tables.members import PostgresMemberWrites
from bot.storage.tables.oncall import PostgresOnCallReads
from bot.storage.tables.outage import PostgresOutageChanges
from bot.storage.tables.output_previews import PostgresOutputPreviewWrites
from bot.storage.tables.paging import PostgresPagingWrites
from bot.storage.tables.resolutions import PostgresResolutionWrites
from bot.storage.tables.timeline import PostgresTimelineWrites
from bot.storage.tables.triages import PostgresTriageAnswers, PostgresTriageWrites


@dataclass(frozen=True, slots=True)
class Begun:
    """The state of a transaction after its start.

    Attributes:
        now: The transaction's time, if it was requested.
        locked: The version of each incident that it has locked.
    """

    now: datetime | None = None
    locked: Mapping[int, int] = field(default_factory=dict)


class PostgresTransaction(
    PostgresIncidentWrites,
    PostgresAcknowledgementWrites,
    PostgresTimelineWrites,
    PostgresEscalationWrites,
    PostgresDeliveryWrites,
    PostgresDeliveryAttempts,
    PostgresAttachmentWrites,
    PostgresOutputPreviewWrites,
    PostgresBundleWrites,
    PostgresTriageWrites,
    PostgresTriageAnswers,
    PostgresAlertWrites,
    PostgresAlertQuestions,
    PostgresAlertEventWrites,
    PostgresAlertDecisionWrites,
    PostgresAlertLessonWrites,
    PostgresInstallation,
    PostgresMemberWrites,
    PostgresResolutionWrites,
    PostgresOnCallReads,
    PostgresPagingWrites,
    PostgresOutageChanges,
):
    """A `bot.services.ports.Transaction`.

    Args:
        guild_id: The guild whose rows it sees; None: all guilds.
        is_shared: See `Queue`.
        begun: Its state after the start.
    """

    def __init__(
        self, connection: Connection, *, guild_id: int | None, is_shared: bool, begun: Begun
    ) -> None:
        self._sql = sql = OrderedSql(connection, self.write_appends, guild_id=guild_id)
        self._appends = Appends()
        self._guild_id = guild_id
        self._now = begun.now
        self._locked = dict(begun.locked)
        self._queue = Queue(sql, guild_id=guild_id, is_shared=is_shared)
        self._begun: set[int] = set()
        self._ended: set[int] = set()
        self._claimed: set[int] = set()

    @property
    def sql(self) -> Sql:
        return self._sql

    async def now(self) -> datetime:
        if self._now is None:
            self._now = await database_now(self._sql)
        return self._now

    async def enqueue(self, *jobs: Job) -> None:
        self._queue.add(*jobs)

    async def cancel_jobs(self, keys: Sequence[str]) -> None:
        self._queue.take_back(keys)

    @property
    def is_unfinished(self) -> bool:
        """Return True if anything is left to write before the commit."""
        return bool(self._appends or self._queue)

    async def finish(self) -> None:
        """Write the waiting rows and jobs, before the commit."""
        await self.write_appends()
        await self._queue.tell()


async def database_now(sql: Sql) -> datetime:
    """Return the time of the database."""
    now: datetime = (await sql.one("now"))["now"]
    return now
