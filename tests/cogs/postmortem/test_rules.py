"""Show whether a postmortem is required, who has to write it, and by when."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.domain.incident import transitions
from bot.domain.incident.incident import ByPerson, IncidentKind, PersonRef, Role, Status
from bot.domain.incident.parts import (
    Aftermath,
    Postmortem,
    PostmortemReminderStage,
    PostmortemState,
    Resolution,
)
from bot.domain.people import Person
from bot.domain.postmortems import OwedPostmortem
from cogs.postmortem import rules
from tests.cogs.postmortem.examples import HOURS, NOW, TERMS, owed, resolved, tokyo


@pytest.mark.parametrize(
    ("facts", "owner"),
    [
        ({"roles": {Role.COMMANDER: PersonRef(9, "lead")}}, 9),
        ({}, 1),
        ({"taken": ByPerson(8, "later", NOW - timedelta(minutes=20))}, 8),
        ({"acknowledged": None}, 2),
        ({"acknowledged": ByPerson(-5, "mail", NOW)}, 2),
    ],
    ids=["the commander", "who acknowledged", "who took it over", "who resolved it", "not an email"],
)
def test_the_owner_is_the_person_who_led(facts: dict[str, object], owner: int) -> None:
    """The commander, else who acknowledged it last, else who resolved it."""
    assert owed(**facts).owner_id == owner


@pytest.mark.parametrize(
    ("facts", "before", "is_required"),
    [
        ({}, None, True),
        ({"acknowledged": None}, None, True),
        ({}, None, False),
        ({"is_drill": True}, None, True),
        ({"kind": IncidentKind.ALERT}, None, True),
        ({}, replace(owed(), owner_id=77, owner_name="before"), True),
        ({}, replace(owed(), state=PostmortemState.NOT_OWED), True),
        ({}, rules.done(owed(), by_id=5, by_name="done", at=NOW), True),
    ],
    ids=["first", "nobody on it", "not required", "drill", "alert", "again", "released", "done"],
)
def test_the_form_names_before_the_resolve_what_is_owed_after_it(
    facts: dict[str, object], before: Postmortem | None, *, is_required: bool
) -> None:
    """An open incident: what the form of ✅ shows is what the resolve then records."""
    terms = replace(TERMS, is_required=is_required)
    status = Status.TRIGGERED if "acknowledged" in facts else Status.ACKNOWLEDGED
    facts = {**facts, "status": status, "ended": None, "aftermath": Aftermath(postmortem=before)}
    still_open = resolved(**facts)
    by, now = Person(2, "secondary"), NOW + timedelta(days=1)
    ended = transitions.resolve(still_open, by=by, at=now)
    recorded = rules.owed_at_resolve(ended, before, terms, now=now)
    named = rules.owing_if_resolved(still_open, terms, by=by, now=now)
    if recorded is None or not recorded.is_owed:
        assert named is None
    else:
        assert named == (PersonRef(recorded.owner_id, recorded.owner_name), recorded.due_on)


def test_it_is_due_after_the_policys_business_days() -> None:
    """Weekends and holidays do not count: 25, 26, 27 and 30 November, 1 December."""
    assert owed().due_on == date(2026, 12, 1)
    later = rules.owed_at_resolve(resolved(), None, replace(TERMS, due_days=6), now=NOW)
    assert later is not None
    assert later.due_on == date(2026, 12, 3)  # the 2nd is a holiday


def test_the_day_of_the_resolve_is_the_teams() -> None:
    """A postmortem's deadline counts from the team's date of the resolve, not from that of UTC."""
    found = rules.owed_at_resolve(resolved(), None, TERMS, now=tokyo(11, 25, 0, 30))
    assert found is not None
    assert found.due_on == date(2026, 12, 3)


@pytest.mark.parametrize(
    "facts", [{"is_drill": True}, {"kind": IncidentKind.ALERT}, {"status": Status.CANCELLED}]
)
def test_a_drill_an_alert_and_a_false_alarm_owe_none(facts: dict[str, object]) -> None:
    """A drill, a tracked alert and a false alarm owe no postmortem; only a resolved real incident does."""
    assert rules.owed_at_resolve(resolved(**facts), None, TERMS, now=NOW) is None


def test_a_severity_that_asks_for_none_releases_from_it() -> None:
    """Lowering a reopened incident to a severity without postmortems ends the requirement."""
    lower = replace(TERMS, is_required=False)
    assert rules.owed_at_resolve(resolved(), None, lower, now=NOW) is None
    released = rules.owed_at_resolve(resolved(), owed(), lower, now=NOW)
    assert released is not None
    assert (released.state, released.remind_at) == (PostmortemState.NOT_OWED, None)


def test_reopened_and_resolved_again_the_owner_stays() -> None:
    """A postmortem keeps its owner and pull request when its incident is reopened and resolved again.

    The due date and the reminders begin anew; the owner may have begun to write.
    """
    handed_over = replace(owed(), owner_id=77, owner_name="writer", pull_request="https://x.example/1")
    paused = rules.not_owed(handed_over)
    later = NOW + timedelta(days=7)
    again = rules.owed_at_resolve(resolved(), paused, TERMS, now=later)
    assert again is not None
    assert (again.owner_id, again.state, again.pull_request) == (
        77,
        PostmortemState.OWED,
        handed_over.pull_request,
    )
    assert again.due_on > handed_over.due_on
    assert again.reminded is None


def test_done_stays_done_when_the_incident_comes_back() -> None:
    """A finished postmortem is not asked for again after a reopening or another resolve."""
    finished = rules.done(owed(), by_id=1, by_name="primary", at=NOW)
    assert rules.not_owed(finished) is finished
    assert rules.owed_at_resolve(resolved(), finished, TERMS, now=NOW + timedelta(days=9)) is finished


def test_undone_it_has_the_reminders_that_had_not_come() -> None:
    """Taken for done by mistake on the day after the date: the DM of that day has been sent."""
    late = tokyo(12, 3, 15)
    finished = rules.done(
        replace(owed(), reminded=PostmortemReminderStage.AFTER), by_id=None, by_name="GitHub", at=late
    )
    assert (finished.is_owed, finished.remind_at) == (False, None)
    again = rules.owed_again(finished, HOURS, now=late)
    assert (again.is_owed, again.done_at, again.done_by_name) == (True, None, None)
    assert again.remind_at == tokyo(12, 4, 10)


def test_overdue_is_after_the_date() -> None:
    """A postmortem is not overdue on its due date, but on the day after it."""
    one = OwedPostmortem(resolved(), owed())
    assert not one.is_overdue(date(2026, 12, 1))
    assert one.is_overdue(date(2026, 12, 2))


def test_both_are_read_as_they_were_stored() -> None:
    """A postmortem and a resolution are read back from JSON as they were stored.

    A resolution also tells its duration, and whether it is empty.
    """
    postmortem = owed()
    assert Postmortem.from_json(postmortem.to_json()) == postmortem
    said = Resolution(cause="x", people=120, duration_s=2_700, by_id=1, by_name="a", at=NOW)
    assert Resolution.from_json(said.to_json()) == said
    assert said.duration == timedelta(minutes=45)
    assert not said.is_empty
    assert Resolution(by_id=1, by_name="a", at=NOW).is_empty
