"""Show replays of all entries that a filter matches: once each, at a rate, even if stopped or interrupted."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq import DlqEntry, DlqFilter, failure_id
from bot.domain.errors import (
    DeliveryRefused,
    DlqUnavailable,
    InvalidTransition,
    NotPermitted,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.people import Person
from bot.runbook import load_policy
from bot.storage.dlq.store import PostgresDlqStore
from cogs.dlq.policy import DlqRules
from cogs.dlq.replays import REPLAY_BATCH
from cogs.dlq.rules import BatchState, DlqDeliveryKind, ReplayBatch, ReplayOutcome, ReplayTarget, Skip, Via
from cogs.dlq.store import ReplayRecords
from tests.cogs.dlq.acts import batches_shown, dlq_of
from tests.services.database import Database, unreachable
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk

CHANNEL = 77


def failure(desk: Desk, number: int, **other: Any) -> DlqEntry:
    """A failure of the last hour, later ones with higher numbers."""
    at = desk.clock.time - timedelta(minutes=50) + timedelta(seconds=number)
    what = ("p0-alerts", "P0", f"失敗 {number}", 503, 3, "upstream", "failed", True)
    entry = DlqEntry(str(UUID(int=number)), at, *what, payload={"content": f"@here {number}"})
    return replace(entry, **other)


async def lose(desk: Desk, count: int) -> list[DlqEntry]:
    made = [failure(desk, number) for number in range(1, count + 1)]
    for entry in made:
        await desk.database.put_dlq_entry(entry)
    return made


async def ask(desk: Desk, target: ReplayTarget | None = None, *, by: Person = PRIMARY) -> ReplayBatch:
    target = target or ReplayTarget()
    return (await dlq_of(desk).batches.preview(DlqFilter(), target, by=by, guild_id=GUILD)).batch


async def begin(desk: Desk, batch: ReplayBatch, *, by: Person = PRIMARY) -> ReplayBatch:
    return await dlq_of(desk).batches.start(batch.id, by=by, guild_id=GUILD, channel_id=CHANNEL)


async def view(desk: Desk, batch: ReplayBatch) -> ReplayBatch:
    return await dlq_of(desk).batches.view(batch.id, by=PRIMARY, guild_id=GUILD)


def posted(desk: Desk) -> int:
    return len(desk.sent(DlqDeliveryKind.REPLAY))


async def test_each_entry_goes_out_once_oldest_first_at_the_policys_rate(desk: Desk) -> None:
    """Twenty a minute, without a ping; then the batch ends, with a row of each in the audit."""
    entries = await lose(desk, 5)
    batch = await begin(desk, await ask(desk))
    await desk.work()
    assert posted(desk) == 1
    await desk.pass_time(seconds=6)
    assert posted(desk) == 3
    await desk.pass_time(seconds=60)
    shown = await view(desk, batch)
    assert (shown.state, shown.counts) == (BatchState.ENDED, {ReplayOutcome.POSTED: 5})
    sent = [one for one in await desk.database.deliveries() if one.kind is DlqDeliveryKind.REPLAY]
    assert [one.data["entry"] for one in sent] == [entry.id for entry in entries]
    assert all(one.data["body"]["allowed_mentions"] == {"parse": []} for one in sent)  # type: ignore[index]
    assert [row.action for row in await desk.database.audit_rows()] == ["replay_batch", "replay_batch_ended"]
    assert not [job for job in await desk.database.jobs() if job.name is REPLAY_BATCH]


async def test_the_progress_is_one_message_edited_until_it_is_true(desk: Desk) -> None:
    """A batch's progress is one message where the batch was asked for, edited until the batch has ended."""
    await lose(desk, 3)
    await begin(desk, await ask(desk))
    await desk.pass_time(seconds=60)
    assert desk.sent(DlqDeliveryKind.REPLAY_PROGRESS) == [f"thread:{CHANNEL}"]
    assert batches_shown(desk)[-1].state is BatchState.ENDED
    assert len(batches_shown(desk)) <= 6


