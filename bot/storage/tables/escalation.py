"""The escalation steps of incidents, and pages that are kept in step with systems outside."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import PAGING
from bot.domain.escalation.ladder import Due, Step, split
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import marked
from bot.domain.paging import SyncedPage, SyncedState, Way
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row, incident_from_row, step_from_row
from bot.storage.tables.deliveries import end_ladder
from bot.storage.transaction import TransactionSql


class EscalationRows:
    """The steps of ladders, and their jobs."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def steps(self, incident_id: int) -> list[Step]:
        """Return the ladder of an incident by due time."""
        return [step_from_row(row) for row in await self._sql.all("steps", incident_id=incident_id)]

    async def step_due_in(self, incident_id: int, index: int) -> timedelta | None:
        """Return the time until a step is due, negative when it is overdue; None when it is decided."""
        row = await self._sql.first("step_due_in", incident_id=incident_id, index=index)
        return None if row is None else row["due_in"]

    async def due_incidents(
        self, before: datetime, *, limit: int, since: datetime | None = None
    ) -> list[Incident]:
        """Return incidents with steps due at *before* or earlier, by severity and then the longest due first.

        Args:
            since: Leave out incidents that had a step due at this time already.
        """
        rows = await self._sql.all(
            "due_incidents", due_by=before, limit=limit, guild_id=self._sql.guild_id, since=since
        )
        return [incident_from_row(row) for row in rows]

    async def put_off_steps(self, by: timedelta) -> None:
        """Delay the jobs of due steps, because a sweep decides these steps."""
        await self._sql.all("put_off_steps", delay=by, guild_id=self._sql.guild_id)

    async def put_off_until_due(self) -> None:
        """Delay the jobs of steps that are not due until they are."""
        await self._sql.all("put_off_steps", delay=None, guild_id=self._sql.guild_id)


class EscalationWrites:
    """Stores, decides and cancels steps, in a transaction."""

    def __init__(self, sql: TransactionSql) -> None:
        self._sql = sql

    async def insert_steps(self, steps: Sequence[Step]) -> None:
        """Store a ladder: a new incident's, or the one that a change of severity starts."""
        self._sql.appends.add_steps(steps)

    async def resume_ladder(self, incident_id: int, *, since: datetime, priority: int) -> bool:
        """Make pending again, without jobs, the latest ladder's steps that the last acknowledge cancelled.

        Return True if there were such steps.

        The first step is due at its former time, or at *since* if that is later. The others keep their
        distance from it.

        Args:
            priority: The priority of the steps: those of another severity's ladder stay cancelled.
        """
        await self._sql.lock_incident(incident_id)
        self._sql.begun.add(incident_id)
        return bool(
            await self._sql.all("resume_ladder", incident_id=incident_id, since=since, priority=priority)
        )

    async def claim_step(self, incident_id: int, index: int) -> Step | None:
        """Lock a pending step; None when it was decided before."""
        await self._sql.lock_incident(incident_id)
        row = await self._sql.first("claim_step", incident_id=incident_id, index=index)
        return None if row is None else step_from_row(row)

    async def claim_due(self, before: datetime, *, limit: int) -> list[Due]:
        """Lock *limit* incidents whose steps were due at *before* or earlier, the most severe first.

        An incident that another transaction has locked is skipped, not waited for. Call this before anything
        else is locked.

        Returns:
            One `Due` for each, with all of its steps that were due.
        """
        locked = await self._sql.all("lock_due", due_by=before, limit=limit, guild_id=self._sql.guild_id)
        if not locked:
            return []
        self._sql.time = locked[0]["now"]
        self._sql.locked |= {row["id"]: row["version"] for row in locked}
        incidents = {row["id"]: incident_from_row(row) for row in locked}
        numbers = list(incidents)
        rows = await self._sql.all("pending_steps", incident_ids=numbers)
        steps, last = (
            [step_from_row(row) for row in rows],
            {row["incident_id"]: row["last_index"] for row in rows},
        )
        told, unreached = _reached(await self._sql.all("reached", incident_ids=numbers))
        found = []
        for number, ladder in groupby(steps, key=lambda step: step.incident_id):
            due, further = split(ladder, before)
            if due:  # none are left if another transaction decided them just before the lock
                facts = further, told.get(number, {}), unreached.get(number, ()), last[number]
                found.append(Due(incidents[number], due[-1], *facts, earlier=due[:-1]))
        return found

    async def finish_steps(self, steps: Sequence[Step], *, shown: Sequence[int] = ()) -> None:
        """Mark claimed steps as done, and take back their jobs.

        Args:
            shown: Locked incidents whose versions are incremented, so that their posts are edited; see
                `keep_followed_pages`.
        """
        numbers, indexes = [step.incident_id for step in steps], [step.index for step in steps]
        await self._sql.all("finish_steps", incident_ids=numbers, indexes=indexes, shown_ids=list(shown))
        for number in shown:
            self._sql.locked[number] += 1

    async def keep_older_pages(self, incident_id: int) -> None:
        """Keep an incident's older paging messages from being edited because of the change that follows.

        That a DM has arrived is shown by the alert and the newest of them.
        """
        await self._sql.all("keep_older_pages", shown_ids=[incident_id])

    async def keep_followed_pages(self, incident_id: int) -> None:
        """Keep the paging messages that later ones have followed from being edited because of the next step.

        Each is edited once when it is followed, and then says nothing that changes.
        """
        await self._sql.all("keep_followed_pages", shown_ids=[incident_id])

    async def cancel_ladder(self, incident_id: int) -> list[int]:
        """Cancel the pending steps of an incident, whose indexes come back, and its pending pages and
        escalations with their jobs.
        """
        await self._sql.lock_incident(incident_id)
        ended = await self._sql.all("cancel_ladder", incident_id=incident_id, kinds=sorted(PAGING))
        return await end_ladder(self._sql, incident_id, ended)

    def watch(self, incident_id: int) -> None:
        """Notify listeners (`Store.listen`) with the commit that a ladder begins."""
        self._sql.begun.add(incident_id)


