"""Action items that are switched off after some were added."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capability import capability_names
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.services.incidents.queries import IncidentView
from bot.services.shared.contributions import actions_of_incident, open_action_items
from bot.storage.tables.deliveries import DeliveryRows
from bot.ui.screens.incident_console import show_screen
from cogs.actions.use_cases import ActionUseCases
from tests.cogs.actions.action_desk import add, dms, ended, on_monday
from tests.services.desk import GUILD, PRIMARY, Desk
from tests.unit.ui import screens


def switch_off(desk: Desk) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)


async def test_what_was_added_is_shown_plainly_and_nobody_is_reminded(desk: Desk) -> None:
    """The timeline names the entry; the queued line and DM are dropped; nothing reads the items."""
    await on_monday(desk)
    incident = await ended(desk)
    await add(desk, incident)
    switch_off(desk)
    await desk.work()
    assert [status for _, _, status in await dms(desk)] == [DeliveryStatus.CANCELLED]
    line = await DeliveryRows(desk.store.sql).delivery_by_key(f"inc:{incident.id}:action:1:1")
    assert line is not None
    assert line.status is DeliveryStatus.CANCELLED
    shown = screens.words(
        show_screen(replace(screens.JA, policy=desk.policy), await _view(desk, incident.id))
    )
    assert "🛠 アクションを追加" in shown
    assert "残り 1" not in shown
    assert await open_action_items(desk.store.sql, desk.policy, GUILD) == []
    assert await actions_of_incident(desk.store.sql, desk.policy, incident.id) == []


async def test_what_is_due_waits_without_an_alarm(desk: Desk) -> None:
    """The job ends without a reminder, the auditor leaves the row alone, and a press says that it is off."""
    await on_monday(desk)
    await add(desk, await ended(desk))
    switch_off(desk)
    await desk.pass_time(days=7)
    assert len(await dms(desk)) == 1, "the one about the new item alone"
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(ActionUseCases)
    store = desk.store_of({"actions": {desk.guild_id}})
    assert "action:1" not in await store.requeue_stuck(overdue=timedelta(minutes=1))
    assert "action:1" in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))


async def _view(desk: Desk, number: int) -> IncidentView:
    return await desk.looking.view(number, by=PRIMARY)