async def test_a_stop_gives_back_what_was_not_sent(desk: Desk) -> None:
    """The rest can be replayed again, by another batch; what was sent stays sent."""
    await lose(desk, 6)
    batch = await begin(desk, await ask(desk))
    await desk.pass_time(seconds=4)
    stopped = await dlq_of(desk).batches.stop(batch.id, by=SECONDARY, guild_id=GUILD)
    assert stopped.stopped_by_name == "secondary"
    await desk.pass_time(minutes=1)
    shown = await view(desk, batch)
    assert (shown.state, shown.counts) == (
        BatchState.ENDED,
        {ReplayOutcome.POSTED: 2, ReplayOutcome.RETURNED: 4},
    )
    with pytest.raises(InvalidTransition, match="dlq_batch_ended"):
        await dlq_of(desk).batches.stop(batch.id, by=SECONDARY, guild_id=GUILD)
    again = await ask(desk)
    assert [entry.skip for entry in again.entries] == [Skip.REPLAYED] * 2 + [None] * 4
    await begin(desk, again)
    await desk.pass_time(minutes=1)
    assert posted(desk) == 6


async def test_two_people_who_start_the_same_at_once_send_each_entry_once(desk: Desk) -> None:
    """Of two batches with the same entries, the first replays them; the second skips them and says so."""
    await lose(desk, 4)
    first, second = await ask(desk), await ask(desk, by=SECONDARY)
    await begin(desk, first)
    await begin(desk, second, by=SECONDARY)
    await desk.pass_time(minutes=1)
    assert posted(desk) == 4
    shown = await view(desk, second)
    assert shown.counts == {ReplayOutcome.SKIPPED: 4}
    assert {entry.skip for entry in shown.entries} == {Skip.REPLAYED}


async def test_a_second_start_changes_nothing(desk: Desk) -> None:
    """Pressed twice, or by two people: one batch, one message."""
    await lose(desk, 2)
    batch = await ask(desk)
    await begin(desk, batch)
    await begin(desk, batch, by=SECONDARY)
    await desk.pass_time(minutes=1)
    assert (posted(desk), len(desk.sent(DlqDeliveryKind.REPLAY_PROGRESS))) == (2, 1)


async def test_what_cannot_be_replayed_is_left_out_with_its_reason(desk: Desk) -> None:
    """Replayed before, arrived since, private, nothing in it, no channel; the others go."""
    open_one = await desk.open()
    await desk.work()
    alert = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT)
    await lose(desk, 1)
    await dlq_of(desk).replays.replay(str(UUID(int=1)), by=PRIMARY, guild_id=GUILD)
    arrived = failure(desk, 2, id=str(failure_id(alert.nonce)), attempted_at=alert.created_at)
    for entry in (arrived, failure(desk, 3, payload=None), failure(desk, 4)):
        await desk.database.put_dlq_entry(entry)
    batch = await ask(desk)
    skips = {entry.entry_id: entry.skip for entry in batch.entries}
    assert skips == {
        str(UUID(int=1)): Skip.REPLAYED,
        arrived.id: Skip.ARRIVED,
        str(UUID(int=3)): Skip.EMPTY,
        str(UUID(int=4)): None,
    }
    await desk.privacy.make_private(open_one.id, by=PRIMARY)
    preview = await dlq_of(desk).batches.preview(DlqFilter(), ReplayTarget(), by=PRIMARY, guild_id=GUILD)
    assert {entry.skip for entry in preview.batch.entries if entry.entry_id == arrived.id} == {Skip.PRIVATE}
    assert {entry.title for entry in preview.entries if entry.id == arrived.id} == {open_one.label}


async def test_what_changes_after_the_preview_is_seen_at_its_turn(desk: Desk) -> None:
    """A row that its owner has deleted, or emptied, is skipped, and its replay is not used up."""
    entries = await lose(desk, 2)
    batch = await begin(desk, await ask(desk))
    await desk.database.fetch("DELETE FROM admin.notification_failures WHERE id = $1", UUID(entries[0].id))
    await desk.database.put_dlq_entry(replace(entries[1], payload={"tts": True}))
    await desk.pass_time(minutes=1)
    assert [entry.skip for entry in (await view(desk, batch)).entries] == [Skip.GONE, Skip.EMPTY]
    assert await ReplayRecords(desk.store.sql).of(entries[1].id) is None


