"""Which changes are suspects."""

from datetime import UTC, datetime, timedelta

from bot.domain.systems import ChangeKind, RecentChange
from cogs.suspects.rules import MOST_CHANGES, PastIncident, SourceProblem, SuspectCard, UnreadSource, card_of

START = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
WITHIN = timedelta(hours=2)


def change(minutes: float, what: str = "x") -> RecentChange:
    """One so many minutes before the start."""
    return RecentChange(kind=ChangeKind.MERGE, what=what, at=START - timedelta(minutes=minutes))


def made(*changes: RecentChange) -> SuspectCard:
    """The card of these."""
    return card_of(changes, [], started_at=START, within=WITHIN)


def test_changes_before_the_start_are_listed_newest_first() -> None:
    """The card lists the changes of the two hours before the start, both edges included, newest first."""
    card = made(change(121, "too early"), change(120, "first"), change(0, "last"), change(-1, "after"))
    assert [one.what for one in card.changes] == ["last", "first"]
    assert card.since == START - WITHIN


def test_only_the_newest_of_many_are_kept_and_the_others_counted() -> None:
    """A burst of merges must not fill the row."""
    card = made(*(change(n) for n in range(MOST_CHANGES + 7)))
    assert (len(card.changes), card.more) == (MOST_CHANGES, 7)
    assert card.changes[0].at == START


def test_a_card_is_read_as_it_was_stored() -> None:
    """A card of suspects is read whole from its JSON, without a field that a newer version has added.

    A past incident can be taken off the card by its number.
    """
    unread = (UnreadSource(source="github_merges", problem=SourceProblem.AWAY),)
    past = (PastIncident(number=3, title="t", severity="SEV1", ended_at=START, where=(7, 900)),)
    card = SuspectCard(started_at=START, since=START, changes=(change(1),), unread=unread, past=past)
    assert SuspectCard.from_json({**card.to_json(), "later": 1}) == card
    assert card.without(3).past == ()
    assert card.without(4) == card


def test_only_what_may_pass_is_read_again() -> None:
    """A token that may not read needs a person."""
    for problem in SourceProblem:
        card = card_of([], [UnreadSource(source="x", problem=problem)], started_at=START, within=WITHIN)
        assert card.may_grow is (problem not in {SourceProblem.REFUSED, SourceProblem.NOT_FOUND})
