"""`incident-bot alerts try`: what a monitor's message would do, and by which evidence, without doing it."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import typer

from bot.cli.database import with_stores
from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.decisions import AlertOutcome
from bot.domain.alerts.events import event_id
from bot.domain.alerts.recognition import Says, Unknown
from bot.domain.errors import ConfigError
from bot.i18n import Texts
from bot.resources import SharedResources
from bot.runbook import Policy, load_policy, load_served
from bot.services.alerts.decisions import MessageDryRun
from bot.services.alerts.opening import Decided
from bot.services.alerts.tracking import AlertReader, Understood
from bot.settings import Settings
from bot.ui.discord_api.messages import Incoming
from bot.ui.words.alerts import Say, becomes, padded, rule_words
from bot.ui.words.wording import Wording

_STDIN: Final = Path("-")
_INDENT: Final = " " * 16

#: What a message has become if it changes something.
_DOES: Final = frozenset(
    {
        AlertOutcome.TRACKED,
        AlertOutcome.COUNTED,
        AlertOutcome.RECOVERED,
        AlertOutcome.ASKED,
        AlertOutcome.BELOW,
        AlertOutcome.HELD,
        AlertOutcome.DEPENDS,
    }
)


#: What the bot reads of a message, and what it is there. Source: Discord's OpenAPI, MessageResponse.
_COMPONENT: Final[dict[str, object]] = {"type": "a number", "content": "a text"}
_COMPONENT["components"] = [_COMPONENT]
_MESSAGE: Final = {
    **dict.fromkeys(("id", "channel_id", "webhook_id", "application_id"), "an id"),
    "type": "a number",
    "content": "a text",
    "timestamp": "a text",
    "author": {"id": "an id", "username": "a text", "global_name": "a text", "bot": "true or false"},
    "attachments": [{"filename": "a text"}],
    "components": [_COMPONENT],
    "embeds": [
        {
            **dict.fromkeys(("type", "title", "description"), "a text"),
            "color": "a number",
            "author": {"name": "a text"},
            "footer": {"text": "a text"},
            "fields": [{"name": "a text", "value": "a text"}],
        }
    ],
}
_IS: Final[Mapping[str, Callable[[object], bool]]] = {
    "a text": lambda value: isinstance(value, str),
    "a number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "true or false": lambda value: isinstance(value, bool),
    "an id": lambda value: isinstance(value, str | int) and str(value).isdecimal(),
}


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a message would do.

    Attributes:
        understood: None: it is passed over whatever it says.
        decided: What would become of it, as far as that is known without the database.
        waits: How long a question about it would wait for an answer; None: it would wait for ever.
    """

    message: AlertMessage
    understood: Understood | None
    decided: Decided | None
    waits: timedelta | None

    @property
    def code(self) -> int:
        says = None if self.understood is None else self.understood.reading.says
        if self.decided is None:
            return EXIT_OK if says in (Says.FIRING, Says.RESOLVED) else EXIT_FOUND
        return EXIT_OK if self.decided.outcome in _DOES else EXIT_FOUND


def try_message(
    settings: Settings,
    file: Path,
    *,
    channel: str | None,
    asks_database: bool,
    as_json: bool,
    language: str | None,
) -> int:
    """Print what the message in *file* would do, and return the exit code.

    Args:
        file: A Message object of Discord's as JSON; "-" is standard input. What it leaves out is that of a
            webhook's message, posted now.
        channel: The name or id of the watched channel; None: the policy's first one.
        asks_database: Say as well what would become of it now, by lessons, open alerts and windows.
        language: "ja" or "en"; None for the policy's.

    Raises:
        ConfigError: no policy watches the channel, the file is no message, or the database does not answer.
    """
    guild_id, policy, place = _watching(settings, channel)
    words = Wording(Texts.load(), replace(policy, language=language or policy.language))
    message = _message(file, words, guild_id=guild_id, channel=place)
    tried = _tried(message, policy)
    if asks_database:
        tried = _decided(settings, tried, guild_id)
    if as_json:
        typer.echo(json.dumps(_as_dict(tried), ensure_ascii=False, indent=2))
    else:
        lines = [f"{padded(words.say(name))} {value}" for name, value in _rows(tried, words) if value]
        typer.echo("\n".join(lines))
    return tried.code


