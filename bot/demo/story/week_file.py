"""The demo's past as it is written down in week.toml."""

import tomllib
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo

from bot.domain.calendar.business_time import Weekday
from bot.domain.calendar.typed_times import parse_duration
from bot.domain.statistics.period import IsoWeek
from bot.runbook import Policy

_FILE: Final = Path(__file__).with_name("week.toml")

Span: TypeAlias = Annotated[timedelta, BeforeValidator(parse_duration)]


def _in_language(value: object, info: ValidationInfo) -> object:
    """Return the words in the language that the past is read in; one string is for every language."""
    return value[info.context] if isinstance(value, dict) else value


Words: TypeAlias = Annotated[str, BeforeValidator(_in_language)]


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Note(_Written):
    """A message in the incident's thread, some time `after` the alert, or `ago` from now."""

    by: str
    text: Words
    after: Span = timedelta()
    ago: Span | None = None

    def written_at(self, alert_at: datetime, *, now: datetime) -> datetime:
        """Return when the note was written, from the alert's time or from *now*."""
        return alert_at + self.after if self.ago is None else now - self.ago


class Resolved(_Written):
    """How an incident was resolved, as the person who resolved it has said."""

    cause: Words
    fix: Words
    impact: Words
    people: int | None = None


class PastAction(_Written):
    """An action item; times are counted from the end of its incident.

    Attributes:
        done_after: When it was done; None: it is open.
    """

    what: Words
    owner: str
    due_after: Span
    verification: Words
    done_after: Span | None = None


class PastUpdate(_Written):
    """A status update, some time `after` the alert.

    Attributes:
        next_in: When the next one was promised; None: none was.
    """

    by: str
    after: Span
    known: Words
    impact: Words
    next_in: Span | None = None


class PastOutput(_Written):
    """What a command printed, pasted into the thread some time `after` the alert.

    Attributes:
        topic: Which command sheet of the policy the command is on.
    """

    by: str
    after: Span
    topic: str
    text: str


class PastAlert(_Written):
    """What a monitor posted.

    Attributes:
        monitor, number: Which file of `bot/demo/alerts`, and which of its alerts, from 0.
        messages: When each was posted, from the first one on, which is 0.
    """

    monitor: str
    number: int
    messages: tuple[Span, ...]


class StoryIncident(_Written):
    """One incident; people by name, times after `at` counted from it.

    Attributes:
        reported_by, title: Of a tracked alert those of the monitor are taken.
        alert: What it began with, if a monitor has found it.
        is_false: It ended as a false alarm. With an `alert`, no one had declared it.
        reminded_after: When the bot asked for a status update that did not come.
        written_after: From the resolve until its postmortem was done; None: it is owed.
    """

    day: Weekday
    at: time
    severity: str
    title: Words
    targets: tuple[str, ...]
    symptoms: tuple[str, ...]
    path: tuple[tuple[str, str], ...]
    noticed_after: Span
    reported_by: str
    acknowledged_after: Span
    acknowledged_by: str
    weeks_before: int = 0
    is_drill: bool = False
    is_false: bool = False
    alert: PastAlert | None = None
    updates: tuple[PastUpdate, ...] = ()
    reminded_after: Span | None = None
    joined: tuple[str, ...] = ()
    resolved_after: Span | None = None
    resolution: Resolved | None = None
    written_after: Span | None = None
    notes: tuple[Note, ...] = ()
    outputs: tuple[PastOutput, ...] = ()
    actions: tuple[PastAction, ...] = ()

    def triggered_at(self, week: IsoWeek, policy: Policy) -> datetime:
        """Return when the incident was opened, if the demo's past ends in *week*."""
        return _moment(week, self.day, self.at, policy) - timedelta(weeks=self.weeks_before)


class PastFailure(_Written):
    """One notification that did not arrive, `ago` from now or on a day of the story's week."""

    channel: str
    severity: str
    title: Words
    retries: int
    error: str
    text: Words
    detail: Words
    ago: Span | None = None
    weeks_before: int = 0
    day: Weekday | None = None
    at: time | None = None
    http_status: int | None = None
    emailed: bool = False

    def attempted_at(self, week: IsoWeek, policy: Policy, *, now: datetime) -> datetime:
        """Return when the notification was given up, from its day or from *now*."""
        if self.ago is not None:
            return now - self.ago
        assert self.day is not None
        assert self.at is not None
        return _moment(week, self.day, self.at, policy) - timedelta(weeks=self.weeks_before)

    def payload(self) -> dict[str, object]:
        """Return the Discord message that the sender wanted to post."""
        return {
            "username": "Parky notify",
            "content": self.text,
            "embeds": [{"title": self.title, "description": self.detail, "color": 0xE67E22}],
            "allowed_mentions": {"parse": ["everyone"]},
        }


class Past(_Written):
    """The whole of week.toml: the incidents and failures of the demo's past week."""

    incident: tuple[StoryIncident, ...]
    failure: tuple[PastFailure, ...]


def read_past(language: str) -> Past:
    """Return the file's content in *language*, "ja" or "en"."""
    return Past.model_validate(tomllib.loads(_FILE.read_text(encoding="utf-8")), context=language)


def _moment(week: IsoWeek, day: Weekday, at: time, policy: Policy) -> datetime:
    date = week.monday + timedelta(days=day.number)
    return datetime.combine(date, at, policy.timezone)
