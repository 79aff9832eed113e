"""Scoring a drill, and what of its script is due."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident import transitions
from bot.domain.incident.forms import Checklist
from bot.domain.incident.incident import Check, Incident, PersonRef, Status
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.triage.tree import Text
from cogs.drill import rules
from cogs.drill.rules import Drill, DrillScoredNotice, Inject, Missed, Score

AT = datetime(2026, 11, 24, 5, 7, tzinfo=UTC)
PRIMARY = Person(id=1, name="primary")
MINUTE = timedelta(minutes=1)
NAMED = {"role": "commander", "holder": {"id": 1, "name": "primary"}, "former": None}

PLAYED = Incident(
    id=7,
    guild_id=7,
    severity="SEV1",
    priority="P0",
    status=Status.TRIGGERED,
    title="訓練",
    targets=(),
    symptoms=(),
    path=(),
    started_at=AT,
    triggered_at=AT,
    ack_due_at=AT + 15 * MINUTE,
    reported_by=PersonRef(9, "admin"),
    is_drill=True,
    rings=False,
)


SHEET = Checklist("SEV1", (Text("ログ", "logs"), Text("rollback", "rollback")))


def score(incident: Incident, entries: Sequence[TimelineEntry], sheet: Checklist | None = None) -> Score:
    """Of a severity without a first-response sheet, unless one is given."""
    return rules.score(incident, entries, sheet or Checklist("SEV1"))


def entry(kind: TimelineKind, minutes: float, **data: object) -> TimelineEntry:
    """Something that happened so many minutes after the alert."""
    return TimelineEntry(kind, AT + minutes * MINUTE, data=data or None)


def acknowledged(minutes: float) -> Incident:
    """Return the drill as acknowledged after that many minutes."""
    at = AT + minutes * MINUTE
    return transitions.acknowledge(
        PLAYED, by=PRIMARY, at=at, already_responding=False, next_update_at=None
    ).incident


def resolved(minutes: float, *, acked: float = 2) -> Incident:
    """And it was over then."""
    return transitions.resolve(acknowledged(acked), by=PRIMARY, at=AT + minutes * MINUTE)


PERFECT: Sequence[TimelineEntry] = (
    entry(TimelineKind.ROLE_CHANGED, 3, **NAMED),
    entry(TimelineKind.UPDATED, 5, known="rollback 中"),
    entry(TimelineKind.NOTE, 6, text="deploy があった"),
    entry(TimelineKind.PINNED, 7, text="Sentry"),
)


def test_a_drill_in_which_nothing_was_missed() -> None:
    """Every time is since the alert, in seconds."""
    assert score(resolved(12), PERFECT) == Score(
        ack_s=120,
        ack_within_s=900,
        ack_by="primary",
        commander="primary",
        commander_s=180,
        update_s=300,
        notes=1,
        pins=1,
        took_s=720,
        missed=(),
        steps=0,
        steps_done=0,
    )


def test_a_drill_in_which_nothing_was_done() -> None:
    """Every step is named, in the runbook's order."""
    ended = transitions.cancel(PLAYED, by=PRIMARY, at=AT + 30 * MINUTE)
    found = score(ended, [entry(TimelineKind.OPENED, 0)])
    assert found.missed == (Missed.ACK, Missed.COMMANDER, Missed.UPDATE, Missed.RECORD, Missed.RESOLVE)
    assert (found.ack_s, found.commander, found.update_s, found.took_s) == (None, None, None, None)


@pytest.mark.parametrize(
    ("ticked", "missed"), [(0, (Missed.STEPS,)), (1, (Missed.STEPS,)), (2, ())], ids=["none", "one", "all"]
)
def test_first_response_steps_that_nobody_ticked_are_missed(ticked: int, missed: tuple[Missed, ...]) -> None:
    """Until all first-response steps are ticked, a drill's score says that steps were missed.

    A tick on a step of another sheet is not counted.
    """
    checks = {key: Check(1, "primary", AT) for key in ("other", *SHEET.keys[:ticked])}
    found = score(replace(resolved(12), checks=checks), PERFECT, SHEET)
    assert (found.steps_done, found.steps, found.missed) == (ticked, 2, missed)


def test_a_score_of_an_older_version_knows_no_steps() -> None:
    """A score that an older version stored, without counts of steps, is read as a score without steps."""
    found = score(resolved(12), PERFECT)
    older = {name: value for name, value in found.to_json().items() if not name.startswith("steps")}
    assert Score.from_json(older) == found


@pytest.mark.parametrize(("minutes", "missed"), [(15, ()), (15.1, (Missed.ACK_LATE,))])
def test_the_deadline_itself_is_in_time(minutes: float, missed: tuple[Missed, ...]) -> None:
    """An acknowledge exactly at the deadline of a drill is in time, as for a real incident."""
    assert score(resolved(20, acked=minutes), PERFECT).missed == missed


