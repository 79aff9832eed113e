"""Alerts in words: what was decided, what they have waited for, and what a trial of one would do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeAlias
from unicodedata import east_asian_width

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.alerts.events import AlertRule
from bot.domain.calendar.typed_times import format_duration
from bot.domain.incident.incident import Incident, number_label
from bot.services.alerts.opening import Decided
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_TARGET_LIMIT = 80
_PROBLEM_LIMIT = 120
_CLUES = 2  # a line of a list has no room for more
_CLUE_LIMIT = 40
_PART_LIMIT = 30

#: The parts of a message that a clue may name; any other name is that of a field.
_PARTS = frozenset({"title", "content", "description", "author", "colour"})

#: What is no part of the message.
_OWN_WORDS = frozenset({"lesson", "pattern"})


def outcome_words(words: Wording, decision: AlertDecision) -> str:
    """Return what became of an alert: "⏳ rule 2: opens after 3 in 10 min (2 so far)"."""
    detail = decision.detail
    return words.say(
        f"alert_decisions.outcome.{decision.outcome}",
        rule="?" if detail.rule is None else detail.rule,
        count=detail.count or 0,
        needed=detail.needed or 0,
        within=words.span(detail.within or timedelta()),
        problem=inert(detail.problem or "?", limit=_PROBLEM_LIMIT),
        holder="?" if decision.held_by is None else number_label(decision.held_by),
    )


def clue_words(words: Wording, decision: AlertDecision) -> str:
    """Return the evidence for what the alert says: "because of title “Down”"; empty without any."""
    clues = [_clue(words, *clue[:2]) for clue in decision.detail.clues if len(clue) > 1][:_CLUES]
    return words.say("alert_decisions.why.line", clues=words.listed(clues)) if clues else ""


def _clue(words: Wording, part: str, text: str) -> str:
    shown = inert(text, limit=_CLUE_LIMIT)
    if part in _OWN_WORDS:
        return words.say(f"alert_decisions.why.{part}", words=shown)
    name = words.say(f"alert_decisions.why.part.{part}") if part in _PARTS else inert(part, limit=_PART_LIMIT)
    return words.say("alert_decisions.why.clue", part=name, words=shown)


def waited_words(words: Wording, incident: Incident) -> str:
    """Return what a tracked alert has waited for: "3 times in 10 min"; empty for most."""
    waited = incident.tracked.waited
    if waited is None:
        return ""
    if waited.window:
        return words.say("alert_decisions.waited.window", target=inert(waited.window, limit=_TARGET_LIMIT))
    if waited.incident is not None:
        label = number_label(waited.incident)
        return words.say("alert_decisions.waited.incident", label=label, count=waited.count)
    within = words.span(timedelta(seconds=waited.within_s or 0))
    return words.say("alert_decisions.waited.threshold", count=waited.count, within=within)


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
        holder="?" if decided.held_by is None else number_label(decided.held_by),
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