async def test_a_refusal_is_a_result_and_may_be_repeated(desk: Desk) -> None:
    """A replay that Discord refuses is a result with its error, and the next batch repeats that entry."""
    await lose(desk, 2)
    desk.discord.failures = [None, DeliveryRefused("HTTP 403 50001 Missing Access", http_status=403)]
    batch = await begin(desk, await ask(desk))
    await desk.pass_time(minutes=1)
    assert sorted((await view(desk, batch)).counts.values()) == [1, 1]
    refused = next(one for one in (await view(desk, batch)).entries if one.outcome is ReplayOutcome.REFUSED)
    assert "Missing Access" in (refused.error or "")
    assert [entry.skip for entry in (await ask(desk)).entries].count(None) == 1


async def test_more_than_the_policy_allows_are_refused(database: Database) -> None:
    """A replay of more entries than the policy allows, or of none, is refused."""
    policy = load_policy(None)
    desk = Desk(database, policy.with_rules(replace(policy.of(DlqRules), replay_at_most=3)))
    with pytest.raises(UserError, match="dlq_nothing_matches"):
        await ask(desk)
    await lose(desk, 4)
    with pytest.raises(UserError, match="dlq_too_many"):
        await ask(desk)


async def test_others_may_not(desk: Desk) -> None:
    """A person who may only read the DLQ cannot preview, start or stop a batch; each try is recorded."""
    await lose(desk, 1)
    batch = await ask(desk)
    for tried in (
        dlq_of(desk).batches.preview(DlqFilter(), ReplayTarget(), by=RESPONDER, guild_id=GUILD),
        dlq_of(desk).batches.start(batch.id, by=RESPONDER, guild_id=GUILD, channel_id=CHANNEL),
        dlq_of(desk).batches.stop(batch.id, by=RESPONDER, guild_id=GUILD),
        dlq_of(desk).batches.view(batch.id, by=OBSERVER, guild_id=GUILD),
    ):
        with pytest.raises(NotPermitted):
            await tried
    assert [row.allowed for row in await desk.database.audit_rows()] == [False] * 4
    with pytest.raises(UserError, match="dlq_batch_gone"):
        await dlq_of(desk).batches.view(batch.id, by=PRIMARY, guild_id=GUILD + 1)


async def test_a_job_that_is_lost_is_queued_again_by_its_row(desk: Desk) -> None:
    """A batch whose job was lost is found overdue, queued again, and finished."""
    await lose(desk, 2)
    batch = await begin(desk, await ask(desk))
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(minutes=2))
    assert f"replay_batch:{GUILD}:{batch.id}" in await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    await desk.pass_time(minutes=2)
    assert posted(desk) == 2


async def test_two_workers_at_one_moment_send_one_entry(desk: Desk) -> None:
    """The job may run twice: the second finds that the next one is not due yet."""
    await lose(desk, 3)
    batch = await begin(desk, await ask(desk))
    first = await dlq_of(desk).runs.run_job(GUILD, batch.id)
    second = await dlq_of(desk).runs.run_job(GUILD, batch.id)
    assert first == timedelta(seconds=3)
    assert second is not None
    assert timedelta() < second <= first
    assert len([one for one in await desk.database.deliveries() if one.kind is DlqDeliveryKind.REPLAY]) == 1


async def test_batches_of_a_guild_share_its_rate(desk: Desk) -> None:
    """Two at once are no faster than one."""
    await lose(desk, 10)
    first = await ask(desk)
    await begin(desk, first)
    other = [failure(desk, number, channel="p1-ops") for number in range(20, 30)]
    for entry in other:
        await desk.database.put_dlq_entry(entry)
    await begin(desk, await ask(desk, by=SECONDARY), by=SECONDARY)
    await desk.pass_time(seconds=18)
    assert posted(desk) <= 9


