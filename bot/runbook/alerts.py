"""``[alerts]``: which messages are tracked as alerts, and how they are recognised."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Discriminator, Field, Tag, ValidationError, model_validator

from bot.domain.alerts.alert import AlertPart
from bot.domain.alerts.events import AlertRule, Threshold
from bot.domain.alerts.recognition import PATTERN_LIMIT, Pattern, Says, Shape, TextPart, TitleShapes, Unknown
from bot.domain.errors import ConfigError
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.problems import lines
from bot.runbook.fields.rules import AtMost, Names, Problem, Rule, Section, some

#: The bot's own limit: an alert is compared with each.
MOST_RULES: Final = 100
#: What came longer ago may be deleted: decisions are kept for 14 days.
_LONGEST_COUNT: Final = timedelta(days=1)
_MOST_TIMES: Final = 100


def _wildcard(value: object) -> Shape:
    shape = Shape.parse(values.string(value))
    if any(shape.holes):
        raise ValueError(value)
    return shape


_Wildcard = Annotated[
    Shape,
    Rule(
        "a text with wildcards",
        f'a line of 1 to {PATTERN_LIMIT} characters; * stands for anything ("Disk * is almost full*")',
        _wildcard,
    ),
]


class AlertRuleTable(Section):
    """``[[alerts.rules]]``."""

    title: _Wildcard | None = None
    target: _Wildcard | None = None
    sender: _Wildcard | None = None
    severity: values.OfSeverity | None = None
    ignore: values.Bool = False
    only_after: Annotated[int, values.whole(2, _MOST_TIMES, "how often an alert has to come")] | None = None
    within: moments.Duration | None = None
    becomes: values.OfSeverity | None = None

    @model_validator(mode="after")
    def _decides(self) -> "AlertRuleTable":
        if {self.title, self.target, self.sender, self.severity} == {None}:
            raise Problem("is missing; allowed: at least one of title, target, sender, severity", key="title")
        if self.ignore and (self.only_after or self.becomes):
            raise Problem("goes with neither only_after nor becomes: the alert opens nothing", key="ignore")
        if not (self.ignore or self.only_after or self.becomes):
            raise Problem("is missing; allowed: one of ignore = true, only_after, becomes", key="ignore")
        return self

    @model_validator(mode="after")
    def _counts_within(self) -> "AlertRuleTable":
        if (self.only_after is None) is not (self.within is None):
            missing = "only_after" if self.within else "within"
            raise Problem('is missing; only_after and within go together (3 and "10m")', key=missing)
        if self.within is not None and self.within > _LONGEST_COUNT:
            raise Problem("is too long; allowed: up to 24h", key="within")
        return self

    def value(self, number: int) -> AlertRule:
        """Return the rule, the *number*th of the file."""
        threshold = None
        if self.only_after is not None and self.within is not None:
            threshold = Threshold(self.only_after, self.within)
        return AlertRule(
            number=number,
            title=self.title,
            target=self.target,
            sender=self.sender,
            severity=self.severity,
            ignores=self.ignore,
            only_after=threshold,
            becomes=self.becomes,
        )


SENDERS_NAME: Final = "senders.toml"

#: The bot's own limit: each row is compared with some lines of every message of a watched channel.
MOST_PATTERNS: Final = 200

_TITLE_LIMIT: Final = 100
_NO_SHAPES: Final = TitleShapes()
_PART = values.choice(AlertPart, "a part of an alert")
_SenderName = Annotated[str, values.string_up_to(100, "a sender's name", "Sentry")]
_TITLE = Rule(
    "a title",
    '1 to 100 characters with {what} ("{what} is DOWN")',
    lambda value: _title(values.string(value)),
)
_Line = Annotated[
    Shape,
    Rule(
        "a pattern",
        f"a line of 1 to {PATTERN_LIMIT} characters with the holes *, {{what}} and {{where}}, the last two "
        'once, and text between two holes ("[FIRING:*] {what} (*)")',
        lambda value: Shape.parse(values.string(value)),
    ),
]


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The rules for tracking messages as alerts.

    Attributes:
        watch: Channel (name or id) -> name of the severity that its alerts have.
        bots: Ids or usernames of the bots whose messages count, besides webhooks.
        same_within: How long a repetition counts as the same alert.
        fingerprint: The parts by which two alerts are the same.
        rings: Names of the severities under which the bot's reply to a monitor's message mentions people as
            any alert of theirs does. Under others it is quiet: the message was there before it.
        unknown: Channel as in `watch` -> the treatment of a message that no pattern matches.
        teams: Channel as in `watch` -> the team of its alerts, of those that name one.
        unread: The same for a message without text; without the message content intent all are. It may be an
            alert, so it is tracked unless the file says otherwise.
        unanswered_after: How long after the question a message is tracked about which nobody has answered.
        closes: A recovery ends an unacknowledged alert; if False, it is only noted.
        ignore: Senders whose messages are never alerts.
        patterns: Patterns of monitors' messages, in the order in which they are tried.
        own_patterns: Those of them that the file itself has.
        names: Titles that only name their sender.
        shapes: Lines of a message that its alert's title is made of.
        rules: About single alerts; the first one that fits decides.
    """

    watch: Mapping[str, str]
    bots: tuple[str, ...]
    same_within: timedelta
    fingerprint: tuple[AlertPart, ...]
    rings: frozenset[str]
    teams: Mapping[str, str]
    unknown: Mapping[str, Unknown]
    unread: Mapping[str, Unknown]
    unanswered_after: timedelta
    closes: bool
    ignore: tuple[Shape, ...]
    patterns: tuple[Pattern, ...]
    own_patterns: tuple[Pattern, ...]
    names: tuple[str, ...]
    shapes: TitleShapes
    rules: tuple[AlertRule, ...]

    @property
    def named_teams(self) -> Mapping[str, str]:
        """Return the teams of channels and patterns, by the key that names each."""
        channels = {f"alerts.watch.{channel}.team": team for channel, team in self.teams.items()}
        patterns = {
            f"alerts.patterns[{number}].team": one.team
            for number, one in enumerate(self.own_patterns, 1)
            if one.team is not None
        }
        return {**channels, **patterns}


