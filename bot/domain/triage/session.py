"""One walk through the decision tree, as stored, and the changes it can go through.

A walk that ends in 再評価 stays under a clock: held until it is asked about again, asked until a
person answers, and raised when no answer comes. Looking again reopens the questions without
stopping that clock.

A walk that is left unfinished has a clock of its own, see `Idle`. A person who only looked around
never causes an alert.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.delivery.delivery import Notice
from bot.domain.errors import InvalidTransition
from bot.domain.masking.masking import mask
from bot.domain.payloads import Payload
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.tree import BY_HAND, Given, Path, Tree

#: Characters that are kept of a message; Discord allows no more.
EVIDENCE_LIMIT: Final = 4_000


class Evidence(Payload):
    """A message as it was when the triage started from it.

    Attributes:
        text: Its words, up to 4,000 characters; empty when it had none (an image, an embed).
        author_name: The name that it was posted under; a webhook's name included.
        url: Its address in Discord.
        at: When it was posted, aware.
    """

    text: str
    author_id: int
    author_name: str
    url: str
    at: datetime

    def masked(self) -> "Evidence":
        """Return the message as it may be stored and shown elsewhere: without secrets and emails."""
        return replace(self, text=mask(self.text).text)


class PathStep(Payload, kw_only=False):
    """An answer of the decision tree, as `Given.as_step`."""

    question: str
    answer: str


class JoinedReport(Payload):
    """A report that joined an incident of others, as its person gave it.

    Attributes:
        by: The name of the person who began the triage.
        severity: Its result.
        path: The answers that led there.
        url: The message that it was about, if it was about one.
    """

    title: str
    targets: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    started_at: datetime
    by: str
    severity: str
    path: tuple[PathStep, ...] = ()
    url: str | None = None


class ReportJoinedNotice(Notice, name="report_joined"):
    """The report of another person has joined this incident."""

    report: JoinedReport


class TriagedHereNotice(Notice, name="triaged_here"):
    """Another triage of the same message has ended in this incident.

    Attributes:
        severity: Its result; None for a re-evaluation.
    """

    severity: str | None = None


class TriageData(Payload):
    """A post of a triage.

    Attributes:
        triage: Its number.
        monitor: The name of the monitor whose alert it is about.
        quiet: The person it mentions was notified before.
    """

    triage: int
    monitor: str | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """The last act on a walk, and the person who did it."""

    at: datetime
    by_id: int
    by_name: str


@dataclass(frozen=True, slots=True)
class Idle:
    """The clock of a walk's first look, which finds out whether the walk is still answered.

    Attributes:
        due_at: When the bot checks next; None: never, unless a person goes on.
        asked_at: When the bot asked the walk's person; None: it did not, or a person has gone on since.
        asked_name: The person it asked last.
        rounds: How often it asked.
        continued_at: When a person last went on after being asked.
        continued_by_id, continued_by_name: The person who went on; the walk is theirs since.
    """

    due_at: datetime | None = None
    asked_at: datetime | None = None
    asked_name: str | None = None
    rounds: int = 0
    continued_at: datetime | None = None
    continued_by_id: int | None = None
    continued_by_name: str | None = None

    def asked(self, name: str, *, at: datetime, due_at: datetime) -> "Idle":
        """Record that *name* was asked whether they go on; at *due_at* the bot decides without them."""
        return replace(self, due_at=due_at, asked_at=at, asked_name=name, rounds=self.rounds + 1)

    def due(self, at: datetime) -> "Idle":
        """Return a copy whose next check is at *at*."""
        return replace(self, due_at=at)

    def stopped(self) -> "Idle":
        """Stop the clock, because the triage has ended or was offered to the team."""
        return replace(self, due_at=None)

    def continued(self, *, by: Person, at: datetime, due_at: datetime | None) -> "Idle":
        """Record that *by* goes on; the bot checks at *due_at* (None: never) whether they still do."""
        return replace(
            self,
            due_at=due_at,
            asked_at=None,
            continued_at=at,
            continued_by_id=by.id,
            continued_by_name=by.name,
        )


def severity_if_left(
    tree: Tree, severities: Mapping[str, SeverityPolicy], *, path: Path, chosen: str | None
) -> SeverityPolicy | None:
    """Return the severity under which an unfinished walk is raised, if it is raised at all.

    It is the least severe outcome that the answers still allow, provided that every allowed outcome calls
    people. Without an answer no one is called.

    Args:
        path: The answers, as far as they fit the tree.
        chosen: The severity chosen by hand over the tree's; None if there is none.
    """
    if chosen is None and not path:
        return None
    names = {chosen} if chosen is not None else {outcome.severity for outcome in tree.outcomes(path)}
    left = [severities.get(name or "") for name in names]
    known = [severity for severity in left if severity is not None and severity.calls_people]
    return max(known, key=lambda severity: severity.rank) if len(known) == len(left) else None


_KEY: Final = "triage:"


def triage_of_key(incident_key: str) -> int | None:
    """Return the id of the triage that becomes the incident with this key; None if it is another report's."""
    number = incident_key.removeprefix(_KEY)
    return int(number) if number != incident_key and number.isdecimal() else None


