"""Heartbeats: jobs that report by HTTP, their states, and the effects of a beat or of silence."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.alerts.events import AlertSender

#: The name under which alerts of heartbeats are compared. It never changes.
SENDER: Final = "heartbeat"

_LABEL: Final = "Heartbeat"

#: Bytes of a body that are kept; the rest is cut off.
KEPT_BODY: Final = 100_000

#: The highest exit status of a process.
_HIGHEST_STATUS: Final = 255

_PARTS: Final = (8, 12, 16, 20)


class BeatKind(StrEnum):
    """The kinds of beats."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"  # kept, and changes nothing


class HeartbeatState(StrEnum):
    """The state of a heartbeat."""

    NEW = "new"  # it has never sent a beat, so nothing is expected yet
    UP = "up"
    LATE = "late"  # an expected beat has not come
    FAILED = "failed"
    OVERRUN = "overrun"  # a run takes longer than its limit
    UNFINISHED = "unfinished"  # a run has begun, and its end is overdue


_NOT_ENDED: Final = frozenset({HeartbeatState.OVERRUN, HeartbeatState.UNFINISHED})

#: The states that follow an alarm, after which the next one counts from there.
_SILENT: Final = _NOT_ENDED | {HeartbeatState.LATE}

#: The states of which an alert is tracked.
TROUBLES: Final = frozenset(HeartbeatState) - {HeartbeatState.NEW, HeartbeatState.UP}


class HeartbeatEvent(StrEnum):
    """The events that are tracked as alerts."""

    LATE = "late"
    FAILED = "failed"
    OVERRUN = "overrun"
    UNFINISHED = "unfinished"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class HeartbeatRules:
    """``[heartbeats.<name>]``.

    Attributes:
        target: The target that is affected when a beat is missing.
        next_after: Takes the moment of a beat, and returns when the next one is expected.
        schedule: The interval; or the cron expression and its zone, as people read them.
        grace: How late a beat may be.
        limit: How long a run may take; None: until the next beat is overdue.
        team: The team that gets the alerts, unless the target names one.
    """

    name: str
    target: str
    severity: str
    next_after: Callable[[datetime], datetime]
    schedule: timedelta | str
    grace: timedelta
    limit: timedelta | None = None
    channel: str | None = None
    team: str | None = None

    @property
    def sender(self) -> AlertSender:
        """Return the sender of its alerts."""
        return AlertSender(SENDER, _LABEL, self.severity, channel=self.channel, team=self.team)


@dataclass(frozen=True, slots=True)
class Heartbeats:
    """The heartbeats of a policy, in the order of the file."""

    by_name: Mapping[str, HeartbeatRules]


@dataclass(frozen=True, slots=True)
class Beat:
    """One request of a job.

    Attributes:
        run_id: Pairs the start and the end of a run; None if the request has none.
        body: The output of the job, without secrets.
        at: When it arrived, aware; None: now.
    """

    guild_id: int
    name: str
    kind: BeatKind
    exit_status: int | None = None
    run_id: str | None = None
    body: str = ""
    at: datetime | None = None


def kind_of(tail: str) -> tuple[BeatKind, int | None] | None:
    """Return the kind of beat and the exit status for the end of an address; None if it is unknown."""
    if tail in {"start", "fail", "log"}:
        return BeatKind(tail), None
    if not tail:
        return BeatKind.SUCCESS, None
    if not (tail.isascii() and tail.isdigit() and len(tail) <= len(str(_HIGHEST_STATUS))):
        return None
    status = int(tail)
    if status > _HIGHEST_STATUS:
        return None
    return (BeatKind.FAIL if status else BeatKind.SUCCESS), status


