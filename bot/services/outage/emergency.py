"""Escalation without the database, while that is away. See docs/internals/database-outage.md."""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from cachetools import LRUCache

from bot.domain.alerts.decisions import HeldAlert
from bot.domain.delivery.delivery import Posted
from bot.domain.errors import NotPermitted, StorageBroken, StorageUnavailable
from bot.domain.escalation.ladder import plan
from bot.domain.incident.incident import NewIncident
from bot.domain.jobs import PERSON, urgency
from bot.domain.outage import DatabaseTrouble, UnrecordedReport, Watch, WatchStep
from bot.domain.people import has_role
from bot.domain.triage.session import Triage, TriageStatus
from bot.runbook.model import Policy
from bot.services.incidents.opening import clean_title
from bot.services.outage.alarm import Alarm
from bot.services.outage.journal import Mirror, Overdue
from bot.services.outage.recording import JournalRecorder
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.store import Store
from bot.storage.tables.outage import MirrorRows

log = structlog.get_logger(__name__)

_Value = TypeVar("_Value")

#: How often to look whether the database answers, in seconds. It has two seconds to answer.
LOOK_S: Final = 1.0

#: How many triages are remembered.
_WALKS: Final = 200

#: Alerts of monitors that are raised without a database, at most: the others wait for it.
_ALERTS: Final = 100

#: How long an alert waits for those to be recorded, and how often it looks, seconds.
_RECORDED_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.1

#: How often to look whether the database is away while something is being recorded, seconds.
_LOOK_EVERY_S: Final = 0.2

#: How often in a row the queue must be found stuck, while the database answers, to count as silent.
_SILENT_LOOKS: Final = 2

#: How often the same trouble is logged, at most, in seconds.
_TELL_EVERY_S: Final = 60.0

#: Of PostgreSQL's errors, those that mean something else than "away", by asyncpg's names.
_TROUBLES: Final[Mapping[str, DatabaseTrouble]] = {
    "ReadOnlySQLTransactionError": DatabaseTrouble.READ_ONLY,
    "DiskFullError": DatabaseTrouble.FULL,
    "LockNotAvailableError": DatabaseTrouble.LOCKED,
}


def trouble_of(error: Exception) -> DatabaseTrouble:
    """Return the trouble of the database that a failed write shows."""
    if isinstance(error, StorageBroken) or not isinstance(error, StorageUnavailable):
        return DatabaseTrouble.BROKEN
    return _TROUBLES.get(str(error), DatabaseTrouble.AWAY)


@dataclass(frozen=True, slots=True)
class Raised:
    """The outcome of an alert that could not be recorded.

    Attributes:
        alert: Where it was posted; None when Discord did not take it either.
        notified: The number of people who have a DM or an email.
    """

    severity: str
    alert: Posted | None
    notified: int


