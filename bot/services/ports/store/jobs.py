"""The queue's jobs: added by a transaction, and given again to work that has lost its job."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from bot.services.ports.jobs import Job


class JobWrites(Protocol):
    """The part of a transaction that adds and cancels jobs."""

    async def enqueue(self, *jobs: Job) -> None:
        """Add jobs. A key that is queued stays one job; one that is running runs once more afterwards."""

    async def cancel_jobs(self, keys: Sequence[str]) -> None:
        """Cancel queued jobs; running ones go on."""


class OverdueReads(Protocol):
    """Finds work that is overdue."""

    async def requeue_stuck(self, *, overdue: timedelta) -> list[str]:
        """Enqueue the lost jobs of overdue steps, deliveries, triages, reminders, drills, and the like.

        Return their keys.
        """

    async def late_steps(self, *, overdue: timedelta) -> int:
        """Count the pending steps that were due *overdue* ago or earlier, with or without a job."""

    async def unheard_incidents(self, *, overdue: timedelta) -> int:
        """Return the number of the most severe incidents that have reached no person for *overdue* or longer.

        Their escalation waits, or was given up and no other was sent since. No email has gone out either.
        """
