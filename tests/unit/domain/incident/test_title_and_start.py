"""Title and start put right: what changes, what does not, and what is refused."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import UserError
from bot.domain.incident.forms import changes_of, correct_details, shown_details, with_triage
from bot.domain.incident.incident import Incident
from bot.domain.triage.session import Triage, TriageStatus
from tests.unit.domain.incident.test_incident import T0, incident
from tests.unit.domain.incident.test_transitions import resolve

EARLIER = T0 - timedelta(minutes=10)
TRIAGE = Triage(
    id=5,
    guild_id=7,
    user_id=103,
    user_name="responder",
    title="DB が遅い",
    targets=(),
    symptoms=("slow",),
    started_at=T0,
    created_at=T0,
    status=TriageStatus.OPEN,
    answers=(),
)


def corrected(
    of: Incident,
    *,
    title: str | None = None,
    started_at: datetime | None = None,
    seen: Incident | None = None,
) -> Incident:
    """Correct the details in a form that showed *seen*, by default the current ones."""
    return correct_details(of, title=title, started_at=started_at, shown=shown_details(seen or of))


@pytest.mark.parametrize("of", [incident(), resolve(incident()), incident(is_private=True)])
def test_title_and_start_are_corrected(of: Incident) -> None:
    """The title and the start of an open, an ended and a private incident can be corrected.

    Times that count from the report stay, the deadline for an acknowledge above all. The changes name the
    values before and after.
    """
    after = corrected(of, title="決済が 5xx", started_at=EARLIER)
    version = of.version + 1
    expected = replace(of, title="決済が 5xx", started_at=EARLIER, version=version, details_version=version)
    assert after == expected
    assert (after.ack_due_at, after.triggered_at) == (of.ack_due_at, of.triggered_at)
    assert changes_of(of, after).to_json() == {
        "title": {"before": of.title, "after": "決済が 5xx"},
        "started_at": {"before": T0.isoformat(), "after": EARLIER.isoformat()},
    }


def test_one_of_them_leaves_the_other() -> None:
    """Correcting the title leaves the start as it was, and the other way round; only the change is told."""
    before = incident()
    title, start = corrected(before, title="x"), corrected(before, started_at=EARLIER)
    assert (title.started_at, start.title) == (before.started_at, before.title)
    assert [*changes_of(before, title).to_json()] == ["title"]
    assert [*changes_of(before, start).to_json()] == ["started_at"]


def test_what_is_so_already_changes_nothing() -> None:
    """A correction that gives nothing, or the title and start of before, leaves the incident as it is."""
    before = incident()
    assert corrected(before) is before
    assert corrected(before, title=before.title, started_at=before.started_at) is before


def test_nothing_begins_later_than_it_is_reported() -> None:
    """A start after the report, but in its minute, becomes the report's time; a later minute is refused."""
    reported = T0.replace(second=34)
    before = incident(started_at=EARLIER, triggered_at=reported)
    for within in (reported, reported.replace(second=59)):
        assert corrected(before, started_at=within).started_at == reported
    assert corrected(before, started_at=reported.replace(second=0)).started_at == reported.replace(second=0)
    later = reported.replace(second=0) + timedelta(minutes=1)
    with pytest.raises(UserError, match="start_after_report") as refused:
        corrected(before, started_at=later)
    assert refused.value.fields == {"incident": before.label, "start": later, "reported": reported}
    begun = incident(started_at=reported, triggered_at=reported)
    assert corrected(begun, started_at=reported.replace(second=50)) is begun


def test_an_alert_had_begun_by_its_report() -> None:
    """A triage may tell of an earlier start; a later one, such as a later "now", keeps the alert's own."""
    alert = incident(started_at=EARLIER, triggered_at=T0)
    long_before = EARLIER - timedelta(hours=2)
    for told, start in ((long_before, long_before), (T0, T0), (T0 + timedelta(microseconds=1), EARLIER)):
        assert with_triage(alert, replace(TRIAGE, started_at=told), path=()).started_at == start


def test_a_triage_says_what_an_alert_is_about() -> None:
    """Title and path; where and how only if it says so."""
    alert = incident(targets=("api",), symptoms=("errors",))
    path = (("production", "no"),)
    told = with_triage(alert, TRIAGE, path=path)
    assert (told.title, told.path) == (TRIAGE.title, path)
    assert (told.targets, told.symptoms, told.version) == (("api",), ("slow",), alert.version + 1)


def test_two_people_put_different_things_right() -> None:
    """Two people who correct different details of the same version do not undo each other."""
    seen = incident()
    first = corrected(seen, title="x")
    both = corrected(first, started_at=EARLIER, seen=seen)
    assert (both.title, both.started_at) == ("x", EARLIER)


def test_the_second_of_two_sees_what_the_first_wrote() -> None:
    """A correction of what another person has corrected meanwhile is refused, with the new value.

    A person who wrote the same values changes nothing.
    """
    seen = incident()
    first = corrected(seen, title="x", started_at=EARLIER)
    with pytest.raises(UserError, match="title_moved") as refused:
        corrected(first, title="y", seen=seen)
    assert refused.value.fields["title"] == "x"
    with pytest.raises(UserError, match="start_moved") as refused:
        corrected(first, started_at=EARLIER - timedelta(minutes=1), seen=seen)
    assert refused.value.fields["start"] == EARLIER
    assert corrected(first, title="x", started_at=EARLIER, seen=seen) is first
