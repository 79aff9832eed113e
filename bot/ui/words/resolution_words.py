"""The details of timeline entries about how an incident was resolved."""

from collections.abc import Iterator
from datetime import date

from bot.domain.incident.parts import Resolution
from bot.domain.incident.records import ResolutionCorrectedEntry, ResolvedEntry
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording


def resolved(words: Wording, data: ResolvedEntry, limit: int) -> Iterator[str]:
    """Yield how it was resolved, and who owes the postmortem, by when."""
    if data.said is not None:
        yield from _facts(words, data.said, limit)
    if data.owner is not None and data.due_on is not None:
        yield owed_fact(words, data.owner.name, data.due_on)


def resolution_corrected(words: Wording, data: ResolutionCorrectedEntry, limit: int) -> Iterator[str]:
    """Yield how it was resolved, as it was put right."""
    if data.said is not None:
        yield from _facts(words, data.said, limit)


def _facts(words: Wording, resolution: Resolution, limit: int) -> Iterator[str]:
    for name, text in (("cause", resolution.cause), ("fix", resolution.fix)):
        if text:
            yield words.say(f"resolution.fact.{name}", text=inert(text, limit=limit))
    whom = [inert(resolution.impact, limit=limit)] if resolution.impact else []
    if resolution.people is not None:
        whom.append(words.say("history.fact.people", count=f"{resolution.people:,}"))
    key = "impact" if whom else "duration"
    if resolution.duration is not None:
        whom.append(words.span(resolution.duration))
    if whom:
        yield words.say(f"resolution.fact.{key}", text=" · ".join(whom))


def owed_fact(words: Wording, owner: str, due_on: date) -> str:
    """Return who owes the postmortem, and by when."""
    return words.say("history.fact.postmortem", who=words.who(owner), due=words.date(due_on))
