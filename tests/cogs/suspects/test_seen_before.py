"""Show which past incidents count as similar to one, and what is shown of each."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import IncidentNotFound
from bot.domain.incident.incident import Incident, NewIncident
from bot.services.incidents.details import NewResolution
from bot.services.sheets import Pasted
from tests.cogs.actions.action_desk import add
from tests.cogs.suspects.acts import suspects
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, Desk
from tests.services.privacy.test_privacy import open_private


async def opened(desk: Desk, title: str, *, severity: str = "SEV3", **facts: object) -> Incident:
    """An open incident about the API."""
    known = await desk.database.fetch("SELECT id FROM incidents")
    new = NewIncident(
        guild_id=GUILD,
        severity=severity,
        title=title,
        targets=("api.parky.co.jp",),
        symptoms=("errors",),
        started_at=desk.clock.time,
        reported_by=RESPONDER,
        path=(),
        key=f"k:{len(known)}",
    )
    incident = await desk.incidents.open(replace(new, **facts))  # type: ignore[arg-type]
    await desk.work()
    return incident


async def ended(desk: Desk, title: str, *, is_drill: bool = False) -> Incident:
    """One that was resolved with words, an hour ago."""
    incident = await opened(desk, title, is_drill=is_drill)
    said = NewResolution(cause="プールが枯渇した", fix="上限を上げた", key="r")
    await desk.lifecycle.resolve(incident.id, by=PRIMARY, stated=said)
    await desk.work()
    await desk.database.advance(timedelta(hours=1))
    return incident


async def numbers(desk: Desk, incident: Incident) -> list[int]:
    """What is shown of it."""
    view = await suspects(desk).seen_before.view(incident.id, by=RESPONDER)
    return [one.number for one in view.past]


async def test_a_past_incident_is_told_with_how_it_ended_and_why_it_is_thought_similar(desk: Desk) -> None:
    """A similar past incident is shown with its cause, what ended it, and where to read on.

    It also names the targets and words that both have in common.
    """
    past = await ended(desk, "決済APIが応答しない")
    await ended(desk, "管理画面にログインできない")
    now = await opened(desk, "決済 API が 5xx")
    (found,) = (await suspects(desk).seen_before.view(now.id, by=RESPONDER)).past
    assert found.number == past.id
    assert (found.cause, found.fix) == ("プールが枯渇した", "上限を上げた")
    assert (found.same_targets, found.words) == (("api.parky.co.jp",), ("決済", "API"))
    assert found.where[0] == GUILD


async def test_private_cancelled_open_and_trained_ones_never_count(desk: Desk) -> None:
    """Private, cancelled and open incidents and drills are never shown as similar past incidents.

    A reader who may see such a private incident is not shown it either.
    """
    title = "決済 API が 5xx"
    secret = await open_private(desk)
    await desk.lifecycle.resolve(secret.id, by=PRIMARY)
    hidden = await ended(desk, title)
    await desk.privacy.make_private(hidden.id, by=PRIMARY)
    false_alarm = await opened(desk, title)
    await desk.lifecycle.cancel(false_alarm.id, by=PRIMARY, reason="誤報")
    await ended(desk, title, is_drill=True)
    await opened(desk, title)
    await desk.work()
    now = await opened(desk, title)
    assert (await desk.looking.view(hidden.id, by=RESPONDER)).incident.id == hidden.id
    assert await numbers(desk, now) == []


async def test_an_incident_that_is_not_theirs_to_see_is_not_found(desk: Desk) -> None:
    """A private incident is not found by an observer who asks for similar ones."""
    secret = await open_private(desk)
    with pytest.raises(IncidentNotFound):
        await suspects(desk).seen_before.view(secret.id, by=OBSERVER)


async def test_another_guilds_past_is_not_ours(desk: Desk) -> None:
    """A past incident of another guild is not shown as similar."""
    await ended(desk, "決済APIが応答しない")
    await desk.database.fetch("UPDATE incidents SET guild_id = 8")
    now = await opened(desk, "決済 API が 5xx")
    assert await numbers(desk, now) == []


async def test_what_is_still_to_do_and_was_pasted_then_is_told(desk: Desk) -> None:
    """Open action items, the first to be due first; the topics of the sheets whose output was kept."""
    past = await ended(desk, "決済APIが応答しない")
    for due, what in (
        ("in 4 business days", "監視を worker ごとに分ける"),
        ("in 2 business days", "リトライ上限を 3 回にする"),
    ):
        await add(desk, past, key=f"interaction:{due}", what=what, due=due)
    pasted = Pasted(text="ok", topic="worker_logs")
    await desk.services.pasting.preview(past.id, pasted, by=PRIMARY, preview_id=1, key="p")
    await desk.services.pasting.post(past.id, 1, by=PRIMARY)
    now = await opened(desk, "決済 API が 5xx")
    (found,) = (await suspects(desk).seen_before.view(now.id, by=RESPONDER)).past
    assert found.open_items == ("リトライ上限を 3 回にする", "監視を worker ごとに分ける")
    assert found.topics == ("worker_logs",)
