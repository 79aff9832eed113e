"""Alerting without the database: a mirror of its deadlines, and a journal of the work done.

Only severities with ``email_backup`` are mirrored. Keys of messages are those of the deliveries
that they replace, so that both have one nonce. See docs/internals/database-outage.md.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from bot.domain.alerts.decisions import AlertWindow, HeldAlert
from bot.domain.delivery.delivery import Posted
from bot.domain.escalation.ladder import combined
from bot.domain.incident.incident import NewIncident
from bot.domain.people import Person
from bot.domain.severity import Mention


def watch_key(incident_id: int) -> str:
    """Return the key of an incident that has a number: "inc:42"."""
    return f"inc:{incident_id}"


class DatabaseTrouble(StrEnum):
    """What keeps the database from recording an escalation."""

    AWAY = "away"
    READ_ONLY = "read_only"
    FULL = "disk_full"
    LOCKED = "locked"
    BROKEN = "broken"


class OfflineKind(StrEnum):
    """The kind of a message that is sent without a database."""

    ALERT = "alert"
    ESCALATION = "escalation"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class WatchStep:
    """A pending step of an incident's ladder. Without the database no page leaves Discord except by email."""

    index: int
    due_at: datetime
    mention: Mention
    dm: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnansweredPost:
    """A message that Discord may have, though its answer never came.

    Attributes:
        at: When it was sent first, aware.
        body: What was sent, as JSON.
    """

    at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class UnsentMessage:
    """A message that was recorded and, as far as the bot knows, is not in Discord yet.

    Attributes:
        key: The key of its delivery.
        word: Its kind; `word` is the key in the file and the query.
        to: Where it goes: as `Watch.to`, or "person:<on-call place>".
        since: When it came due, aware.
        rings: An escalation rings @here; an alert does so if its severity says so.
        has_email: An email has gone out in its place.
        attempt: The attempt at sending it; None before the first.
    """

    key: str
    word: OfflineKind
    to: str
    since: datetime
    rings: bool
    has_email: bool
    attempt: UnansweredPost | None = None

    @property
    def step(self) -> str:
        """Return the key of its step: its own key without the place."""
        return self.key.partition(":dm:")[0].removesuffix(":channel")


@dataclass(frozen=True, slots=True)
class Watch:
    """An unacknowledged incident, with the facts needed to ring for it.

    Attributes:
        key: "inc:42", or "report:<key>" for one that has no number yet.
        label: "INC-42"; None without a number.
        to: Where it is posted: "channel" (its team's for the severity), or "thread:<id>" for a private
            incident. None for a private incident without a thread: then only DMs are sent.
        places: Messages (channel id, message id) on which a 👀 counts, unless `counts` excludes it.
        rungs: The pending steps, by due time; `rungs` is the key in the file and the query. The first step of
            a report is due when it is raised.
        owed: The messages still to send, by due time; a report has none.
        left: Ids of people whose acknowledge has ended.
        old_messages: Ids of those of `places` that are older than the end of the latest acknowledge.
        unmarked: Users of `left` and messages that had no 👀 of theirs since they left.
        team: Whose it is; None: the default team's, as in a file of an earlier version.
    """

    key: str
    guild_id: int
    label: str | None
    severity: str
    title: str
    targets: tuple[str, ...]
    raised_at: datetime
    to: str | None
    rings: bool
    is_drill: bool
    is_private: bool
    places: tuple[tuple[int, int], ...]
    rungs: tuple[WatchStep, ...]
    owed: tuple[UnsentMessage, ...] = ()
    left: tuple[int, ...] = ()
    old_messages: tuple[int, ...] = ()
    unmarked: tuple[tuple[int, int], ...] = ()
    team: str | None = None

    def counts(self, user_id: int, message_id: int) -> bool:
        """Return True if the user's 👀 on that message may acknowledge; one of an ended ack may not."""
        is_spared = (user_id, message_id) in self.unmarked
        return is_spared or not (user_id in self.left and message_id in self.old_messages)

    def step_key(self, step: WatchStep) -> str:
        """Return the key of a step, such as "inc:42:step:1"."""
        return f"{self.key}:step:{step.index}"


@dataclass(frozen=True, slots=True)
class OfflineMessage:
    """One message that is sent without a database.

    Attributes:
        key: The key of the delivery that it replaces.
        to: As `Watch.to`, "channel:<name>", or "person:<on-call place>".
        rings: It rings @here.
        waited: How long the incident has had no acknowledgement.
        sought_since: From when on another process may have posted it already; None: none has.
        attempt: An earlier attempt, whose message may be in Discord already.
    """

    kind: OfflineKind
    key: str
    to: str
    rings: bool = False
    waited: timedelta = timedelta()
    sought_since: datetime | None = None
    attempt: UnansweredPost | None = None