_HIGHEST: Final = "highest"


def _all_ring(value: object) -> bool | None:
    """Return True for all severities, False for none, None for the highest one."""
    if value == _HIGHEST:
        return None
    if not isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004  # as all rules do
    return value


_RINGS: Final = Rule("a choice of severities", f'"{_HIGHEST}", true, false', _all_ring)


class OnRecovery(StrEnum):
    """The effect of a monitor's recovery on an unacknowledged alert."""

    CLOSE = "close"
    NOTE = "note"


class PatternTable(Section):
    """``[[alerts.patterns]]``."""

    says: Annotated[Says, values.choice(Says, "what a message says")]
    line: _Line
    sender: _Line | None = None
    part: Annotated[TextPart, values.choice(TextPart, "a part of a message")] = TextPart.HEADLINE
    exact: values.Bool = False
    same_within: moments.Duration | None = None
    title: Annotated[str, _TITLE] | None = None
    next_line: values.Bool = False
    team: values.Id | None = None

    @model_validator(mode="after")
    def _has_text(self) -> "PatternTable":
        if self.line.is_bare and (self.sender is None or self.sender.is_bare):
            text = "matches every message; allowed: with some text of its own, or with a sender"
            raise Problem(text, key="line")
        return self


class SendersTable(Section):
    """The patterns and titles of a file of senders."""

    patterns: Annotated[tuple[PatternTable, ...], AtMost(MOST_PATTERNS)] = ()
    names: tuple[_SenderName, ...] = ()
    subjects: tuple[_Line, ...] = ()
    details: tuple[_Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Senders:
    """What is known of the usual monitors; the attributes are as in `AlertRules`."""

    patterns: tuple[Pattern, ...] = ()
    names: tuple[str, ...] = ()
    shapes: TitleShapes = _NO_SHAPES


class WatchTable(Section):
    """``[alerts.watch.<channel>]``."""

    severity: values.OfSeverity
    unknown: Annotated[Unknown, values.choice(Unknown, "what to do with an unknown message")] | None = None
    team: values.Id | None = None


_Watch = Annotated[
    Annotated[values.OfSeverity, Tag("(name)")] | Annotated[WatchTable, Tag("(table)")],
    Discriminator(lambda value: "(table)" if isinstance(value, dict) else "(name)"),
]


class AlertsTable(Section):
    """``[alerts]``; without it no message is tracked."""

    watch: dict[values.Channel, _Watch] = Field(default_factory=dict)
    patterns: Annotated[tuple[PatternTable, ...], AtMost(MOST_PATTERNS)] = ()
    usual_patterns: values.Bool = True
    bots: tuple[Annotated[str, values.string_up_to(32, "a bot", "parky-monitor")], ...] = ()
    same_within: moments.Duration = timedelta(minutes=30)
    unanswered_after: moments.Duration = timedelta(minutes=5)
    fingerprint: Annotated[
        tuple[Annotated[AlertPart, _PART], ...],
        some(f"names no part; allowed: at least one of {_PART.allowed}"),
    ] = (AlertPart.TITLE, AlertPart.TARGET, AlertPart.CHANNEL, AlertPart.AUTHOR)
    rings: Annotated[bool | None, _RINGS] = None
    recovery: Annotated[OnRecovery, values.choice(OnRecovery, "what a recovery does")] = OnRecovery.CLOSE
    ignore: tuple[_Line, ...] = ()
    names: tuple[_SenderName, ...] = ()
    rules: Annotated[tuple[AlertRuleTable, ...], AtMost(MOST_RULES)] = ()

    def value(self, severities: Mapping[str, SeverityPolicy]) -> AlertRules:
        """Return the rules, with the patterns of the usual senders after the file's own."""
        usual = usual_senders() if self.usual_patterns else Senders()
        watch = {key: each if isinstance(each, str) else each.severity for key, each in self.watch.items()}
        given = {key: None if isinstance(each, str) else each.unknown for key, each in self.watch.items()}
        tables = {key: each for key, each in self.watch.items() if isinstance(each, WatchTable)}
        own = tuple(each.into(Pattern) for each in self.patterns)
        unknown = {key: given[key] or _usual_unknown(key, watch[key], severities) for key in watch}
        return AlertRules(
            watch=MappingProxyType(watch),
            bots=self.bots,
            same_within=self.same_within,
            fingerprint=self.fingerprint,
            rings=_ringing(severities, all_of_them=self.rings),
            teams=MappingProxyType({key: each.team for key, each in tables.items() if each.team}),
            unknown=MappingProxyType(unknown),
            unread=MappingProxyType({key: given[key] or Unknown.TRACK for key in watch}),
            unanswered_after=self.unanswered_after,
            closes=self.recovery is OnRecovery.CLOSE,
            ignore=self.ignore,
            patterns=(*own, *usual.patterns),
            own_patterns=own,
            names=(*self.names, *usual.names),
            shapes=usual.shapes,
            rules=tuple(each.value(number) for number, each in enumerate(self.rules, 1)),
        )


@cache
def usual_senders() -> Senders:
    """Return the patterns and the other rows of the package's own file.

    Raises:
        ConfigError: the file has a problem; that is a bug, which a test would find.
    """
    text = files("bot.runbook").joinpath(SENDERS_NAME).read_text(encoding="utf-8")
    try:
        read = SendersTable.model_validate(tomllib.loads(text), context=Names())
    except ValidationError as error:
        problems = lines(error, SendersTable, Names())
        raise ConfigError("\n".join(f"{SENDERS_NAME}: {line}" for line in problems)) from None
    shapes = TitleShapes(subjects=read.subjects, details=read.details)
    return Senders(tuple(each.into(Pattern) for each in read.patterns), read.names, shapes)


def _title(text: str) -> str:
    if len(text) > _TITLE_LIMIT or text.count("{what}") != 1:
        raise ValueError(text)
    return text


def _ringing(severities: Mapping[str, SeverityPolicy], *, all_of_them: bool | None) -> frozenset[str]:
    """Return the severities that `AlertRules.rings` names; None: the highest one."""
    if all_of_them is None:
        return frozenset([next(iter(severities))])
    return frozenset(severities) if all_of_them else frozenset()


def _usual_unknown(channel: str, severity: str, severities: Mapping[str, SeverityPolicy]) -> Unknown:
    """Return the default for unknown messages: ask.

    For the highest severity, and in its channel, a message about which nobody answers is tracked.
    """
    most_severe = next(iter(severities.values()))
    is_most_severe = severity == most_severe.name or channel == most_severe.channel
    return Unknown.ASK_THEN_TRACK if is_most_severe else Unknown.ASK
