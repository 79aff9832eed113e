"""Keeps a beat, with what follows from it."""

from bot.storage.store import Store
from cogs.heartbeats.rules import Beat, HeartbeatRules
from cogs.heartbeats.store import HeartbeatRows


async def record(store: Store, rules: HeartbeatRules, beat: Beat) -> None:
    """Keep a beat, with the state and the event that follow from it, in one commit.

    Args:
        store: Sees the guild's rows.

    Raises:
        StorageUnavailable: perhaps it is not kept. A second time changes nothing but the list of beats.
    """
    async with store.transaction() as tx:
        at = beat.at or await tx.now()
        rows = HeartbeatRows(tx.sql, beat.guild_id)
        before = await rows.lock(beat.name)
        status, event = before.after(beat, rules, at)
        await rows.keep(beat, at=at)
        if status is not before:
            await rows.save(status)
        if event is not None:
            await rows.add_event(event, status, beat)
