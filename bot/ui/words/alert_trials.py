"""What an alert would do, in words for a terminal: for the commands that try a message or a request."""

from collections.abc import Callable
from typing import Final, TypeAlias
from unicodedata import east_asian_width

from bot.domain.alerts.events import AlertRule
from bot.domain.calendar.typed_times import format_duration
from bot.services.alerts.opening import Decided

#: Says a text, with its fields.
Say: TypeAlias = Callable[..., str]

#: The width of the names of rows.
_NAME_WIDTH: Final = 12


def padded(name: str) -> str:
    """Return *name* as wide as its column: a terminal shows a character of Japanese as wide as two others."""
    width = sum(2 if east_asian_width(character) in "FW" else 1 for character in name)
    return name + " " * (_NAME_WIDTH - width)


def becomes(decided: Decided, say: Say) -> str:
    """Return what would become of an alert, in words."""
    detail, incident = decided.detail, decided.incident
    return say(
        f"alert_trial.becomes.{decided.outcome.value}",
        label="" if incident is None else incident.label,
        count=detail.count,
        needed=detail.needed,
        window=decided.window_id,
    )


def rule_words(rule: AlertRule, say: Say) -> str:
    """Return which of the policy's rules decides, and what it does."""
    said = say("alert_trial.rule.number", number=rule.number)
    if rule.ignores:
        return say("alert_trial.rule.ignored", rule=said)
    if (threshold := rule.only_after) is not None:
        span = format_duration(threshold.within)
        return say("alert_trial.rule.after", rule=said, count=threshold.count, span=span)
    return said
