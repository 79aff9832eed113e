"""A ladder becomes rows with due times."""

from datetime import UTC, datetime, timedelta

from bot.domain.escalation import plan
from bot.domain.severity import LadderStep, Mention

T0 = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)


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
    """A rung at the ack deadline follows the calendar, and the order is by time, not by the file."""
    deadline = T0 + timedelta(hours=20)
    ladder = (LadderStep(after=None), LadderStep(after=timedelta(hours=1)))
    steps = plan(ladder, incident_id=1, starts_at=T0, ack_due_at=deadline)
    assert [(s.index, s.due_at) for s in steps] == [(1, T0 + timedelta(hours=1)), (0, deadline)]
