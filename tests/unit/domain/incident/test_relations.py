"""Which incidents have to do with each other, as each of them notes it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.errors import DrillAndReal
from bot.domain.incident import relations, transitions
from bot.domain.incident.incident import Incident, Status
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from tests.unit.domain.incident.test_incident import incident


@pytest.mark.parametrize("note", [relations.add_duplicate, relations.link])
def test_numbers_are_noted_once_and_in_order(note: Callable[[Incident, int], Incident]) -> None:
    """Numbers of duplicates and of linked incidents are noted once each and in order.

    Each call raises the version, so that the posts that show them are edited.
    """
    noted = incident()
    for number in (44, 43, 44):
        noted = note(noted, number)
    assert noted.duplicates + noted.linked == (43, 44)
    assert noted.version == incident().version + 3


def test_what_is_merged_is_not_what_is_linked() -> None:
    """An incident may be both, to different others."""
    both = relations.link(relations.add_duplicate(incident(), 43), 44)
    assert (both.duplicates, both.linked) == ((43,), (44,))


def test_what_goes_on_by_itself_is_no_duplicate_any_more() -> None:
    """Links stay; one that was never there is no error: an older version did not note it."""
    both = relations.link(relations.add_duplicate(relations.add_duplicate(incident(), 43), 45), 43)
    left = relations.remove_duplicate(both, 43)
    assert left == replace(both, duplicates=(45,), version=both.version + 1)
    assert relations.remove_duplicate(left, 99).duplicates == (45,)


def test_what_is_unlinked_is_linked_no_more() -> None:
    """A link that was taken back is gone, while other links and a duplicate with the same number stay.

    Taking it back again changes nothing, so that no post is edited.
    """
    both = relations.link(relations.link(relations.add_duplicate(incident(), 43), 43), 44)
    left = relations.unlink(both, 43)
    assert left == replace(both, linked=(44,), version=both.version + 1)
    assert relations.unlink(left, 43) is left


def test_what_was_made_private_is_told_no_more() -> None:
    """An incident that became private is no longer named, neither as a duplicate nor as linked.

    An incident that does not name the private one is not changed.
    """
    both = relations.link(relations.link(relations.add_duplicate(incident(), 43), 43), 44)
    hidden = relations.hide(both, 43)
    assert (hidden.duplicates, hidden.linked, hidden.version) == ((), (44,), both.version + 1)
    assert relations.hide(hidden, 43) is hidden


def test_what_it_was_merged_into_is_told_no_more_once_that_is_private() -> None:
    """A merged incident no longer names its target once that is private, but still knows it.

    Other incidents that become private change nothing. After a reopening nothing is hidden any more.
    """
    merged = replace(incident(), status=Status.MERGED, merged_into_id=43)
    assert relations.hide(merged, 44) is merged
    hidden = relations.hide(merged, 43)
    assert (hidden.merged_into_id, hidden.told_merged_into) == (43, None)
    assert hidden.version == merged.version + 1
    assert relations.hide(hidden, 43) is hidden
    another = relations.hide(relations.link(hidden, 44), 44)
    assert another.told_merged_into is None, "whatever else becomes private"
    opened = transitions.reopen(
        hidden, by=Person(id=1, name="primary"), at=hidden.triggered_at, next_update_at=None
    )
    assert not opened.merged_into_hidden


@pytest.mark.parametrize("kind", TimelineKind)
@pytest.mark.parametrize("where", relations.Other)
def test_an_entry_of_any_kind_keeps_a_hidden_number_to_itself(
    kind: TimelineKind, where: relations.Other
) -> None:
    """A timeline entry of any kind leaves out the number of a hidden incident, and keeps the rest.

    An entry that names no hidden incident stays as it is.
    """
    entry = TimelineEntry(kind, incident().triggered_at, data={"after": "SEV1", where.value: 43})
    assert relations.others_in([entry]) == {43}
    assert relations.readable(entry, {43}).data == {"after": "SEV1"}
    assert relations.readable(entry, {44}) is entry


def test_a_drill_has_nothing_to_do_with_a_real_one() -> None:
    """Whichever is named first: the refusal says which is which. Two drills may."""
    drill, real = replace(incident(), is_drill=True), replace(incident(), id=43)
    for one, other in ((drill, real), (real, drill)):
        with pytest.raises(DrillAndReal) as refused:
            relations.require_alike(one, other)
        assert refused.value.fields == {"drill": drill.label, "real": real.label}
    relations.require_alike(drill, replace(real, is_drill=True))
    relations.require_alike(real, incident())
