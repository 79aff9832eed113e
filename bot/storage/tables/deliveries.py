"""Deliveries: their rows, the files that they carry, and how they are stored and ended."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from bot.capability import delivery_kinds
from bot.domain.delivery.delivery import Attachment, Delivery, NewDelivery, Posted, Request
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.escalation.pages import Group
from bot.domain.incident.incident import label_pattern
from bot.storage.database.sql import Row, Sql, many
from bot.storage.rows import deliveries_from_rows, delivery_from_row, from_row, request_as_json
from bot.storage.transaction import TransactionSql, deliver_job, deliveries_as_json


class AttachmentRows:
    """The files that messages carry."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def attachments(self, keys: Sequence[str]) -> list[Attachment]:
        """Return the files with these keys, in any order; an unknown key is left out."""
        rows = await self._sql.all("attachments", keys=list(keys), guild_id=self._sql.guild_id)
        return [from_row(Attachment, row) for row in rows]

    async def add_attachment(self, attachment: Attachment) -> None:
        """Store a file, before the delivery that carries it. A known key is skipped."""
        await self._sql.all("add_attachment", attachment)

    async def remove_attachments(self, keys: Sequence[str]) -> None:
        """Remove files that no message needs any more, or whose words others may not read any more."""
        await self._sql.all("remove_attachments", keys=list(keys))


async def store_deliveries(
    sql: TransactionSql, new: Sequence[NewDelivery], *, bundle_id: int | None = None
) -> list[int]:
    """Store deliveries without jobs, whatever they wait for; return the ids of the new ones."""
    made = await sql.all("insert_deliveries", deliveries=many(deliveries_as_json(new)), bundle_id=bundle_id)
    return [row["id"] for row in made]


async def end_ladder(sql: TransactionSql, incident_id: int, ended: Sequence[Row]) -> list[int]:
    """Clear up after cancelled steps (`index`) and deliveries (`id`, `key`); return the steps."""
    sql.ended.add(incident_id)
    await clear_up(sql, [row for row in ended if row["id"] is not None])
    return sorted(row["index"] for row in ended if row["index"] is not None)


async def clear_up(sql: TransactionSql, ended: Sequence[Row]) -> None:
    """Cancel the deliveries that wait for ones that ended unsent, and take back the ended ones' jobs."""
    if ended:
        await sql.all("cancel_waiting", ended_keys=[row["key"] for row in ended])
        sql.queue.take_back([f"deliver:{row['id']}" for row in ended])


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """The facts about a delivery that decide how it is sent.

    Attributes:
        now: The database's time.
        due_since: Due time of an undecided step. Until it is decided, more may come for the same place.
        is_behind: An earlier line of its thread, or its alert, is held back by an outage.
        group: The group to bundle a page or escalation with; None: it is sent alone, or has been begun.
        waiting: The number of deliveries in that group, this one included.
    """

    delivery: Delivery
    now: datetime
    due_since: datetime | None
    is_behind: bool
    group: Group | None
    waiting: int


@cache
def _edited() -> list[AnyDeliveryKind]:
    """Return the kinds whose messages may name another incident by an edit."""
    return [kind for kind in delivery_kinds().values() if kind.spec.is_refreshed and kind.spec.has_words]


