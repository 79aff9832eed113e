"""The use cases of undelivered notifications, put together, and the jobs and the tick that run them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from cogs.dlq.deliveries import BurstDeliveries, ProgressDeliveries, ReplayDeliveries
from cogs.dlq.entries import Dlq, DlqConsole, DlqReading
from cogs.dlq.replays import BatchRuns, ReplayBatches, ReplayChecks, Replays
from cogs.dlq.watch import DlqWatching


@dataclass(frozen=True, slots=True)
class DlqUseCases:
    """The use cases of one guild."""

    guild_id: int
    entries: Dlq
    console: DlqConsole
    replays: Replays
    batches: ReplayBatches
    runs: BatchRuns
    watch: DlqWatching


def build(core: Core) -> DlqUseCases:
    """Put the use cases of one guild together."""
    store, failures, policy = core.store, core.dlq, core.policy
    reading = DlqReading(store, failures, policy, core.access)
    checks = ReplayChecks(store, reading, core.webhooks)
    return DlqUseCases(
        guild_id=core.guild_id,
        entries=Dlq(store, reading),
        console=DlqConsole(store, failures, policy, reading),
        replays=Replays(store, reading, checks),
        batches=ReplayBatches(store, failures, policy, reading, checks),
        runs=BatchRuns(store, failures, core.discord, policy, checks),
        watch=DlqWatching(store, failures, core.discord, policy, reading),
    )


def deliveries(_dlq: DlqUseCases, core: Core) -> Sequence[DeliveryHandler]:
    """Return the handlers of the kinds of delivery."""
    return ReplayDeliveries(core.webhooks), ProgressDeliveries(core.store), BurstDeliveries(core.store)


async def run_batch(dlq: DlqUseCases, payload: str) -> timedelta | None:
    """Run the job that sends a batch's next entry, or ends it."""
    return await dlq.runs.run_job(*_numbers(payload))


async def show_batch(dlq: DlqUseCases, payload: str) -> timedelta | None:
    """Run the job that edits a batch's message."""
    await dlq.runs.show(*_numbers(payload))
    return None


async def show_burst(dlq: DlqUseCases, payload: str) -> timedelta | None:
    """Run the job that edits the message of a burst."""
    await dlq.watch.show(*_numbers(payload))
    return None


async def watch(dlq: DlqUseCases) -> int:
    """Announce the failures that are new."""
    return await dlq.watch.tick(dlq.guild_id)


def _numbers(payload: str) -> tuple[int, int]:
    """Return the guild and the number of a job's payload."""
    guild_id, _, number = payload.partition(":")
    return int(guild_id), int(number)
