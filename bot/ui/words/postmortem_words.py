"""The details of timeline entries about an incident's end: how it was resolved, and its postmortem."""

from collections.abc import Iterator
from datetime import date

from bot.domain.incident.aftermath import Resolution
from bot.domain.incident.entries import ResolutionCorrectedEntry, ResolvedEntry
from bot.domain.postmortem.entries import PostmortemOwnerEntry, PostmortemRemindedEntry
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording


def resolved(words: Wording, data: ResolvedEntry, limit: int) -> Iterator[str]:
    """Yield how it was resolved, and who owes the postmortem, by when."""
    if data.said is not None:
        yield from _said(words, data.said, limit)
    if data.owner is not None and data.due_on is not None:
        yield _owed(words, data.owner.name, data.due_on)


def resolution_corrected(words: Wording, data: ResolutionCorrectedEntry, limit: int) -> Iterator[str]:
    """Yield how it was resolved, as it was put right."""
    if data.said is not None:
        yield from _said(words, data.said, limit)


def postmortem_handed_over(words: Wording, data: PostmortemOwnerEntry, _limit: int) -> Iterator[str]:
    """Yield the new owner with the date, and the former one, or the former date."""
    if data.due_on is not None:
        yield _owed(words, data.owner.name, data.due_on)
    if data.former.id != data.owner.id:
        yield words.say("history.fact.former", who=words.who(data.former.name))
    if data.due_before is not None:
        yield words.say("history.fact.former", who=words.date(data.due_before))


def postmortem_reminded(words: Wording, data: PostmortemRemindedEntry, _limit: int) -> Iterator[str]:
    """Yield who was reminded, or that they are away."""
    who = words.who(data.owner)
    yield words.say("history.fact.postmortem_away", who=who) if data.is_away else who


def _said(words: Wording, said: Resolution, limit: int) -> Iterator[str]:
    for name, text in (("cause", said.cause), ("fix", said.fix)):
        if text:
            yield words.say(f"resolution.fact.{name}", text=inert(text, limit=limit))
    whom = [inert(said.impact, limit=limit)] if said.impact else []
    if said.people is not None:
        whom.append(words.say("history.fact.people", count=f"{said.people:,}"))
    key = "impact" if whom else "duration"
    if said.duration is not None:
        whom.append(words.span(said.duration))
    if whom:
        yield words.say(f"resolution.fact.{key}", text=" · ".join(whom))


def _owed(words: Wording, owner: str, due_on: date) -> str:
    return words.say("history.fact.postmortem", who=words.who(owner), due=words.date(due_on))
