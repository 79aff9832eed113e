"""Alerts of others, on both stores."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.domain import life
from bot.domain.incident import Incident, IncidentKind, Source
from bot.domain.triage import UNANSWERED
from bot.domain.triage_session import NewTriage
from tests.contract.conftest import Rig
from tests.contract.examples import GUILD, OLIVE, new_incident

MINUTE = timedelta(minutes=1)
CHANNEL = 50
SAME = "a" * 64


async def track(rig: Rig, message_id: int, *, fingerprint: str = SAME, severity: str = "SEV2") -> Incident:
    """A tracked alert, made from a message."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
        new = replace(
            new_incident(now, key=f"alert:{message_id}", severity=severity),
            kind=IncidentKind.ALERT,
            source=Source(CHANNEL, message_id, "Parky API"),
            fingerprint=fingerprint,
        )
        await tx.lock_fingerprint(GUILD, fingerprint)
        incident, _ = await tx.insert_incident(new, priority="P1", ack_due_at=now + MINUTE)
        await tx.note_alert(incident.id, channel_id=CHANNEL, message_id=message_id)
    return incident


async def same(rig: Rig, *, within: timedelta = MINUTE, lesser: tuple[str, ...] = ()) -> int | None:
    """The number of what the same alert counts on."""
    async with rig.store.transaction() as tx:
        found = await tx.same_alert(GUILD, SAME, since=await tx.now() - within, lesser=lesser)
    return None if found is None else found.id


async def test_a_message_is_counted_once(rig: Rig) -> None:
    """On the incident that it was counted on first; a 👀 on it leads there."""
    alert = await track(rig, 900)
    other = await track(rig, 901, fingerprint="b" * 64)
    async with rig.store.transaction() as tx:
        await tx.note_alert(other.id, channel_id=CHANNEL, message_id=900)
        assert await tx.alert_of_message(900) == alert.id
        assert await tx.alert_of_message(999) is None
    found = await rig.store.incident_by_message(900)
    assert found == alert
    assert (alert.kind, alert.source, alert.fingerprint) == (
        IncidentKind.ALERT,
        Source(CHANNEL, 900, "Parky API"),
        SAME,
    )
    assert await rig.store.incident_by_message(999) is None


async def test_the_first_message_and_the_newest_few_are_read(rig: Rig) -> None:
    """However often it came."""
    alert = await track(rig, 900)
    assert await rig.store.alert_messages(alert.id) == [(CHANNEL, 900)]
    async with rig.store.transaction() as tx:
        for message_id in (905, 903, 902, 904, 901):
            await tx.note_alert(alert.id, channel_id=CHANNEL, message_id=message_id)
    assert await rig.store.alert_messages(alert.id) == [(CHANNEL, n) for n in (900, 903, 904, 905)]
    assert await rig.store.alert_messages(alert.id + 1) == []


async def test_the_same_alert_is_open_recent_and_as_grave(rig: Rig) -> None:
    """And the newest of several."""
    first = await track(rig, 900)
    assert await same(rig) == first.id
    assert await same(rig, lesser=("SEV2", "SEV3")) is None
    await rig.advance(2 * MINUTE)
    assert await same(rig) is None
    assert await same(rig, within=3 * MINUTE) == first.id
    second = await track(rig, 901)
    assert await same(rig, within=3 * MINUTE) == second.id
    async with rig.store.transaction() as tx:
        known = await tx.incident(second.id, lock=True)
        await tx.save(life.resolve(known, by=OLIVE, at=await tx.now()))
    assert await same(rig, within=3 * MINUTE) == first.id


async def test_seeing_it_again_prolongs_the_window(rig: Rig) -> None:
    """The window counts from the last time."""
    alert = await track(rig, 900)
    await rig.advance(timedelta(seconds=40))
    async with rig.store.transaction() as tx:
        known = await tx.incident(alert.id, lock=True)
        await tx.save(life.see_again(known, at=await tx.now()))
    await rig.advance(timedelta(seconds=40))
    assert await same(rig) == alert.id
    assert (await rig.store.incident(alert.id)).occurrences == 2


async def merge(rig: Rig, incident: Incident, into: Incident) -> None:
    """People say that it is the same trouble."""
    async with rig.store.transaction() as tx:
        known, other = await tx.incident(incident.id, lock=True), await tx.incident(into.id)
        await tx.save(life.merge(known, into=other, by=OLIVE, at=await tx.now()))


async def test_a_merged_alert_counts_on_what_it_was_merged_into(rig: Rig) -> None:
    """And on what that was merged into, while the last one is open, if any of them was seen lately."""
    alert = await track(rig, 900)
    other = await track(rig, 901, fingerprint="b" * 64)
    await merge(rig, alert, other)
    assert await same(rig) == other.id
    await rig.advance(2 * MINUTE)
    last = await track(rig, 902, fingerprint="c" * 64)
    await merge(rig, other, last)
    assert await same(rig) == last.id
    assert await same(rig, lesser=("SEV2",)) is None
    await rig.advance(2 * MINUTE)
    assert (await same(rig), await same(rig, within=3 * MINUTE)) == (None, last.id)
    async with rig.store.transaction() as tx:
        known = await tx.incident(last.id, lock=True)
        await tx.save(life.resolve(known, by=OLIVE, at=await tx.now()))
    assert await same(rig, within=5 * MINUTE) is None


async def test_a_fingerprint_is_decided_about_by_one_at_a_time(rig: Rig) -> None:
    """Two instances that see the first alert at once open one incident."""
    opened: list[int] = []

    async def see(message_id: int) -> None:
        async with rig.store.transaction() as tx:
            await tx.lock_fingerprint(GUILD, SAME)
            now = await tx.now()
            if await tx.same_alert(GUILD, SAME, since=now - MINUTE, lesser=()) is None:
                new = replace(new_incident(now, key=f"alert:{message_id}"), fingerprint=SAME)
                incident, _ = await tx.insert_incident(new, priority="P0", ack_due_at=now)
                opened.append(incident.id)

    await asyncio.gather(*(see(message_id) for message_id in range(900, 905)))
    assert len(opened) == 1


async def test_a_triage_says_what_an_alert_is_about(rig: Rig) -> None:
    """Title, path and start; where and how only if it says so."""
    alert = await track(rig, 900)
    async with rig.store.transaction() as tx:
        new = NewTriage(
            GUILD, OLIVE, "DB が遅い", (), ("slow",), alert.triggered_at - MINUTE, "interaction:9"
        )
        triage, _ = await tx.insert_triage(new, due_at=await tx.now())
        await tx.add_answer(triage.id, question="production", answer="no", unsure=False, by=OLIVE)
        await tx.incident(alert.id, lock=True)
        path = (("production", "no"), UNANSWERED)
        changed = await tx.set_triaged(alert.id, await tx.triage(triage.id), path=path)
    assert changed == replace(
        alert,
        title="DB が遅い",
        symptoms=("slow",),
        path=path,
        started_at=alert.triggered_at - MINUTE,
        version=2,
    )
    assert await rig.store.incident(alert.id) == changed


async def test_a_cursor_never_goes_back(rig: Rig) -> None:
    """One per channel of a guild."""
    assert await rig.store.alert_cursor(GUILD, CHANNEL) is None
    for message_id in (0, 900, 800):
        await rig.store.move_alert_cursor(GUILD, CHANNEL, message_id)
    assert await rig.store.alert_cursor(GUILD, CHANNEL) == 900
    assert await rig.store.alert_cursor(GUILD, CHANNEL + 1) is None
    assert await rig.store.alert_cursor(GUILD + 1, CHANNEL) is None
