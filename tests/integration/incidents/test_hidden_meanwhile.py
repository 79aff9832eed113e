"""Check access again under the lock: an incident may be made private while an action waits for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import asyncpg
import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound, UserError
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, Role
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.recorded import ThreadMessage
from bot.domain.triage.session import Evidence
from bot.services.incidents.updates import NewUpdate
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, MemberRows
from bot.storage.tables.timeline import TimelineRows
from bot.storage.transaction import Transaction
from tests.by_person import name_of
from tests.integration.queue.job_world import DEADLINE_S
from tests.integration.storage.examples import GUILD, delivery_ids, open_incident, owed, send
from tests.services.database import unreachable
from tests.services.desk import Desk

_BY: Final = Person(id=5, name="responder", roles=frozenset({"responder"}))
_ON_CALL: Final = Person(id=6, name="on-call", roles=frozenset({"on-call", "responder"}))
_THREAD: Final = 60
_WAITS: Final = "SELECT count(*) FROM pg_locks WHERE NOT granted"
_TOLD: Final = NewUpdate("x", "", None, ("api.parky.co.jp",), (), key="interaction:9")

_Change: TypeAlias = Callable[[Transaction, Incident], Awaitable[None]]

#: By what the audit calls it.
_ACTS: Final[dict[str, Callable[[Desk, Incident], Awaitable[object]]]] = {
    "acknowledge": lambda desk, one: desk.acknowledger.acknowledge_each([one], by=_BY, via=AckVia.REACTION),
    "decline": lambda desk, one: desk.passing_on.decline(one.id, by=_BY, message_id=1),
    "note": lambda desk, one: desk.timelines.note(one.id, by=_BY, text="x", key="interaction:9"),
    "pin": lambda desk, one: desk.pins.pin(_message(one), by=_BY),
    "update": lambda desk, one: desk.updates.tell(one.id, _TOLD, by=_BY),
    "resolve": lambda desk, one: desk.lifecycle.resolve(one.id, by=_BY),
}


def _message(incident: Incident) -> ThreadMessage:
    content = Evidence(
        text="x",
        author_id=9,
        author_name="somebody",
        url="https://discord.com/channels/1/2/3",
        at=incident.triggered_at,
    )
    return ThreadMessage(61, _THREAD, content)


async def _make_private(tx: Transaction, incident: Incident) -> None:
    await IncidentWrites(tx.sql).save(transitions.make_private(incident, channel="p0-alerts"))


async def _take_out(tx: Transaction, incident: Incident) -> None:
    await MemberRows(tx.sql).remove_member(incident.id, _BY, by=_ON_CALL)
    await IncidentWrites(tx.sql).save(transitions.renewed(incident))


async def _made_private(
    pool: asyncpg.Pool, store: Store, incident: Incident, act: Awaitable[object]
) -> object:
    """What comes of *act*, which finds *incident* public and then waits until it is private."""
    return await _meanwhile(pool, store, incident, act, change=_make_private)


async def _meanwhile(
    pool: asyncpg.Pool, store: Store, incident: Incident, act: Awaitable[object], *, change: _Change
) -> object:
    """What comes of *act*, which finds *incident* as it is and then waits until it is changed."""
    async with asyncio.timeout(DEADLINE_S):
        async with store.transaction() as tx:
            await change(tx, await IncidentWrites(tx.sql).incident(incident.id, lock=True))
            acting = asyncio.ensure_future(act)
            while not await pool.fetchval(_WAITS):  # noqa: ASYNC110 -- nobody signals what is waited for
                await asyncio.sleep(0.005)
        return await acting


async def _opened(store: Store) -> Incident:
    """An incident with its thread."""
    incident = await open_incident(store)
    [thread] = await delivery_ids(store, owed(DeliveryKind.THREAD, incident=incident.id))
    await send(store, thread, message_id=_THREAD)
    return await IncidentRows(store.sql).incident(incident.id)


def _desk(store: Store) -> Desk:
    """The use cases on PostgreSQL."""
    desk = Desk(unreachable(), guild_id=GUILD)
    desk.own_store = store
    desk.use(desk.discord)
    return desk


@pytest.mark.parametrize("act", _ACTS)
async def test_what_is_made_private_meanwhile_is_not_found(pool: asyncpg.Pool, act: str) -> None:
    """An act on an incident that is made private meanwhile fails as not found and writes nothing.

    The audit records the refused attempt.
    """
    store = Store(pool, guild_id=GUILD)
    incident = await _opened(store)
    before = await TimelineRows(store.sql).timeline(incident.id)
    with pytest.raises(IncidentNotFound):
        await _made_private(pool, store, incident, _ACTS[act](_desk(store), incident))
    assert await TimelineRows(store.sql).timeline(incident.id) == before
    assert (await IncidentRows(store.sql).incident(incident.id)).is_open
    refused = await pool.fetch("SELECT actor_name, data FROM audit WHERE NOT allowed")
    assert [(row["actor_name"], row["data"]["act"], row["data"]["private"]) for row in refused] == [
        ("responder", act, True)
    ]


async def test_whoever_is_let_in_meanwhile_goes_on(pool: asyncpg.Pool) -> None:
    """A named member's acknowledge counts although the incident is made private while the act waits."""
    store = Store(pool, guild_id=GUILD)
    incident = await _opened(store)
    async with store.transaction() as tx:
        await MemberRows(tx.sql).add_member(incident.id, user_id=_BY.id, name=_BY.name, by=_BY)
    await _made_private(pool, store, incident, _ACTS["acknowledge"](_desk(store), incident))
    now = await IncidentRows(store.sql).incident(incident.id)
    assert (now.is_private, name_of(now.acknowledged)) == (True, "responder")