class DeliveryRows:
    """Deliveries, in any state."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery, finished or not."""
        return delivery_from_row(await self._sql.one("delivery", delivery_id=delivery_id))

    async def delivery_by_key(self, key: str) -> Delivery | None:
        """Return the delivery with a key, finished or not."""
        row = await self._sql.first("delivery_by_key", key=key)
        return None if row is None else delivery_from_row(row)

    async def pages(self, incident_id: int) -> list[Delivery]:
        """Return all DMs that an incident has queued, in any state, oldest first."""
        return deliveries_from_rows(await self._sql.all("pages", incident_id=incident_id))

    async def posts(self, incident_id: int) -> list[Delivery]:
        """Return the sent deliveries of an incident, oldest first."""
        return deliveries_from_rows(await self._sql.all("posts", incident_id=incident_id))

    async def delivery_nonces(self, incident_id: int) -> list[str]:
        """Return the nonces of all deliveries of an incident, oldest first: they lead to rows of the DLQ."""
        return [row["nonce"] for row in await self._sql.all("delivery_nonces", incident_id=incident_id)]

    async def naming_nonces(self, incident_id: int) -> list[str]:
        """Return the nonces of failed deliveries outside an incident whose body may name it.

        These are a morning list, a handover or a digest, and what an earlier version kept of a bundle.
        """
        return [row["nonce"] for row in await self._sql.all("naming_nonces", incident_id=incident_id)]

    async def naming_posts(self, incident_id: int) -> list[Delivery]:
        """Return the messages about other subjects that anyone may read and that may name an incident.

        Those that are being sent are among them; they have no message id yet.
        """
        rows = await self._sql.all(
            "naming_posts", incident_id=incident_id, label=label_pattern(incident_id), edited=_edited()
        )
        return deliveries_from_rows(rows)

    async def held_deliveries(self) -> int:
        """Count the deliveries that wait for Discord to be back."""
        held: int = (await self._sql.one("held_deliveries"))["held"]
        return held

    async def before_sending(self, delivery_id: int, *, at_most: int) -> DeliveryFacts | None:
        """Return an unfinished delivery, unlocked, with the facts that decide how it is sent.

        Args:
            at_most: How far those are counted that it could be told of with.

        Returns:
            None when it is finished, or a bundle tells of it.
        """
        row = await self._sql.first(
            "before_sending", delivery_id=delivery_id, at_most=at_most, guild_id=self._sql.guild_id
        )
        if row is None:
            return None
        delivery, group = delivery_from_row(row), None
        if row["waiting"] is not None:
            place = (delivery.to, row["severity"], row["mention"], delivery.priority)
            group = Group(delivery.guild_id, delivery.kind, *place)
        dues = row["due_since"], row["is_behind"]
        return DeliveryFacts(delivery, row["now"], *dues, group, row["waiting"] or 0)


class DeliveryWrites:
    """Queues, changes and cancels deliveries, in a transaction."""

    def __init__(self, sql: TransactionSql) -> None:
        self._sql = sql

    async def insert_deliveries(self, new: Sequence[NewDelivery]) -> None:
        """Store deliveries, and enqueue the jobs of those that wait for nothing. A known key is skipped.

        A delivery whose `after` is sent already is enqueued at once.
        """
        self._sql.appends.deliveries += new

    async def cancel_delivery(self, delivery_id: int) -> None:
        """Cancel an unfinished delivery, and with a bundle the deliveries it has begun to send."""
        await self._sql.lock_incident_of(delivery_id)
        await clear_up(self._sql, await self._sql.all("cancel_delivery", delivery_id=delivery_id))
        await self._sql.all("cancel_bundled", bundle_id=delivery_id)
        released = await self._sql.all("release_bundled", bundle_id=delivery_id)
        self._sql.queue.add(*map(deliver_job, released))

    async def cancel_posts(self, incident_id: int) -> None:
        """Cancel an incident's queued deliveries to channels and threads, unless begun; DMs stay queued."""
        await self._sql.lock_incident(incident_id)
        await clear_up(self._sql, await self._sql.all("cancel_posts", incident_id=incident_id))

    async def tell_thread_deleted(self, incident_id: int, thread_id: int, *, by: str) -> None:
        """Let the notices about an old thread say that it was deleted now, once they are refreshed.

        They get ``deleted_by`` and ``deleted_at``; those that have them keep them.
        """
        await self._sql.lock_incident(incident_id)
        await self._sql.all(
            "tell_thread_deleted", incident_id=incident_id, thread_id=str(thread_id), deleted_by=by
        )

    async def set_shown(self, delivery_ids: Sequence[int], *, version: int) -> None:
        """Record that these posts show the incident's *version*. The version never decreases."""
        for delivery_id in delivery_ids[:1]:  # they are one incident's
            await self._sql.lock_incident_of(delivery_id)
        await self._sql.all("set_shown", delivery_ids=list(delivery_ids), version=version)

    async def adopt_deliveries(self, keys: Sequence[str], *, incident_id: int) -> None:
        """Make deliveries that belong to no incident those of this one, which shows itself in them."""
        await self._sql.all("adopt_deliveries", keys=list(keys), incident_id=incident_id)


