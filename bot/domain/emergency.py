"""What must still be told while the database is away: a mirror of deadlines, and a journal of what was done.

Only severities with ``email_backup`` are mirrored. Keys of messages are those of the deliveries that they
stand in for, so that both have one nonce. See docs/architecture.md, Without a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from bot.domain.delivery import Posted
from bot.domain.severity import Mention

#: How long after a deadline the database may still decide it: longer than it takes to see that it is away.
GRACE: Final = timedelta(seconds=2)


def watch_key(incident_id: int) -> str:
    """The key of an incident that has a number: "inc:42"."""
    return f"inc:{incident_id}"


class Trouble(StrEnum):
    """What is wrong with the database."""

    AWAY = "away"
    READ_ONLY = "read_only"
    FULL = "disk_full"


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
        has_email: Somebody has an email in its place.
        attempt: At sending it; None before the first.
    """

    key: str
    word: Word
    to: str
    since: datetime
    has_email: bool
    attempt: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """An incident that nobody has acknowledged, as far as it takes to ring for it.

    Attributes:
        key: "inc:42", or "report:<key>" for one that has no number yet.
        label: "INC-42"; None without a number.
        to: Where it is told: "channel", its severity's, or "thread:<id>" of a private one; None of a
            private one without a thread: then only people are told.
        places: Messages (channel id, message id) on which a 👀 counts.
        rungs: By due time; the first one of a report is due when it is raised.
        owed: What is still to be said of it, by when it was owed; a report has none.
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

    def step_key(self, rung: Rung) -> str:
        """Such as "inc:42:step:1"."""
        return f"{self.key}:step:{rung.index}"


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


@dataclass(frozen=True, slots=True)
class Journal:
    """The mirror, and what was done by it. Survives a restart as a small file.

    Attributes:
        mirror: By which the database knows it; None before it was ever kept.
        installation_id: Part of every nonce; empty before the database was ever seen.
        ahead_s: The database's time minus ours, seconds.
        watches: By key.
        posted: Message key -> where Discord has it.
        taken: Step key -> when it was taken, aware.
        skipped: Of these, the ones that a later step of the same ladder has spoken for.
        mailed: Message keys whose email was accepted.
        acknowledged: Watch keys under which a 👀 was found.
        reports: By watch key.
    """

    mirror: UUID | None = None
    installation_id: str = ""
    ahead_s: float = 0.0
    watches: Mapping[str, Watch] = field(default_factory=dict)
    posted: Mapping[str, Posted] = field(default_factory=dict)
    taken: Mapping[str, datetime] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()
    mailed: frozenset[str] = frozenset()
    acknowledged: frozenset[str] = frozenset()
    reports: Mapping[str, Report] = field(default_factory=dict)

    @property
    def has_news(self) -> bool:
        """There is something to be taken into the database."""
        return bool(self.posted or self.taken or self.mailed or self.reports)

    @property
    def was_used(self) -> bool:
        """It says more than what the database has said."""
        return self.has_news or bool(self.acknowledged)

    def of_reports(self) -> "Journal":
        """What it says of reports alone: that holds whatever numbers the database has given."""
        own = tuple(f"{key}:" for key in self.reports)
        return replace(
            self,
            watches={key: watch for key, watch in self.watches.items() if key in self.reports},
            posted={key: where for key, where in self.posted.items() if key.startswith(own)},
            taken={key: at for key, at in self.taken.items() if key.startswith(own)},
            skipped=frozenset(key for key in self.skipped if key.startswith(own)),
            mailed=frozenset(key for key in self.mailed if key.startswith(own)),
            acknowledged=self.acknowledged & self.reports.keys(),
        )

    def unsaid(self, now: datetime) -> list[tuple[Watch, tuple[Owed, ...]]]:
        """What was owed long enough ago to be there, and is not known to be."""
        found = []
        for watch in self.watches.values():
            owed = tuple(o for o in watch.owed if o.since + GRACE <= now and o.key not in self.posted)
            if owed and watch.key not in self.acknowledged:
                found.append((watch, owed))
        return found

    def due(self, now: datetime) -> list[tuple[Watch, Rung, tuple[Rung, ...]]]:
        """The steps that must be taken now, the longest overdue first.

        Of one ladder the last that is due, with the earlier ones that it speaks for: nobody is rung twice for
        one fact.
        """
        found = []
        for watch in self.watches.values():
            late = [rung for rung in watch.rungs if self._is_due(watch, rung, now)]
            if late and watch.key not in self.acknowledged:
                found.append((watch, late[-1], tuple(late[:-1])))
        return sorted(found, key=lambda each: each[1].due_at)

    def _is_due(self, watch: Watch, rung: Rung, now: datetime) -> bool:
        return rung.due_at + GRACE <= now and watch.step_key(rung) not in self.taken
