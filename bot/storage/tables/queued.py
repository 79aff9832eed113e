"""What storing and ending deliveries have in common, whatever they are about."""

from collections.abc import Sequence

from bot.domain.delivery.delivery import NewDelivery
from bot.storage.appends import deliveries_as_json
from bot.storage.database.sql import Row, many
from bot.storage.transaction import TransactionSql


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
