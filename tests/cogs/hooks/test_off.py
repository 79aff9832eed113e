"""Hooks that are switched off while some wait."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.capability import capability_names
from bot.configured import outbound_of
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.errors import UserError
from bot.runbook import load_policy
from bot.settings import load_settings
from bot.storage.tables.statistics import read_figures
from cogs.hooks.intake import HookBatches
from cogs.hooks.rules import HookRequest, NewHook
from cogs.hooks.use_cases import HookUseCases
from cogs.suspects.sources import ChangeSources
from tests.cogs.hooks.sending import SECRET, alerts, group, waiting
from tests.cogs.hooks.test_processing import SOURCE, processing, store
from tests.services.desk import GUILD, Desk

KEY = f"hooks:{GUILD}:{SOURCE}"


def switch(desk: Desk, *, off: bool) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names() if off else load_policy(None).off)
    desk.use(desk.discord)


async def test_what_waits_is_kept_without_an_alarm_and_processed_once_they_are_on(desk: Desk) -> None:
    """The job ends without an alert, auditor and figures leave the row alone; on again, it is tracked."""
    await store(desk, group("firing"))
    switch(desk, off=True)
    with pytest.raises(UserError, match="capability_off"):
        desk.services.of(HookUseCases)
    await desk.pass_time(minutes=5)
    overdue = timedelta(minutes=1)
    assert KEY not in await desk.store_of({"hooks": {GUILD}}).requeue_stuck(overdue=overdue)
    assert KEY in await desk.store.requeue_stuck(overdue=overdue)
    await desk.work()
    assert (await alerts(desk), await waiting(desk)) == ([], 1)
    counted = await read_figures(desk.database.pool, {"hooks": {GUILD}})
    assert [one.values for one in counted.own if one.name == "incident_bot_hooks_waiting"] == [{(): 0}]
    switch(desk, off=False)
    assert KEY in await desk.store.requeue_stuck(overdue=overdue)
    await desk.work()
    assert [occurrences for _, _, occurrences in await alerts(desk)] == [1]


async def test_what_was_kept_on_disk_before_waits_too(desk: Desk) -> None:
    """A hook of a guild that is off, stored for it after an outage, is no error and no alert."""
    switch(desk, off=True)
    await HookBatches(desk.store).store([NewHook(GUILD, SOURCE, "kept", HookRequest({}, b"{}"))])
    await desk.work()
    assert (await alerts(desk), await waiting(desk)) == ([], 1)


async def test_a_note_that_is_queued_is_not_sent(desk: Desk) -> None:
    """The note that a source cannot be read is dropped."""
    await store(desk, b"<html>")
    await processing(desk).process(SOURCE)
    switch(desk, off=True)
    await desk.work()
    [note] = [one for one in await desk.database.deliveries() if one.kind == "hook_unread"]
    assert note.status is DeliveryStatus.CANCELLED


def test_nothing_is_reported(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Suspects count on the reports of hooks only while these are on."""
    monkeypatch.setenv("HOOKS_GITHUB_SECRET", SECRET)
    settings = load_settings(env_file=None)
    sources = ChangeSources(settings, outbound_of(settings))
    assert sources.are_reported(desk.policy)
    assert not sources.are_reported(replace(desk.policy, off=capability_names()))
