"""`incident-bot hooks try`: what a request of a monitor would do, without doing it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import typer

from bot.domain.alerts.events import AlertEvent, AlertSender, EventOrigin, Occurrence, event_id
from bot.domain.alerts.recognition import Says
from bot.domain.errors import ConfigError
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.alerts.events import occurrence_of
from bot.services.alerts.opening import Decided
from bot.ui.words.alerts import Say, becomes, padded, rule_words
from cogs.hooks.readers import READERS
from cogs.hooks.rules import (
    HookFormat,
    HookRefused,
    HookRequest,
    HookRules,
    HookSenders,
    HookUnreadable,
    in_environment,
    unread_among,
)

if TYPE_CHECKING:
    from bot.settings.sources import HookKeys

#: Returns what would become of events of a guild's source now.
Decide: TypeAlias = Callable[[int, AlertSender, Sequence[AlertEvent]], list[Decided]]

#: Proofs with which the server would answer 401.
_REFUSED: Final = frozenset({"signature", "credentials"})
#: The indent of the text's further lines.
_INDENT: Final = " " * 16


@dataclass(frozen=True, slots=True)
class HookTrial:
    """What the policy would make of one event.

    Attributes:
        occurrence: The alert as the rules see it.
        channel: Where its alert would be posted.
        decided: What would become of it now; None: the database was not asked.
    """

    event: AlertEvent
    occurrence: Occurrence
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
    def does_something(self) -> bool:
        """Return True if an alert would fire or be over."""
        says_something = any(trial.event.says is not Says.CHATTER for trial in self.trials)
        return says_something and self.proof not in _REFUSED


def try_request(  # noqa: PLR0913 -- the command's options
    policies: Mapping[int, Policy],
    keys: "Mapping[str, HookKeys]",
    *,
    source: str,
    request: HookRequest,
    decide: Decide | None,
    as_json: bool,
    language: str | None,
) -> bool:
    """Print what a request would do; return True if an alert would fire or be over.

    Args:
        policies: By guild.
        keys: By the source's name in the environment.
        source: As the policy names it.
        decide: Asks the database what would become of the events of a guild; None: it is not asked.
        language: "ja" or "en"; None for the policy's.

    Raises:
        ConfigError: no policy has the source, or the database does not answer.
    """
    guild_id, rules = _source(policies, source)
    policy, proof = policies[guild_id], _proof(keys.get(in_environment(source)), rules, request)
    tried = _tried(request, rules, policy, proof=proof)
    if decide is not None:
        decided = decide(guild_id, rules.sender, [trial.event for trial in tried.trials])
        trials = (replace(one, decided=each) for one, each in zip(tried.trials, decided, strict=True))
        tried = replace(tried, trials=tuple(trials))
    if as_json:
        typer.echo(json.dumps(_as_dict(tried), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_in_words(tried, Texts.load(), language or policy.language)))
    return tried.does_something


def _source(policies: Mapping[int, Policy], name: str) -> tuple[int, HookRules]:
    """Return the guild whose policy has a source, and the rules for it."""
    sources = {guild_id: policy.of(HookSenders).by_name for guild_id, policy in policies.items()}
    for guild_id, known in sources.items():
        if name in known:
            return guild_id, known[name]
    names = ", ".join(sorted({one for known in sources.values() for one in known})) or "none"
    raise ConfigError(f"--source: the policy has no [hooks.{name}]; it has: {names}")


def _in_words(tried: Tried, texts: Texts, language: str) -> Iterator[str]:
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
        yield f"\n{number}. {trial.occurrence.title}"
        for name, value in _rows(trial, say):
            if value:
                yield f"   {padded(say(name))} {value}"


def _as_dict(tried: Tried) -> Mapping[str, Any]:
    """Return what a tried hook gave as a dict, for `--json`."""
    request = {"source": tried.rules.sender.name, "proof": tried.proof}
    if tried.problem:
        return {**request, "problem": tried.problem}
    if tried.unread:
        request["unread"] = tried.unread
    events = []
    for trial in tried.trials:
        event, occurrence, decided = trial.event, trial.occurrence, trial.decided
        incident = None if decided is None else decided.incident
        events.append(
            {
                "says": str(event.says),
                "outcome": None if decided is None else str(decided.outcome),
                "incident": None if incident is None else incident.id,
                "title": occurrence.title,
                "severity": occurrence.severity.name,
                "rule": None if occurrence.rule is None else occurrence.rule.number,
                "channel": trial.channel,
                "target": occurrence.target,
                "url": event.link,
                "started_at": None if event.started_at is None else event.started_at.isoformat(),
                "key": event.key,
                "fingerprint": occurrence.fingerprint,
                "text": event.text,
            }
        )
    return {**request, "events": events}


def _rows(trial: HookTrial, say: Say) -> Iterable[tuple[str, str | None]]:
    event, occurrence = trial.event, trial.occurrence
    severity, rule = occurrence.severity, occurrence.rule
    fires = event.says is Says.FIRING
    return (
        ("alert_trial.row.it", say(f"alert_trial.says.{event.says.value}")),
        ("alert_trial.row.becomes", None if trial.decided is None else becomes(trial.decided, say)),
        ("alert_trial.row.severity", f"{severity.name} = {severity.priority}" if fires else None),
        ("alert_trial.row.rule", rule_words(rule, say) if rule is not None and fires else None),
        ("hooks.row.posted_in", f"#{trial.channel}" if fires else None),
        ("alert_trial.row.target", occurrence.target),
        ("hooks.row.link", event.link),
        ("hooks.row.began", None if event.started_at is None else event.started_at.isoformat()),
        ("hooks.row.key", event.key or say("hooks.key.none")),
        ("alert_trial.row.fingerprint", occurrence.fingerprint[:16]),
        ("hooks.row.text", event.text.replace("\n", "\n" + _INDENT)),
    )


def _tried(request: HookRequest, rules: HookRules, policy: Policy, *, proof: str) -> Tried:
    try:
        alerts = READERS[rules.format].parse(request, rules)
    except HookUnreadable as error:
        return Tried(rules, proof, error.reason)
    now, trials = datetime.now(UTC), []
    for event in (one.masked() for one in alerts if isinstance(one, AlertEvent)):
        occurrence = occurrence_of(event, rules.sender, EventOrigin(0, event_id(now, 0), now), policy)
        channel = rules.sender.channel or occurrence.severity.channel
        trials.append(HookTrial(event, occurrence, channel))
    unread = unread_among(alerts)
    return Tried(rules, proof, unread="" if unread is None else unread.reason, trials=tuple(trials))


def _proof(keys: "HookKeys | None", rules: HookRules, request: HookRequest) -> str:
    """Return "right", "no key", "no headers", or why it would be refused (see `HookReader.verify`)."""
    is_in_body = rules.format is HookFormat.PAGERDUTY
    if keys is None or not keys.signing:
        return "no key"
    if not (request.headers or is_in_body):
        return "no headers"
    try:
        READERS[rules.format].verify(request, keys.signing, now=datetime.now(UTC))
    except HookRefused as refused:
        return refused.reason
    return "right"
