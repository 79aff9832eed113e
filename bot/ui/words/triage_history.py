"""A triage's timeline entries in words: answers, the message it began with, why it was raised."""

from collections.abc import Iterator
from typing import Final

from bot.domain.timeline.recorded import (
    EvidenceEntry,
    GivenAnswer,
    PromotedEntry,
    SeverityChoice,
    TriagedEntry,
    UnfinishedEntry,
)
from bot.ui.words.inert import inert
from bot.ui.words.triage_words import answer_words, outcome_words, question_words
from bot.ui.words.wording import Wording

_SEVERITY_LIMIT: Final = 40


def triaged(words: Wording, data: TriagedEntry, _limit: int) -> Iterator[str]:
    """Yield the choices and answers, each with its time.

    What counts comes first, because a page has room for only a few lines: the severity chosen by hand, then
    the answers.
    """
    counting = [one for one in data.choices if one.counts]
    if not counting and data.chosen is not None:  # as older versions wrote it
        yield words.say("triaging.history.chosen", severity=inert(data.chosen, limit=_SEVERITY_LIMIT))
    yield from (_choice(words, one) for one in counting)
    yield from (_answer(words, one) for one in sorted(data.answers, key=_is_withdrawn))
    yield from (_choice(words, one) for one in data.choices if not one.counts)


def evidence(words: Wording, data: EvidenceEntry, limit: int) -> Iterator[str]:
    """Yield the message that a triage started from."""
    text = inert(data.text, limit=limit) or words.say("triaging.history.no_words")
    yield words.say(
        "triaging.history.evidence",
        at=words.full(data.at),
        who=words.who(data.author_name),
        text=text,
        url=data.url,
    )


def promoted(words: Wording, data: PromotedEntry, _limit: int) -> Iterator[str]:
    """Yield why a re-evaluation was raised without an answer."""
    if data.asked_at is None:  # as older versions wrote it
        yield words.say("triaging.history.promoted_bare")
        return
    at = words.full(data.asked_at)
    yield words.say("triaging.history.promoted", who=words.who(data.triaged_by), at=at)


def unfinished(words: Wording, data: UnfinishedEntry, _limit: int) -> Iterator[str]:
    """Yield why an unfinished triage was raised."""
    if data.asked_at is None:
        yield words.say("triaging.history.unfinished_bare")
        return
    at = words.full(data.asked_at)
    yield words.say("triaging.history.unfinished", who=words.who(data.left_by), at=at)


def _is_withdrawn(given: GivenAnswer) -> bool:
    return given.withdrawn is not None


def _choice(words: Wording, made: SeverityChoice) -> str:
    """14:05:12 JST @primary 決定木の SEV1 ではなく SEV3 を手動で選択."""
    is_early, agrees = made.proposed is None, made.proposed == made.severity
    line = words.say(
        f"triaging.history.{'overruled_early' if is_early else 'agreed' if agrees else 'overruled'}",
        at=words.full(made.at),
        who=words.who(made.by),
        severity=inert(made.severity, limit=_SEVERITY_LIMIT),
        proposed=outcome_words(words, str(made.proposed)),
    )
    return line + _withdrawn(words, made)


def _answer(words: Wording, given: GivenAnswer) -> str:
    """14:05:12 JST @responder 「本番ユーザーに影響がありますか？」 → はい."""
    line = words.say(
        "triaging.history.answer",
        at=words.full(given.at),
        who=words.who(given.by),
        question=question_words(words, given.question),
        answer=answer_words(words, given.question, given.answer),
    )
    if given.unsure:
        line += words.say("triaging.history.unsure")
    return line + _withdrawn(words, given)


def _withdrawn(words: Wording, done: GivenAnswer | SeverityChoice) -> str:
    if done.withdrawn is None:
        return ""
    at, who = words.full(done.withdrawn), words.who(done.withdrawn_by)
    return words.say("triaging.history.withdrawn", at=at, who=who)
