"""Who has an incident: the value, and how it went from one to the next."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.escalation.payloads import LapsedEntry, ReleasedEntry
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Role
from bot.domain.incident.ownership import Ownership, OwnerWhy, Spell, acked_in_time, spells, unowned
from bot.domain.incident.records import (
    AcknowledgedEntry,
    JoinedEntry,
    ReopenedEntry,
    ResolvedEntry,
    RoleChangedEntry,
    UpdatedEntry,
)
from bot.domain.people import Person
from bot.domain.timeline.entries import EntryData, TimelineEntry
from bot.domain.timeline.recorded import NoteEntry, PinnedEntry
from tests.unit.domain.incident.test_incident import incident

SATO, TAKAHASHI = Person(1, "sato"), Person(2, "takahashi")


def acknowledged(by: Person, *, after_min: int = 0, why: OwnerWhy | None = None) -> Incident:
    """Return an incident that *by* has acknowledged."""
    done = transitions.acknowledge(
        incident(), by=by, at=at(after_min), already_responding=False, next_update_at=None, why=why
    )
    return done.incident


def at(minutes: int) -> datetime:
    """Return the moment *minutes* after the trigger."""
    return incident().triggered_at + timedelta(minutes=minutes)


def test_nobody_has_a_new_incident_since_its_trigger() -> None:
    """Nobody ever had it."""
    assert incident().owner == Ownership(None, None, at(0), OwnerWhy.NEW)


def test_a_role_taken_later_changes_nothing() -> None:
    """The person who acknowledged has it, whoever commands."""
    assigned = transitions.assign(acknowledged(SATO, after_min=2), Role.COMMANDER, PersonRef(2, "takahashi"))
    assert assigned.owner == Ownership(1, "sato", at(2), OwnerWhy.ACKED)
    assert assigned.lead == PersonRef(1, "sato")


def test_taking_command_of_a_waiting_incident_is_a_reason() -> None:
    """It says so, also when the incident is read back without the acknowledgement's reason."""
    taken = acknowledged(TAKAHASHI, after_min=3, why=OwnerWhy.COMMAND)
    assert taken.owner == Ownership(2, "takahashi", at(3), OwnerWhy.COMMAND)
    assert taken.acknowledged is not None
    assert taken.acknowledged.why is None


def test_nobody_has_it_after_a_lapse() -> None:
    """It names the person who had it only as the former one."""
    lapsed = transitions.end_ack(acknowledged(SATO), at=at(30), lapsed=True)
    assert lapsed.owner == Ownership(None, None, at(30), OwnerWhy.LAPSED, former="sato")


def test_nobody_had_it_when_it_ended_after_a_lapse() -> None:
    """The person whose acknowledgement lapsed did not have it at the end; one who took it since did."""
    lapsed = transitions.end_ack(acknowledged(SATO), at=at(30), lapsed=True)
    ended = transitions.resolve(lapsed, by=TAKAHASHI, at=at(40))
    assert (ended.on_it, ended.lead) == (None, None)
    again = transitions.acknowledge(
        lapsed, by=SATO, at=at(35), already_responding=False, next_update_at=None
    ).incident
    assert transitions.resolve(again, by=TAKAHASHI, at=at(40)).on_it == PersonRef(1, "sato")


def test_a_reopening_and_a_handing_over_are_reasons() -> None:
    """The latest act counts."""
    ended = transitions.resolve(acknowledged(SATO), by=SATO, at=at(10))
    assert ended.owner == Ownership(1, "sato", at(10), OwnerWhy.ENDED)
    opened = transitions.reopen(ended, by=TAKAHASHI, at=at(20), next_update_at=None)
    assert opened.owner == Ownership(2, "takahashi", at(20), OwnerWhy.REOPENED)
    handed = transitions.take_over(opened, by=PersonRef(1, "sato"), at=at(25), next_update_at=None)
    assert handed.owner == Ownership(1, "sato", at(25), OwnerWhy.HANDED)


def test_spells_follow_each_other_without_a_gap() -> None:
    """From the trigger on; a responder who joins changes nothing, and an end has no spell."""
    started = incident().triggered_at
    found = spells(
        [
            entry(AcknowledgedEntry(via="button"), 1, by=SATO),
            entry(JoinedEntry(via="role"), 2, by=TAKAHASHI),
            entry(LapsedEntry(who="sato"), 40),
            entry(AcknowledgedEntry(via="role"), 50, by=TAKAHASHI),
            entry(ReleasedEntry(resumed=False, to=PersonRef(1, "sato")), 60, by=TAKAHASHI),
            entry(ReleasedEntry(resumed=True), 70, by=SATO),
            entry(ResolvedEntry(), 75, by=SATO),
            entry(ReopenedEntry(reason=""), 90, by=TAKAHASHI),
        ],
        triggered_at=started,
    )
    assert found == (
        Spell(None, at(0), at(1), OwnerWhy.NEW),
        Spell("sato", at(1), at(40), OwnerWhy.ACKED),
        Spell(None, at(40), at(50), OwnerWhy.LAPSED),
        Spell("takahashi", at(50), at(60), OwnerWhy.COMMAND),
        Spell("sato", at(60), at(70), OwnerWhy.HANDED),
        Spell(None, at(70), at(75), OwnerWhy.RELEASED),
        Spell("takahashi", at(90), None, OwnerWhy.REOPENED),
    )
    assert unowned(found, since=at(0), until=at(200)) == timedelta(minutes=16)
    assert unowned(found, since=at(45), until=at(72)) == timedelta(minutes=7)


