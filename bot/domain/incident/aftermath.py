"""What is known of an incident after its end: how it was resolved, and the postmortem that it owes."""

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
