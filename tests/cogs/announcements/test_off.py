"""Announcements that are switched off after some were made."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capability import capability_names
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.storage.tables.deliveries import DeliveryRows
from bot.ui.screens.incident_console import show_screen
from cogs.announcements.rules import PublishedVia
from cogs.announcements.use_cases import AnnouncementUseCases
from tests.cogs.announcements.acts import affected, approved, lines, opened, published, update
from tests.services.desk import PRIMARY, Desk
from tests.unit.ui import screens


def switch_off(desk: Desk) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)


async def test_what_was_announced_is_shown_plainly_and_nothing_is_asked(desk: Desk) -> None:
    """The timeline names the entry; a queued line is dropped; an update asks for no follow-up."""
    incident = await affected(desk)
    await published(desk, incident)
    switch_off(desk)
    await desk.work()
    line = await DeliveryRows(desk.store.sql).delivery_by_key(f"inc:{incident.id}:announced:1:1")
    assert line is not None
    assert line.status is DeliveryStatus.CANCELLED
    await update(desk, incident, known="原因が分かりました", key="second")
    assert await lines(desk, incident, "follow_up") == []
    view = await desk.looking.view(incident.id, by=PRIMARY)
    voice = replace(screens.JA, policy=desk.policy)
    shown = screens.words(show_screen(voice, view))
    assert "📣 ユーザーに告知" in shown
    assert "inc:v1:announce" not in str(show_screen(voice, view).to_components())  # type: ignore[no-untyped-call]


async def test_what_was_approved_waits_without_an_alarm(desk: Desk) -> None:
    """The job ends without sending, the auditor leaves the row alone, and a press says that it is off."""
    incident = await affected(desk)
    view = await opened(desk, incident)
    await approved(desk, view.announcement, via=PublishedVia.WEBHOOK)
    switch_off(desk)
    await desk.work()
    assert "publish" not in [job.name for job in await desk.database.jobs()]
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(AnnouncementUseCases)
    store = desk.store_of({"announcements": {desk.guild_id}})
    await desk.pass_time(minutes=5)
    assert "publish:1" not in await store.requeue_stuck(overdue=timedelta(minutes=1))
    assert "publish:1" in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