def _watching(settings: Settings, channel: str | None) -> tuple[int, Policy, str]:
    """Return the policy that watches the channel, its guild, and the channel; 0 while no guild is set."""
    path = settings.runbook_file
    if settings.has_policies or settings.discord_guild_id is not None:
        policies = dict(load_served(path, home=settings.discord_guild_id).policies)
    else:
        policies = {0: load_policy(path)}
    wanted = None if channel is None else channel.lstrip("#")
    for guild_id, policy in policies.items():
        for place in policy.alerts.watch:
            if wanted in (None, place):
                return guild_id, policy, place
    known = ", ".join(sorted({place for policy in policies.values() for place in policy.alerts.watch}))
    raise ConfigError(f"--channel: the policy does not watch {wanted}; it watches: {known or 'nothing'}")


def _message(file: Path, words: Wording, *, guild_id: int, channel: str) -> AlertMessage:
    try:
        whole = json.loads(sys.stdin.buffer.read() if file == _STDIN else file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"{file}: is not JSON") from None
    if not isinstance(whole, dict):
        raise ConfigError(f"{file}: is not a message as Discord's JSON has it")
    if (odd := next(_odd_parts(whole, _MESSAGE, ""), None)) is not None:
        raise ConfigError(f"{file}: is not a message as Discord's JSON has it: {odd}")
    given = {name: value for name, value in whole.items() if value is not None}
    now = datetime.now(UTC)
    author = {"id": "1", "username": "webhook", **(given.get("author") or {})}
    place = channel if channel.isdecimal() else "1"
    payload = {"id": str(event_id(now, 0)), "channel_id": place, "timestamp": now.isoformat(), **given}
    if payload.get("webhook_id") is None and not author.get("bot"):
        payload["webhook_id"] = author["id"]
    try:
        return Incoming(None, words).read({**payload, "author": author}, guild_id=guild_id, channel=channel)
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"{file}: is not a message as Discord's JSON has it: {error}") from None


def _odd_parts(value: object, shape: object, where: str) -> Iterator[str]:
    """Yield what is wrong with a part of a message that does not have its shape; null is always right."""
    if value is None:
        return
    if isinstance(shape, str):
        if not _IS[shape](value):
            yield f"{where} is not {shape}"
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{where} is not a list"
            return
        for number, item in enumerate(value):
            yield from _odd_parts(item, shape[0], f"{where}[{number}]")
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{where} is not an object"
            return
        for name, part in shape.items():
            yield from _odd_parts(value.get(name), part, f"{where}.{name}".lstrip("."))


def _tried(message: AlertMessage, policy: Policy) -> _Tried:
    reader = AlertReader(policy)
    understood, waits = reader.understand(message), None
    decided: Decided | None = None
    if understood is None:
        decided = Decided(reader.passed_over(message) or AlertOutcome.NOT_HEEDED)
    elif understood.reading.says is Says.CHATTER:
        decided = Decided(AlertOutcome.CHATTER)
    elif understood.reading.says is None:
        match reader.unknown(message):
            case Unknown.IGNORE:
                decided = Decided(AlertOutcome.UNKNOWN)
            case Unknown.TRACK:
                decided = Decided(AlertOutcome.TRACKED)
            case Unknown.ASK:
                decided = Decided(AlertOutcome.ASKED)
            case Unknown.ASK_THEN_TRACK:
                decided, waits = Decided(AlertOutcome.ASKED), policy.alerts.unanswered_after
    return _Tried(message, understood, decided, waits)


