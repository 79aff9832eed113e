"""The decision tree: following it, going back, and what makes one sound."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.domain.triage.tree import (
    REEVALUATE,
    UNSURE,
    Answer,
    Given,
    Path,
    Question,
    StaleTriage,
    Text,
    Tree,
    TriageOutcome,
    check_tree,
)

SEVERITIES = ("SEV1", "SEV2", "SEV3")
SEV1, SEV2, SEV3 = map(TriageOutcome, SEVERITIES)


def answer(id_: str, to: str | TriageOutcome) -> Answer:
    """An answer whose words are its id."""
    return Answer(id_, Text(id_, id_), Text(f"path {id_}", f"path {id_}"), to)


def question(id_: str, *, yes: str | TriageOutcome, no: str | TriageOutcome, unsure: str = "yes") -> Question:
    """A yes-or-no question."""
    return Question(id_, Text(id_, id_), (answer("yes", yes), answer("no", no)), unsure)


def tree(*questions: Question, start: str = "users") -> Tree:
    """A tree of these questions."""
    return Tree(start, {each.id: each for each in questions})


USERS = question("users", yes="large", no="dev")
LARGE = question("large", yes=SEV1, no=SEV2)
DEV = question("dev", yes=SEV3, no=REEVALUATE, unsure="no")
ALLOWED = 'allowed: a question ("users", "large", "dev"), a severity ("SEV1", "SEV2", "SEV3") or "reevaluate"'
RUNBOOK = tree(USERS, LARGE, DEV)


def give(*answers: str) -> Path:
    """The path of these answers in the runbook's tree."""
    path: Path = ()
    for each in answers:
        path = RUNBOOK.give(path, each)
    return path


def test_what_an_answer_says_of_users_is_known_if_the_person_was_sure() -> None:
    """The last answer that says it counts; one that nobody was sure of, or that is gone, says nothing."""
    yes = replace(USERS, answers=(replace(USERS.answers[0], users=True), USERS.answers[1]))
    partly = replace(LARGE, answers=(LARGE.answers[0], replace(LARGE.answers[1], users=False)))
    saying = tree(yes, partly, DEV)
    assert saying.users_affected(give("yes", "yes")) is True
    assert saying.users_affected(give("yes", "no")) is False
    assert saying.users_affected(give("no", "yes")) is None
    assert saying.users_affected(give("unsure")) is None
    assert tree(LARGE, start="large").users_affected(give("yes")) is None


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (("yes", "yes"), SEV1),
        (("yes", "no"), SEV2),
        (("no", "yes"), SEV3),
        (("no", "no"), REEVALUATE),
        ((UNSURE, UNSURE), SEV1),
        (("no", UNSURE), REEVALUATE),
    ],
)
def test_follow_ends_where_the_runbook_says(answers: tuple[str, ...], outcome: TriageOutcome) -> None:
    """Each pair of triage answers leads to the runbook's outcome.

    "Not sure" counts as the answer that its question sets for it.
    """
    assert RUNBOOK.follow(give(*answers)).outcome == outcome


def test_follow_asks_on_the_way() -> None:
    """A triage with a question left to answer has that question and no outcome."""
    position = RUNBOOK.follow(give("yes"))
    assert (position.question, position.outcome) == (LARGE, None)


def test_unsure_is_recorded_as_such() -> None:
    """An "unsure" takes its answer's path and is recorded as unsure."""
    assert give(UNSURE, "no") == (Given("users", "yes", unsure=True), Given("large", "no"))


@pytest.mark.parametrize("unsure", [False, True])
def test_a_step_of_an_incidents_path_keeps_it(unsure: bool) -> None:  # a case
    """An answer, sure or not, is stored as a pair that an older version can read, and is read back."""
    given = Given("users", "yes", unsure=unsure)
    assert given.as_step() == ("users", "yes?" if unsure else "yes")
    assert Given.of_step(*given.as_step()) == given