async def test_who_joins_the_war_room_meanwhile_is_not_noted(pool: asyncpg.Pool) -> None:
    """Joining the war room of an incident that becomes private is neither noted nor recorded."""
    store = Store(pool, guild_id=GUILD)
    incident = await _opened(store)
    before = await TimelineRows(store.sql).timeline(incident.id)
    joining = _desk(store).timelines.join_voice(GUILD, by=_BY, channel="war-room")
    assert await _made_private(pool, store, incident, joining) is None
    assert await TimelineRows(store.sql).timeline(incident.id) == before
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE NOT allowed") == 0


async def test_whoever_is_taken_out_meanwhile_is_given_no_role(pool: asyncpg.Pool) -> None:
    """A person who is removed while a role is given to them does not get it."""
    store = Store(pool, guild_id=GUILD)
    incident = await _opened(store)
    async with store.transaction() as tx:
        await _make_private(tx, await IncidentWrites(tx.sql).incident(incident.id, lock=True))
        await MemberRows(tx.sql).add_member(incident.id, user_id=_BY.id, name=_BY.name, by=_ON_CALL)
    giving = _desk(store).roles.give(incident.id, Role.COMMANDER, to=_BY, by=_ON_CALL)
    with pytest.raises(UserError, match="role_not_visible"):
        await _meanwhile(pool, store, incident, giving, change=_take_out)
    await _expect_no_role(pool, store, incident)


async def test_who_was_never_let_in_is_given_no_role_in_what_is_made_private(pool: asyncpg.Pool) -> None:
    """A person who was never let in gets no role if the incident is made private after the choice.

    The giving is refused: nobody holds the role, and no DM tells of it.
    """
    store = Store(pool, guild_id=GUILD)
    incident = await _opened(store)
    giving = _desk(store).roles.give(incident.id, Role.COMMANDER, to=_BY, by=_ON_CALL)
    with pytest.raises(UserError, match="role_not_visible"):
        await _made_private(pool, store, incident, giving)
    await _expect_no_role(pool, store, incident)


async def _expect_no_role(pool: asyncpg.Pool, store: Store, incident: Incident) -> None:
    """Neither held, nor told of to anybody."""
    assert (await IncidentRows(store.sql).incident(incident.id)).roles == {}
    owed_dms = "SELECT count(*) FROM deliveries WHERE kind = 'role_dm'"
    assert await pool.fetchval(owed_dms) == 0
