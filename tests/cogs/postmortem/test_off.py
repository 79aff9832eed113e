"""Postmortems that are switched off after some were owed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.domain.incident.parts import PostmortemState
from bot.domain.timeline.entries import TimelineKind
from bot.runbook.model import Policy
from bot.storage.tables.deliveries import DeliveryRows
from bot.ui.screens.incident_console import show_screen
from cogs.postmortem.store import PostmortemRows
from cogs.postmortem.use_cases import PostmortemUseCases
from tests.cogs.postmortem.acts import DM, cases, jst, resolved, until
from tests.services.desk import PRIMARY, RESPONDER, Desk
from tests.services.outcomes import kinds
from tests.unit.ui import screens


def switch(desk: Desk, policy: Policy, *, off: tuple[str, ...]) -> None:
    """As the policy does."""
    desk.policy = replace(policy, off=(*policy.off, *off))
    desk.use(desk.discord)


async def test_nothing_is_owed_asked_or_shown(desk: Desk) -> None:
    """A resolve names no owner, the posts show none, and a person who presses is told that it is off."""
    before = await resolved(desk)
    await cases(desk).postmortems.done(before.id, by=PRIMARY)
    await desk.work()
    switch(desk, desk.policy, off=("postmortem",))
    ended = await resolved(desk, key="later")
    assert ended.aftermath.postmortem is None
    assert await PostmortemRows(desk.store.sql).of(ended.id) is None
    voice = replace(screens.JA, policy=desk.policy)
    view = await desk.looking.view(before.id, by=PRIMARY)
    assert "📝 postmortem 済" in screens.words(show_screen(voice, view))
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(PostmortemUseCases)


async def test_what_was_owed_waits_without_an_alarm(desk: Desk) -> None:
    """No reminder is sent and the auditor leaves the rows alone; switched on again, it goes on."""
    policy, incident = desk.policy, await resolved(desk, by=RESPONDER)
    switch(desk, policy, off=("postmortem",))
    await until(desk, jst(12, 2, 11))
    assert "postmortem_reminded" not in await kinds(desk, incident.id)
    store = desk.store_of({"postmortem": {desk.guild_id}})
    key = f"postmortem:{incident.id}"
    assert key not in await store.requeue_stuck(overdue=timedelta(minutes=1))
    switch(desk, policy, off=())
    assert key in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    await desk.work()
    assert "postmortem_reminded" in await kinds(desk, incident.id)


async def test_a_queued_message_is_dropped_and_a_reopened_one_is_found_later(desk: Desk) -> None:
    """A DM that waits is cancelled; an incident that goes on meanwhile is released by the next reminder."""
    policy, incident = desk.policy, await desk.open()
    await desk.lifecycle.resolve(incident.id, by=RESPONDER, owner=PRIMARY)
    switch(desk, policy, off=("postmortem",))
    await desk.work()
    assert desk.sent(DM) == []
    queued = await DeliveryRows(desk.store.sql).delivery_by_key(f"inc:{incident.id}:postmortem:v2:dm")
    assert queued is not None
    assert queued.status is DeliveryStatus.CANCELLED
    await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    assert TimelineKind.REOPENED in await kinds(desk, incident.id)
    switch(desk, policy, off=())
    await desk.database.advance(timedelta(days=9))
    await desk.work()
    postmortem = await PostmortemRows(desk.store.sql).of(incident.id)
    assert postmortem is not None
    assert postmortem.state is PostmortemState.NOT_OWED
