"""`incident-bot hooks try`: what a request of a monitor would do, without doing it."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import typer

from bot.cli.database import with_stores
from bot.cli.hooks.trials import HookTrial, Tried, as_dict, in_words
from bot.domain.alerts.events import AlertEvent, EventOrigin, event_id
from bot.domain.errors import ConfigError
from bot.domain.hooks.hook import (
    HookFormat,
    HookRefused,
    HookRequest,
    HookRules,
    HookUnreadable,
    in_environment,
    unread_among,
)
from bot.i18n import Texts
from bot.integrations.hooks.readers import READERS
from bot.resources import SharedResources
from bot.runbook import Policy, load_policy, load_served
from bot.services.alerts.dry_run import AlertDryRun
from bot.services.alerts.events import occurrence_of
from bot.settings import Settings

_STDIN: Final = Path("-")


def try_request(  # noqa: PLR0913 -- the command's options
    settings: Settings,
    file: Path,
    *,
    source: str,
    headers: Sequence[str],
    asks_database: bool,
    as_json: bool,
    language: str | None,
) -> int:
    """Print what the request in *file* would do, and return the exit code.

    Args:
        file: Its body; "-" is standard input.
        source: As the policy names it.
        headers: "Name: value" each.
        asks_database: Say as well what would become of each alert now.
        language: "ja" or "en"; None for the policy's.

    Raises:
        ConfigError: no policy has the source, a file cannot be read, or the database does not answer.
    """
    guild_id, policy = _policy_with(settings, source)
    rules = policy.hooks[source]
    request = HookRequest(dict(_header(line) for line in headers), _bytes(file))
    tried = _tried(request, rules, policy, proof=_proof(settings, rules, request))
    if asks_database:
        tried = _decided(settings, tried, guild_id)
    if as_json:
        typer.echo(json.dumps(as_dict(tried), ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(in_words(tried, Texts.load(), language or policy.language)))
    return tried.code


def headers_in(file: Path) -> list[str]:
    """Return the headers of a file, "name: value" each: its lines, or one JSON object.

    Raises:
        ConfigError.
    """
    text = _bytes(file).decode("utf-8", "replace").strip()
    try:
        found: object = json.loads(text)
    except ValueError:
        return [line for line in text.splitlines() if line.strip()]
    if not isinstance(found, dict):
        raise ConfigError('--headers: is neither lines of "Name: value" nor a JSON object')
    return [f"{name}: {value}" for name, value in found.items()]


def _policy_with(settings: Settings, source: str) -> tuple[int, Policy]:
    """Return the policy that has the source, and its guild; 0 while no guild is set."""
    path = settings.runbook_file
    if settings.has_policies or settings.discord_guild_id is not None:
        policies = dict(load_served(path, home=settings.discord_guild_id).policies)
    else:
        policies = {0: load_policy(path)}
    for guild_id, policy in policies.items():
        if source in policy.hooks:
            return guild_id, policy
    known = ", ".join(sorted({name for policy in policies.values() for name in policy.hooks})) or "none"
    raise ConfigError(f"--source: the policy has no [hooks.{source}]; it has: {known}")


def _tried(request: HookRequest, rules: HookRules, policy: Policy, *, proof: str) -> Tried:
    try:
        said = READERS[rules.format].parse(request, rules)
    except HookUnreadable as error:
        return Tried(rules, proof, error.reason)
    events = (event.masked() for event in said if isinstance(event, AlertEvent))
    unread = unread_among(said)
    return Tried(
        rules,
        proof,
        unread="" if unread is None else unread.reason,
        trials=tuple(_trial(event, rules, policy) for event in events),
    )


def _trial(event: AlertEvent, rules: HookRules, policy: Policy) -> HookTrial:
    now = datetime.now(UTC)
    said = occurrence_of(event, rules.sender, EventOrigin(0, event_id(now, 0), now), policy)
    return HookTrial(event, said, rules.sender.channel or said.severity.channel)


def _decided(settings: Settings, tried: Tried, guild_id: int) -> Tried:
    """Ask the database what would become of each event."""
    trials: list[HookTrial] = []

    async def decide(shared: SharedResources) -> None:
        parts, sender = shared.parts(guild_id), tried.rules.sender
        dry_run = AlertDryRun(parts.store, parts.policy)
        for trial in tried.trials:
            decided = await dry_run.decide(trial.event, sender, guild_id=guild_id)
            trials.append(replace(trial, decided=decided))

    with_stores(settings, decide)
    return replace(tried, trials=tuple(trials))


def _proof(settings: Settings, rules: HookRules, request: HookRequest) -> str:
    """Return "right", "no key", "no headers", or why it would be refused (see `HookReader.verify`)."""
    keys = settings.hook_keys.get(in_environment(rules.sender.name))
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


def _bytes(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == _STDIN else file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ConfigError(f'--header: {line!r} is not "Name: value"')
    return name.strip().lower(), value.strip()
