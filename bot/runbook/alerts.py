"""Reading ``[alerts]``: which messages are tracked as alerts, and how they are recognised."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from bot.domain.alerts.alert import AlertPart
from bot.domain.alerts.recognition import PATTERN_LIMIT, Part, Pattern, Says, Shape, Unknown
from bot.domain.errors import ConfigError
from bot.domain.severity import SeverityPolicy
from bot.runbook import moments, values
from bot.runbook.model import Alerts
from bot.runbook.reader import Rule, Table
from bot.runbook.severities import one_of

SENDERS_NAME: Final = "senders.toml"

#: The bot's own limit: each row is compared with some lines of every message of a watched channel.
MOST_PATTERNS: Final = 200

_PART = values.choice(AlertPart, what="a part of an alert")
_BOT = values.string_up_to(32, what="a bot", example="parky-monitor")
_NAME = values.string_up_to(100, what="a sender's name", example="Sentry")
_SAYS = values.choice(Says, what="what a message says")
_LINES = values.choice(Part, what="a part of a message")
_UNKNOWN = values.choice(Unknown, what="what to do with an unknown message")


class OnRecovery(StrEnum):
    """The effect of a monitor's recovery on an unacknowledged alert."""

    CLOSE = "close"
    NOTE = "note"


_ON_RECOVERY = values.choice(OnRecovery, what="what a recovery does")


def _shape(value: object) -> Shape:
    return Shape.parse(values.string(value))


_SHAPE: Rule[Shape] = Rule(
    "a pattern",
    f"a line of 1 to {PATTERN_LIMIT} characters with the holes *, {{what}} and {{where}}, the last two once, "
    'and text between two holes ("[FIRING:*] {what} (*)")',
    _shape,
    Shape.parse("[FIRING:*] {what}"),
)


def read_alerts(file: Table, severities: Mapping[str, SeverityPolicy]) -> Alerts:
    """Read ``[alerts]``; without it no message is tracked."""
    table = file.table("alerts")
    watch, said = _read_watch(table.table("watch"), severities)
    own = _read_patterns(table)
    usual = table.take("usual_patterns", values.BOOL, default=True)
    patterns, names = usual_senders() if usual else ((), ())
    read = Alerts(
        watch=watch,
        bots=table.each("bots", _BOT, ()),
        same_within=table.take("same_within", moments.DURATION, timedelta(minutes=30)),
        fingerprint=table.each("fingerprint", _PART, (AlertPart.TITLE, AlertPart.TARGET)),
        rings=table.take("rings", values.BOOL, default=False),
        unknown=MappingProxyType(
            {name: said[name] or _usual_unknown(name, watch[name], severities) for name in watch}
        ),
        unread=MappingProxyType({name: said[name] or Unknown.TRACK for name in watch}),
        closes=table.take("recovery", _ON_RECOVERY, OnRecovery.CLOSE) is OnRecovery.CLOSE,
        ignore=table.each("ignore", _SHAPE, ()),
        patterns=(*own, *patterns),
        names=(*table.each("names", _NAME, ()), *names),
    )
    if not read.fingerprint:
        table.problem("fingerprint", f"names no part; allowed: at least one of {_PART.allowed}")
    table.close()
    return read


@cache
def usual_senders() -> tuple[tuple[Pattern, ...], tuple[str, ...]]:
    """Return the patterns, and the titles that only name a sender, from the package's own file.

    Raises:
        ConfigError: the file has a problem; that is a bug, which a test would find.
    """
    problems: list[str] = []
    text = files("bot.runbook").joinpath(SENDERS_NAME).read_text(encoding="utf-8")
    table = Table(tomllib.loads(text), at="", problems=problems)
    patterns, names = _read_patterns(table), table.each("names", _NAME, ())
    table.close()
    if problems:
        raise ConfigError("\n".join(f"{SENDERS_NAME}: {problem}" for problem in problems))
    return patterns, names


def _read_watch(
    table: Table, severities: Mapping[str, SeverityPolicy]
) -> tuple[Mapping[str, str], Mapping[str, Unknown | None]]:
    """Return channel -> severity, and channel -> its ``unknown`` setting, None if the file sets none.

    A channel's value is a severity's name, or a table with ``severity`` and ``unknown``.
    """
    rule = one_of(severities, what="a severity")
    watch: dict[str, str] = {}
    unknown: dict[str, Unknown | None] = {}
    for key in table.names(values.CHANNEL):
        name = key.removeprefix("#")
        inner = table.table(key) if table.is_table(key) else None
        watch[name] = table.take(key, rule) if inner is None else inner.take("severity", rule)
        unknown[name] = None if inner is None else inner.maybe("unknown", _UNKNOWN)
        if inner is not None:
            inner.close()
    return MappingProxyType(watch), MappingProxyType(unknown)


def _usual_unknown(channel: str, severity: str, severities: Mapping[str, SeverityPolicy]) -> Unknown:
    """Return the default for unknown messages: track for the highest severity or in its channel, else ask."""
    gravest = next(iter(severities.values()))
    return Unknown.TRACK if severity == gravest.name or channel == gravest.channel else Unknown.ASK


def _read_patterns(table: Table) -> tuple[Pattern, ...]:
    rows = table.tables("patterns")
    table.at_most(MOST_PATTERNS, rows, key="patterns")
    return tuple(_pattern(row) for row in rows)


def _pattern(table: Table) -> Pattern:
    read = Pattern(
        says=table.take("says", _SAYS),
        line=table.take("line", _SHAPE),
        sender=table.maybe("sender", _SHAPE),
        part=table.take("part", _LINES, Part.HEADLINE),
        exact=table.take("exact", values.BOOL, default=False),
        same_within=table.maybe("same_within", moments.DURATION),
    )
    if read.line.is_bare and (read.sender is None or read.sender.is_bare):
        table.problem("line", "matches every message; allowed: with some text of its own, or with a sender")
    table.close()
    return read
