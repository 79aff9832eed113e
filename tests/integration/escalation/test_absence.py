"""Several deadlines of one incident pass while no bot is there: one escalation for all of them."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID, uuid4

import asyncpg
import pytest

from bot.domain.delivery.delivery import NewDelivery, Posted
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import StepStatus
from bot.domain.people import Person
from bot.services.shared.fencing import LOOK_AGAIN
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryAttempts, DeliveryRows, DeliveryWrites
from bot.storage.tables.escalation import EscalationRows
from tests.fakes.discord import FakeDiscord
from tests.integration.escalation.test_storms import Instance, instance, instances, record
from tests.postgres import connect

__all__ = ["instances"]

_ABSENCE = """
WITH opened AS (
    INSERT INTO incidents (guild_id, key, severity, priority, title, started_at, triggered_at, ack_due_at,
                           reported_by_id, reported_by_name)
    SELECT 1, 'k', 'SEV1', 'P0', '障害', at, at, at + interval '15 minutes', 1, 'x'
      FROM (SELECT now() - interval '70 minutes' AS at) AS since
    RETURNING id, triggered_at
), climbed AS (
    INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm, starts_at, priority)
    SELECT id, index, triggered_at + after, mention, dm, triggered_at, 100
      FROM opened, (VALUES (1, interval '15 minutes', 'here', ARRAY['primary']),
                           (2, interval '30 minutes', 'none', ARRAY['secondary']),
                           (3, interval '60 minutes', 'none', ARRAY['primary']),
                           (4, interval '120 minutes', 'here', ARRAY['primary']))
                       AS rungs (index, after, mention, dm)
    RETURNING incident_id, index, due_at
)
INSERT INTO pgqueuer (priority, created, updated, heartbeat, execute_after, status, entrypoint, dedupe_key,
                      payload)
SELECT 100, now(), now(), now(), due_at, 'queued', 'escalate', 'step:' || incident_id || ':' || index,
       convert_to(incident_id || ':' || index, 'UTF8')
  FROM climbed
