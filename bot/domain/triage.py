"""The decision tree as data. Source: the runbook, Triage 判定フロー."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, TypeAlias

from bot.domain.errors import UserError


class StaleTriage(UserError):
    """The answers do not fit the tree: the policy changed while somebody was answering."""

    def __init__(self) -> None:
        super().__init__("triage.stale")


@dataclass(frozen=True, slots=True)
class Text:
    """Words shown to people, in both languages."""

    ja: str
    en: str

    def say(self, language: str) -> str:
        """The words for a language or Discord locale: Japanese for "ja", English for any other."""
        return self.ja if language == "ja" else self.en


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the questions end: a severity's name, or None to ask again later (再評価)."""

    severity: str | None


REEVALUATE: Final = Outcome(None)

#: An answer's choice in the UI that stands for "I don't know"; never an answer's id.
UNSURE: Final = "unsure"


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
    to: str | Outcome


@dataclass(frozen=True, slots=True)
class Question:
    """One node.

    Attributes:
        id: ``[a-z0-9_]{1,24}``, unique in the tree.
        unsure: Id of the answer that わからない counts as: the graver one.
    """

    id: str
    text: Text
    answers: tuple[Answer, ...]
    unsure: str

    def answer(self, answer_id: str) -> Answer:
        """The answer of that id.

        Raises:
            StaleTriage: there is none.
        """
        for answer in self.answers:
            if answer.id == answer_id:
                return answer
        raise StaleTriage


@dataclass(frozen=True, slots=True)
class Given:
    """An answer somebody gave; *unsure* when they said わからない and it was counted as this one."""

    node: str
    answer: str
    unsure: bool = False


Path: TypeAlias = tuple[Given, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a path has led: exactly one of *question* and *outcome* is set."""

    path: Path
    question: Question | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Tree:
    """The decision tree. `check_tree` says whether it is sound; the methods assume that it is.

    Attributes:
        start: Id of the first question.
        questions: By id, in the policy's order.
    """

    start: str
    questions: Mapping[str, Question] = field(hash=False)

    def node(self, node_id: str) -> Question:
        """The question of that id.

        Raises:
            StaleTriage: there is none.
        """
        try:
            return self.questions[node_id]
        except KeyError:
            raise StaleTriage from None

    def follow(self, path: Path) -> Position:
        """Where *path* leads from the start; the empty path leads to the first question.

        Raises:
            StaleTriage: an answer is not one that its question offers at that point.
        """
        at: str | Outcome = self.start
        for given in path:
            if given.node != at:
                raise StaleTriage
            at = self.node(given.node).answer(given.answer).to
        if isinstance(at, Outcome):
            return Position(path, None, at)
        return Position(path, self.node(at), None)

    def give(self, path: Path, answer_id: str) -> Path:
        """*path* with one more answer; `UNSURE` becomes the graver one and is remembered as unsure.

        Raises:
            StaleTriage: the path has ended, or its question offers no such answer.
        """
        question = self.follow(path).question
        if question is None:
            raise StaleTriage
        unsure = answer_id == UNSURE
        answer = question.answer(question.unsure if unsure else answer_id)
        return (*path, Given(question.id, answer.id, unsure))

    def words(self, path: Path) -> tuple[Text, ...]:
        """What each answer of *path* says of the incident, for "本番影響あり → 影響大".

        Raises:
            StaleTriage: an answer is not in the tree.
        """
        return tuple(self.node(given.node).answer(given.answer).path for given in path)

    def walk(self) -> Iterator[Position]:
        """Every position that can be reached, depth first, the start first."""
        yield from self._walk(())

    def _walk(self, path: Path) -> Iterator[Position]:
        position = self.follow(path)
        yield position
        if position.question:
            for answer in position.question.answers:
                yield from self._walk(self.give(path, answer.id))


def back(path: Path) -> Path:
    """*path* without its last answer; the empty path stays as it is."""
    return path[:-1]


def check_tree(tree: Tree, severities: Sequence[str], *, reevaluate_as: str | None = None) -> list[str]:
    """What is wrong with *tree*, one line each; empty when it is sound.

    Sound: every path ends, in a known severity or in a re-evaluation; no dead end, no loop, no
    unknown name, no question that nobody can reach; and わからない counts as the graver answer.

    Args:
        tree: Of any shape.
        severities: Their names, gravest first.
        reevaluate_as: The severity that an unanswered re-evaluation becomes, for judging what is graver;
            None counts it as the least grave.

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
        lines += _answer_faults(question)
        for answer in question.answers:
            lines += _target_faults(tree, question, answer, severities)
    return lines


def _answer_faults(question: Question) -> list[str]:
    answers = [answer.id for answer in question.answers]
    if not answers:
        return [f"nodes.{question.id}.answers: is a dead end; allowed: at least one answer"]
    if question.unsure not in answers:
        where = f"nodes.{question.id}.unsure"
        return [f'{where}: "{question.unsure}" is not one of its answers; allowed: {_quoted(answers)}']
    return []


def _target_faults(tree: Tree, question: Question, answer: Answer, severities: Sequence[str]) -> list[str]:
    target = answer.to.severity if isinstance(answer.to, Outcome) else answer.to
    known = severities if isinstance(answer.to, Outcome) else tree.questions
    if target is None or target in known:
        return []
    allowed = f'a question ({_quoted(tree.questions)}), a severity ({_quoted(severities)}) or "reevaluate"'
    return [f'nodes.{question.id}.answers.{answer.id}.to: "{target}" leads nowhere; allowed: {allowed}']


def _next_nodes(question: Question) -> list[str]:
    return [answer.to for answer in question.answers if isinstance(answer.to, str)]


def _loops(tree: Tree) -> list[str]:
    """One line per loop, found by depth-first search from every question."""
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
    """わからない is shown to count as the graver answer: this keeps that sentence true."""
    ranks = {name: rank for rank, name in enumerate(severities)}

    @cache
    def worst(to: str | Outcome) -> int:
        if isinstance(to, Outcome):
            return ranks.get(to.severity or reevaluate_as or "", len(ranks))
        return min(worst(answer.to) for answer in tree.questions[to].answers)

    lines = []
    for question in tree.questions.values():
        gravest = min(question.answers, key=lambda answer: worst(answer.to))
        if worst(question.answer(question.unsure).to) > worst(gravest.to):
            where = f"nodes.{question.id}.unsure"
            lines.append(f'{where}: "{question.unsure}" is not the graver answer; allowed: "{gravest.id}"')
    return lines


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
