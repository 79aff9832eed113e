"""Probes: targets that are asked by HTTP all the time, their states, and how each result changes them."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from bot.domain.alerts.events import AlertSender
from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, HttpTarget, SystemState

#: The name under which alerts of probes are compared. It never changes.
SENDER: Final = "probe"

#: People read it as the author of these alerts.
_LABEL: Final = "Probe"

#: The name of the row of the prober itself; no probe of a policy can have it.
PROBER: Final = ""

_FULL: Final = 2**32


@dataclass(frozen=True, slots=True)
class ProbeRules:
    """How one target is watched.

    Attributes:
        name: As the policy calls the probe.
        target: What is affected when it fails.
        severity: The name of the severity of the alert when it is down.
        degraded: The same for a target that is slow, or whose certificate ends soon; None for no alert.
        every: The interval between the beginnings of two requests.
        timeout: A request that takes longer has failed.
        fails: After how many failures in a row the target is down.
        recovers: After how many answers in a row it is up again.
        channel: Where its alerts are posted; None: in the channel of their severity.
        team: Whose alerts they are, if the target does not say so.
    """

    name: str
    target: str
    http: HttpTarget
    severity: str
    degraded: str | None = None
    every: timedelta = timedelta(seconds=60)
    timeout: timedelta = timedelta(seconds=10)
    fails: int = 2
    recovers: int = 2
    channel: str | None = None
    team: str | None = None
    host: str = field(init=False)

    def __post_init__(self) -> None:
        """Take the host from the address."""
        object.__setattr__(self, "host", urlsplit(self.http.url).hostname or "")

    @property
    def phase(self) -> timedelta:
        """Return the part of the interval to wait before the first request.

        It follows from the name, so that many probes spread over their interval, and stay spread.
        """
        return self.every * (zlib.crc32(self.name.encode()) / _FULL)


@dataclass(frozen=True, slots=True)
class Probes:
    """The probes of a policy.

    Attributes:
        by_name: In the order of the file.
    """

    by_name: Mapping[str, ProbeRules]


def sender(severity: str, rules: ProbeRules | None = None) -> AlertSender:
    """Return the sender of the alerts of a probe.

    Args:
        severity: The name of the alert's severity.
        rules: None: the alert is about the prober itself.
    """
    if rules is None:
        return AlertSender(SENDER, _LABEL, severity)
    return AlertSender(SENDER, _LABEL, severity, channel=rules.channel, team=rules.team)


#: How often an alert is repeated while its target is down. A person may have ended it too early, or a rule
#: may count how often it fires.
REPEAT: Final = timedelta(minutes=10)


class ProbeState(StrEnum):
    """The state of a target, or of the prober itself."""

    NEW = "new"  # there is no result yet
    UP = "up"
    DEGRADED = "degraded"  # it answers, but is slow, or its certificate ends soon
    DOWN = "down"
    CUT_OFF = "cut_off"  # it fails, and so does every other probe: the prober itself has no network


class ProbeOutcome(StrEnum):
    """What one request says about the target."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    UNKNOWN = "unknown"  # it was not asked, which says nothing about it


class ProbeEvent(StrEnum):
    """A change of a probe's state that is tracked as an alert."""

    DOWN = "down"
    DEGRADED = "degraded"
    OVER = "over"


#: Problems on the way to the target. With the others the host has answered.
_NOT_REACHED: Final = frozenset(
    {OutboundProblem.TIMEOUT, OutboundProblem.REFUSED, OutboundProblem.UNKNOWN_HOST}
)

#: Problems of which the policy is the cause.
_NOT_ASKED: Final = frozenset({OutboundProblem.FORBIDDEN_ADDRESS, OutboundProblem.PAUSED})

_ANSWERS: Final = {SystemState.OK: ProbeOutcome.OK, SystemState.DEGRADED: ProbeOutcome.DEGRADED}
_ALERTS: Final = {ProbeState.DOWN: ProbeEvent.DOWN, ProbeState.DEGRADED: ProbeEvent.DEGRADED}