"""
_OWED = "SELECT kind, target, data FROM deliveries ORDER BY kind, target"
_ENTRIES = "SELECT data FROM timeline WHERE kind = 'escalated'"

#: How two processes that come back at once decide the three steps that are due.
_BOTH: dict[str, Callable[[list[Instance]], list[Awaitable[object]]]] = {
    "each with each job": lambda two: [one.due_steps.decide(1, step) for step in (1, 2, 3) for one in two],
    "the later jobs first": lambda two: [two[step % 2].due_steps.decide(1, step) for step in (3, 2, 1)],
    "without a sweep": lambda two: [
        one.due_steps._escalations.decide(1, step) for step in (2, 1, 3) for one in two
    ],
}


@pytest.mark.parametrize("way", _BOTH)
async def test_two_bots_come_back_at_once(database_url: str, instances: list[Instance], way: str) -> None:
    """The channel rings once, as loud as the loudest of three; one DM a person; all three are decided."""
    connection = await connect(database_url)
    await connection.execute(_ABSENCE)
    await asyncio.gather(*_BOTH[way](instances))
    while any(
        await asyncio.gather(*(one.due_steps.decide(1, step) for step in (1, 2, 3) for one in instances))
    ):
        pass  # they were told to come again
    owed, entries = await connection.fetch(_OWED), await connection.fetch(_ENTRIES)
    await connection.close()
    assert [(row["kind"], row["target"]) for row in owed] == [
        ("escalation", "channel:p0-alerts"),
        ("page", "person:primary"),
        ("page", "person:secondary"),
    ]
    steps = await EscalationRows(instances[0].store.sql).steps(1)
    assert [step.status for step in steps] == [*[StepStatus.DONE] * 3, StepStatus.PENDING]
    missed = [step.due_at for step in steps[:2]]
    rung = json.loads(owed[0]["data"])
    assert (rung["step"], rung["mention"], rung["emails"]) == (3, "here", True)
    assert [datetime.fromisoformat(at) for at in rung["overdue"]] == missed
    assert datetime.fromisoformat(rung["next"]["due_at"]) == steps[3].due_at
    [entry] = (json.loads(row["data"]) for row in entries)
    assert (entry["step"], entry["dm"]) == (3, ["@primary", "@secondary"])
    assert [datetime.fromisoformat(at) for at in entry["overdue"]] == missed
    assert (await record(database_url))[0] == 3


async def test_eyes_that_came_meanwhile_are_read_first(database_url: str, instances: list[Instance]) -> None:
    """After downtime the bot reads 👀 first, and sends no escalation of an acknowledged incident."""
    connection = await connect(database_url)
    await connection.execute(_ABSENCE)
    store, discord = instances[0].store, FakeDiscord()
    alert = NewDelivery(DeliveryKind.ALERT, "channel:p0-alerts", "inc:1:alert", 1, incident_id=1)
    async with store.transaction() as tx:
        await DeliveryWrites(tx.sql).insert_deliveries([alert])
        delivery = await DeliveryRows(tx.sql).delivery_by_key(alert.key)
        assert delivery is not None
        await DeliveryAttempts(tx.sql).finish_sent(delivery.id, Posted(5, 6))
    discord.reactions[6] = [Person(id=1, name="primary", roles=frozenset({"on-call"}))]
    due_steps = instance(store, discord).due_steps
    await asyncio.gather(*(due_steps.decide(1, step) for step in (1, 2, 3)))
    statuses = {row["status"] for row in await connection.fetch("SELECT status FROM escalation_steps")}
    assert statuses == {StepStatus.CANCELLED}
    assert await connection.fetchval("SELECT count(*) FROM deliveries WHERE kind = 'escalation'") == 0
    await connection.close()


async def silence(connection: asyncpg.Connection, store: Store) -> UUID:
    """The database was away for half a minute; the mirror that may have told people meanwhile."""
    mirror = uuid4()
    await store.beat(mirror=mirror)
    await connection.execute("UPDATE mirrors SET told_at = told_at - interval '30 seconds'")
    await connection.execute("UPDATE installation SET beaten_at = beaten_at - interval '30 seconds'")
    return mirror


async def test_what_another_process_may_have_told_is_decided_under_its_own_key(
    database_url: str, instances: list[Instance]
) -> None:
    """The database was away, and a step told without it: Discord knows that message's nonce."""
    connection = await connect(database_url)
    await connection.execute(_ABSENCE)
    await connection.execute(
        "UPDATE escalation_steps SET due_at = now() + interval '5 minutes' * (index - 1.01)"
    )
    await silence(connection, instances[0].store)
    assert await instances[0].due_steps.decide(1, 1) is None
    keys = [row["key"] for row in await connection.fetch("SELECT key FROM deliveries ORDER BY key")]
    await connection.close()
    assert keys == ["inc:1:step:1:channel", "inc:1:step:1:dm:primary"]


async def test_what_another_process_may_have_told_together_waits_until_it_says_so(
    database_url: str, instances: list[Instance]
) -> None:
    """Four steps within a minute: their message has the key of the last one that was due."""
    connection = await connect(database_url)
    await connection.execute(_ABSENCE)
    await connection.execute(
        "UPDATE escalation_steps SET due_at = now() - interval '5 seconds' * (7 - index)"
    )
    mirror = await silence(connection, instances[0].store)
    for step in (1, 2, 3, 4):
        assert await instances[0].due_steps.decide(1, step) == LOOK_AGAIN
    assert await connection.fetchval("SELECT count(*) FROM deliveries") == 0
    await instances[0].store.beat(mirror=mirror)
    assert await instances[1].due_steps.decide(1, 1) is None
    keys = [row["key"] for row in await connection.fetch("SELECT key FROM deliveries ORDER BY key")]
    await connection.close()
    assert keys == ["inc:1:step:4:channel", "inc:1:step:4:dm:primary", "inc:1:step:4:dm:secondary"]
