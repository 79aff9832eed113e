"""What `incident-bot hooks try` has found out, in words and as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.domain.alerts.decisions import Outcome
from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.occurrence import Occurrence
from bot.domain.alerts.recognition import Says
from bot.domain.alerts.rules import AlertRule
from bot.domain.calendar.durations import format_duration
from bot.domain.hooks.hook import HookRules, in_environment
from bot.services.alerts.opening import Decided

#: Proofs with which the server would answer 401.
_REFUSED: Final = frozenset({"signature", "credentials"})
_PROOFS: Final = {
    "right": "right",
    "no key": "not checked: HOOKS_{source}_SIGNING_KEY is not set",
    "no headers": "not checked: no headers given (-H, --headers)",
    "signature": "refused with 401: the signature is missing, or wrong for this body",
    "credentials": "refused with 401: the token, password or key is missing or wrong",
    "too_old": "right, but too old by now: received again, it would be refused with 401",
}
_SAYS: Final = {
    Says.FIRING: "fires",
    Says.RESOLVED: "is over",
    Says.CHATTER: "says neither, and is passed over",
}
_BECOMES: Final = {
    Outcome.TRACKED: "opens an alert",
    Outcome.COUNTED: "counts on INC-{number}",
    Outcome.RECOVERED: "ends INC-{number}, or is noted there if it was acknowledged",
    Outcome.NOTHING_OPEN: "nothing: no such alert is open",
    Outcome.MUTED: "nothing: the team has muted it",
    Outcome.IGNORED: "nothing: by its rule",
    Outcome.BELOW: "nothing yet: time {count} of {needed}",
    Outcome.HELD: "is held by maintenance window {window}",
    Outcome.CHATTER: "nothing",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What the policy would make of one event.

    Attributes:
        said: As the rules see it.
        channel: Where its alert would be posted.
        decided: What would become of it now; None: the database was not asked.
    """

    event: AlertEvent
    said: Occurrence
    channel: str
    decided: Decided | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What a request would do.

    Attributes:
        proof: "right", "no key", "no headers", or the reason of a `HookRefused`.
        problem: Why it cannot be read; empty if it can.
        unread: How many alerts of it cannot be read, and why; empty if all can.
    """

    rules: HookRules
    proof: str
    problem: str = ""
    unread: str = ""
    trials: tuple[Trial, ...] = ()

    @property
    def code(self) -> int:
        """Return EXIT_OK if an alert would fire or be over."""
        says_something = any(trial.event.says is not Says.CHATTER for trial in self.trials)
        return EXIT_OK if says_something and self.proof not in _REFUSED else EXIT_FOUND


def in_words(tried: Tried) -> Iterator[str]:
    """Yield the lines for a person."""
    sender, count = tried.rules.sender, len(tried.trials)
    if tried.problem:
        yield f"{sender.label}: cannot be read: {tried.problem}"
        return
    yield f"{sender.label}: {count} alert{'' if count == 1 else 's'}"
    yield f"proof: {_PROOFS[tried.proof].format(source=in_environment(sender.name))}"
    if tried.unread:
        yield f"{tried.unread}; /alerts recent would list that"
    elif not tried.trials:
        yield "The bot would answer with 2xx and do nothing: this is no alert, or a header is missing (-H)."
    for number, trial in enumerate(tried.trials, 1):
        yield f"\n{number}. {trial.said.title}"
        yield from (f"   {name:<12} {value}" for name, value in _rows(trial) if value)


def as_dict(tried: Tried) -> Mapping[str, Any]:
    """Return it for scripts."""
    found = {"source": tried.rules.sender.name, "proof": tried.proof}
    if tried.problem:
        return {**found, "problem": tried.problem}
    if tried.unread:
        found["unread"] = tried.unread
    return {**found, "events": [_event(trial) for trial in tried.trials]}


def _rows(trial: Trial) -> Iterable[tuple[str, str | None]]:
    event, severity, rule = trial.event, trial.said.severity, trial.said.rule
    fires = event.says is Says.FIRING
    return (
        ("it", _SAYS[event.says]),
        ("becomes", None if trial.decided is None else _becomes(trial.decided)),
        ("severity", f"{severity.name} = {severity.priority}" if fires else None),
        ("rule", _rule(rule) if rule is not None and fires else None),
        ("posted in", f"#{trial.channel}" if fires else None),
        ("target", trial.said.target),
        ("link", event.link),
        ("began", None if event.started_at is None else event.started_at.isoformat()),
        ("key", event.key or "none: title and target make one"),
        ("fingerprint", trial.said.fingerprint[:16]),
        ("text", event.text.replace("\n", "\n" + " " * 16)),
    )


def _becomes(decided: Decided) -> str:
    detail, incident = decided.detail, decided.incident
    return _BECOMES[decided.outcome].format(
        number=None if incident is None else incident.id,
        count=detail.count,
        needed=detail.needed,
        window=decided.window_id,
    )


def _rule(rule: AlertRule) -> str:
    said = f"number {rule.number} of [[alerts.rules]]"
    if rule.ignores:
        return f"{said}: it is ignored"
    if (threshold := rule.only_after) is not None:
        return f"{said}: only after {threshold.count} within {format_duration(threshold.within)}"
    return said


def _event(trial: Trial) -> Mapping[str, Any]:
    event, said, decided = trial.event, trial.said, trial.decided
    incident = None if decided is None else decided.incident
    return {
        "says": str(event.says),
        "outcome": None if decided is None else str(decided.outcome),
        "incident": None if incident is None else incident.id,
        "title": said.title,
        "severity": said.severity.name,
        "rule": None if said.rule is None else said.rule.number,
        "channel": trial.channel,
        "target": said.target,
        "url": event.link,
        "started_at": None if event.started_at is None else event.started_at.isoformat(),
        "key": event.key,
        "fingerprint": said.fingerprint,
        "text": event.text,
    }
