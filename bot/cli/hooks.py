"""`incident-bot hooks try`: what a request of a monitor would do, without doing it."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typer

from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.domain.alerts.events import AlertEvent
from bot.domain.alerts.recognition import Says
from bot.domain.errors import ConfigError
from bot.domain.hooks.hook import HookFormat, HookRefused, HookRequest, HookRules, HookUnreadable
from bot.domain.severity import SeverityPolicy
from bot.integrations.hooks.readers import READERS
from bot.runbook import Policy, check_folder, load_policy
from bot.settings import Settings
from bot.wiring.hooks import in_environment

_STDIN: Final = Path("-")
_REFUSED: Final = frozenset({"signature", "credentials"})
_PROOFS: Final = {
    "right": "right",
    "not checked": "not checked: no headers given (-H, --headers), or HOOKS_<SOURCE>_SIGNING_KEY is not set",
    "signature": "refused with 401: the signature is missing, or wrong for this body",
    "credentials": "refused with 401: the token, password or key is missing or wrong",
    "too_old": "right, but too old by now: received again, it would be refused with 401",
}
_SAYS: Final = {
    Says.FIRING: "fires",
    Says.RESOLVED: "is over",
    Says.CHATTER: "says neither, and is passed over",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """What the policy would make of one event.

    Attributes:
        channel: Where its alert would be posted.
        fingerprint: Equal for all events about the same alert.
    """

    event: AlertEvent
    severity: SeverityPolicy
    channel: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What a request would do.

    Attributes:
        proof: A key of `_PROOFS`.
        problem: Why it cannot be read; empty if it can.
    """

    rules: HookRules
    proof: str
    problem: str = ""
    trials: tuple[Trial, ...] = ()

    @property
    def code(self) -> int:
        """Return EXIT_OK if an alert would fire or be over."""
        says_something = any(trial.event.says is not Says.CHATTER for trial in self.trials)
        return EXIT_OK if says_something and self.proof not in _REFUSED else EXIT_FOUND


def try_request(
    settings: Settings,
    file: Path,
    *,
    source: str,
    headers: Sequence[str],
    headers_file: Path | None,
    as_json: bool,
) -> int:
    """Print what the request in *file* would do, and return the exit code.

    Args:
        file: Its body; "-" is standard input.
        source: As the policy names it.
        headers: "Name: value" each.
        headers_file: More of them, a line each, or as one JSON object.

    Raises:
        ConfigError: no policy has the source, or a file cannot be read.
    """
    policy, rules = _rules(settings.runbook_file, source)
    given = [*headers, *(() if headers_file is None else _lines(_bytes(headers_file)))]
    request = HookRequest(dict(_header(line) for line in given), _bytes(file))
    tried = _tried(request, rules, policy, proof=_proof(settings, rules, request))
    found = (
        json.dumps(_as_json(tried), ensure_ascii=False, indent=2) if as_json else "\n".join(_in_words(tried))
    )
    typer.echo(found)
    return tried.code


def _tried(request: HookRequest, rules: HookRules, policy: Policy, *, proof: str) -> Tried:
    try:
        events = READERS[rules.format].parse(request, rules)
    except HookUnreadable as error:
        return Tried(rules, proof, error.reason)
    return Tried(rules, proof, trials=tuple(_trial(event, rules, policy) for event in events))


def _proof(settings: Settings, rules: HookRules, request: HookRequest) -> str:
    """Return "right", why the request would be refused (see `HookReader.verify`), or "not checked"."""
    keys = settings.hook_keys.get(in_environment(rules.sender.name))
    is_in_body = rules.format is HookFormat.PAGERDUTY
    if keys is None or not keys.signing or not (request.headers or is_in_body):
        return "not checked"
    try:
        READERS[rules.format].verify(request, keys.signing, now=datetime.now(UTC))
    except HookRefused as refused:
        return refused.reason
    return "right"


def _rules(path: Path | None, source: str) -> tuple[Policy, HookRules]:
    """Return the policy that has the source, and its rules for it."""
    found = check_folder(path).values() if path is not None and path.is_dir() else [load_policy(path)]
    for policy in found:
        if source in policy.hooks:
            return policy, policy.hooks[source]
    known = ", ".join(sorted({name for policy in found for name in policy.hooks})) or "none"
    raise ConfigError(f"--source: the policy has no [hooks.{source}]; it has: {known}")


def _bytes(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == _STDIN else file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None


def _lines(content: bytes) -> Iterator[str]:
    """Yield each header of a file as "name: value"."""
    text = content.decode("utf-8", "replace").strip()
    try:
        found: object = json.loads(text)
    except ValueError:
        yield from (line for line in text.splitlines() if line.strip())
        return
    if not isinstance(found, dict):
        raise ConfigError('--headers: is neither lines of "Name: value" nor a JSON object')
    yield from (f"{name}: {value}" for name, value in found.items())


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ConfigError(f'--header: {line!r} is not "Name: value"')
    return name.strip().lower(), value.strip()


def _trial(event: AlertEvent, rules: HookRules, policy: Policy) -> Trial:
    sender = rules.sender
    severity = policy.rules(sender.severity_of(event, policy.severities.values()))
    return Trial(event, severity, sender.channel or severity.channel, event.fingerprint(sender.name))


def _in_words(tried: Tried) -> Iterator[str]:
    sender, count = tried.rules.sender, len(tried.trials)
    if tried.problem:
        yield f"{sender.label}: cannot be read: {tried.problem}"
        return
    yield f"{sender.label}: {count} alert{'' if count == 1 else 's'}"
    yield f"proof: {_PROOFS[tried.proof]}"
    if not tried.trials:
        yield "The bot would answer with 2xx and do nothing: this is no alert, or a header is missing (-H)."
    for number, trial in enumerate(tried.trials, 1):
        yield f"\n{number}. {trial.event.line or sender.label}"
        yield from (f"   {name:<12} {value}" for name, value in _rows(trial) if value)


def _rows(trial: Trial) -> Iterable[tuple[str, str | None]]:
    event, severity = trial.event, trial.severity
    fires = event.says is Says.FIRING
    return (
        ("it", _SAYS[event.says]),
        ("severity", f"{severity.name} = {severity.priority}" if fires else None),
        ("posted in", f"#{trial.channel}" if fires else None),
        ("target", event.target),
        ("link", event.link),
        ("began", None if event.started_at is None else event.started_at.isoformat()),
        ("key", event.key or "none: title and target make one"),
        ("fingerprint", trial.fingerprint[:16]),
        ("text", event.text.replace("\n", "\n" + " " * 16)),
    )


def _as_json(tried: Tried) -> Mapping[str, Any]:
    found = {"source": tried.rules.sender.name, "proof": tried.proof}
    if tried.problem:
        return {**found, "problem": tried.problem}
    return {**found, "events": [_event(trial) for trial in tried.trials]}


def _event(trial: Trial) -> Mapping[str, Any]:
    event = trial.event
    return {
        "says": str(event.says),
        "title": event.line,
        "severity": trial.severity.name,
        "channel": trial.channel,
        "target": event.target,
        "url": event.link,
        "started_at": None if event.started_at is None else event.started_at.isoformat(),
        "key": event.key,
        "fingerprint": trial.fingerprint,
        "text": event.text,
    }
