"""Alerting without the database: types for a mirror of its deadlines and for a journal of the work done.

Only severities with ``email_backup`` are mirrored. Keys of messages are those of the deliveries that they
replace, so that both have one nonce. See docs/internals/database-outage.md.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.alerts.held import HeldAlert
from bot.domain.delivery.delivery import Posted
from bot.domain.incident.opening import NewIncident
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
        to: Where it is posted: "channel" (its severity's), or "thread:<id>" for a private incident. None
            for a private incident without a thread: then only DMs are sent.
        places: Messages (channel id, message id) on which a 👀 counts, unless `counts` excludes it.
        rungs: The pending steps, by due time; `rungs` is the key in the file and the query. The first step of
            a report is due when it is raised.
        owed: The messages still to send, by due time; a report has none.
        left: Ids of people whose acknowledge has ended.
        old_messages: Ids of those of `places` that are older than the end of the latest acknowledge.
        unmarked: Users of `left` and messages that had no 👀 of theirs since they left.
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

    @property
    def as_incident(self) -> NewIncident:
        """Return the incident to open, with the ladder from when it was raised."""
        if self.alert is not None:
            new = self.alert.as_incident(self.guild_id, None, began=self.started_at)
            return replace(new, triggered_at=self.raised_at)
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
