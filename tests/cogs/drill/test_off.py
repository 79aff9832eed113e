"""Drills that are switched off while one goes on, and after it was scored."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capability import capability_names
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.ui.screens.incident_console import show_screen
from cogs.drill.use_cases import Drills
from tests.cogs.drill.test_drills import drills, start
from tests.services.desk import PRIMARY, Desk
from tests.unit.ui import screens


def switch_off(desk: Desk) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)


async def test_one_that_goes_on_is_an_incident_marked_as_a_drill(desk: Desk) -> None:
    """Nothing of its script appears, and people end it; the auditor leaves its row alone."""
    incident = await start(desk)
    switch_off(desk)
    await desk.pass_time(minutes=5)
    lines = [one for one in await desk.database.deliveries() if one.data.get("notice") == "inject"]
    assert lines == []
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(Drills)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    assert not (await IncidentRows(desk.store.sql).incident(incident.id)).is_open
    store = desk.store_of({"drill": {desk.guild_id}})
    lost = f"drill:{incident.id}"
    assert lost not in await store.requeue_stuck(overdue=timedelta(minutes=1))
    assert lost in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))


async def test_a_score_is_shown_plainly(desk: Desk) -> None:
    """The timeline names the entry; the line with the score that is queued is dropped."""
    incident = await start(desk)
    await drills(desk).stop(desk.guild_id, by=PRIMARY)
    switch_off(desk)
    await desk.work()
    line = await DeliveryRows(desk.store.sql).delivery_by_key(f"inc:{incident.id}:drill_scored")
    assert line is not None
    assert line.status is DeliveryStatus.CANCELLED
    view = await desk.looking.view(incident.id, by=PRIMARY)
    shown = screens.words(show_screen(replace(screens.JA, policy=desk.policy), view))
    assert "訓練の結果" in shown
    assert "抜けた手順" not in shown