@pytest.mark.parametrize(
    ("via", "escalated", "missed"),
    [
        ("reconciled", (), ()),
        ("reconciled", (0,), ()),
        ("reconciled", (0, 15), (Missed.ACK_LATE,)),
        ("reaction", (), (Missed.ACK_LATE,)),
        ("reaction", (0,), (Missed.ACK_LATE,)),
    ],
)
def test_a_reaction_found_at_the_deadline_is_in_time(
    via: str, escalated: tuple[float, ...], missed: tuple[Missed, ...]
) -> None:
    """A 👀 found by the check at the deadline is in time, unless the deadline's escalation came first."""
    known = [entry(TimelineKind.ACKNOWLEDGED, 15.2, via=via)]
    known += [entry(TimelineKind.ESCALATED, at) for at in escalated]
    assert score(resolved(20, acked=15.2), [*PERFECT, *known]).missed == missed


def test_the_first_commander_counts_whoever_came_later() -> None:
    """Other roles are none, and one that is given up is no longer held by anybody."""
    entries = [
        entry(TimelineKind.ROLE_CHANGED, 1, role="scribe", holder={"id": 5, "name": "scribe"}),
        entry(TimelineKind.ROLE_CHANGED, 2, role="commander", holder=None),
        entry(TimelineKind.ROLE_CHANGED, 9, role="commander", holder={"id": 2, "name": "secondary"}),
        *PERFECT,
    ]
    assert (score(resolved(12), entries).commander, score(resolved(12), entries).commander_s) == (
        "primary",
        180,
    )


MOMENTS = st.floats(min_value=0, max_value=60, allow_nan=False)
ENTRIES = st.lists(
    st.builds(
        lambda kind, minutes: entry(kind, minutes, **NAMED),
        st.sampled_from([*TimelineKind]),
        MOMENTS,
    ),
    max_size=12,
)
INCIDENTS = st.one_of(
    st.just(PLAYED),
    MOMENTS.map(acknowledged),
    st.tuples(MOMENTS, MOMENTS).map(lambda both: resolved(max(both), acked=min(both))),
    MOMENTS.map(lambda minutes: transitions.cancel(PLAYED, by=PRIMARY, at=AT + minutes * MINUTE)),
)


@given(INCIDENTS, ENTRIES)
def test_a_step_is_missed_exactly_when_its_figure_is_missing(
    incident: Incident, entries: list[TimelineEntry]
) -> None:
    """Whatever happened in a drill, a step is told as missed exactly if its figure is missing.

    An acknowledge is late exactly if it took longer than allowed, and no figure is negative.
    """
    found = score(incident, entries)
    assert (Missed.ACK in found.missed) == (found.ack_s is None)
    assert (Missed.ACK_LATE in found.missed) == (found.ack_s is not None and found.ack_s > found.ack_within_s)
    assert (Missed.COMMANDER in found.missed) == (found.commander_s is None) == (found.commander is None)
    assert (Missed.UPDATE in found.missed) == (found.update_s is None)
    assert (Missed.RECORD in found.missed) == (found.notes + found.pins == 0)
    assert (Missed.RESOLVE in found.missed) == (found.took_s is None)
    assert all(figure is None or figure >= 0 for figure in (found.ack_s, found.commander_s, found.took_s))


@given(INCIDENTS, ENTRIES, st.randoms())
def test_the_order_of_the_entries_does_not_matter(
    incident: Incident, entries: list[TimelineEntry], chance: object
) -> None:
    """A drill's score is the same in whatever order its timeline entries are given: their times count."""
    shuffled = list(entries)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert score(incident, shuffled) == score(incident, entries)


@given(INCIDENTS, ENTRIES)
def test_a_score_survives_its_way_through_json(incident: Incident, entries: list[TimelineEntry]) -> None:
    """A drill's score is the same after it was stored as the data of a notice and read again."""
    found = score(incident, entries)
    assert DrillScoredNotice.from_json(DrillScoredNotice(score=found).as_data()).score == found


@given(
    st.lists(st.integers(1, 29), unique=True, max_size=6).map(sorted),
    st.lists(st.floats(0, 40, allow_nan=False), max_size=8).map(sorted),
)
def test_every_inject_appears_once_whenever_somebody_looks(minutes: list[int], looks: list[float]) -> None:
    """Late or early, often or seldom: what is due is due once, in order."""
    injects = tuple(Inject(each * MINUTE, Text(str(each), str(each))) for each in minutes)
    drill = Drill(7, 7, 9, "admin", AT, injects, AT + 30 * MINUTE, 0, AT)
    seen: list[int] = []
    for look in [*looks, 40.0]:
        due = drill.due(AT + look * MINUTE)
        seen += [number for number, _ in due]
        played = drill.played + len(due)
        drill = replace(drill, played=played, next_at=drill.following(played))
        assert drill.next_at is not None
        assert drill.next_at > AT + min(look, 29.99) * MINUTE
    assert seen == list(range(len(injects)))