def test_what_still_fits_of_a_path_after_the_policy_has_changed() -> None:
    """The longest beginning that the tree knows: an answer, a question or the order may be gone."""
    path = give("yes", "no")
    assert RUNBOOK.fitting(path) == path
    assert tree(USERS, replace(LARGE, answers=LARGE.answers[:1]), DEV).fitting(path) == path[:1]
    assert tree(replace(USERS, id="else"), LARGE, DEV, start="else").fitting(path) == ()


def test_text_is_japanese_for_ja_and_english_for_the_rest() -> None:
    """A text of the decision tree is Japanese for `ja` and English for Discord's other locales."""
    text = Text("はい", "Yes")
    assert [text.say(language) for language in ("ja", "en", "en-US", "fr")] == ["はい", "Yes", "Yes", "Yes"]


@pytest.mark.parametrize(
    "path",
    [
        (Given("gone", "yes"),),
        (Given("users", "gone"),),
        (Given("large", "yes"),),  # right, but not at the start
        (Given("users", "yes"), Given("dev", "yes")),
        (Given("users", "yes"), Given("large", "yes"), Given("dev", "yes")),  # past the end
    ],
)
def test_follow_refuses_answers_of_another_tree(path: Path) -> None:
    """A card from before the policy changed is stale, not a bug."""
    with pytest.raises(StaleTriage) as refused:
        RUNBOOK.follow(path)
    assert refused.value.key == "triage.stale"


def test_give_refuses_past_the_end() -> None:
    """An answer after the outcome is refused as stale, such as a second click on a decided card."""
    with pytest.raises(StaleTriage):
        RUNBOOK.give(give("yes", "yes"), "yes")


def test_node_refuses_unknown_ids() -> None:
    """A question's id that is not in the tree is refused as stale, as `follow` refuses an unknown answer."""
    with pytest.raises(StaleTriage):
        RUNBOOK.node("gone")


def test_the_runbooks_tree_is_sound() -> None:
    """The check finds no problem in a tree that is built as the runbook's flowchart draws it."""
    assert check_tree(RUNBOOK, SEVERITIES, reevaluate_as="SEV2") == []


@pytest.mark.parametrize(
    ("faulty", "lines"),
    [
        (
            tree(USERS, LARGE, DEV, start="x"),
            ['start: "x" is not a question; allowed: "users", "large", "dev"'],
        ),
        (
            tree(USERS, replace(LARGE, answers=()), DEV),
            ["nodes.large.answers: is a dead end; allowed: at least one answer"],
        ),
        (
            tree(USERS, question("large", yes=TriageOutcome("SEV9"), no="gone"), DEV),
            [
                f'nodes.large.answers.yes.to: "SEV9" leads nowhere; {ALLOWED}',
                f'nodes.large.answers.no.to: "gone" leads nowhere; {ALLOWED}',
            ],
        ),
        (
            tree(USERS, question("large", yes="users", no=SEV2), DEV),
            ["nodes.users: is in a loop (users -> large -> users); allowed: paths that end"],
        ),
        (
            tree(USERS, question("large", yes=SEV1, no="large"), DEV),
            ["nodes.large: is in a loop (large -> large); allowed: paths that end"],
        ),
        (
            tree(replace(USERS, answers=USERS.answers[:1]), LARGE, DEV),
            ['nodes.dev: cannot be reached from "users"; let an answer lead to it, or remove it'],
        ),
        (
            tree(replace(USERS, unsure="maybe"), LARGE, DEV),
            ['nodes.users.unsure: "maybe" is not one of its answers; allowed: "yes", "no"'],
        ),
        (
            tree(replace(USERS, unsure="no"), LARGE, DEV),
            ['nodes.users.unsure: "no" is not the more severe answer; allowed: "yes"'],
        ),
        (
            tree(USERS, LARGE, replace(DEV, unsure="yes")),  # a re-evaluation may become a SEV2
            ['nodes.dev.unsure: "yes" is not the more severe answer; allowed: "no"'],
        ),
    ],
)
def test_check_tree_names_each_fault(faulty: Tree, lines: list[str]) -> None:
    """One line per fault: where, what, and what would do."""
    assert check_tree(faulty, SEVERITIES, reevaluate_as="SEV2") == lines


