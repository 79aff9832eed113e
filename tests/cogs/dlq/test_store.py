"""Which entries of the DLQ were replayed, and where they came from."""

from uuid import uuid4

import pytest

from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from cogs.dlq.rules import DlqDeliveryKind, EntryOrigin
from cogs.dlq.store import EntryOrigins, ReplayRecords
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, PERRY, owed, send
from tests.services.database import Database


@pytest.fixture
def rig(database: Database) -> Rig:
    """A store that sees every guild's rows."""
    return Rig(database)


async def test_an_entry_is_replayed_once(rig: Rig) -> None:
    """A DLQ entry is claimed for one replay, and a second claim is refused.

    Who asked is known at once, the message once it is sent; its guild finds the delivery by its moment.
    """
    entry_id = str(uuid4())
    assert await ReplayRecords(rig.store.sql).of(entry_id) is None
    async with rig.store.transaction() as tx:
        claims = ReplayRecords(tx.sql)
        assert await claims.claim(entry_id, guild_id=GUILD, channel="p0", by=OLIVE, key="replay:1")
        assert not await claims.claim(entry_id, guild_id=GUILD, channel="p0", by=PERRY, key="replay:1")
        await DeliveryWrites(tx.sql).insert_deliveries(
            [owed(DlqDeliveryKind.REPLAY, incident=None, key="replay:1")]
        )
    record = await ReplayRecords(rig.store.sql).of(entry_id)
    assert record is not None
    assert (record.requested_by_name, record.channel, record.message_id) == ("Olive", "p0", None)
    await send(rig.store, 1, message_id=60)
    sent = await ReplayRecords(rig.store.sql).of(entry_id)
    assert sent is not None
    assert (sent.channel_id, sent.message_id) == (50, 60)
    there = await DeliveryRows(rig.store.sql).delivery(1)
    origins = EntryOrigins(rig.store.sql)
    assert await origins.at(GUILD, [there.created_at]) == [EntryOrigin(there.nonce, None, 50, 60)]
    assert await origins.at(GUILD + 1, [there.created_at]) == []
