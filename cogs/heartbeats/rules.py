"""Heartbeats: jobs that report by HTTP, their states, and what follows from a beat or from silence."""

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
    """What a beat says."""

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


#: The states of which an alert is tracked.
TROUBLES: Final = frozenset(HeartbeatState) - {HeartbeatState.NEW, HeartbeatState.UP}


class HeartbeatEvent(StrEnum):
    """What is tracked as an alert."""

    LATE = "late"
    FAILED = "failed"
    OVERRUN = "overrun"
    UNFINISHED = "unfinished"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class HeartbeatRules:
    """``[heartbeats.<name>]``.

    Attributes:
        target: What is affected when it does not come.
        next_after: Returns when a beat is expected after one at a moment.
        schedule: The interval or the cron expression, as people read it.
        grace: How much later it may come.
        limit: How long a run may take; None: until the next one is overdue.
        team: Whose alerts they are, if the target does not say so.
    """

    name: str
    target: str
    severity: str
    next_after: Callable[[datetime], datetime]
    schedule: str
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
        run_id: What pairs the start and the end of a run; None: the request names none.
        body: What the job has said, without its secrets.
        at: When it came, aware; None: now.
    """

    guild_id: int
    name: str
    kind: BeatKind
    exit_status: int | None = None
    run_id: str | None = None
    body: str = ""
    at: datetime | None = None


def kind_of(tail: str) -> tuple[BeatKind, int | None] | None:
    """Return what the end of an address says, and the exit status; None if it is no such end."""
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

    Clients of Healthchecks take no other form. It follows from the installation's *key*, which it does not
    tell: 128 bits of HMAC-SHA256.
    """
    said = f"heartbeat\n{guild_id}\n{name}".encode()
    digest = hmac.new(key.encode(), said, hashlib.sha256).hexdigest()[:32]
    for place in reversed(_PARTS):
        digest = f"{digest[:place]}-{digest[place:]}"
    return digest


@dataclass(frozen=True, slots=True)
class HeartbeatStatus:
    """What is known about a heartbeat, as its row has it. Times are aware.

    Attributes:
        beat_at: When the last beat came that was no log.
        last_at: When the last success came.
        started_at: When the run began that is under way.
        duration_s: Seconds of the last run that ended well.
        due_at: When the next beat is expected.
        alarm_at: When an alert follows if nothing comes.
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
        """Return the status after a beat that came at a moment, and what is to be tracked.

        A beat that was kept on disk, and is older than the last one, changes nothing.
        """
        if beat.kind is BeatKind.LOG or (self.beat_at is not None and at < self.beat_at):
            return self, None
        seen = replace(self, beat_at=at)
        if beat.kind is BeatKind.START:
            return replace(seen, started_at=at, run_id=beat.run_id).expecting(rules, at), None
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
        """Return the status once `alarm_at` has passed, and what is to be tracked.

        If nothing comes until the next time either, the same alert fires again.
        """
        if self.started_at is None:
            state, event = HeartbeatState.LATE, HeartbeatEvent.LATE
        elif rules.limit is not None and self.state is not HeartbeatState.OVERRUN:
            state, event = HeartbeatState.OVERRUN, HeartbeatEvent.OVERRUN
        else:
            state, event = HeartbeatState.UNFINISHED, HeartbeatEvent.UNFINISHED
        due = rules.next_after(now)
        return replace(self.in_state(state, now), due_at=due, alarm_at=due + rules.grace), event

    def _is_end(self, beat: Beat) -> bool:
        return beat.run_id is None or self.run_id is None or beat.run_id == self.run_id

    def expecting(self, rules: HeartbeatRules, at: datetime) -> "HeartbeatStatus":
        """Return the status in which the next beat, or the end of a run, is awaited."""
        due = rules.next_after(at)
        alarm = due + rules.grace
        if self.started_at is not None and rules.limit is not None:
            alarm = self.started_at + rules.limit
        return replace(self, due_at=due, alarm_at=alarm)

    def by_rules(self, rules: HeartbeatRules) -> "HeartbeatStatus":
        """Return the status with the times that follow from the last beat by today's *rules*."""
        return self if self.beat_at is None else self.expecting(rules, self.beat_at)

    def in_state(self, state: HeartbeatState, at: datetime) -> "HeartbeatStatus":
        """Return the status in a state."""
        return self if state is self.state else replace(self, state=state, since=at)


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that is still to be tracked.

    Attributes:
        since: When the trouble began.
        body: The end of what the job has said.
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
        duration_s: Seconds; None if nothing told its start.
        body: What the job has said at its end.
    """

    ended_at: datetime
    is_failed: bool
    exit_status: int | None
    duration_s: float | None
    body: str = ""


def runs_of(beats: Iterable[tuple[datetime, Beat]]) -> list[JobRun]:
    """Return the runs that *beats* with their moments tell of, in the same order.

    An end belongs to the start with its run id; if one of them has none, to the last start.
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
        runs: Those that its kept beats tell of, oldest first.
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