class TriageStatus(StrEnum):
    """The status of a walk."""

    OPEN = "open"
    OPENED = "opened"  # it became an incident, or joined one
    REEVALUATING = "reevaluating"  # the tree said: look again in a while
    DISMISSED = "dismissed"  # looked at again, nothing wrong
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # its person did not go on in time


@dataclass(frozen=True, slots=True)
class NewTriage:
    """The input of the first form. Attributes as in `NewIncident`.

    Attributes:
        channel_id: The channel in which it was started; None when that is not known.
        source_message_id: The message of that channel that it is about.
        evidence: The content of that message, if it could be read.
        reporter: The person whose report it is, if that is another one than *by*.
    """

    guild_id: int
    by: Person
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    started_at: datetime
    key: str
    channel_id: int | None = None
    source_message_id: int | None = None
    evidence: Evidence | None = None
    reporter: Person | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as it was given.

    Attributes:
        unsure: They said わからない, and it was counted as *answer*.
        withdrawn_at, withdrawn_by_name: Set once a person has taken it back; the row stays.
    """

    question: str
    answer: str
    unsure: bool
    by_id: int
    by_name: str
    at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by_name: str | None = None


@dataclass(frozen=True, slots=True)
class StoredChoice:
    """A severity that was chosen by hand over the tree's.

    Attributes:
        proposed: What the tree had led to, by the name of its `TriageOutcome`; None: a question was open.
        withdrawn_at, withdrawn_by_name: Set once a person has taken it back, or chosen anew; the row stays.
    """

    proposed: str | None
    severity: str
    by_id: int
    by_name: str
    at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by_name: str | None = None


@dataclass(frozen=True, slots=True)
class Triage:
    """A walk. A change raises InvalidTransition if the walk's status does not allow it.

    Attributes:
        user_id, user_name: Who started it.
        reporter: The person whose report it is, if that is another one.
        answers: The answers that are not withdrawn, in order.
        severity: Chosen by hand, over the tree's outcome.
        due_at: When its job is due; None once it is over.
        asked_at: When the running re-evaluation was asked about; None before that.
        rounds: How often it was put to re-evaluation.
        held_by_name: The person who did that last.
        taken_by_name: The person who looks at it again now.
        ended_at, ended_by_name: However it ended; no name when the clock ended it.
        idle: The clock that watches whether it is still answered.
        joined: Its report went to an incident that others had raised, by the press of its person.
    """

    id: int
    guild_id: int
    user_id: int
    user_name: str
    title: str
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    started_at: datetime
    created_at: datetime
    status: TriageStatus
    answers: tuple[StoredAnswer, ...]
    channel_id: int | None = None
    source_message_id: int | None = None
    evidence: Evidence | None = None
    reporter: Person | None = None
    severity: str | None = None
    incident_id: int | None = None
    due_at: datetime | None = None
    asked_at: datetime | None = None
    rounds: int = 0
    held_by_name: str | None = None
    taken_by_name: str | None = None
    ended_at: datetime | None = None
    ended_by_name: str | None = None
    idle: Idle = field(default_factory=Idle)
    joined: bool = False

    @property
    def incident_key(self) -> str:
        """Return the key of the incident that it becomes: raised twice, it is still one incident."""
        return f"{_KEY}{self.id}"

    @property
    def is_unfinished(self) -> bool:
        """Return True while the walk has not ended and was never put to re-evaluation."""
        return self.status is TriageStatus.OPEN and self.rounds == 0

    @property
    def is_under_reevaluation(self) -> bool:
        """Return True while the clock of a re-evaluation runs, also during a second look."""
        is_reopened = self.status is TriageStatus.OPEN and self.rounds > 0
        return is_reopened or self.status is TriageStatus.REEVALUATING

    @property
    def reported_by(self) -> Person:
        """Return the person whose report it is."""
        return self.reporter or Person(id=self.user_id, name=self.user_name)

    @property
    def at_work_name(self) -> str:
        """Return the name of the person who looks again, else of the one who went on, else of the starter."""
        return self.taken_by_name or self.idle.continued_by_name or self.user_name

    def standing(self, choices: Sequence[StoredChoice]) -> StoredChoice | None:
        """Return the choice behind the current severity, or None; an older version stored no choices."""
        last = choices[-1] if choices else None
        counts = last is not None and last.withdrawn_at is None and last.severity == self.severity
        return last if counts else None

    def path_to(self, severity: str | None) -> tuple[tuple[str, str], ...]:
        """Return the answers as `Incident.path` keeps them, plus a step if *severity* was chosen by hand."""
        answers = tuple(Given(one.question, one.answer, one.unsure).as_step() for one in self.answers)
        return answers if severity is None or severity != self.severity else (*answers, (BY_HAND, severity))

    def is_forgotten(self, now: datetime) -> bool:
        """Return True if the walk is open past its due time and is not under re-evaluation."""
        is_waiting = self.status is TriageStatus.OPEN and not self.is_under_reevaluation
        return is_waiting and self.due_at is not None and self.due_at <= now

    def choose(self, severity: str | None) -> "Triage":
        """Choose the severity by hand; None leaves it to the tree."""
        self._require(TriageStatus.OPEN)
        return replace(self, severity=severity)

    def hold(self, *, by: Person, due_at: datetime) -> "Triage":
        """Put the walk to re-evaluation; the bot asks about it at *due_at*."""
        self._require(TriageStatus.OPEN)
        return replace(
            self,
            status=TriageStatus.REEVALUATING,
            due_at=due_at,
            asked_at=None,
            rounds=self.rounds + 1,
            held_by_name=by.name,
            taken_by_name=None,
            idle=self.idle.stopped(),
        )

    def ask(self, *, at: datetime, due_at: datetime) -> "Triage":
        """Record that the bot asked about the walk; without an answer it becomes an incident at *due_at*."""
        self._require_reevaluation()
        return replace(self, asked_at=at, due_at=due_at)

    def look_again(self, *, by: Person, at: datetime, within: timedelta) -> "Triage":
        """Reopen the questions. The clock goes on, so that a person who walks away now cannot silence it.

        A look before the question does not delay the question. A look after it gets *within* for itself, but
        the walk is raised at most twice *within* after the question, however many looks there are.
        """
        self._require_reevaluation()
        due_at = self.due_at or at
        if self.asked_at is None:
            due_at = min(due_at, at + within)
        else:
            due_at = max(due_at, min(at, self.asked_at + within) + within)
        return replace(self, status=TriageStatus.OPEN, severity=None, due_at=due_at, taken_by_name=by.name)

    def give_up(self, *, by: Person, at: datetime) -> "Triage":
        """Give up (やめる): no incident. A reopened walk goes back to waiting; its clock goes on."""
        self._require(TriageStatus.OPEN)
        if self.is_under_reevaluation:
            return replace(self, status=TriageStatus.REEVALUATING, severity=None, taken_by_name=None)
        return self._ended(TriageStatus.CANCELLED, by=by, at=at)

    def dismiss(self, *, by: Person, at: datetime) -> "Triage":
        """Dismiss the walk after the second look: nothing is wrong."""
        self._require_reevaluation()
        return self._ended(TriageStatus.DISMISSED, by=by, at=at)

    def with_idle(self, idle: Idle) -> "Triage":
        """Return the walk with *idle* as the clock of its first look."""
        if not self.is_unfinished:
            raise InvalidTransition("triage_over")
        return replace(self, idle=idle)

    def expire(self, *, at: datetime) -> "Triage":
        """End the walk because its person did not go on in time."""
        return self._ended(TriageStatus.EXPIRED, by=None, at=at)

    def raised(
        self, incident_id: int, *, severity: str, by: Person | None, at: datetime, joined: bool = False
    ) -> "Triage":
        """End the walk as the given incident; *by* is None when the clock raised it."""
        ended = self._ended(TriageStatus.OPENED, by=by, at=at)
        return replace(ended, incident_id=incident_id, severity=severity, joined=joined)

    def _ended(self, status: TriageStatus, *, by: Person | None, at: datetime) -> "Triage":
        name = None if by is None else by.name
        idle = self.idle.stopped()
        return replace(self, status=status, due_at=None, ended_at=at, ended_by_name=name, idle=idle)

    def _require(self, status: TriageStatus) -> None:
        if self.status is not status:
            raise InvalidTransition("triage_over")

    def _require_reevaluation(self) -> None:
        if not self.is_under_reevaluation:
            raise InvalidTransition("triage_over")