def _reached(rows: Sequence[Row]) -> tuple[dict[int, dict[str, int]], dict[int, tuple[str, ...]]]:
    """Return, by incident, the number of DMs that reached each person and the people no DM has reached."""
    reached: dict[int, Counter[str]] = {}
    failed: dict[int, set[str]] = {}
    for row in rows:
        who = row["target"].removeprefix("person:") if row["recipient"] is None else marked(row["recipient"])
        if row["status"] == DeliveryStatus.SENT:
            reached.setdefault(row["incident_id"], Counter())[who] += row["count"]
        else:
            failed.setdefault(row["incident_id"], set()).add(who)
    return {number: dict(counts) for number, counts in reached.items()}, {
        number: tuple(sorted(people - set(reached.get(number, ())))) for number, people in failed.items()
    }


class SyncedPageRows:
    """Pages that are kept in step with systems outside."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def kept_page(self, delivery_id: int) -> SyncedPage | None:
        """Return the page of a delivery; None if it is not kept in step any more."""
        row = await self._sql.first("kept_page", delivery_id=delivery_id)
        return None if row is None else _page(row)

    async def kept_pages_of(self, incident_id: int, way: Way) -> list[SyncedPage]:
        """Return an incident's pages at one system, the latest first, also those that are over."""
        rows = await self._sql.all("kept_pages_of", incident_id=incident_id, way=way)
        return [_page(row) for row in rows]

    async def keep_outside_page(self, delivery: Delivery, way: Way, reference: str) -> bool:
        """Begin to keep a page in step; False if that system has the same page already."""
        return await self._sql.has(
            "keep_outside_page",
            delivery,
            delivery_id=delivery.id,
            way=way,
            reference=reference,
        )

    async def save_kept_page(self, page: SyncedPage, *, wait: timedelta | None) -> None:
        """Write what the system knows, and the time until the next look; None: there is none."""
        await self._sql.all("save_kept_page", page, told=page.state, wait=wait)


def _page(row: Row) -> SyncedPage:
    return from_row(SyncedPage, row, way=Way(row["way"]), state=SyncedState(row["told"]))
