"""What was decided about an alert, and what it has waited for, in words."""

from datetime import timedelta

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.incident.incident import Incident
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
    within = words.span(timedelta(seconds=waited.within_s or 0))
    return words.say("alert_decisions.waited.threshold", count=waited.count, within=within)
