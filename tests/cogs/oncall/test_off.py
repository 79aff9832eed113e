"""On-call changes and handovers that are switched off after some were made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from bot.cli.commands import app
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.oncall.people import NotifySettings, Who
from bot.domain.paging import Also
from bot.runbook import default_policy_text, load_policy
from cogs.oncall.rules import OnCallDelivery
from local_discord.world.seed import GUILD_ID
from tests.cogs.oncall.acts import choose_ways, oncall_of
from tests.cogs.oncall.test_handovers import told, weekly
from tests.log_state import logging_restored
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, Desk
from tests.standins.schedules.pagerduty import Schedule
from tests.standins.schedules.rules import Turns


def switch(desk: Desk, *, off: bool) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=(*load_policy(None).off, *(["oncall"] if off else [])))
    desk.use(desk.discord)


async def test_what_was_set_from_chat_still_decides_whom_an_incident_pages(desk: Desk) -> None:
    """The stand-in of the book is paged, with their own settings, although no one can change the book."""
    await oncall_of(desk).schedules.set_person(GUILD, "primary", Who(3, "responder", "responder"), by=PRIMARY)
    await choose_ways(desk, NotifySettings(3, "responder", ways=(Also.PUSH,)))
    switch(desk, off=True)
    await desk.open()
    await desk.work()
    holder = (await desk.oncall.holders(GUILD))["primary"]
    assert holder.user_id == 3
    assert holder.notify is not None
    assert desk.sent(DeliveryKind.PAGE)[0] == "person:primary"
    with pytest.raises(UserError, match="capability_off"):
        oncall_of(desk)


async def test_a_watch_waits_without_an_alarm_and_goes_on_later(database: Database) -> None:
    """While it is off no handover is announced, and the auditor leaves the watch alone; both come later."""
    desk = Desk(database, weekly(database.clock.time))
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.work()
    switch(desk, off=True)
    await desk.pass_time(days=3)
    assert await told(desk, OnCallDelivery.HANDOVER) == []
    store, key = desk.store_of({"oncall": {GUILD}}), f"handover:{GUILD}"
    assert key not in await store.requeue_stuck(overdue=timedelta(minutes=1))
    assert key in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    switch(desk, off=False)
    await desk.work()
    assert len(await told(desk, OnCallDelivery.HANDOVER)) == 1


async def test_a_queued_message_is_not_sent(desk: Desk) -> None:
    """A handover that was queued a moment before is cancelled, and is no failure."""
    await oncall_of(desk).handovers.begin(GUILD)
    await desk.work()
    await oncall_of(desk).schedules.set_person(GUILD, "primary", Who(3, "responder", "responder"), by=PRIMARY)
    await oncall_of(desk).handovers.run_job(GUILD)
    switch(desk, off=True)
    await desk.work()
    assert {one.status for one in await told(desk, OnCallDelivery.ON_DUTY)} == {DeliveryStatus.CANCELLED}
    assert await desk.database.dlq_entries() == []


def test_the_import_says_that_it_is_off(tmp_path: Path) -> None:
    """`incident-bot import-schedule` changes nothing, and needs no database to say so."""
    policy, export = tmp_path / "policy.toml", tmp_path / "schedule.json"
    policy.write_text(f'{default_policy_text()}\n[capabilities]\noff = ["oncall"]\n', encoding="utf-8")
    start = datetime(2026, 11, 2, 9, tzinfo=UTC)
    turns = Turns(("PUSER01",), start.replace(tzinfo=None), 7, ZoneInfo("UTC"))
    export.write_text(Schedule([turns], start, start + timedelta(weeks=1)).text(), encoding="utf-8")
    env = {"RUNBOOK_FILE": str(policy), "DISCORD_GUILD_ID": GUILD_ID}
    with logging_restored():
        said = CliRunner().invoke(app, ["import-schedule", str(export), "--from", "pagerduty"], env=env)
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr == "error: import-schedule: the policy switches oncall off\n"