def secret_of(key: str, guild_id: int, name: str) -> str:
    """Return the secret that ends the address of a heartbeat, in the form of a UUID.

    Healthchecks' clients accept no other form. The secret is 128 bits of HMAC-SHA256 with the installation's
    *key*, and does not reveal the key.
    """
    said = f"heartbeat\n{guild_id}\n{name}".encode()
    digest = hmac.new(key.encode(), said, hashlib.sha256).hexdigest()[:32]
    for place in reversed(_PARTS):
        digest = f"{digest[:place]}-{digest[place:]}"
    return digest


@dataclass(frozen=True, slots=True)
class HeartbeatStatus:
    """The stored status of a heartbeat. Times are aware.

    Attributes:
        beat_at: When the last beat arrived, log entries excluded.
        last_at: When the last success arrived.
        started_at: When the current run began.
        duration_s: Duration of the last successful run, seconds.
        due_at: When the next beat is expected.
        alarm_at: When an alert fires if no beat arrives.
    """

    name: str
    since: datetime
    state: HeartbeatState = HeartbeatState.NEW
    beat_at: datetime | None = None
    last_at: datetime | None = None
    started_at: datetime | None = None
    run_id: str | None = None
    duration_s: float | None = None
    due_at: datetime | None = None
    alarm_at: datetime | None = None

    def after(
        self, beat: Beat, rules: HeartbeatRules, at: datetime
    ) -> tuple["HeartbeatStatus", HeartbeatEvent | None]:
        """Return the status after a beat that arrived at a moment, and the event to track.

        A beat from the disk that is older than the last one changes nothing.
        """
        if beat.kind is BeatKind.LOG or (self.beat_at is not None and at < self.beat_at):
            return self, None
        seen = replace(self, beat_at=at)
        if beat.kind is BeatKind.START:
            begun = replace(seen, started_at=at, run_id=beat.run_id)
            return (begun if self._awaits_an_end(rules) else begun.expecting(rules, at)), None
        if self._is_end(beat):
            seen = replace(seen, started_at=None, run_id=None)
        if beat.kind is BeatKind.FAIL:
            return seen.in_state(HeartbeatState.FAILED, at).expecting(rules, at), HeartbeatEvent.FAILED
        duration = self.duration_s
        if self.started_at is not None and self._is_end(beat):
            duration = (at - self.started_at).total_seconds()
        seen = replace(seen, last_at=at, duration_s=duration)
        event = HeartbeatEvent.OVER if self.state in TROUBLES else None
        return seen.in_state(HeartbeatState.UP, at).expecting(rules, at), event

    def silent(self, rules: HeartbeatRules, now: datetime) -> tuple["HeartbeatStatus", HeartbeatEvent]:
        """Return the status after `alarm_at` has passed, and the event to track.

        If the next beat is missing too, the same alert fires again.
        """
        if self.started_at is None:
            state, event = HeartbeatState.LATE, HeartbeatEvent.LATE
        elif self._overruns(rules, now):
            state, event = HeartbeatState.OVERRUN, HeartbeatEvent.OVERRUN
        else:
            state, event = HeartbeatState.UNFINISHED, HeartbeatEvent.UNFINISHED
        due = rules.next_after(now)
        return replace(self.in_state(state, now), due_at=due, alarm_at=due + rules.grace), event

    def _awaits_an_end(self, rules: HeartbeatRules) -> bool:
        """Return True if a run is under way whose missing end has an alarm: no further start postpones it."""
        if self.started_at is None or self.alarm_at is None:
            return False
        # A later one is that of the next report: the alarm about the limit has fired.
        return rules.limit is None or self.alarm_at <= self.started_at + rules.limit

    def _overruns(self, rules: HeartbeatRules, now: datetime) -> bool:
        """Return True if the current run is longer than its limit, and no alert has said so."""
        if self.started_at is None or rules.limit is None or now < self.started_at + rules.limit:
            return False
        return self.state not in _NOT_ENDED or self.since < self.started_at

    def _is_end(self, beat: Beat) -> bool:
        return beat.run_id is None or self.run_id is None or beat.run_id == self.run_id

    def expecting(self, rules: HeartbeatRules, at: datetime) -> "HeartbeatStatus":
        """Return the status that waits for the next beat, or for the end of a run."""
        due = rules.next_after(at)
        alarm = due + rules.grace
        if self.started_at is not None and rules.limit is not None:
            alarm = self.started_at + rules.limit
        return replace(self, due_at=due, alarm_at=alarm)

    def by_rules(self, rules: HeartbeatRules) -> "HeartbeatStatus":
        """Return the status with its times calculated from the last beat and the current *rules*.

        A run under way keeps its times: its last start may not be the first one without an end.
        """
        if self.beat_at is None or self.started_at is not None:
            return self
        return self.expecting(rules, self.beat_at)

    def sooner(self, rules: HeartbeatRules, now: datetime) -> "HeartbeatStatus":
        """Return the status that waits no longer than the current *rules* say, with its grace from *now*."""
        if self.beat_at is None or self.alarm_at is None or self.state in _SILENT:
            return self
        expected = self.expecting(rules, self.beat_at)
        alarm = max(expected.alarm_at or now, now + rules.grace)
        return replace(expected, alarm_at=alarm) if alarm < self.alarm_at else self

    def in_state(self, state: HeartbeatState, at: datetime) -> "HeartbeatStatus":
        """Return the status in a state."""
        return self if state is self.state else replace(self, state=state, since=at)


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that has not been tracked yet.

    Attributes:
        since: When the trouble began.
        body: The end of the job's output.
    """

    id: int
    name: str
    event: HeartbeatEvent
    at: datetime
    since: datetime
    exit_status: int | None = None
    body: str = ""


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run of a job that has ended.

    Attributes:
        duration_s: Seconds; None if its start is unknown.
        body: The job's output at its end.
    """

    ended_at: datetime
    is_failed: bool
    exit_status: int | None
    duration_s: float | None
    body: str = ""


