"""The decision tree as data, and whether it is sound.

Every path ends, and わからない counts as the more severe answer. Source: the runbook, Triage 判定フロー.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Self, TypeAlias

from bot.domain.errors import UserError

#: What 再評価 is called where outcomes are named, in the policy too; no severity can have this name.
LATER: Final = "reevaluate"


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
        users: True: production users are affected; False: they are not; None: the answer does not say it.
    """

    id: str
    label: Text
    path: Text
    to: str | TriageOutcome
    users: bool | None = None


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
    """The decision tree. `check_tree` says whether it is sound; the methods assume that it is.

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

    def users_affected(self, path: Path) -> bool | None:
        """Return whether users are affected by the last answer in *path* about that; None without one.

        An answer that was given as unsure does not count. Nor does a step that the tree does not know, as
        one of an older policy.
        """
        said = None
        for given in path:
            question = self.questions.get(given.node)
            for answer in () if question is None or given.unsure else question.answers:
                if answer.id == given.answer and answer.users is not None:
                    said = answer.users
        return said

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


def check_tree(tree: Tree, severities: Sequence[str], *, reevaluate_as: str | None = None) -> list[str]:
    """Return the faults of *tree*, one line each; empty when it is sound.

    Sound: every path ends, in a known severity or in a re-evaluation; no dead end, no loop, no
    unknown name, no question that cannot be reached; and わからない counts as the more severe answer.

    Args:
        tree: Of any shape.
        severities: Their names, most severe first.
        reevaluate_as: The severity that an unanswered re-evaluation becomes, for judging what is more severe;
            None counts it as the least severe.

    Returns:
        Lines such as ``nodes.large.answers.yes.to: "SEV9" is ...``, keys relative to the tree.
    """
    lines = _name_faults(tree, severities)
    if lines:
        return lines  # what follows would only repeat them
    lines = _loops(tree) + _unreachable(tree)
    return lines or _unsure_faults(tree, severities, reevaluate_as)


def _name_faults(tree: Tree, severities: Sequence[str]) -> list[str]:
    lines = []
    if tree.start not in tree.questions:
        lines.append(f'start: "{tree.start}" is not a question; allowed: {_quoted(tree.questions)}')
    for question in tree.questions.values():
        answers = [answer.id for answer in question.answers]
        if not answers:
            lines.append(f"nodes.{question.id}.answers: is a dead end; allowed: at least one answer")
        elif question.unsure not in answers:
            where = f"nodes.{question.id}.unsure"
            lines.append(
                f'{where}: "{question.unsure}" is not one of its answers; allowed: {_quoted(answers)}'
            )
        for answer in question.answers:
            lines += _target_faults(tree, question, answer, severities)
    return lines


def _target_faults(tree: Tree, question: Question, answer: Answer, severities: Sequence[str]) -> list[str]:
    target = answer.to.severity if isinstance(answer.to, TriageOutcome) else answer.to
    known = severities if isinstance(answer.to, TriageOutcome) else tree.questions
    if target is None or target in known:
        return []
    allowed = f'a question ({_quoted(tree.questions)}), a severity ({_quoted(severities)}) or "reevaluate"'
    return [f'nodes.{question.id}.answers.{answer.id}.to: "{target}" leads nowhere; allowed: {allowed}']


def _next_nodes(question: Question) -> list[str]:
    return [answer.to for answer in question.answers if isinstance(answer.to, str)]


def _loops(tree: Tree) -> list[str]:
    """Return one line per loop, found by depth-first search from every question."""
    lines: list[str] = []
    done: set[str] = set()

    def visit(node: str, trail: tuple[str, ...]) -> None:
        if node in trail:
            loop = " -> ".join((*trail[trail.index(node) :], node))
            lines.append(f"nodes.{node}: is in a loop ({loop}); allowed: paths that end")
        elif node not in done:
            for following in _next_nodes(tree.questions[node]):
                visit(following, (*trail, node))
            done.add(node)

    for node in tree.questions:
        visit(node, ())
    return lines


def _unreachable(tree: Tree) -> list[str]:
    reached: set[str] = set()
    waiting = [tree.start]
    while waiting:
        node = waiting.pop()
        waiting += [following for following in _next_nodes(tree.questions[node]) if following not in reached]
        reached.add(node)
    return [
        f'nodes.{node}: cannot be reached from "{tree.start}"; let an answer lead to it, or remove it'
        for node in tree.questions
        if node not in reached
    ]


def _unsure_faults(tree: Tree, severities: Sequence[str], reevaluate_as: str | None) -> list[str]:
    """Check that わからない counts as the more severe answer, as its button says."""
    ranks = {name: rank for rank, name in enumerate(severities)}

    @cache
    def worst(to: str | TriageOutcome) -> int:
        if isinstance(to, TriageOutcome):
            return ranks.get(to.severity or reevaluate_as or "", len(ranks))
        return min(worst(answer.to) for answer in tree.questions[to].answers)

    lines = []
    for question in tree.questions.values():
        most_severe = min(question.answers, key=lambda answer: worst(answer.to))
        if worst(question.answer(question.unsure).to) > worst(most_severe.to):
            where = f"nodes.{question.id}.unsure"
            lines.append(
                f'{where}: "{question.unsure}" is not the more severe answer; allowed: "{most_severe.id}"'
            )
    return lines


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