@dataclass(frozen=True, slots=True)
class WatchChange:
    """The changes of a commit to the watches.

    Attributes:
        begun: The watches whose ladder begins with it.
        ended: The keys of the watches that need no more messages.
    """

    begun: tuple[Watch, ...]
    ended: frozenset[str]


@dataclass(frozen=True, slots=True)
class UnrecordedReport:
    """An incident that a person or a monitor raised while the database could not record it.

    Attributes:
        key: Idempotency key of the incident that it becomes.
        alert: The monitor's alert; None for a person's report.
        sender: As `AlertMessage.sender`, of an alert that a message says.
        team: As `Watch.team`.
    """

    key: str
    guild_id: int
    severity: str
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    path: tuple[tuple[str, str], ...]
    started_at: datetime
    raised_at: datetime
    by_id: int
    by_name: str
    alert: HeldAlert | None = None
    sender: str = ""
    team: str | None = None

    @property
    def as_incident(self) -> NewIncident:
        """Return the incident to open, with the ladder from when it was raised."""
        if self.alert is not None:
            new = self.alert.as_incident(self.guild_id, None, began=self.started_at)
            return replace(new, triggered_at=self.raised_at, team=self.team)
        return NewIncident(
            guild_id=self.guild_id,
            severity=self.severity,
            title=self.title,
            targets=self.targets,
            symptoms=self.symptoms,
            started_at=self.started_at,
            reported_by=Person(id=self.by_id, name=self.by_name),
            path=self.path,
            key=self.key,
            triggered_at=self.raised_at,
            team=self.team,
        )

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Return the monitor's message, on which a 👀 counts; empty without one."""
        source = None if self.alert is None else self.alert.source
        return () if source is None else ((source.channel_id, source.message_id),)

    @property
    def watch_key(self) -> str:
        """Return the key of the watch over the report."""
        return f"report:{self.key}"


@dataclass(frozen=True, slots=True)
class OfflinePost:
    """A message that was posted without a database.

    Attributes:
        nonce: The nonce it was sent under, which identifies the installation.
    """

    nonce: str
    where: Posted


@dataclass(frozen=True, slots=True)
class SeenAck:
    """A 👀 that was found without a database, of a person who may acknowledge.

    Attributes:
        by_id, by_name: The person.
        at: When it was found, aware.
    """

    by_id: int
    by_name: str
    at: datetime

    @property
    def by(self) -> Person:
        """Return the person, without roles."""
        return Person(id=self.by_id, name=self.by_name)