def _decided(settings: Settings, tried: _Tried, guild_id: int) -> _Tried:
    """Ask the database what would become of the message."""

    async def decide(shared: SharedResources) -> _Tried:
        parts = shared.parts(guild_id)
        reader = AlertReader(parts.policy, replaying=parts.webhooks.values())
        understood, decided = await MessageDryRun(parts.store, parts.policy).decide(tried.message, reader)
        return _Tried(tried.message, understood, decided, tried.waits)

    return with_stores(settings, decide)


def _rows(tried: _Tried, words: Wording) -> Iterable[tuple[str, str | None]]:
    message, understood, say = tried.message, tried.understood, words.say
    result = _becomes(tried, words)
    yield "message_trial.row.sender", message.evidence.author_name
    yield "message_trial.row.channel", f"#{message.channel}"
    if understood is None:
        yield "alert_trial.row.becomes", result
        return
    occurrence, reading = understood.occurrence, understood.reading
    is_over = reading.says in (Says.RESOLVED, Says.CHATTER)
    yield "alert_trial.row.it", _says(reading.says, say)
    clues = [
        say(
            "message_trial.evidence.clue",
            weight=f"{clue.weight:g}",
            says=_says(clue.says, say),
            part=clue.part,
            words=clue.words,
        )
        for clue in reading.clues
    ]
    yield "message_trial.row.evidence", f"\n{_INDENT}".join(clues) or say("message_trial.evidence.none")
    yield "alert_trial.row.becomes", result
    yield "message_trial.row.title", occurrence.title
    yield "message_trial.row.look", reading.look
    yield "message_trial.row.lesson", None if understood.lesson is None else str(understood.lesson)
    yield (
        "alert_trial.row.severity",
        None if is_over else f"{occurrence.severity.name} = {occurrence.severity.priority}",
    )
    yield (
        "alert_trial.row.rule",
        None if occurrence.rule is None or is_over else rule_words(occurrence.rule, say),
    )
    yield "alert_trial.row.target", occurrence.target
    yield "alert_trial.row.fingerprint", occurrence.fingerprint[:16]


def _says(says: Says | None, say: Say) -> str:
    return say("message_trial.says.nothing") if says is None else say(f"alert_trial.says.{says}")


def _becomes(tried: _Tried, words: Wording) -> str | None:
    """Return what would become of a message; None for an alert, of which only the database knows."""
    decided, understood = tried.decided, tried.understood
    if decided is None:
        is_over = understood is not None and understood.reading.says is Says.RESOLVED
        return words.say("message_trial.becomes.ended") if is_over else None
    if decided.outcome is AlertOutcome.ASKED and tried.waits is not None:
        return words.say("alert_trial.becomes.asked_in_time", span=words.span(tried.waits))
    return becomes(decided, words.say)


def _as_dict(tried: _Tried) -> Mapping[str, Any]:
    """Return what a message gave as a dict, for `--json`."""
    message, understood, decided = tried.message, tried.understood, tried.decided
    incident = None if decided is None else decided.incident
    given: dict[str, Any] = {
        "sender": message.evidence.author_name,
        "channel": message.channel,
        "outcome": None if decided is None else str(decided.outcome),
        "incident": None if incident is None else incident.id,
    }
    if understood is None:
        return given
    occurrence, reading = understood.occurrence, understood.reading
    return {
        **given,
        "says": None if reading.says is None else str(reading.says),
        "evidence": [
            {"says": str(clue.says), "part": clue.part, "words": clue.words, "weight": clue.weight}
            for clue in reading.clues
        ],
        "title": occurrence.title,
        "look": reading.look,
        "lesson": understood.lesson,
        "severity": occurrence.severity.name,
        "rule": None if occurrence.rule is None else occurrence.rule.number,
        "target": occurrence.target,
        "fingerprint": occurrence.fingerprint,
    }
