"""The parts of an incident: where it is in Discord, whom it called, and what it left behind."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.domain.payloads import Payload


class Resolution(Payload):
    """How an incident was resolved, in the words of the person who resolved it. Everything may be left out.

    Attributes:
        cause: At most 1,000 characters, as `fix`.
        fix: What ended it.
        impact: Who or what was affected, at most 300 characters.
        people: How many people were affected; None: not said.
        duration_s: How long they were affected, seconds; None: not said.
        by_id, by_name, at: Who wrote it, or corrected it last, and when.
    """

    cause: str = ""
    fix: str = ""
    impact: str = ""
    people: int | None = None
    duration_s: int | None = None
    by_id: int
    by_name: str
    at: datetime

    @property
    def duration(self) -> timedelta | None:
        """Return how long people were affected; None: not said."""
        return None if self.duration_s is None else timedelta(seconds=self.duration_s)

    @property
    def is_empty(self) -> bool:
        """Return True if the resolution says nothing."""
        return not (self.cause or self.fix or self.impact) and self.people is None and self.duration_s is None


class PostmortemState(StrEnum):
    """The state of a postmortem that was owed once."""

    OWED = "owed"
    DONE = "done"
    NOT_OWED = "not_owed"  # the incident was reopened, or has ended in another way since


class PostmortemReminderStage(StrEnum):
    """A reminder of an owed postmortem. Each comes once, in this order."""

    BEFORE = "before"  # a DM, a business day before the date
    AFTER = "after"  # a DM, a business day after it
    THREAD = "thread"  # a line in the thread, a business day later


class Postmortem(Payload):
    """The postmortem of an incident: who owes it, and by when.

    Attributes:
        due_on: A date in the team's time zone.
        reminded: The last reminder that was sent.
        remind_at: When the next one is due; None: none is.
        done_at: When it was done; None: it is not.
        done_by_id, done_by_name: By whom; the id is None if its pull request was merged.
        pull_request: The address of its pull request; None: there is none.
    """

    state: PostmortemState
    owner_id: int
    owner_name: str
    due_on: date
    reminded: PostmortemReminderStage | None = None
    remind_at: datetime | None = None
    done_at: datetime | None = None
    done_by_id: int | None = None
    done_by_name: str | None = None
    pull_request: str | None = None

    @property
    def is_owed(self) -> bool:
        """Return True while the postmortem has to be written."""
        return self.state is PostmortemState.OWED


class Aftermath(Payload):
    """What is known of an incident after its end; empty for one that was not read to be shown.

    Attributes:
        resolution: The latest; it stays when the incident is reopened.
        postmortem: None if it never owed one.
    """

    resolution: Resolution | None = None
    postmortem: Postmortem | None = None


@dataclass(frozen=True, slots=True)
class ActionCount:
    """How many action items an incident has: open ones, and all of them."""

    open: int = 0
    all: int = 0


class CallStep(Payload):
    """A step of the ladder, as the posts show it.

    Attributes:
        due_at: When it was, or is, to be taken.
        taken_at: When it was taken; None while it is to come.
        mention: As `Mention` has it.
        dm: The on-call places that it pages.
        repeats: The step is repeated until the incident is acknowledged.
        also: The ways beside Discord that it names, as `Also` has them.
    """

    due_at: datetime
    taken_at: datetime | None = None
    mention: str = "none"
    dm: tuple[str, ...] = ()
    repeats: bool = False
    also: tuple[str, ...] = ()


class CallPage(Payload):
    """A DM to a person on call.

    Attributes:
        who: The person, as `marked`; the place while its holder is not known.
        asked_at: When it was queued, which is when its step was taken.
        sent_at: When it arrived; None: it has not.
        is_refused: It was given up.
        is_emailed: The person has had an email in its place, or beside it.
    """

    who: str
    asked_at: datetime
    sent_at: datetime | None = None
    is_refused: bool = False
    is_emailed: bool = False


class OutsideCall(Payload):
    """A page that left Discord, and what came of it.

    Attributes:
        way: As `Way` has it.
        who: The person, as `marked`; the place while its holder is not known; None: it pages by itself.
        sent_at: When the system took it; None: it was given up.
    """

    way: str
    who: str | None = None
    sent_at: datetime | None = None


class Decline(Payload):
    """The answer of a person who cannot respond.

    Attributes:
        who: The person, as `marked`.
    """

    who: str
    at: datetime


class Calls(Payload):
    """The calls for an unacknowledged incident; empty for any other.

    Attributes:
        steps: Of all its ladders, without those that were cancelled, by time.
        pages: By time.
        declined: The people who cannot respond, by time.
        outside: The pages that left Discord, by time.
    """

    steps: tuple[CallStep, ...] = ()
    pages: tuple[CallPage, ...] = ()
    declined: tuple[Decline, ...] = ()
    outside: tuple[OutsideCall, ...] = ()

    @property
    def following(self) -> CallStep | None:
        """Return the next step; None if none is left."""
        return next(iter(self.to_come), None)

    @property
    def to_come(self) -> list[CallStep]:
        """Return the steps that are still to come, by time."""
        return [step for step in self.steps if step.taken_at is None]

    @property
    def decliners(self) -> tuple[str, ...]:
        """Return the people who cannot respond, as `marked`."""
        return tuple(one.who for one in self.declined)

    def taken(self) -> list[tuple[datetime, list[CallStep]]]:
        """Return the steps that were taken, those that were taken together under one time."""
        moments: dict[datetime, list[CallStep]] = {}
        for step in self.steps:
            if step.taken_at is not None:
                moments.setdefault(step.taken_at, []).append(step)
        return sorted(moments.items())

    def called_at(self, moment: datetime) -> list[str]:
        """Return the people who were called by the step taken at *moment*."""
        return list(dict.fromkeys(page.who for page in self.pages if page.asked_at == moment))

    def is_past(self, deadline: datetime) -> bool:
        """Return True if a step that was due at *deadline* or later was taken."""
        return any(step.taken_at is not None and step.due_at >= deadline for step in self.steps)


def arrived(pages: Iterable[CallPage]) -> list[datetime]:
    """Return when *pages* arrived, those that did."""
    return [page.sent_at for page in pages if page.sent_at is not None]


@dataclass(frozen=True, slots=True)
class AlertPost:
    """The alert post of an incident.

    Attributes:
        number: The number of the current one, from 1: a change of severity may post another.
        channel_id, message_id: Set once Discord has them.
    """

    number: int = 1
    channel_id: int | None = None
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class EscalationPost:
    """The newest escalation of an incident; all None while none was posted by itself.

    Attributes:
        version: The version of the incident from which on older escalations point to this one.
    """

    channel_id: int | None = None
    message_id: int | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class IncidentThread:
    """The thread of an incident.

    Attributes:
        id: Set once Discord has it.
        posting: The number of the alert post with which it was opened, see `AlertPost.number`.
        channel: The policy's name of the channel that it hangs in; None without a thread.
        archive_at: When the thread of an ended incident is archived.
    """

    id: int | None = None
    posting: int = 1
    channel: str | None = None
    archive_at: datetime | None = None


class Source(Payload, kw_only=False):
    """The message that is tracked as an alert.

    Attributes:
        author: The name that it was posted under.
    """

    channel_id: int
    message_id: int
    author: str


class AlertOrigin(Payload, kw_only=False):
    """The monitor of an alert that came as an event: no message in Discord says it.

    Attributes:
        sender: As the policy calls it.
        label: As people read it.
        url: Where to read more; empty: it named no such place.
        channel: Where the policy wants it posted; empty: in the channel of its severity.
    """

    sender: str
    label: str
    url: str = ""
    channel: str = ""


class AlertWait(Payload):
    """What an alert has waited for before it was tracked.

    Attributes:
        count: How often it had come by then.
        within_s: A rule waits until it came so often within that time, seconds; None without a rule.
        window: The target of the maintenance window that has held it; empty without one.
        incident: The number of the incident that has held it; None without one.
    """

    count: int
    within_s: float | None = None
    window: str = ""
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Tracked:
    """The alert of a monitor that an incident tracks; all defaults for any other incident.

    Attributes:
        source: The monitor's message, if the alert came as one.
        fingerprint: Messages and events with the same one count on this incident.
        occurrences, last_seen_at: How often it came, and when last.
        origin: The monitor, if the alert came as an event.
        waited: What it has waited for before it was tracked, if for anything.
    """

    source: Source | None = None
    fingerprint: str | None = None
    occurrences: int = 1
    last_seen_at: datetime | None = None
    origin: AlertOrigin | None = None
    waited: AlertWait | None = None

    @property
    def monitor(self) -> str | None:
        """Return the name of the monitor, as people read it; None if a person has reported the incident."""
        if self.origin is not None:
            return self.origin.label
        return None if self.source is None else self.source.author
