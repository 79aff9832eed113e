"""Questions and answers of a triage as words, whether or not the policy still knows them."""

from bot.domain.triage.session import Choice, Triage
from bot.domain.triage.tree import LATER, Answer, StaleTriage
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_QUESTION_LIMIT = 200
_SEVERITY_LIMIT = 40


def question_words(words: Wording, question: str) -> str:
    """Return the question's text, or its id when the policy no longer has it."""
    found = words.policy.tree.questions.get(question)
    return inert(question, limit=_QUESTION_LIMIT) if found is None else words.pick(found.text)


def answer_words(words: Wording, question: str, answer: str) -> str:
    """Return the label of the answer's button, or the answer's id when the policy no longer has it."""
    found = _answer(words, question, answer)
    return inert(answer, limit=_QUESTION_LIMIT) if found is None else words.pick(found.label)


def path_words(words: Wording, question: str, answer: str) -> str:
    """Return the answer as a statement about the incident: "本番影響あり"."""
    found = _answer(words, question, answer)
    if found is None:
        return inert(f"{question}={answer}", limit=_QUESTION_LIMIT)
    return words.pick(found.path)


def outcome_words(words: Wording, outcome: str) -> str:
    """Return the words for the tree's result, by the name of its `Outcome`: "SEV1", "再評価"."""
    return words.say("triaging.reevaluation") if outcome == LATER else inert(outcome, limit=_SEVERITY_LIMIT)


def choice_words(words: Wording, choice: Choice | None) -> str:
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


def _answer(words: Wording, question: str, answer: str) -> Answer | None:
    try:
        return words.policy.tree.node(question).answer(answer)
    except StaleTriage:
        return None