class DeliveryAttempts:
    """Sends a delivery: one attempt and its result, in a transaction."""

    def __init__(self, sql: TransactionSql) -> None:
        self._sql = sql

    async def claim_delivery(self, delivery_id: int) -> Delivery | None:
        """Lock a delivery that is pending or sending; None when it is finished."""
        row = await self._sql.first("claim_delivery", delivery_id=delivery_id)
        if row is None:
            return None
        self._sql.time = row["now"]
        if row["kind"] != DeliveryKind.BUNDLE:  # which others may join
            self._sql.claimed.add(delivery_id)
        return delivery_from_row(row)

    async def begin_attempt(
        self, delivery_id: int, request: Request, *, version: int, late: bool = False, quiet: bool = False
    ) -> Delivery | None:
        """Mark a delivery as sending, and keep its request with the incident's version that it shows.

        The first request (and its version and time) stays: each attempt is the same message. One that is
        *late* takes its place; one that is *quiet* mentions no one, then and later.

        Returns:
            None when it was cancelled since it was claimed, because of an acknowledgement.
        """
        kept = request_as_json(request)
        row = await self._sql.first(
            "begin_attempt",
            delivery_id=delivery_id,
            request=kept,
            version=version,
            is_late=late,
            is_quiet=quiet,
        )
        return None if row is None else delivery_from_row(row)

    async def finish_sent(self, delivery_id: int, posted: Posted) -> list[Delivery]:
        """Mark a delivery as sent, and enqueue and return the deliveries that waited for it."""
        return await self._finish_sent(delivery_id, posted.channel_id, posted.message_id)

    async def finish_deleted(self, delivery_id: int, *, channel_id: int) -> None:
        """Mark a delivery as sent to a channel, but deleted there before its message's id was known.

        It is none of `DeliveryRows.posts`. The deliveries that waited for it are enqueued.
        """
        await self._finish_sent(delivery_id, channel_id, None)

    async def finish_failed(self, delivery_id: int, *, error: str, http_status: int | None) -> None:
        """Mark a delivery as failed for good. What waited for it is cancelled."""
        await self._sql.lock_incident_of(delivery_id)
        await clear_up(
            self._sql,
            await self._sql.all(
                "finish_failed", delivery_id=delivery_id, error=error, http_status=http_status
            ),
        )
        await self._sql.all("fail_bundled", bundle_id=delivery_id, error=error, http_status=http_status)

    async def retry_later(
        self, delivery_id: int, *, error: str, http_status: int | None, after: timedelta
    ) -> None:
        """Keep a delivery for another attempt, with the error of the failed one, and count that."""
        await self._sql.lock_incident_of(delivery_id)
        await self._sql.all(
            "retry_later", delivery_id=delivery_id, error=error, http_status=http_status, delay=after
        )

    async def hold_delivery(
        self, delivery_id: int, *, error: str | None, http_status: int | None, after: timedelta
    ) -> bool:
        """Keep a delivery until Discord is back, without counting an attempt; return True if that is new."""
        await self._sql.lock_incident_of(delivery_id)
        row = await self._sql.first(
            "hold_delivery", delivery_id=delivery_id, error=error, http_status=http_status, delay=after
        )
        await self._sql.all("hold_bundled", bundle_id=delivery_id)
        return row is not None and bool(row["is_news"])

    async def is_overtaken(self, delivery_id: int) -> bool:
        """Return True if a later delivery of its kind has the same target and incident."""
        return await self._sql.has("overtaken", delivery_id=delivery_id)

    async def is_behind(self, delivery_id: int) -> bool:
        """Return True if an outage holds back the alert or an earlier delivery of its kind for its target."""
        return await self._sql.has("behind", delivery_id=delivery_id)

    async def is_in_line(self, delivery_id: int, *, behind: Collection[str], patience: timedelta) -> bool:
        """Return True if a delivery that comes before it, for its target, is on its way.

        Args:
            behind: The kinds that come before it.
            patience: How long it waits for that, from when it could be sent.
        """
        kinds = sorted(behind)
        return await self._sql.has("in_line", delivery_id=delivery_id, kinds=kinds, patience=patience)

    async def mark_emailed(self, delivery_id: int, *, to: Sequence[str], is_done: bool) -> None:
        """Record that an email in place of the delivery was accepted for *to* (`OnCallPerson.mailbox`).

        Args:
            is_done: No recipient is left.
        """
        await self._sql.lock_incident_of(delivery_id)
        await self._sql.all("mark_emailed", delivery_id=delivery_id, emailed_to=list(to), is_done=is_done)

    async def _finish_sent(self, delivery_id: int, channel_id: int, message_id: int | None) -> list[Delivery]:
        await self._sql.lock_incident_of(delivery_id)
        rows = await self._sql.all(
            "finish_sent", delivery_id=delivery_id, channel_id=channel_id, message_id=message_id
        )
        released = [row["id"] for row in rows if row["id"] is not None]
        if not released:
            return []
        waiting = await self._sql.all("deliveries", delivery_ids=released)
        self._sql.queue.add(*map(deliver_job, waiting))
        return deliveries_from_rows(waiting)