@st.composite
def sound_trees(draw: st.DrawFn) -> Tree:
    """Trees whose answers only lead onward, with the most severe answer as the unsure one, all reachable."""
    size = draw(st.integers(1, 5))
    questions: dict[str, Question] = {}
    for n in reversed(range(size)):
        targets: st.SearchStrategy[str | TriageOutcome] = st.sampled_from(
            [*(f"q{later}" for later in range(n + 1, size)), SEV1, SEV2, SEV3, REEVALUATE]
        )
        onward = [f"q{n + 1}"] if n + 1 < size else []
        ends: list[str | TriageOutcome] = [
            *onward,
            *draw(st.lists(targets, min_size=1, max_size=4 - len(onward))),
        ]
        answers = tuple(answer(f"a{index}", to) for index, to in enumerate(ends))
        most_severe = min(answers, key=lambda each: worst(each.to, questions))
        questions[f"q{n}"] = Question(f"q{n}", Text("?", "?"), answers, most_severe.id)
    return Tree("q0", questions)


def worst(to: str | TriageOutcome, questions: dict[str, Question]) -> int:
    """The rank of the most severe outcome that can follow; a re-evaluation counts as the least severe."""
    if isinstance(to, TriageOutcome):
        return SEVERITIES.index(to.severity) if to.severity else len(SEVERITIES)
    return min(worst(each.to, questions) for each in questions[to].answers)


@given(sound_trees())
def test_sound_trees_pass_and_every_path_ends(sound: Tree) -> None:
    """A walk meets each question, and each position is either a question or an outcome that is known."""
    assert check_tree(sound, SEVERITIES) == []
    positions = list(sound.walk())
    assert {position.question.id for position in positions if position.question} == set(sound.questions)
    for position in positions:
        assert (position.question is None) != (position.outcome is None)
        assert len(position.path) <= len(sound.questions)


@given(sound_trees(), st.data())
def test_an_answer_leads_one_step_on(sound: Tree, data: st.DataObject) -> None:
    """Every path that can be given fits, and dropping its last answer leads back to the question."""
    position = data.draw(st.sampled_from([each for each in sound.walk() if each.question]))
    assert position.question
    given_ = data.draw(st.sampled_from([UNSURE, *(each.id for each in position.question.answers)]))
    further = sound.give(position.path, given_)
    assert sound.fitting(further) == further
    assert sound.follow(further[:-1]) == position


@given(sound_trees())
def test_not_being_sure_never_ends_milder_than_it_could(sound: Tree) -> None:
    """Answering わからない all the way reaches the most severe outcome of the tree."""
    path: Path = ()
    while sound.follow(path).question:
        path = sound.give(path, UNSURE)
    outcome = sound.follow(path).outcome
    assert outcome
    assert worst(outcome, {}) == worst(sound.start, dict(sound.questions))


@given(sound_trees(), st.data())
def test_an_edge_back_is_found_as_a_loop(sound: Tree, data: st.DataObject) -> None:
    """Whichever answer is bent back to a question that leads to it."""
    position = data.draw(st.sampled_from([each for each in sound.walk() if each.question]))
    assert position.question
    earlier = data.draw(st.sampled_from([*(each.node for each in position.path), position.question.id]))
    last = position.question.answers[-1]
    bent = replace(position.question, answers=(*position.question.answers[:-1], replace(last, to=earlier)))
    lines = check_tree(Tree(sound.start, {**sound.questions, bent.id: bent}), SEVERITIES)
    assert any("loop" in line for line in lines)


@given(sound_trees(), st.sampled_from([str.upper, lambda id_: f"{id_}x", lambda _: ""]), st.data())
def test_garbled_paths_are_stale(sound: Tree, garble: Callable[[str], str], data: st.DataObject) -> None:
    """A path with a wrong id somewhere is refused, never followed."""
    path = data.draw(st.sampled_from([each.path for each in sound.walk() if each.path]))
    at = data.draw(st.integers(0, len(path) - 1))
    wrong = replace(path[at], node=garble(path[at].node))
    assume(wrong.node not in sound.questions)
    with pytest.raises(StaleTriage):
        sound.follow((*path[:at], wrong, *path[at + 1 :]))