def runs_of(beats: Iterable[tuple[datetime, Beat]]) -> list[JobRun]:
    """Return the runs that *beats* with their moments describe, in the same order.

    An end belongs to the start with the same run id; if either has none, to the last start.
    """
    begun: dict[str | None, datetime] = {}
    runs = []
    for at, beat in beats:
        if beat.kind is BeatKind.LOG:
            continue
        if beat.kind is BeatKind.START:
            begun.pop(beat.run_id, None)
            begun[beat.run_id] = at
            continue
        start = begun.pop(beat.run_id, None)
        if start is None and beat.run_id is None and begun:
            _, start = begun.popitem()
        elif start is None:
            start = begun.pop(None, None)
        duration_s = None if start is None else (at - start).total_seconds()
        runs.append(JobRun(at, beat.kind is BeatKind.FAIL, beat.exit_status, duration_s, beat.body))
    return runs


@dataclass(frozen=True, slots=True)
class HeartbeatShown:
    """One heartbeat of the policy.

    Attributes:
        status: None before its first beat.
        runs: The runs that the kept beats describe, oldest first.
    """

    rules: HeartbeatRules
    status: HeartbeatStatus | None
    runs: tuple[JobRun, ...] = ()

    @property
    def typical_s(self) -> float | None:
        """Return the median of the seconds of its successful runs; None if it has fewer than two."""
        took = sorted(one.duration_s for one in self.runs if one.duration_s is not None and not one.is_failed)
        if len(took) < 2:  # noqa: PLR2004 -- one duration is the last one
            return None
        return (took[(len(took) - 1) // 2] + took[len(took) // 2]) / 2  # `statistics` would slow each start

    @property
    def last_failure(self) -> JobRun | None:
        """Return the last run that failed; None if none is kept."""
        return next((one for one in reversed(self.runs) if one.is_failed), None)

    @property
    def state(self) -> HeartbeatState:
        """Return its state."""
        return HeartbeatState.NEW if self.status is None else self.status.state
