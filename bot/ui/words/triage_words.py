"""A triage in words: its questions and answers, known to the policy or not, and its timeline entries."""

from collections.abc import Iterator
from datetime import datetime

from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import (
    EvidenceEntry,
    GivenAnswer,
    PromotedEntry,
    SeverityChoice,
    TriagedEntry,
    UnfinishedEntry,
)
from bot.domain.triage.session import JoinedReport, StoredAnswer, StoredChoice, Triage
from bot.domain.triage.tree import LATER, Given, StaleTriage
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_QUESTION_LIMIT = 200
_SEVERITY_LIMIT = 40
_TITLE_LIMIT = 420  # 200 characters as stored, escaped
_LIST_LIMIT = 300


def question_words(words: Wording, question: str) -> str:
    """Return the question's text, or its id when the policy no longer has it."""
    found = words.policy.tree.questions.get(question)
    return inert(question, limit=_QUESTION_LIMIT) if found is None else words.pick(found.text)


def answer_words(words: Wording, question: str, answer: str) -> str:
    """Return the label of the answer's button, or the answer's id when the policy no longer has it."""
    try:
        known = words.policy.tree.node(question).answer(answer)
    except StaleTriage:
        return inert(answer, limit=_QUESTION_LIMIT)
    return words.pick(known.label)


def path_words(words: Wording, given: StoredAnswer) -> str:
    """Return an answer of the path so far, as `Wording.answered`."""
    return words.answered(Given(given.question, given.answer, given.unsure))


def outcome_words(words: Wording, outcome: str) -> str:
    """Return the words for the tree's result, by the name of its `TriageOutcome`: "SEV1", "再評価"."""
    return words.say("triaging.reevaluation") if outcome == LATER else inert(outcome, limit=_SEVERITY_LIMIT)


def choice_words(words: Wording, choice: StoredChoice | None) -> str:
    """Say that a severity was chosen by hand; by whom, when, and instead of what, as far as known."""
    if choice is None:
        return words.say("consoles.triage.by_hand")
    who, at = words.who(choice.by_name), words.moment(choice.at)
    if choice.proposed is None:
        return words.say("consoles.triage.by_hand_early", who=who, at=at)
    proposed = outcome_words(words, choice.proposed)
    return words.say("consoles.triage.by_hand_over", who=who, at=at, proposed=proposed)


def or_more_severe(words: Wording, triage: Triage) -> str:
    """Say, after a re-evaluation's severity, that a more severe alert keeps its own; empty without one."""
    return words.say("triaging.or_more_severe") if triage.source_message_id is not None else ""


def triaged(
    words: Wording, data: TriagedEntry, _limit: int, *, beside: TimelineEntry | None = None
) -> Iterator[str]:
    """Yield the choices and answers, each with its time.

    What counts comes first, because a page has room for only a few lines: the severity chosen by hand, then
    the answers.

    Args:
        beside: The entry whose date and actor come before them already.
    """
    if (report := data.joined) is not None:
        yield words.say(
            "triaging.history.joined",
            who=words.who(report.by),
            severity=inert(report.severity, limit=_SEVERITY_LIMIT),
            title=inert(report.title, limit=_TITLE_LIMIT),
            at=words.full(report.started_at),
            what=reported(words, report),
        ).rstrip()
    counting = [one for one in data.choices if one.counts]
    if not counting and data.chosen is not None:  # as older versions wrote it
        yield words.say("triaging.history.chosen", severity=inert(data.chosen, limit=_SEVERITY_LIMIT))
    yield from (_choice(words, one, beside) for one in counting)
    answers = sorted(data.answers, key=lambda given: given.withdrawn is not None)
    yield from (_given(words, one, beside) for one in answers)
    yield from (_choice(words, one, beside) for one in data.choices if not one.counts)


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


def reported(words: Wording, report: JoinedReport) -> str:
    """Return the targets and symptoms of a report: "api.parky.co.jp · エラー率上昇"; empty without any."""
    parts = (
        words.targets(report.targets, limit=_LIST_LIMIT),
        words.symptoms(report.symptoms, limit=_LIST_LIMIT),
    )
    return " · ".join(part for part in parts if part)


def _stamp(words: Wording, at: datetime, who: str | None, beside: TimelineEntry | None) -> str:
    """Return when and by whom: "2026-11-24 14:05:12 JST @primary"; beside an entry what differs: "14:05"."""
    if beside is None:
        return f"{words.full(at)} {words.who(who)}"
    when = words.time_of_day(at) if words.day(at) == words.day(beside.at) else words.moment(at)
    return when if who == beside.actor_name else f"{when} {words.who(who)}"


def _choice(words: Wording, made: SeverityChoice, beside: TimelineEntry | None) -> str:
    """14:05:12 JST @primary 判定フローの SEV1 ではなく SEV3 を手動で選択."""
    is_early, agrees = made.proposed is None, made.proposed == made.severity
    line = words.say(
        f"triaging.history.{'overruled_early' if is_early else 'agreed' if agrees else 'overruled'}",
        when=_stamp(words, made.at, made.by, beside),
        severity=inert(made.severity, limit=_SEVERITY_LIMIT),
        proposed=outcome_words(words, str(made.proposed)),
    )
    return line + _withdrawn(words, made, beside)


def _given(words: Wording, given: GivenAnswer, beside: TimelineEntry | None) -> str:
    """14:05:12 JST @responder 「本番ユーザーに影響がありますか？」 → はい."""
    answer = answer_words(words, given.question, given.answer)
    line = words.say(
        "triaging.history.answer",
        when=_stamp(words, given.at, given.by, beside),
        question=question_words(words, given.question),
        answer=words.say("triaging.history.unsure", answer=answer) if given.unsure else answer,
    )
    return line + _withdrawn(words, given, beside)


def _withdrawn(words: Wording, done: GivenAnswer | SeverityChoice, beside: TimelineEntry | None) -> str:
    if done.withdrawn is None:
        return ""
    who = words.who(done.withdrawn_by)
    if beside is not None and words.day(done.withdrawn) == words.day(beside.at):
        return words.say("triaging.history.withdrawn", at=words.time_of_day(done.withdrawn), who=who)
    return words.say("triaging.history.withdrawn", at=words.full(done.withdrawn), who=who)