def outcome_of(result: CheckResult) -> ProbeOutcome:
    """Return what *result* says: anything but the expected answer is a failure, a refusal (403) too."""
    if _problem(result) in _NOT_ASKED:
        return ProbeOutcome.UNKNOWN
    return _ANSWERS.get(result.state, ProbeOutcome.FAILED)


def is_reached(result: CheckResult) -> bool:
    """Return True if the host has answered at all, whatever it said."""
    return _problem(result) not in _NOT_REACHED | _NOT_ASKED


def _problem(result: CheckResult) -> OutboundProblem | None:
    if result.fact is not Fact.PROBLEM:
        return None
    problem = result.values.get("problem", "")
    return OutboundProblem(problem) if problem in set(OutboundProblem) else OutboundProblem.REFUSED


@dataclass(frozen=True, slots=True)
class ProbeStatus:
    """What is known about a probe, as its row has it. Times are aware.

    Attributes:
        name: Of the probe; `PROBER` is the prober itself.
        number: Unlike that of any other row.
        since: When it came into its state.
        outcome: Of the last result that said something.
        streak: How often in a row that was the outcome.
        answered: How often in a row it did not fail.
        failing_since: When the first of these failures was seen; None if the last one was none.
        asked_at: When the last result came.
        reached_at: When its host last answered, whatever it said.
        told: The event of which an alert is tracked at present.
        told_at: When that was last said.
        event: What is to be tracked next; None for nothing.
        event_at: When that came up; with `number` it identifies the event.
        turn: Grows with each request; a result of an earlier one comes too late.
    """

    name: str
    number: int
    since: datetime
    state: ProbeState = ProbeState.NEW
    outcome: ProbeOutcome | None = None
    streak: int = 0
    answered: int = 0
    failing_since: datetime | None = None
    asked_at: datetime | None = None
    reached_at: datetime | None = None
    result: CheckResult | None = None
    told: ProbeEvent | None = None
    told_at: datetime | None = None
    event: ProbeEvent | None = None
    event_at: datetime | None = None
    turn: int = 0

    def after(self, result: CheckResult, now: datetime) -> "ProbeStatus":
        """Return the status with one more result. Its state and event are as before: see `settled`."""
        seen = replace(
            self, result=result, asked_at=now, reached_at=now if is_reached(result) else self.reached_at
        )
        outcome = outcome_of(result)
        if outcome is ProbeOutcome.UNKNOWN:
            return seen
        has_failed = outcome is ProbeOutcome.FAILED
        return replace(
            seen,
            outcome=outcome,
            streak=self.streak + 1 if outcome is self.outcome else 1,
            answered=0 if has_failed else self.answered + 1,
            failing_since=(self.failing_since or now) if has_failed else None,
        )

    def is_failing(self, rules: ProbeRules) -> bool:
        """Return True if the target has failed often enough in a row to be down."""
        return self.outcome is ProbeOutcome.FAILED and self.streak >= rules.fails

    def settled(self, rules: ProbeRules, now: datetime, *, is_cut_off: bool = False) -> "ProbeStatus":
        """Return the status in the state that follows from its results, with the event to track, if any.

        Args:
            is_cut_off: The prober itself has no network; then a failing target is not down.
        """
        status = self._in(self._next_state(rules, is_cut_off=is_cut_off), now)
        event = status._next_event(rules, now)  # noqa: SLF001 -- of this class
        return status if event is None else replace(status, event=event, event_at=now)

    def _next_state(self, rules: ProbeRules, *, is_cut_off: bool) -> ProbeState:
        if self.is_failing(rules):
            is_held = is_cut_off and self.state is not ProbeState.DOWN
            return ProbeState.CUT_OFF if is_held else ProbeState.DOWN
        if self.outcome in {None, ProbeOutcome.FAILED}:
            return self.state
        answers = ProbeState.DEGRADED if self.outcome is ProbeOutcome.DEGRADED else ProbeState.UP
        if self.state is ProbeState.DOWN:
            return answers if self.answered >= rules.recovers else self.state
        if self.state in {ProbeState.NEW, ProbeState.CUT_OFF}:
            return ProbeState.UP
        needed = rules.fails if answers is ProbeState.DEGRADED else rules.recovers
        return answers if self.streak >= needed else self.state

    def _in(self, state: ProbeState, now: datetime) -> "ProbeStatus":
        return self if state is self.state else replace(self, state=state, since=now)

    def _next_event(self, rules: ProbeRules, now: datetime) -> ProbeEvent | None:
        """Return what has changed since the last alert; a target that is no longer down is said to be so."""
        if self.state in {ProbeState.NEW, ProbeState.CUT_OFF}:
            return None
        wanted = _ALERTS.get(self.state)
        if wanted is ProbeEvent.DEGRADED and rules.degraded is None:
            wanted = None
        if wanted is self.told:
            is_due = self.told_at is not None and now - self.told_at >= REPEAT
            return wanted if wanted is ProbeEvent.DOWN and is_due else None
        is_better = self.told is ProbeEvent.DOWN or wanted is None
        return ProbeEvent.OVER if is_better else wanted

    def as_prober(self, now: datetime, *, is_cut_off: bool) -> "ProbeStatus":
        """Return the status of the prober itself: it has no network, or has reached a host."""
        if is_cut_off:
            event = ProbeEvent.DOWN if self.told is None and self.event is None else None
            status = self._in(ProbeState.CUT_OFF, now)
        else:
            event = ProbeEvent.OVER if self.told is not None else None
            status = self._in(ProbeState.UP, now)
        return status if event is None else replace(status, event=event, event_at=now)

    def received(self) -> "ProbeStatus":
        """Return the status after its event was tracked."""
        told = None if self.event is ProbeEvent.OVER else self.event
        return replace(self, told=told, told_at=self.event_at, event=None, event_at=None)


