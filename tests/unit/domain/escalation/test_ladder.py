"""A ladder becomes rows with due times."""

from datetime import UTC, datetime, timedelta

from bot.domain.escalation.ladder import Due, Step, StepStatus, Why, WhyKind, plan, repetition, split
from bot.domain.severity import LadderStep, Mention
from tests.unit.domain.incident.test_incident import incident

T0 = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)


def test_a_reason_is_about_an_account_and_only_without_one_about_a_name() -> None:
    """The policy knows the username, the reason the name in the server."""
    why = Why(kind=WhyKind.LAPSED, who="佐藤", who_id=101)
    assert [why.is_about("sato", user_id=known) for known in (101, 102, None)] == [True, False, False]
    assert not Why(kind=WhyKind.LAPSED, who="sato", who_id=101).is_about("sato", user_id=102)
    assert Why(kind=WhyKind.LAPSED, who="Sato").is_about("sato", user_id=102)


def test_steps_count_from_the_alert() -> None:
    """Parky's SEV1: primary at once, @here and both after 15 minutes."""
    ladder = (
        LadderStep(after=timedelta(), dm=("primary",)),
        LadderStep(after=timedelta(minutes=15), mention=Mention.HERE, dm=("primary", "secondary")),
    )
    steps = plan(ladder, incident_id=42, starts_at=T0, ack_due_at=T0 + timedelta(minutes=15))
    assert [(s.index, s.due_at - T0, s.rung.mention) for s in steps] == [
        (0, timedelta(), Mention.NONE),
        (1, timedelta(minutes=15), Mention.HERE),
    ]


def test_step_without_a_time_is_due_at_the_deadline() -> None:
    """A step at the ack deadline follows the calendar, and the order is by time, not by the file."""
    deadline = T0 + timedelta(hours=20)
    ladder = (LadderStep(after=None), LadderStep(after=timedelta(hours=1)))
    steps = plan(ladder, incident_id=1, starts_at=T0, ack_due_at=deadline)
    assert [(s.index, s.due_at) for s in steps] == [(1, T0 + timedelta(hours=1)), (0, deadline)]


def rung(index: int, minutes: int, mention: Mention, *dm: str) -> Step:
    """A step so long after the alert."""
    after = timedelta(minutes=minutes)
    return Step(42, index, T0 + after, LadderStep(after=after, mention=mention, dm=dm), starts_at=T0)


def test_steps_due_together_tell_everybody_once() -> None:
    """Steps that are due together become one, with the strongest mention and all people."""
    first, second = rung(1, 15, Mention.HERE, "primary"), rung(2, 30, Mention.NONE, "secondary", "primary")
    beside, later = rung(3, 30, Mention.NONE), rung(4, 60, Mention.HERE, "primary")
    steps, following = split([first, second, beside, later], T0 + timedelta(minutes=40))
    assert (steps, following) == ((first, second, beside), later)
    due = Due(incident(), steps[-1], following, earlier=steps[:-1])
    assert (due.rung.mention, due.rung.dm) == (Mention.HERE, ("primary", "secondary"))
    assert due.overdue == [first.due_at]
    assert due.steps == steps


def decided(**rung: object) -> Step:
    """Step 5, due four hours after the alert."""
    last = LadderStep(after=timedelta(hours=4), **rung)  # type: ignore[arg-type]
    return Step(42, 5, T0 + timedelta(hours=4), last, StepStatus.DONE, starts_at=T0)


def test_a_step_that_does_not_repeat_is_the_last() -> None:
    """No step follows the last one of a ladder if it does not repeat."""
    assert repetition(decided(), now=T0 + timedelta(hours=4), index=6) is None


def test_a_repetition_is_a_step_like_any_other() -> None:
    """A repetition is a pending step with its own number and due time, counted from the same start."""
    again = repetition(decided(repeat=timedelta(minutes=30)), now=T0 + timedelta(hours=4, seconds=1), index=6)
    assert again is not None
    assert (again.index, again.status, again.starts_at) == (6, StepStatus.PENDING, T0)
    assert again.due_at == T0 + timedelta(hours=4, minutes=30)
    assert again.rung.after == again.due_at - T0


def test_repetitions_that_nobody_could_decide_are_not_made_up_for() -> None:
    """Decided at 7:10 instead of 4:00: the next one comes at 7:30, one instead of seven."""
    late = repetition(decided(repeat=timedelta(minutes=30)), now=T0 + timedelta(hours=7, minutes=10), index=6)
    assert late is not None
    assert late.due_at == T0 + timedelta(hours=7, minutes=30)


def test_repetitions_end_when_the_policy_says_so() -> None:
    """A step with `repeat_up_to=2` is repeated twice, and not a third time."""
    step: Step | None = decided(repeat=timedelta(hours=1), repeat_up_to=2)
    times = []
    while step is not None:
        times.append(step.due_at - T0)
        step = repetition(step, now=step.due_at, index=step.index + 1)
    assert times == [timedelta(hours=hours) for hours in (4, 5, 6)]
