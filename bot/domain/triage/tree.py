"""The decision tree as data. Source: the runbook, Triage 判定フロー."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from bot.domain.errors import UserError


class StaleTriage(UserError):
    """The answers do not fit the tree: the policy changed during the triage."""

    def __init__(self) -> None:
        super().__init__("triage.stale")


@dataclass(frozen=True, slots=True)
class Text:
    """Words shown to people, in both languages."""

    ja: str
    en: str

    def say(self, language: str) -> str:
        """Return the words for a language or Discord locale: Japanese for "ja", English for any other."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class TriageOutcome:
    """Where the questions end: a severity's name, or None to ask again later (再評価)."""

    severity: str | None

    @property
    def name(self) -> str:
        """Return the severity's name, or `LATER`."""
        return self.severity or LATER


#: What 再評価 is called where outcomes are named, in the policy too; no severity can have this name.
LATER: Final = "reevaluate"

REEVALUATE: Final = TriageOutcome(None)

#: Last step of the path of an incident that was raised because a re-evaluation got no answer. It has the form
#: of (question, answer); no question can have this id.
UNANSWERED: Final = (LATER, "unanswered")

#: Replaces the question in the last step of an incident's path if a person overruled the tree's severity; the
#: answer is the chosen severity. No question can have this id.
BY_HAND: Final = "by hand"

#: Last step of the path of an incident that was raised because its triage was left unfinished. No question
#: can have this id.
UNFINISHED: Final = ("not finished", "raised")

#: An answer's choice in the UI that stands for "I don't know"; never an answer's id.
UNSURE: Final = "unsure"

#: Ends an answer in an incident's path that was given as `UNSURE`; no answer's id ends like this. An older
#: version that shows such a path does not know the answer, and shows its id with this mark.
_UNSURE_MARK: Final = "?"


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to answer.

    Attributes:
        id: ``[a-z0-9_]{1,24}``, unique in its question.
        label: The button's words.
        path: Words for the path so far ("本番影響あり").
        to: The next question's id, or the end.
    """

    id: str
    label: Text
    path: Text
    to: str | TriageOutcome


@dataclass(frozen=True, slots=True)
class Question:
    """One node.

    Attributes:
        id: ``[a-z0-9_]{1,24}``, unique in the tree.
        unsure: Id of the answer that わからない counts as: the more severe one.
        hint: What else to think of before answering; None: nothing.
        about: What the question is about ("本番影響"), for when the answer is not known; None: no words.
    """

    id: str
    text: Text
    answers: tuple[Answer, ...]
    unsure: str
    hint: Text | None = None
    about: Text | None = None

    def answer(self, answer_id: str) -> Answer:
        """Return the answer with that id."""
        for answer in self.answers:
            if answer.id == answer_id:
                return answer
        raise StaleTriage


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given; *unsure* if the person said わからない, which counted as this answer."""

    node: str
    answer: str
    unsure: bool = False

    def as_step(self) -> tuple[str, str]:
        """Return the answer as a step of `Incident.path`."""
        return (self.node, f"{self.answer}{_UNSURE_MARK if self.unsure else ''}")

    @classmethod
    def of_step(cls, question: str, answer: str) -> Self:
        """Return the answer of a step of `Incident.path`; the steps of older versions are never unsure."""
        known = answer.removesuffix(_UNSURE_MARK)
        return cls(question, known, unsure=known != answer)


Path: TypeAlias = tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a path has led: exactly one of *question* and *outcome* is set."""

    path: Path
    question: Question | None
    outcome: TriageOutcome | None


@dataclass(frozen=True, slots=True)
class Tree:
    """The decision tree. `tree_check` beside it says whether it is sound; the methods assume that it is.

    They raise StaleTriage for what is not in the tree.

    Attributes:
        start: Id of the first question.
        questions: By id, in the policy's order.
    """

    start: str
    questions: Mapping[str, Question] = field(hash=False)

    def node(self, node_id: str) -> Question:
        """Return the question with that id."""
        try:
            return self.questions[node_id]
        except KeyError:
            raise StaleTriage from None

    def follow(self, path: Path) -> Position:
        """Return where *path* leads from the start; the empty path leads to the first question."""
        at: str | TriageOutcome = self.start
        for given in path:
            if given.node != at:
                raise StaleTriage
            at = self.node(given.node).answer(given.answer).to
        if isinstance(at, TriageOutcome):
            return Position(path, None, at)
        return Position(path, self.node(at), None)

    def fitting(self, path: Path) -> Path:
        """Return as much of *path* as this tree still knows: all of it, unless the policy has changed."""
        known: Path = ()
        for given in path:
            try:
                known = self.follow((*known, given)).path
            except StaleTriage:
                break
        return known

    def give(self, path: Path, answer_id: str) -> Path:
        """Return *path* with one more answer; `UNSURE` becomes the more severe one, marked as unsure."""
        question = self.follow(path).question
        if question is None:
            raise StaleTriage
        unsure = answer_id == UNSURE
        answer = question.answer(question.unsure if unsure else answer_id)
        return (*path, Given(question.id, answer.id, unsure))

    def outcomes(self, path: Path) -> frozenset[TriageOutcome]:
        """Return the outcomes that are still possible after the answers in *path*."""
        reached = (position.outcome for position in self.walk(path))
        return frozenset(outcome for outcome in reached if outcome is not None)

    def walk(self, path: Path = ()) -> Iterator[Position]:
        """Yield every position that can be reached from *path*, itself first, depth first."""
        position = self.follow(path)
        yield position
        if position.question:
            for answer in position.question.answers:
                yield from self.walk(self.give(path, answer.id))
