"""Whether a decision tree is sound: every path ends, and わからない counts as the more severe answer."""

from collections.abc import Iterable, Sequence
from functools import cache

from bot.domain.triage.tree import Answer, Question, Tree, TriageOutcome


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
