"""Severities in order, weeks with zeros, and what is added up."""

from datetime import timedelta

from bot.domain.incident import transitions
from bot.domain.incident.incident import IncidentKind
from bot.domain.statistics.figures import (
    Deadlines,
    IncidentFigures,
    SeverityFigures,
    by_week,
    in_order,
    is_counted,
    needs_owner,
)
from bot.domain.statistics.period import IsoWeek
from tests.unit.domain.incident.test_incident import PRIMARY, T0, incident

OLD = SeverityFigures("OLD", 2, ack_deadlines=Deadlines(1, 1))
SEV2 = SeverityFigures("SEV2", 1, ack_deadlines=Deadlines(1, 0))


def test_severities_come_in_the_policys_order_with_zeros() -> None:
    """One that the policy no longer has comes last: a rename loses no incident."""
    found = in_order([OLD, SEV2], ["SEV1", "SEV2"])
    assert found == (SeverityFigures("SEV1"), SEV2, OLD)


def test_every_week_has_the_same_severities() -> None:
    """A chart needs a value for each."""
    weeks = [IsoWeek(2026, 47), IsoWeek(2026, 48)]
    found = by_week({weeks[1]: [OLD]}, weeks, ["SEV1"])
    assert [(str(one.week), one.incidents) for one in found] == [("2026-W47", 0), ("2026-W48", 2)]
    assert [[each.severity for each in one.severities] for one in found] == [["SEV1", "OLD"]] * 2


def test_counts_are_added_up_over_severities() -> None:
    """Medians are not: one over all would say nothing of any."""
    figures = IncidentFigures((OLD, SEV2))
    assert (figures.incidents, figures.ack_deadlines) == (3, Deadlines(2, 1))
    assert figures.ack_deadlines.total == 3


def test_what_the_figures_count() -> None:
    """The figures count declared incidents, but no false alarms, duplicates, alerts or drills."""
    real = transitions.resolve(incident(), by=PRIMARY, at=T0 + timedelta(minutes=20))
    false_alarm = transitions.cancel(incident(id=2), by=PRIMARY, at=T0 + timedelta(hours=9))
    duplicate = transitions.merge(incident(id=3), into=incident(id=4), by=PRIMARY, at=T0 + timedelta(hours=9))
    alert = incident(id=5, kind=IncidentKind.ALERT)
    drill = incident(id=6, is_drill=True)
    found = (real, false_alarm, duplicate, alert, drill)
    assert [one.id for one in found if is_counted(one)] == [real.id]
    ringing = [one.id for one in found if needs_owner(one, ringing={alert.severity})]
    assert ringing == [real.id, alert.id]  # it rings as a declared incident does
    assert [one.id for one in found if needs_owner(one, ringing={"SEV9"})] == [real.id]
