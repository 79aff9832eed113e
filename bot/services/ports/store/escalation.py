"""The escalation steps of incidents."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.escalation.ladder import Due, Step
from bot.domain.incident.incident import Incident


class EscalationReads(Protocol):
    """Reads steps and postpones their jobs, each in a statement of its own."""

    async def steps(self, incident_id: int) -> list[Step]:
        """Return the ladder of an incident by due time."""

    async def step_due_in(self, incident_id: int, index: int) -> timedelta | None:
        """Return the time until a step is due, negative when it is overdue; None when it is decided."""

    async def due_incidents(
        self, before: datetime, *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        """Return incidents with steps due at *before* or earlier, by severity and then the longest due first.

        Args:
            since: Leave out incidents that had a step due at this time already.
        """

    async def put_off_steps(self, by: timedelta) -> None:
        """Delay the jobs of due steps, because a sweep decides these steps."""

    async def put_off_until_due(self) -> None:
        """Delay the jobs of steps that are not due until they are."""


class EscalationWrites(Protocol):
    """The part of a transaction that stores, decides and cancels steps."""

    async def insert_steps(self, steps: Sequence[Step]) -> None:
        """Store a ladder: a new incident's, or the one that a change of severity starts."""

    async def steps(self, incident_id: int) -> list[Step]:
        """Return the ladder of an incident by due time, as this transaction sees it."""

    async def resume_ladder(self, incident_id: int, *, since: datetime, priority: int) -> bool:
        """Make pending again, without jobs, the latest ladder's steps that the last acknowledge cancelled.

        Return True if there were such steps.

        The first step is due at its former time, or at *since* if that is later. The others keep their
        distance from it.

        Args:
            priority: The priority of the steps: those of another severity's ladder stay cancelled.
        """

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        """Lock a pending step; None when it was decided before."""

    async def claim_due(self, before: datetime, *, limit: int) -> list[Due]:
        """Lock *limit* incidents whose steps were due at *before* or earlier, the most severe first.

        An incident that another transaction has locked is skipped, not waited for. Call this before anything
        else is locked.

        Returns:
            One `Due` for each, with all of its steps that were due.
        """

    async def finish_steps(self, steps: Sequence[Step], *, shown: Sequence[int] = ()) -> None:
        """Mark claimed steps as done, and take back their jobs.

        Args:
            shown: Locked incidents whose versions are incremented, so that their posts are edited; see
                `keep_followed_pages`.
        """

    async def keep_older_pages(self, incident_id: int) -> None:
        """Keep an incident's older paging messages from being edited because of the change that follows.

        That a DM has arrived is shown by the alert and the newest of them.
        """

    async def keep_followed_pages(self, incident_id: int) -> None:
        """Keep the paging messages that later ones have followed from being edited because of the next step.

        Each is edited once when it is followed, and then says nothing that changes.
        """

    async def cancel_ladder(self, incident_id: int) -> list[int]:
        """Cancel the pending steps of an incident, whose indexes come back, and its pending pages and
        escalations with their jobs.
        """

    def watch(self, incident_id: int) -> None:
        """Notify listeners (`Store.listen`) with the commit that a ladder begins."""
