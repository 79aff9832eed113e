"""What tests do with undelivered notifications."""

from cogs.dlq.rules import DlqBurst, ReplayBatch
from cogs.dlq.use_cases import DlqUseCases
from tests.services.desk import Desk


def dlq_of(desk: Desk) -> DlqUseCases:
    """The capability's use cases on a desk."""
    return desk.services.of(DlqUseCases)


def batches_shown(desk: Desk) -> list[ReplayBatch]:
    """The batches that their messages were edited to show."""
    return [shown for _, shown in desk.discord.redrawn if isinstance(shown, ReplayBatch)]


def bursts_shown(desk: Desk) -> list[DlqBurst]:
    """The bursts that their messages were edited to show."""
    return [shown for _, shown in desk.discord.redrawn if isinstance(shown, DlqBurst)]
