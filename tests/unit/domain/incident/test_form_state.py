"""Show which parts of a form count as a person's own changes, if others changed the same fields meanwhile."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident.forms import with_changes

KNOWN = ("a", "b", "c", "d")

some = st.sets(st.sampled_from(KNOWN))


def test_what_others_have_added_and_taken_out_stays() -> None:
    """The form showed a and b; d was added and a taken out meanwhile; this person took b out and added c."""
    after = with_changes(("b", "d"), ("a", "c"), ("a", "b"), known=KNOWN)
    assert after == ("c", "d")


def test_what_the_form_does_not_offer_stays() -> None:
    """Behind what it does, in the order in which it was there."""
    assert with_changes(("z", "a", "y"), (), ("a",), known=KNOWN) == ("z", "y")
    assert with_changes(("z", "a"), ("c",), None, known=KNOWN) == ("c", "z")


@given(present=some, chosen=some, shown=some)
def test_each_one_is_as_this_person_left_it_unless_they_left_it(
    present: set[str], chosen: set[str], shown: set[str]
) -> None:
    """A value that a person changed in a form is as they chose it; a value left alone stays as it is."""
    after = with_changes(sorted(present), chosen, shown, known=KNOWN)
    assert list(after) == sorted(after)
    for one in KNOWN:
        is_touched = (one in chosen) != (one in shown)
        assert (one in after) == (one in (chosen if is_touched else present))


@given(present=some, chosen=some)
def test_without_what_was_shown_the_choice_is_all_of_it(present: set[str], chosen: set[str]) -> None:
    """A form of an older version, or of another policy."""
    assert set(with_changes(sorted(present), chosen, None, known=KNOWN)) == chosen