def test_an_unacknowledged_incident_has_one_open_spell() -> None:
    """Nobody has it until now."""
    found = spells([], triggered_at=at(0))
    assert found == (Spell(None, at(0), None, OwnerWhy.NEW),)
    assert unowned(found, since=at(0), until=at(5)) == timedelta(minutes=5)


LAPSED = LapsedEntry(who="sato")
ACKED = AcknowledgedEntry(via="button")
PINNED = PinnedEntry(
    text="x", author_id=1, author_name="sato", url="", message_id=1, channel_id=1, is_readable=True
)


def answered(*entries: TimelineEntry, now_min: int = 200) -> bool | None:
    """Return what became of an ack deadline 15 minutes after the trigger."""
    return acked_in_time(entries, triggered_at=at(0), due_at=at(15), now=at(now_min))


def test_an_acknowledgement_that_lapsed_in_silence_meets_no_deadline() -> None:
    """It was a press and nothing else; words of a responder, and of nobody else, make it count."""
    acked, lapsed = entry(ACKED, 1, by=SATO), entry(LAPSED, 60)
    assert answered(acked, lapsed) is False
    assert answered(acked, entry(NoteEntry(text="x"), 9, by=SATO), lapsed) is True
    assert answered(acked, entry(NoteEntry(text="x"), 9, by=TAKAHASHI), lapsed) is False
    joined = entry(JoinedEntry(via="button"), 3, by=TAKAHASHI)
    assert answered(acked, joined, entry(NoteEntry(text="x"), 9, by=TAKAHASHI), lapsed) is True
    assert answered(acked, lapsed, entry(NoteEntry(text="x"), 70, by=SATO)) is False


@pytest.mark.parametrize(
    ("data", "by", "is_met"),
    [
        (JoinedEntry(via="button"), TAKAHASHI, False),
        (RoleChangedEntry(role="commander", holder=None, former=PersonRef(1, "sato")), SATO, False),
        (RoleChangedEntry(role="commander", holder=PersonRef(1, "sato"), former=None), SATO, False),
        (UpdatedEntry(next_at=None, known="x"), SATO, True),
        (PINNED, SATO, True),
    ],
)
def test_a_press_is_no_sign_of_life(data: EntryData, by: Person, is_met: bool) -> None:
    """To join, to take a role or to free one says nothing of the work; only words do."""
    assert answered(entry(ACKED, 1, by=SATO), entry(data, 9, by=by), entry(LAPSED, 60)) is is_met


def test_somebody_must_have_it_when_the_deadline_comes() -> None:
    """Taken in time and handed back before then is late, unless the next one takes it in time."""
    acked, released = entry(ACKED, 1, by=SATO), entry(ReleasedEntry(resumed=True), 3, by=SATO)
    assert answered(acked, released) is False
    assert answered(acked, released, entry(ACKED, 14, by=TAKAHASHI)) is True
    assert answered(acked, entry(ReleasedEntry(resumed=True), 16, by=SATO)) is True
    assert answered(entry(ACKED, 15, by=SATO)) is True
    assert answered(entry(ACKED, 16, by=SATO)) is False


def test_an_end_by_the_deadline_meets_it() -> None:
    """Also if the incident was opened again later."""
    resolved = entry(ResolvedEntry(), 5, by=SATO)
    assert answered(resolved) is True
    assert answered(resolved, entry(ReopenedEntry(reason=""), 40, by=SATO), entry(LAPSED, 90)) is True


def test_a_deadline_ahead_is_undecided_while_nobody_has_it() -> None:
    """With a person on it, it is met so far."""
    assert answered(now_min=5) is None
    assert answered(now_min=15) is None
    assert answered(now_min=16) is False
    assert answered(entry(ACKED, 1, by=SATO), now_min=5) is True


def test_time_without_an_owner_is_not_read_from_wall_clocks() -> None:
    """A week in which the clocks are put back has an hour more."""
    new_york = ZoneInfo("America/New_York")
    since, until = datetime(2026, 10, 28, tzinfo=new_york), datetime(2026, 11, 4, tzinfo=new_york)
    found = spells([], triggered_at=since - timedelta(days=1))
    assert unowned(found, since=since, until=until) == timedelta(days=7, hours=1)


def entry(data: EntryData, minutes: int, *, by: Person | None = None) -> TimelineEntry:
    """Return an entry of *by*, or of the bot, *minutes* after the trigger."""
    return TimelineEntry.of(data, at(minutes), by=by)
