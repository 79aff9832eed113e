"""What must still be told while the database is away: a mirror of deadlines, and a journal of what was done.

Only severities with ``email_backup`` are mirrored. Keys of messages are those of the deliveries that they
stand in for, so that both have one nonce. See docs/internals/database-outage.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.delivery.delivery import Posted
from bot.domain.severity import Mention


def watch_key(incident_id: int) -> str:
    """The key of an incident that has a number: "inc:42"."""
    return f"inc:{incident_id}"


class Trouble(StrEnum):
    """What is wrong with the database."""

    AWAY = "away"
    READ_ONLY = "read_only"
    FULL = "disk_full"
    LOCKED = "locked"
    BROKEN = "broken"


class Word(StrEnum):
    """What a message says."""

    ALERT = "alert"
    ESCALATION = "escalation"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of a ladder that nobody has decided yet."""

    index: int
    due_at: datetime
    mention: Mention
    dm: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A message that Discord may have, though its answer never came.

    Attributes:
        at: When it was sent first, aware.
        body: What was sent, as JSON.
    """

    at: datetime
    body: str


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that was recorded and, as far as is known, is not there yet.

    Attributes:
        key: Of its delivery.
        to: Where it goes: as `Watch.to`, or "person:<on-call place>".
        since: When it was owed, aware.
        rings: An escalation mentions whoever is there; an alert does so if its severity says so.
        has_email: Somebody has an email in its place.
        attempt: At sending it; None before the first.
    """

    key: str
    word: Word
    to: str
    since: datetime
    rings: bool
    has_email: bool
    attempt: Attempt | None = None

    @property
    def step(self) -> str:
        """The key of the step that it belongs to: what is left of its own without the place."""
        return self.key.partition(":dm:")[0].removesuffix(":channel")


@dataclass(frozen=True, slots=True)
class Watch:
    """An incident that nobody has acknowledged, as far as it takes to ring for it.

    Attributes:
        key: "inc:42", or "report:<key>" for one that has no number yet.
        label: "INC-42"; None without a number.
        to: Where it is told: "channel", its severity's, or "thread:<id>" of a private one; None of a
            private one without a thread: then only people are told.
        places: Messages (channel id, message id) on which a 👀 counts, but for what `counts` says.
        rungs: By due time; the first one of a report is due when it is raised.
        owed: What is still to be said of it, by when it was owed; a report has none.
        left: Ids of people who are not on it any more: their acknowledge has ended.
        old_messages: Ids of those of `places` that are older than the end of the latest acknowledge.
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
    rungs: tuple[Rung, ...]
    owed: tuple[Owed, ...] = ()
    left: tuple[int, ...] = ()
    old_messages: tuple[int, ...] = ()

    def counts(self, user_id: int, message_id: int) -> bool:
        """Whether their 👀 under that message may acknowledge: not that of an acknowledge that has ended."""
        return not (user_id in self.left and message_id in self.old_messages)

    def step_key(self, rung: Rung) -> str:
        """Such as "inc:42:step:1"."""
        return f"{self.key}:step:{rung.index}"


@dataclass(frozen=True, slots=True)
class Saying:
    """One message, as it is told without a database.

    Attributes:
        key: Of the delivery that it stands in for.
        to: As `Watch.to`, "channel:<name>", or "person:<on-call place>".
        rings: It mentions whoever is there.
        waited: For how long nobody has acknowledged.
        sought_since: From when on it may be there already, told by another process; None: it cannot be.
        attempt: Whose message may be there already.
    """

    word: Word
    key: str
    to: str
    rings: bool = False
    waited: timedelta = timedelta()
    sought_since: datetime | None = None
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit has changed of the watches.

    Attributes:
        begun: Those whose ladder begins with it.
        ended: The keys of those that nobody needs to be told of any more.
    """

    begun: tuple[Watch, ...]
    ended: frozenset[str]


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody raised while nothing could be recorded.

    Attributes:
        key: Idempotency key of the incident that it becomes.
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

    @property
    def watch_key(self) -> str:
        """The key of its watch."""
        return f"report:{self.key}"


@dataclass(frozen=True, slots=True)
class Told:
    """A message that was posted without a database.

    Attributes:
        nonce: Which it was sent under: says of which installation it is.
    """

    nonce: str
    where: Posted
