"""What a form about an incident may be opened with, without asking the database."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.errors import InvalidTransition, NotPermitted
from bot.domain.incident import transitions
from bot.domain.incident.face import face_of
from bot.domain.incident.incident import Incident, StatusUpdate
from bot.services.incidents.faces import Faces
from bot.services.shared.access import Act
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
    "private": lambda incident: replace(incident, is_private=True),
    "ended": lambda incident: transitions.resolve(incident, by=PRIMARY, at=START),
}


@pytest.mark.parametrize("what", _OTHERS)
def test_a_face_is_another_when_the_form_would_show_something_else(what: str) -> None:
    """Whatever it is filled in with, and whether there may be one at all."""
    assert face_of(_OTHERS[what](TRIGGERED)) != face_of(TRIGGERED)


def test_a_face_is_the_same_while_only_others_see_the_change() -> None:
    """An acknowledge, a version: no post is edited for a button alone."""
    assert face_of(replace(ACKNOWLEDGED, version=99)) == face_of(TRIGGERED)


async def test_what_was_shown_is_not_read_again(desk: Desk) -> None:
    """While whoever presses sees the same."""
    incident = await desk.open("SEV1")
    await desk.work()
    desk.database.is_away = True
    face = face_of(incident)
    opened = await desk.lifecycle.require_open(incident.id, by=PRIMARY, act=Act.UPDATE, face=face)
    assert (opened.id, face_of(opened)) == (incident.id, face)
    desk.database.is_away = False


async def test_another_face_is_read(desk: Desk) -> None:
    """An old screen's, or one that this process has not shown: what is true now counts."""
    incident = await desk.open("SEV1")
    await desk.work()
    old = face_of(incident)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    with pytest.raises(InvalidTransition, match="already_resolved"):
        await desk.lifecycle.require_open(incident.id, by=PRIMARY, act=Act.UPDATE, face=old)


async def test_who_may_not_is_refused_all_the_same(desk: Desk) -> None:
    """On record."""
    incident = await desk.open("SEV1")
    await desk.work()
    with pytest.raises(NotPermitted):
        await desk.lifecycle.require_open(incident.id, by=OBSERVER, act=Act.UPDATE, face=face_of(incident))
    assert [row.allowed for row in await desk.database.audit_rows()][-1] is False


async def test_it_is_believed_for_ten_minutes(desk: Desk) -> None:
    """Then another process may have shown its end."""
    now_s = 0.0
    faces = Faces(desk.own_store, timer=lambda: now_s)
    incident = await desk.open("SEV1")
    assert await faces.as_shown(incident.id, None) == incident
    ended = await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    assert (await faces.as_shown(incident.id, face_of(incident))).is_open
    now_s = 601.0
    assert await faces.as_shown(incident.id, face_of(incident)) == ended


async def test_what_was_read_late_takes_no_newer_ones_place(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two who read it at once may finish in the other order."""
    incident = await desk.open("SEV1")
    old = face_of(incident)
    ended = transitions.resolve(incident, by=PRIMARY, at=START)
    answers = [ended, incident, ended]

    async def late(incident_id: int) -> Incident:
        assert incident_id == incident.id
        return answers.pop(0)

    monkeypatch.setattr(desk.own_store, "incident", late)
    faces = Faces(desk.own_store)
    await faces.read(incident.id)
    await faces.read(incident.id)
    assert await faces.as_shown(incident.id, old) == ended