async def test_a_webhook_is_for_the_channels_that_have_one(desk: Desk) -> None:
    """Replays by webhook skip channels without one and unknown webhooks; the bot does not post instead."""
    desk.webhooks = {"p0-alerts": 5}
    desk.use(desk.discord)
    await lose(desk, 2)
    await desk.database.put_dlq_entry(failure(desk, 3, channel="p1-ops"))
    target = ReplayTarget(Via.WEBHOOK)
    batch = await ask(desk, target)
    assert [entry.skip for entry in batch.entries] == [None, None, Skip.NO_WEBHOOK]
    gone = DeliveryRefused("webhook: HTTP 404 10015 Unknown Webhook", http_status=404, code=10015)
    desk.discord.failures = [None, gone]
    await begin(desk, batch)
    await desk.pass_time(minutes=1)
    shown = await view(desk, batch)
    assert [entry.outcome for entry in shown.entries] == [
        ReplayOutcome.REFUSED,
        ReplayOutcome.SKIPPED,
        ReplayOutcome.SKIPPED,
    ]
    assert shown.entries[1].skip is Skip.WEBHOOK_ENDED
    assert [entry.skip for entry in (await ask(desk, target)).entries][:2] == [Skip.WEBHOOK_ENDED] * 2
    assert [entry.skip for entry in (await ask(desk)).entries] == [None] * 3


async def test_a_webhooks_message_whose_answer_is_lost_is_found(desk: Desk) -> None:
    """A webhook's message whose answer was lost is found in the channel and not sent again."""
    batch = await by_webhook(desk)
    await begin(desk, batch)
    for job in await desk.database.take_due_jobs():  # posts the progress, queues the delivery
        await desk.run(job)
    desk.discord.swallow = True
    await desk.pass_time(minutes=1)
    assert (await view(desk, batch)).counts == {ReplayOutcome.POSTED: 1}
    assert desk.sent(DlqDeliveryKind.REPLAY_WEBHOOK) == ["webhook:p0-alerts"]


@pytest.mark.parametrize("may_look", [True, False])
async def test_what_perhaps_arrived_is_left_to_a_person(desk: Desk, *, may_look: bool) -> None:
    """A replay that may have arrived is repeated by no batch, but a person may repeat the replay.

    The entry's outcome is unknown, whether or not the channel's history can be read.
    """
    batch = await by_webhook(desk)
    desk.discord.failures = [None, UpstreamUnavailable("no answer: TimeoutError")]
    if not may_look:
        desk.discord.unreadable = DeliveryRefused("Missing Access", http_status=403, code=50001)
    await begin(desk, batch)
    await desk.pass_time(minutes=2)
    shown = await view(desk, batch)
    assert (shown.state, shown.counts) == (BatchState.ENDED, {ReplayOutcome.UNKNOWN: 1})
    assert [entry.skip for entry in (await ask(desk)).entries] == [Skip.REPLAYED]
    record = await ReplayRecords(desk.store.sql).of(shown.entries[0].entry_id)
    assert record is not None
    assert (record.is_unknown, record.may_be_repeated) == (True, True)
    desk.discord.unreadable = None
    await dlq_of(desk).replays.replay(shown.entries[0].entry_id, by=PRIMARY, guild_id=GUILD)
    await desk.work()
    assert (posted(desk), len(desk.sent(DlqDeliveryKind.REPLAY_WEBHOOK))) == (1, 0)


async def by_webhook(desk: Desk) -> ReplayBatch:
    """A previewed batch of one entry, for the channel's own webhook."""
    desk.webhooks = {"p0-alerts": 5}
    desk.use(desk.discord)
    await lose(desk, 1)
    return await ask(desk, ReplayTarget(Via.WEBHOOK))


async def test_a_dlq_that_goes_away_holds_the_batch_up_and_nothing_else(desk: Desk) -> None:
    """The job comes again until it is back; what was sent stays sent, and a stop works meanwhile."""
    await lose(desk, 3)
    batch = await begin(desk, await ask(desk))
    await desk.work()
    there = desk.dlq_store
    desk.dlq_store = PostgresDlqStore(unreachable().pool, desk.policy.dlq_table)
    desk.use(desk.discord)
    await desk.database.advance(timedelta(seconds=3))
    with pytest.raises(DlqUnavailable):
        await dlq_of(desk).runs.run_job(GUILD, batch.id)
    assert (await view(desk, batch)).counts == {ReplayOutcome.POSTED: 1, ReplayOutcome.WAITING: 2}
    desk.dlq_store = there
    desk.use(desk.discord)
    await desk.pass_time(minutes=1)
    assert posted(desk) == 3