#: How long the database may still decide a deadline that has passed: longer than an outage takes to show.
GRACE: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Journal:
    """The mirror of the database, and the work done from it. A small file keeps it over a restart.

    Attributes:
        mirror: The id by which the database knows it; None before it was first stored.
        installation_id: Part of every nonce; empty before the database was ever seen.
        ahead_s: The database's time minus ours, seconds.
        watches: By key.
        posted: Message key -> where Discord has it.
        said: Key of a message or an email -> when it was sent, aware.
        taken: Step key -> when it was taken, aware.
        skipped: Of these, the ones that the message of a later step of the same ladder covered.
        mailed: Keys of the emails that were accepted: "<message key>:mail:<mailbox>".
        acknowledged: Watch key -> the 👀 that was found under it; None in a file of an earlier version.
        reports: By watch key.
        known_alerts: Fingerprints of alerts that page nobody when they come again, being open or muted.
        windows: Those that hold alerts: see `bot.capability.AlertHold`.
    """

    mirror: UUID | None = None
    installation_id: str = ""
    ahead_s: float = 0.0
    watches: Mapping[str, Watch] = field(default_factory=dict)
    posted: Mapping[str, Posted] = field(default_factory=dict)
    said: Mapping[str, datetime] = field(default_factory=dict)
    taken: Mapping[str, datetime] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    mailed: frozenset[str] = frozenset()
    acknowledged: Mapping[str, SeenAck | None] = field(default_factory=dict)
    reports: Mapping[str, UnrecordedReport] = field(default_factory=dict)
    known_alerts: frozenset[str] = frozenset()
    windows: tuple[AlertWindow, ...] = ()

    @property
    def has_news(self) -> bool:
        """Return True if the journal holds work that the database must record."""
        return bool(self.posted or self.taken or self.mailed or self.reports or self.acknowledged)

    def of_reports(self) -> "Journal":
        """Return the part about reports, which is valid whichever numbers the database gave to incidents."""
        own = tuple(f"{key}:" for key in self.reports)
        return self._only(lambda key: key.startswith(own), self.reports.keys())

    @property
    def alerts(self) -> Mapping[str, UnrecordedReport]:
        """Return the alerts that are not recorded, by fingerprint."""
        return {
            report.alert.fingerprint: report for report in self.reports.values() if report.alert is not None
        }

    def is_held(self, name: str, now: datetime) -> bool:
        """Return True if a window holds alerts about *name*, a target or a title."""
        return any(window.ends_at > now and window.covers(name) for window in self.windows)

    def done(self, watch_key: str) -> frozenset[str]:
        """Return the keys of the messages, steps and emails that are done for an incident."""
        own, done = f"{watch_key}:", (*self.posted, *self.taken, *self.mailed)
        return frozenset(key for key in done if key.startswith(own))

    def without(self, watch_keys: Collection[str], *, as_in: "Journal") -> "Journal":
        """Return the journal without what *as_in*, an earlier state of it, held about these incidents.

        Nothing is kept of a report that has become an incident: it would not be found under its old key.
        """
        own = tuple(f"{key}:" for key in watch_keys)
        ended = tuple(f"{key}:" for key in as_in.reports.keys() & set(watch_keys))
        old = {*as_in.posted, *as_in.taken, *as_in.mailed, *as_in.skipped}
        left = self._only(
            lambda key: not (key.startswith(ended) or (key.startswith(own) and key in old)),
            self.watches.keys() - set(watch_keys),
        )
        reports = {key: report for key, report in self.reports.items() if key not in watch_keys}
        return replace(left, reports=reports)

    def _only(self, keeps: Callable[[str], bool], watches: Collection[str]) -> "Journal":
        """Return the part under message keys that *keeps* accepts, and about the given watches."""
        return replace(
            self,
            watches={key: watch for key, watch in self.watches.items() if key in watches},
            posted={key: where for key, where in self.posted.items() if keeps(key)},
            said={key: at for key, at in self.said.items() if keeps(key)},
            taken={key: at for key, at in self.taken.items() if keeps(key)},
            skipped=frozenset(key for key in self.skipped if keeps(key)),
            mailed=frozenset(key for key in self.mailed if keeps(key)),
            acknowledged={key: seen for key, seen in self.acknowledged.items() if key in watches},
        )

    def pending(self, now: datetime) -> list[Watch]:
        """Return the incidents that need a message now."""
        return [
            watch
            for watch in self.watches.values()
            if self.is_unsaid(watch) or self.owed(watch, now) or self.due(watch, now) is not None
        ]

    def is_unsaid(self, watch: Watch) -> bool:
        """Return True if the watch is a report whose alert is not posted."""
        return watch.key in self.reports and f"{watch.key}:alert" not in self.posted

    def owed(self, watch: Watch, now: datetime) -> tuple[UnsentMessage, ...]:
        """Return the overdue messages that are not known to be posted: the last alert, and the last step.

        Messages that a later step or alert covers are dropped, so that no one is pinged twice for one fact.
        """
        if watch.key in self.acknowledged:
            return ()
        old = [owed for owed in watch.owed if owed.since + GRACE <= now]
        alerts = [owed for owed in old if owed.word is OfflineKind.ALERT][-1:]
        passed = max((step.due_at for step in watch.rungs if step.due_at + GRACE <= now), default=None)
        steps = [
            owed
            for owed in old
            if owed.word is not OfflineKind.ALERT and (passed is None or owed.since > passed)
        ]
        last = [owed for owed in steps if owed.step == steps[-1].step]
        return tuple(owed for owed in [*alerts, *last] if owed.key not in self.posted)

    def due(self, watch: Watch, now: datetime) -> tuple[WatchStep, tuple[WatchStep, ...]] | None:
        """Return the ladder's last overdue step, and the earlier ones that it covers; None if none is due.

        The step alerts everybody whom one of these steps would have alerted.
        """
        late = [
            step
            for step in watch.rungs
            if step.due_at + GRACE <= now and watch.step_key(step) not in self.taken
        ]
        if not late or watch.key in self.acknowledged:
            return None
        mention, dm = combined(late)
        return replace(late[-1], mention=mention, dm=dm), tuple(late[:-1])


@dataclass(frozen=True, slots=True)
class Recorded:
    """The part of a journal that the database has recorded.

    Attributes:
        journal: The journal at that moment.
        keys: The watch keys of the recorded incidents.
        installation_id: The database's; numbers of another one mean other incidents.
    """

    journal: Journal
    keys: frozenset[str]
    installation_id: str

    def out_of(self, journal: Journal) -> Journal:
        """Return the rest of *journal*, which may hold more by now."""
        if journal.installation_id not in ("", self.installation_id):
            journal = replace(journal.of_reports(), installation_id=self.installation_id)
        return journal.without(self.keys, as_in=self.journal)
