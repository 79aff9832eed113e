"""A triage's timeline entries in words: answers, the message it began with, why it was raised."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.triage.evidence import Evidence
from bot.ui.words.inert import inert
from bot.ui.words.triage_words import answer_words, outcome_words, question_words
from bot.ui.words.wording import Wording

_TEXT_LIMIT = 1_000
_SEVERITY_LIMIT = 40


def triage_history(words: Wording, entry: TimelineEntry, *, limit: int = _TEXT_LIMIT) -> list[str]:
    """The lines of an entry of the kind TRIAGED, EVIDENCE, PROMOTED or UNFINISHED; none for any other kind.

    Args:
        words: The team's, or one reader's.
        entry: With the data that `bot.services.triage.raising` and `Incidents.open_within` put there.
        limit: Characters of what people wrote.
    """
    data = entry.data or {}
    match entry.kind:
        case TimelineKind.TRIAGED:
            return _triaged(words, data)
        case TimelineKind.EVIDENCE:
            return [_evidence(words, Evidence.from_data(data), limit=limit)]
        case TimelineKind.PROMOTED:
            return [_promoted(words, data)]
        case TimelineKind.UNFINISHED:
            return [_unfinished(words, data)]
        case _:
            return []


def _triaged(words: Wording, data: Mapping[str, object]) -> list[str]:
    """Return the choices and answers, each with its time.

    What counts comes first, because a page has room for only a few lines: the severity chosen by hand, then
    the answers.
    """
    given, made = _each(data, "answers"), _each(data, "choices")
    chosen = [_choice(words, one) for one in made if one.get("counts")]
    if not chosen and data.get("chosen") is not None:  # as older versions wrote it
        severity = inert(str(data["chosen"]), limit=_SEVERITY_LIMIT)
        chosen = [words.say("triaging.history.chosen", severity=severity)]
    counting = [_answer(words, one) for one in given if one.get("withdrawn") is None]
    withdrawn = [_answer(words, one) for one in given if one.get("withdrawn") is not None]
    return [*chosen, *counting, *withdrawn, *(_choice(words, one) for one in made if not one.get("counts"))]


def _each(data: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = data.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _choice(words: Wording, made: Mapping[str, object]) -> str:
    """14:05:12 JST @primary 決定木の SEV1 ではなく SEV3 を手動で選択."""
    proposed, severity = made.get("proposed"), str(made.get("severity"))
    is_early, agrees = proposed is None, proposed == severity
    line = words.say(
        f"triaging.history.{'overruled_early' if is_early else 'agreed' if agrees else 'overruled'}",
        at=words.full(_moment(made["at"])),
        who=words.who(_name(made.get("by"))),
        severity=inert(severity, limit=_SEVERITY_LIMIT),
        proposed=outcome_words(words, str(proposed)),
    )
    return line + _withdrawn(words, made)


def _answer(words: Wording, given: Mapping[str, object]) -> str:
    """14:05:12 JST @responder 「本番ユーザーに影響がありますか？」 → はい."""
    question, answer = str(given.get("question")), str(given.get("answer"))
    line = words.say(
        "triaging.history.answer",
        at=words.full(_moment(given["at"])),
        who=words.who(_name(given.get("by"))),
        question=question_words(words, question),
        answer=answer_words(words, question, answer),
    )
    if given.get("unsure"):
        line += words.say("triaging.history.unsure")
    return line + _withdrawn(words, given)


def _withdrawn(words: Wording, done: Mapping[str, object]) -> str:
    if done.get("withdrawn") is None:
        return ""
    at, who = words.full(_moment(done["withdrawn"])), words.who(_name(done.get("withdrawn_by")))
    return words.say("triaging.history.withdrawn", at=at, who=who)


def _evidence(words: Wording, evidence: Evidence, *, limit: int) -> str:
    text = inert(evidence.text, limit=limit) or words.say("triaging.history.no_words")
    return words.say(
        "triaging.history.evidence",
        at=words.full(evidence.at),
        who=words.who(evidence.author_name),
        text=text,
        url=evidence.url,
    )


def _promoted(words: Wording, data: Mapping[str, object]) -> str:
    if data.get("asked_at") is None:  # as older versions wrote it
        return words.say("triaging.history.promoted_bare")
    asked_at = words.full(_moment(data["asked_at"]))
    return words.say("triaging.history.promoted", who=words.who(_name(data.get("triaged_by"))), at=asked_at)


def _unfinished(words: Wording, data: Mapping[str, object]) -> str:
    if data.get("asked_at") is None:
        return words.say("triaging.history.unfinished_bare")
    who, asked_at = words.who(_name(data.get("left_by"))), words.full(_moment(data["asked_at"]))
    return words.say("triaging.history.unfinished", who=who, at=asked_at)


def _moment(value: object) -> datetime:
    return datetime.fromisoformat(str(value))


def _name(value: object) -> str | None:
    return None if value is None else str(value)
