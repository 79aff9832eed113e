"""What a form about an incident may be opened with, without asking the database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import InvalidTransition, NotPermitted
from bot.domain.incident import transitions
from bot.domain.incident.forms import form_digest
from bot.domain.incident.incident import Incident, Phase, StatusUpdate
from bot.domain.incident.parts import Aftermath, Resolution
from bot.services.shared.access import Act
from bot.services.shared.shown_incidents import ShownIncidents
from bot.storage.tables.incidents import IncidentRows
from tests.fakes.clock import START
from tests.services.desk import OBSERVER, PRIMARY, Desk
from tests.unit.ui.samples import ACKNOWLEDGED, TRIGGERED

_OTHERS: dict[str, Callable[[Incident], Incident]] = {
    "severity": lambda incident: replace(incident, severity="SEV2"),
    "targets": lambda incident: replace(incident, targets=("other",)),
    "symptoms": lambda incident: replace(incident, symptoms=()),
    "impact": lambda incident: replace(
        incident, updates=replace(incident.updates, last=StatusUpdate("", "all", START, "primary"))
    ),
    "phase": lambda incident: replace(incident, phase=Phase.IDENTIFIED),
    "known": lambda incident: replace(
        incident, updates=replace(incident.updates, last=StatusUpdate("DNS", "", START, "primary"))
    ),
    "start": lambda incident: replace(incident, started_at=START + timedelta(days=1)),
    "resolution": lambda incident: replace(
        incident, aftermath=Aftermath(resolution=Resolution(cause="x", by_id=1, by_name="a", at=START))
    ),
    "private": lambda incident: replace(incident, is_private=True),
    "ended": lambda incident: transitions.resolve(incident, by=PRIMARY, at=START),
}


@pytest.mark.parametrize("what", _OTHERS)
def test_the_digest_changes_with_each_value_that_a_form_shows(what: str) -> None:
    """The digest changes with each value that fills a form, and with what decides whether a form may open."""
    assert form_digest(_OTHERS[what](TRIGGERED)) != form_digest(TRIGGERED)


def test_the_digest_stays_when_no_form_shows_the_change() -> None:
    """An acknowledge, a version: no post is edited for a button alone."""
    assert form_digest(replace(ACKNOWLEDGED, version=99)) == form_digest(TRIGGERED)


async def test_an_incident_as_it_was_shown_is_not_read_again(desk: Desk) -> None:
    """Opening a form needs no database while the incident is as it was shown."""
    incident = await desk.open("SEV1")
    await desk.work()
    desk.database.is_away = True
    digest = form_digest(incident)
    opened = await desk.lifecycle.require_open(incident.id, by=PRIMARY, act=Act.UPDATE, digest=digest)
    assert (opened.id, form_digest(opened)) == (incident.id, digest)
    desk.database.is_away = False


async def test_an_incident_with_another_digest_is_read(desk: Desk) -> None:
    """An old screen's, or one that this process has not shown: what is true now counts."""
    incident = await desk.open("SEV1")
    await desk.work()
    old = form_digest(incident)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    with pytest.raises(InvalidTransition, match="already_resolved"):
        await desk.lifecycle.require_open(incident.id, by=PRIMARY, act=Act.UPDATE, digest=old)


async def test_who_may_not_is_refused_all_the_same(desk: Desk) -> None:
    """An observer may not open a form about an incident that was just shown; the refusal is on record."""
    incident = await desk.open("SEV1")
    await desk.work()
    with pytest.raises(NotPermitted):
        await desk.lifecycle.require_open(
            incident.id, by=OBSERVER, act=Act.UPDATE, digest=form_digest(incident)
        )
    assert [row.allowed for row in await desk.database.audit_rows()][-1] is False


async def test_an_incident_is_kept_for_ten_minutes(desk: Desk) -> None:
    """A copy of a shown incident is used for ten minutes, then the incident is read again.

    By then another process may have shown its end.
    """
    now_s = 0.0
    shown = ShownIncidents(desk.own_store, timer=lambda: now_s)
    incident = await desk.open("SEV1")
    assert await shown.as_shown(incident.id, None) == incident
    ended = await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    assert (await shown.as_shown(incident.id, form_digest(incident))).is_open
    now_s = 601.0
    assert await shown.as_shown(incident.id, form_digest(incident)) == ended


async def test_an_older_version_that_arrives_late_is_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two who read it at once may finish in the other order."""
    incident = await desk.open("SEV1")
    old = form_digest(incident)
    ended = transitions.resolve(incident, by=PRIMARY, at=START)
    answers = [ended, incident, ended]

    async def late(_rows: IncidentRows, incident_id: int) -> Incident:
        assert incident_id == incident.id
        return answers.pop(0)

    monkeypatch.setattr(IncidentRows, "shown_incident", late)
    shown = ShownIncidents(desk.own_store)
    await shown.read(incident.id)
    await shown.read(incident.id)
    assert await shown.as_shown(incident.id, old) == ended