class Emergency:
    """Mirrors the deadlines that must not be missed, and escalates by the mirror without the database."""

    def __init__(
        self,
        store: Store,
        policy: Policy,
        mirror: Mirror,
        *,
        alarm: Alarm,
        recorder: JournalRecorder,
        queue: QueueWatch,
    ) -> None:
        self._store = store
        self._policy = policy
        self._holds_meanwhile = [
            hold.holds_meanwhile
            for capability in policy.capabilities
            for hold in capability.holds
            if hold.holds_meanwhile is not None
        ]
        self._book = book = mirror.book
        self._alarm = alarm
        self._mirror = mirror
        self._recorder = recorder
        self._queue = queue
        self._overdue = Overdue(book, queue)
        self._silent_looks = 0
        self._since: float | None = None
        self._told_at = float("-inf")
        self._walks: LRUCache[int, Triage] = LRUCache(_WALKS)
        self.trouble: DatabaseTrouble | None = None

    @property
    def disk_trouble(self) -> str | None:
        """Return why the file of this process cannot be written; None if it can."""
        return self._book.trouble

    def now(self) -> datetime:
        """Return the database's time, also while it is away."""
        return self._book.now()

    def load(self) -> None:
        """Read the journal that an earlier process has left; once, before anything else runs."""
        self._alarm.load()

    def covers(self, severity: str) -> bool:
        """Return True if alerts of *severity* must get through without a database (``email_backup``)."""
        return self._mirror.covers(severity)

    def remember(self, triage: Triage) -> None:
        """Remember an open triage, in case it is confirmed while it cannot be read; forget an ended one."""
        if triage.status is TriageStatus.OPEN:
            self._walks[triage.id] = triage
        else:
            self._walks.pop(triage.id, None)

    def walk(self, triage_id: int) -> Triage | None:
        """Return a triage that this process has shown lately; None if it knows none of this number."""
        return self._walks.get(triage_id)

    async def tick(self) -> None:
        """Mirror the database, or escalate without it if it is away.

        Only a failed write shows that the database is away. A large read may be slow although the database
        works: then the last mirror stays.
        """
        self._overdue.look()
        if self.trouble is not None:  # due steps do not wait for its answer
            await asyncio.gather(self._answers(), self._act())
        elif not await self._answers() or self._is_queue_silent or self._overdue.watches():
            await self._act()

    async def _act(self) -> None:
        with urgency(PERSON):  # unlike what a tick does otherwise
            await self._alarm.act(is_needed=self._is_needed)

    def _is_needed(self, watch: Watch) -> bool:
        """Return True if only this process can escalate *watch*: the database or the queue does not work.

        The same holds when a step of its incident is overdue.
        """
        has_trouble = self.trouble is not None or self._is_queue_silent
        return has_trouble or watch.key in self._overdue.watches()

    @property
    def _is_queue_silent(self) -> bool:
        """Return True if the queue does not work although the database does."""
        return self._silent_looks >= _SILENT_LOOKS

    def _look_at_queue(self) -> None:
        """Note whether the queue works, once the database has answered.

        Right after an outage the queue may need a moment longer than the database.
        """
        was_silent = self._is_queue_silent
        self._silent_looks = self._silent_looks + 1 if self._queue.is_stuck else 0
        if self._is_queue_silent and not was_silent:
            log.error("jobs.silent", watched=len(self._book.journal.watches))
        elif was_silent and not self._is_queue_silent:
            log.info("jobs.back")

    async def _answers(self) -> bool:
        """Return True if the database answers; then record the journal in it, and mirror it."""
        try:
            now = await self._store.beat(mirror=self._nothing_to_tell())
        except StorageUnavailable as away:
            self._silent_looks = 0
            self._is_away(away)
            return False
        except Exception as broken:  # damaged, without its tables, not ours any more
            if self._since is None:  # it is looked at every second
                log.exception("database.broken")
            self._is_away(broken)
            return False
        ahead_s = (now - datetime.now(UTC)).total_seconds()  # before anything that may take long
        self._book.set_clock(now)
        if self._since is not None:
            log.info("database.back", away_s=round(time.monotonic() - self._since))
        self.trouble, self._since, self._told_at = None, None, float("-inf")
        self._look_at_queue()
        await self._record_journal()
        # Last, so that the mirror does not contain steps that were recorded just now.
        at_once = self._is_queue_silent or self._overdue.is_doubtful
        await self._mirror.read(ahead_s=ahead_s, at_once=at_once)
        return True

    async def _record_journal(self) -> None:
        journal = self._book.journal
        if not journal.has_news:
            return
        try:
            recorded = await self._recorder.record(journal, alarm=self._alarm)
            await self._book.keep(self._mirror.completed(recorded.out_of(self._book.journal)))
            if journal.has_news:  # others wait for this: see `bot.services.shared.fencing`
                await self._store.beat(mirror=self._nothing_to_tell())
        except StorageUnavailable as away:
            log.warning("emergency.not_taken_in", reason=str(away))

    async def leave(self) -> None:
        """Tell the database that this process ends, unless its journal holds work that is not recorded."""
        if (mirror := self._nothing_to_tell()) is not None:
            with suppress(StorageUnavailable):
                await MirrorRows(self._store.sql).leave(mirror)

    def _nothing_to_tell(self) -> UUID | None:
        """Return the id of the mirror if everything that this process has done is in the database."""
        journal = self._book.journal
        return None if journal.has_news else journal.mirror

    async def raise_alert(self, new: NewIncident) -> Raised:
        """Tell people of an incident that cannot be recorded now; it is recorded later, once.

        Raises:
            NotPermitted; UserError: the title is empty.
        """
        roles = self._policy.permissions.triage
        if not has_role(new.reported_by, roles):
            raise NotPermitted(action="triage", roles=roles)
        return await self._raise(self._report(new))

    def pages_for(self, new: NewIncident) -> bool:
        """Return True if people must be told of a monitor's alert without a database, and know nothing of it.

        An alert that is open, muted, or was raised without the database pages nobody when it comes again. One
        that a capability holds back waits for the database.
        """
        journal, now = self._book.journal, self._book.now()
        if any(held(self._policy, journal, new, now) for held in self._holds_meanwhile):
            return False
        is_known = new.fingerprint in journal.known_alerts or new.fingerprint in journal.alerts
        return self.covers(new.severity) and not is_known and len(journal.alerts) < _ALERTS

    async def raise_for_monitor(self, new: NewIncident, *, sender: str = "") -> None:
        """Tell people of a monitor's alert that cannot be recorded now, as `raise_alert` does, once.

        Args:
            new: With the time of the monitor's report as `triggered_at`.
            sender: As `AlertMessage.sender`, if a message says it.
        """
        report = replace(self._report(new), alert=HeldAlert.of(new), sender=sender)
        await self._raise(replace(report, raised_at=new.triggered_at or report.raised_at))

    async def until_recorded(self) -> None:
        """Wait until the alerts of the time without a database are recorded, for some seconds at most.

        Until then, the same alert would open a second incident.
        """
        ends_at = time.monotonic() + _RECORDED_S
        while self.trouble is None and self._book.journal.alerts:
            if time.monotonic() > ends_at:
                return
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def is_recorded(self) -> bool:
        """Return True if no process has anything left to record, as far as the database knows.

        Another process is waited for as in `SentDuringOutage`: six seconds at most, since it may have died.

        Raises:
            StorageUnavailable.
        """
        await self.until_recorded()
        return self.trouble is None and not await MirrorRows(self._store.sql).is_untold()

    async def unless_away(self, recording: Coroutine[Any, Any, _Value]) -> _Value:
        """Return what *recording* returns, but stop waiting once the database is known to be away.

        The database may have come back since the last look at it, so *recording* is tried in any case.

        Raises:
            StorageUnavailable: the database is away. Also anything that *recording* raises.
        """
        task = asyncio.create_task(recording, name="recording")
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # else asyncio logs it
        while not (await asyncio.wait({task}, timeout=_LOOK_EVERY_S))[0]:
            if self.trouble is not None:
                task.cancel()
                raise StorageUnavailable(str(self.trouble))
        return await task

    async def _raise(self, report: UnrecordedReport) -> Raised:
        watch = self._watch_of(report)
        async with self._alarm.hold(watch.key):
            journal = self._book.journal
            if watch.key not in journal.reports:
                await self._book.keep(
                    replace(
                        journal,
                        watches={**journal.watches, watch.key: watch},
                        reports={**journal.reports, watch.key: report},
                    )
                )
            log.warning("emergency.raised", severity=report.severity)
            await self._alarm.begin(watch)
            posted = self._book.journal.posted.get(f"{watch.key}:alert")
            return Raised(report.severity, posted, self._alarm.told(watch))

    def _report(self, new: NewIncident) -> UnrecordedReport:
        now = self._book.now()
        return UnrecordedReport(
            key=new.key,
            guild_id=new.guild_id,
            severity=new.severity,
            title=clean_title(new.title),
            targets=new.targets,
            symptoms=new.symptoms,
            path=new.path,
            started_at=min(new.started_at, now),
            raised_at=now,
            by_id=new.reported_by.id,
            by_name=new.reported_by.name,
            team=self._policy.team_of(new.targets, said=new.team),
        )

    def _watch_of(self, report: UnrecordedReport) -> Watch:
        severity = self._policy.rules_of(report)
        due = self._policy.ack_due(severity, at=report.raised_at)
        steps = plan(severity.ladder, incident_id=0, starts_at=report.raised_at, ack_due_at=due)
        return Watch(
            key=report.watch_key,
            guild_id=report.guild_id,
            label=None,
            severity=report.severity,
            title=report.title,
            targets=report.targets,
            raised_at=report.raised_at,
            to="channel",
            rings=True,
            is_drill=False,
            is_private=False,
            places=report.places,
            rungs=tuple(WatchStep(s.index, s.due_at, s.rung.mention, s.rung.dm) for s in steps),
            team=report.team,
        )

    def _is_away(self, error: Exception) -> None:
        self.trouble = trouble_of(error)
        now = time.monotonic()
        self._since = self._since or now
        if now - self._told_at < _TELL_EVERY_S:
            return
        self._told_at = now
        told = log.warning if self.trouble is DatabaseTrouble.AWAY else log.error
        watched = len(self._book.journal.watches)
        told("database.not_writable", trouble=self.trouble, reason=str(error), watched=watched)
