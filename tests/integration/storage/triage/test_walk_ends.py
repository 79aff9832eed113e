"""What ends a walk or asks about it, found by its message."""

from dataclasses import replace

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.triage.session import NewTriage
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.triages import TriageAnswerRows, TriageRows
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import (
    GUILD,
    OLIVE,
    PERRY,
    counted_on,
    delivery_ids,
    open_incident,
    owed,
    send,
)
from tests.integration.storage.triage.test_triages import DAY, MINUTE, change, raised_from, start


async def about(rig: Rig, incident: Incident) -> list[int]:
    """The walks that go on about the messages of an incident."""
    async with rig.store.transaction() as tx:
        return [walk.id for walk in await TriageRows(tx.sql).walks_about(incident.id)]


async def test_the_walks_about_an_incident_are_those_about_its_messages(rig: Rig) -> None:
    """An incident's open walks are found by its messages, and come with their answers.

    After a merge they are the other incident's; walks that have ended are not found.
    """
    incident, other = await open_incident(rig.store, key="a"), await open_incident(rig.store, key="b")
    async with rig.store.transaction() as tx:
        await AlertRows(tx.sql).note_alert(
            counted_on(incident, channel_id=500, message_id=600, sender="77:Parky API")
        )
        await AlertRows(tx.sql).note_alert(
            counted_on(other, channel_id=500, message_id=601, sender="77:Parky API")
        )
    first, second = await start(rig), await start(rig, key="interaction:2")
    async with rig.store.transaction() as tx:
        await TriageAnswerRows(tx.sql).add_answer(
            second.id, question="production", answer="no", unsure=False, by=PERRY
        )
        at = await tx.now()
        await TriageRows(tx.sql).save_triage(second.hold(by=OLIVE, due_at=at + MINUTE))
        assert [walk.answers != () for walk in await TriageRows(tx.sql).walks_about(incident.id)] == [
            False,
            True,
        ]
    assert (await about(rig, incident), await about(rig, other)) == ([first.id, second.id], [])
    await change(rig, incident, lambda one, at: transitions.merge(one, into=other, by=OLIVE, at=at))
    assert (await about(rig, incident), await about(rig, other)) == ([], [first.id, second.id])
    async with rig.store.transaction() as tx:
        await TriageRows(tx.sql).save_triage(first.give_up(by=OLIVE, at=at))
        await TriageRows(tx.sql).save_triage(
            (await TriageRows(tx.sql).triage(second.id)).dismiss(by=OLIVE, at=at)
        )
    assert await about(rig, other) == []


async def test_the_walks_about_what_a_triage_has_raised(rig: Rig) -> None:
    """About the same message, begun later; those about others, or about none, are not."""
    incident = await raised_from(rig, await start(rig), key="a")
    again = await start(rig, key="interaction:2")
    async with rig.store.transaction() as tx:
        now = await tx.now()
        for place in ((501, 600), (500, 601), (500, None)):
            new = NewTriage(GUILD, PERRY, "別", (), (), now, f"at:{place}", *place)
            await TriageRows(tx.sql).insert_triage(new, due_at=now + DAY)
    assert await about(rig, incident) == [again.id]


async def test_the_question_that_a_message_is(rig: Rig) -> None:
    """A sent post that asks to reevaluate leads its guild to the triage.

    That ends once the post is the incident's. Other posts and other guilds lead to nothing.
    """
    triage, incident = await start(rig), await open_incident(rig.store)
    key, held = f"triage:{triage.id}:asked:1", f"triage:{triage.id}:held:1"
    posts = [
        owed(DeliveryKind.REEVALUATION, incident=None, key=key),
        owed(DeliveryKind.REEVALUATION_HELD, incident=None, key=held),
    ]
    posts = [replace(post, data={"triage": triage.id}) for post in posts]
    for number, message_id in zip(await delivery_ids(rig.store, *posts), (77, 78), strict=True):
        assert await asked_at(rig, message_id) is None
        await send(rig.store, number, message_id=message_id)
    assert await asked_at(rig, 77) == (triage.id, key)
    assert (await asked_at(rig, 78), await asked_at(rig, 77, guild_id=GUILD + 1)) == (None, None)
    async with rig.store.transaction() as tx:
        await DeliveryWrites(tx.sql).adopt_deliveries([key], incident_id=incident.id)
    assert await asked_at(rig, 77) is None


async def asked_at(rig: Rig, message_id: int, *, guild_id: int = GUILD) -> tuple[int, str] | None:
    """What a message asks about, as a guild sees it."""
    async with rig.of(guild_id).transaction() as tx:
        return await TriageRows(tx.sql).question_at(message_id)