def cuts_off(
    failing: ProbeStatus, rules: ProbeRules, others: Iterable[tuple[ProbeStatus, ProbeRules]]
) -> bool:
    """Return True if it is the prober that has no network: it has reached no host since *failing* fails.

    Some other host must have been asked meanwhile. A target that is down alone is down.
    """
    began = failing.failing_since
    if began is None or (failing.reached_at is not None and failing.reached_at >= began):
        return False
    answered = [(one, its) for one, its in others if one.asked_at is not None and one.asked_at >= began]
    if any(one.reached_at is not None and one.reached_at >= began for one, _ in answered):
        return False
    return any(its.host != rules.host and one.outcome is ProbeOutcome.FAILED for one, its in answered)


@dataclass(frozen=True, slots=True)
class ProbeCounts:
    """How often each outcome was counted within a day."""

    ok: int = 0
    degraded: int = 0
    failed: int = 0

    @property
    def availability(self) -> float | None:
        """Return the part of the results that were no failures, 0 to 1; None without results."""
        answered = self.ok + self.degraded + self.failed
        return (self.ok + self.degraded) / answered if answered else None


@dataclass(frozen=True, slots=True)
class ProbeShown:
    """One probe.

    Attributes:
        status: None before its first turn.
        counts: Of the last 24 hours.
    """

    rules: ProbeRules
    status: ProbeStatus | None
    counts: ProbeCounts

    @property
    def state(self) -> ProbeState:
        """Return the probe's state."""
        return ProbeState.NEW if self.status is None else self.status.state


@dataclass(frozen=True, slots=True)
class ProbesShown:
    """All probes of a guild, the worst first.

    Attributes:
        is_cut_off: The prober itself reaches nothing.
    """

    probes: tuple[ProbeShown, ...] = ()
    is_cut_off: bool = False
