"""Undelivered notifications that are switched off after some were replayed."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from bot.capability import capability_names
from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.dlq import DlqEntry, DlqFilter
from bot.domain.errors import UserError
from bot.runbook import load_policy
from cogs.dlq.rules import BatchState, DlqDeliveryKind, ReplayBatch, ReplayTarget
from tests.cogs.absent import tree_without
from tests.cogs.dlq.acts import dlq_of
from tests.services.desk import GUILD, PRIMARY, Desk
from tests.unit.runbook.policies import MINIMAL


async def lose(desk: Desk, count: int) -> None:
    for number in range(1, count + 1):
        what = ("p0-alerts", "P0", f"失敗 {number}", 503, 3, "upstream", "failed", True)
        payload: dict[str, object] = {"content": f"失敗 {number}"}
        at = desk.clock.time - timedelta(minutes=number)
        await desk.database.put_dlq_entry(DlqEntry(str(UUID(int=number)), at, *what, payload))


async def begun(desk: Desk) -> ReplayBatch:
    """A batch of three entries that has begun."""
    await lose(desk, 3)
    batches = dlq_of(desk).batches
    asked = await batches.preview(DlqFilter(), ReplayTarget(), by=PRIMARY, guild_id=GUILD)
    return await batches.start(asked.batch.id, by=PRIMARY, guild_id=GUILD, channel_id=77)


def switch(desk: Desk, *, off: bool) -> None:
    """As the policy does."""
    desk.policy = replace(desk.policy, off=capability_names()) if off else load_policy(None)
    desk.use(desk.discord)


async def test_a_batch_waits_without_an_alarm_and_goes_on_later(desk: Desk) -> None:
    """Nothing more is sent, and the auditor leaves the batch alone, until the capability is switched on."""
    batch = await begun(desk)
    await desk.work()
    switch(desk, off=True)
    await desk.pass_time(minutes=5)
    assert len(desk.sent(DlqDeliveryKind.REPLAY)) == 1
    with pytest.raises(UserError, match="capability_off"):
        dlq_of(desk)
    store = desk.store_of({"dlq": {GUILD}})
    await desk.database.advance(timedelta(minutes=5))
    key = f"replay_batch:{GUILD}:{batch.id}"
    assert key not in await store.requeue_stuck(overdue=timedelta(minutes=1))
    switch(desk, off=False)
    assert key in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    await desk.pass_time(minutes=1)
    assert len(desk.sent(DlqDeliveryKind.REPLAY)) == 3
    ended = await dlq_of(desk).batches.view(batch.id, by=PRIMARY, guild_id=GUILD)
    assert ended.state is BatchState.ENDED


async def test_a_queued_replay_is_not_sent(desk: Desk) -> None:
    """A replay that was confirmed a moment before is cancelled, and is no failure."""
    await lose(desk, 1)
    await dlq_of(desk).replays.replay(str(UUID(int=1)), by=PRIMARY, guild_id=GUILD)
    switch(desk, off=True)
    await desk.work()
    [delivery] = await desk.database.deliveries()
    assert (delivery.kind, delivery.status) == (DlqDeliveryKind.REPLAY, DeliveryStatus.CANCELLED)
    assert desk.discord.sent == []
    assert len(await desk.database.dlq_entries()) == 1


async def test_our_own_failures_are_still_recorded(desk: Desk) -> None:
    """The core writes what Discord did not take into the table even if nothing here reads it."""
    switch(desk, off=True)
    desk.discord.refused = {"channel:p0-alerts"}
    await desk.open()
    await desk.work()
    [entry, *_] = await desk.database.dlq_entries()
    assert (entry.channel, entry.title) == ("p0-alerts", "決済 API が 5xx")


@pytest.mark.parametrize(
    ("off", "said"),
    [
        ('[capabilities]\noff = ["dlq"]\n', "ops.lost"),
        ("", "dlq.watch: is not a key here"),
    ],
)
def test_an_absent_folders_keys_may_stay_in_the_table(tmp_path: Path, off: str, said: str) -> None:
    """Without the folder the core reads its part of `[dlq]`; the other keys may stay if it is off."""
    file = tmp_path / "policy.toml"
    file.write_text(f'{MINIMAL}\n[dlq]\ntable = "ops.lost"\nwatch = false\n{off}', encoding="utf-8")
    (root := tmp_path / "tree").mkdir()
    program = f"from bot.runbook import load_policy; print(load_policy(Path({str(file)!r})).dlq_table)"
    read = subprocess.run(
        [sys.executable, "-c", f"from pathlib import Path; {program}"],
        cwd=tree_without(root, ["dlq"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert said in read.stdout + read.stderr
