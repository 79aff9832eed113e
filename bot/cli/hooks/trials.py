"""What `incident-bot hooks try` has found out, in words and as JSON."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias
from unicodedata import east_asian_width

from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.occurrence import Occurrence
from bot.domain.alerts.recognition import Says
from bot.domain.alerts.rules import AlertRule
from bot.domain.calendar.durations import format_duration
from bot.domain.hooks.hook import HookRules, in_environment
from bot.i18n import Texts
from bot.services.alerts.opening import Decided

#: Says a text, with its fields.
Say: TypeAlias = Callable[..., str]

#: Proofs with which the server would answer 401.
_REFUSED: Final = frozenset({"signature", "credentials"})
#: The widths of the names of rows, and the indent of the text's further lines.
_NAME_WIDTH: Final = 12
_INDENT: Final = " " * 16


@dataclass(frozen=True, slots=True)
class HookTrial:
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
    trials: tuple[HookTrial, ...] = ()

    @property
    def code(self) -> int:
        """Return EXIT_OK if an alert would fire or be over."""
        says_something = any(trial.event.says is not Says.CHATTER for trial in self.trials)
        return EXIT_OK if says_something and self.proof not in _REFUSED else EXIT_FOUND


def in_words(tried: Tried, texts: Texts, language: str) -> Iterator[str]:
    """Yield the lines for a person, in *language*."""
    say = partial(texts.say, language)
    sender, count = tried.rules.sender, len(tried.trials)
    if tried.problem:
        yield say("hooks.trial.unreadable", label=sender.label, problem=tried.problem)
        return
    yield say("hooks.trial.alert" if count == 1 else "hooks.trial.alerts", label=sender.label, count=count)
    setting = f"HOOKS_{in_environment(sender.name)}_SIGNING_KEY"
    yield say("hooks.trial.proof", proof=say(f"hooks.proof.{tried.proof.replace(' ', '_')}", setting=setting))
    if tried.unread:
        yield say("hooks.trial.unread", unread=tried.unread)
    elif not tried.trials:
        yield say("hooks.trial.nothing")
    for number, trial in enumerate(tried.trials, 1):
        yield f"\n{number}. {trial.said.title}"
        for name, value in _rows(trial, say):
            if value:
                label = say(f"hooks.row.{name}")
                yield f"   {padded(label)} {value}"


def as_dict(tried: Tried) -> Mapping[str, Any]:
    """Return what a tried hook gave as a dict, for `--json`."""
    found = {"source": tried.rules.sender.name, "proof": tried.proof}
    if tried.problem:
        return {**found, "problem": tried.problem}
    if tried.unread:
        found["unread"] = tried.unread
    return {**found, "events": [_event(trial) for trial in tried.trials]}


def _rows(trial: HookTrial, say: Say) -> Iterable[tuple[str, str | None]]:
    event, severity, rule = trial.event, trial.said.severity, trial.said.rule
    fires = event.says is Says.FIRING
    return (
        ("it", say(f"hooks.says.{event.says.value}")),
        ("becomes", None if trial.decided is None else becomes(trial.decided, say)),
        ("severity", f"{severity.name} = {severity.priority}" if fires else None),
        ("rule", rule_words(rule, say) if rule is not None and fires else None),
        ("posted_in", f"#{trial.channel}" if fires else None),
        ("target", trial.said.target),
        ("link", event.link),
        ("began", None if event.started_at is None else event.started_at.isoformat()),
        ("key", event.key or say("hooks.key.none")),
        ("fingerprint", trial.said.fingerprint[:16]),
        ("text", event.text.replace("\n", "\n" + _INDENT)),
    )


def padded(name: str) -> str:
    """Return *name* as wide as its column: a terminal shows a character of Japanese as wide as two others."""
    width = sum(2 if east_asian_width(character) in "FW" else 1 for character in name)
    return name + " " * (_NAME_WIDTH - width)


def becomes(decided: Decided, say: Say) -> str:
    """Return what would become of an alert, in words."""
    detail, incident = decided.detail, decided.incident
    return say(
        f"hooks.becomes.{decided.outcome.value}",
        label="" if incident is None else incident.label,
        count=detail.count,
        needed=detail.needed,
        window=decided.window_id,
    )


def rule_words(rule: AlertRule, say: Say) -> str:
    """Return which of the policy's rules decides, and what it does."""
    said = say("hooks.rule.number", number=rule.number)
    if rule.ignores:
        return say("hooks.rule.ignored", rule=said)
    if (threshold := rule.only_after) is not None:
        span = format_duration(threshold.within)
        return say("hooks.rule.after", rule=said, count=threshold.count, span=span)
    return said


def _event(trial: HookTrial) -> Mapping[str, Any]:
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
