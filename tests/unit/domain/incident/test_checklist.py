"""Which step a tick belongs to, and what a choice changes."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidTransition
from bot.domain.incident import transitions
from bot.domain.incident.forms import Checklist, ChecklistPick, Filled, drawn_anew, fill_in
from bot.domain.incident.incident import Check, Incident, PersonRef, Status
from bot.domain.people import Person
from bot.domain.triage.tree import Text

AT = datetime(2026, 11, 24, 5, 7, tzinfo=UTC)
OLIVE, PERRY = Person(id=1, name="Olive"), Person(id=2, name="Perry")
LOGS, ROLLBACK, NOTICE = Text("ログ", "Logs"), Text("戻す", "Roll back"), Text("告知", "Tell")
SHEET = Checklist("SEV1", (LOGS, ROLLBACK, NOTICE))
PLACES = st.frozensets(st.integers(min_value=0, max_value=2))
INCIDENT = Incident(
    id=42,
    guild_id=7,
    severity="SEV1",
    priority="P0",
    status=Status.TRIGGERED,
    title="x",
    targets=(),
    symptoms=(),
    path=(),
    started_at=AT,
    triggered_at=AT,
    ack_due_at=AT,
    reported_by=PersonRef(1, "Olive"),
)


def choose(
    incident: Incident, shown: AbstractSet[int], chosen: AbstractSet[int], *, by: Person = OLIVE
) -> Filled:
    """What *by* makes of a select that showed *shown*."""
    return fill_in(
        incident, SHEET, ChecklistPick(SHEET.edition, frozenset(shown), frozenset(chosen)), by=by, at=AT
    )


def test_a_step_is_its_words() -> None:
    """A tick belongs to the words of its step and to the severity, not to the place in the checklist.

    Any change of the checklist, its order included, makes another edition.
    """
    turned = Checklist("SEV1", (NOTICE, LOGS, ROLLBACK))
    assert set(turned.keys) == set(SHEET.keys)
    assert turned.keys[1] == SHEET.keys[0]
    edited = Checklist("SEV1", (Text("ログ", "Read the logs"), ROLLBACK, NOTICE))
    assert edited.keys[0] != SHEET.keys[0]
    assert edited.keys[1:] == SHEET.keys[1:]
    assert not set(Checklist("SEV2", SHEET.steps).keys) & set(SHEET.keys)
    assert (
        len({sheet.edition for sheet in (SHEET, turned, edited, Checklist("SEV1"), Checklist("SEV2"))}) == 5
    )


def test_the_same_words_twice_are_two_steps() -> None:
    """Discord refuses a select whose options share a value, and one tick is not two."""
    assert len(set(Checklist("SEV1", (LOGS, ROLLBACK, LOGS)).keys)) == 3


def test_an_edited_step_is_open_again() -> None:
    """A step whose words were edited is open again; the other steps keep their ticks."""
    ticked = choose(INCIDENT, set(), {0, 1}).incident
    edited = replace(SHEET, steps=(Text("Sentry", "Sentry"), ROLLBACK, NOTICE))
    assert edited.done(ticked.checks) == {1}
    assert SHEET.done(ticked.checks) == {0, 1}


def test_a_choice_ticks_and_takes_back() -> None:
    """A choice ticks steps and takes back others, keeps who did so and when, and raises the version."""
    first = choose(INCIDENT, set(), {0, 2})
    assert (first.ticked, first.unticked, first.incident.version) == ((0, 2), (), 2)
    assert first.incident.checks[SHEET.keys[2]] == Check(1, "Olive", AT)
    second = choose(first.incident, {0, 2}, {1, 2}, by=PERRY)
    assert (second.ticked, second.unticked, second.incident.version) == ((1,), (0,), 3)
    assert {check.by_name for check in second.incident.checks.values()} == {"Olive", "Perry"}


@given(PLACES, PLACES, PLACES)
def test_two_who_saw_the_same_do_not_undo_each_other(
    shown: frozenset[int], mine: frozenset[int], theirs: frozenset[int]
) -> None:
    """The changes of two people who saw the same sheet are both kept, in either order."""
    before = choose(INCIDENT, set(), shown).incident
    after = choose(choose(before, shown, mine).incident, shown, theirs, by=PERRY).incident
    turned = choose(choose(before, shown, theirs, by=PERRY).incident, shown, mine).incident
    assert SHEET.done(after.checks) == shown ^ ((mine ^ shown) | (theirs ^ shown))
    assert SHEET.done(turned.checks) == SHEET.done(after.checks)


def test_whoever_was_first_stays_the_one() -> None:
    """Ticking a step that is ticked, or unticking one that is not, changes nothing."""
    first = choose(INCIDENT, set(), {0})
    again = choose(first.incident, set(), {0}, by=PERRY)
    assert again == Filled(first.incident)
    assert choose(INCIDENT, {1}, set()) == Filled(INCIDENT)


def test_a_step_that_there_is_not_is_passed_over() -> None:
    """A chosen step that does not exist is passed over, because the choice comes from outside."""
    assert choose(INCIDENT, set(), {3, 99}) == Filled(INCIDENT)


def test_an_ended_one_keeps_its_checks() -> None:
    """An ended incident keeps its ticks and refuses new ones; after a reopening more can be ticked."""
    ticked = choose(INCIDENT, set(), {0}).incident
    ended = transitions.resolve(ticked, by=OLIVE, at=AT)
    assert ended.checks == ticked.checks
    with pytest.raises(InvalidTransition):
        choose(ended, {0}, {0, 1})
    with pytest.raises(InvalidTransition):
        drawn_anew(ended)
    again = transitions.reopen(ended, by=OLIVE, at=AT, next_update_at=None)
    assert choose(again, {0}, {0, 1}).ticked == (1,)
