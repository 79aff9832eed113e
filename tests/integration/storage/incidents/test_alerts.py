"""Alerts of others."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.domain.alerts.questions import AlertAnswer, AlertQuestion
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.incident.parts import Source
from bot.domain.triage.session import Evidence
from bot.storage.tables.alerts import AlertQuestionRows, AlertRows
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, counted_on, new_incident

MINUTE = timedelta(minutes=1)
CHANNEL = 50
SENDER = "77:Parky API"
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
        await AlertRows(tx.sql).lock_fingerprint(GUILD, fingerprint)
        incident, _ = await IncidentWrites(tx.sql).insert_incident(
            new, priority="P1", ack_due_at=now + MINUTE
        )
        await AlertRows(tx.sql).note_alert(
            counted_on(incident, channel_id=CHANNEL, message_id=message_id, sender=SENDER)
        )
    return incident


async def same(rig: Rig, *, within: timedelta = MINUTE, lesser: tuple[str, ...] = ()) -> int | None:
    """The number of what the same alert counts on."""
    async with rig.store.transaction() as tx:
        found = await AlertRows(tx.sql).same_alert(GUILD, SAME, since=await tx.now() - within, lesser=lesser)
    return None if found is None else found.id


async def test_a_message_is_counted_once(rig: Rig) -> None:
    """A message counts only on the incident that it was counted on first, and a 👀 on it leads there."""
    alert = await track(rig, 900)
    other = await track(rig, 901, fingerprint="b" * 64)
    async with rig.store.transaction() as tx:
        await AlertRows(tx.sql).note_alert(
            counted_on(other, channel_id=CHANNEL, message_id=900, sender=SENDER)
        )
        assert await AlertRows(tx.sql).alert_of_message(900) == alert.id
        assert await AlertRows(tx.sql).alert_of_message(999) is None
    found = await IncidentRows(rig.store.sql).incident_by_message(900)
    assert found == alert
    assert (alert.kind, alert.tracked.source, alert.tracked.fingerprint) == (
        IncidentKind.ALERT,
        Source(CHANNEL, 900, "Parky API"),
        SAME,
    )
    assert await IncidentRows(rig.store.sql).incident_by_message(999) is None


async def test_the_first_message_and_the_newest_few_are_read(rig: Rig) -> None:
    """Of an alert's messages the first and the newest three are read, however often the alert came."""
    alert = await track(rig, 900)
    assert await AlertRows(rig.store.sql).alert_messages(alert.id) == [(CHANNEL, 900)]
    async with rig.store.transaction() as tx:
        for message_id in (905, 903, 902, 904, 901):
            await AlertRows(tx.sql).note_alert(
                counted_on(alert, channel_id=CHANNEL, message_id=message_id, sender=SENDER)
            )
    assert await AlertRows(rig.store.sql).alert_messages(alert.id) == [
        (CHANNEL, n) for n in (900, 903, 904, 905)
    ]
    assert await AlertRows(rig.store.sql).alert_messages(alert.id + 1) == []


async def test_the_same_alert_is_open_recent_and_as_grave(rig: Rig) -> None:
    """An alert counts on the newest open incident of the same alert that is recent and severe enough."""
    first = await track(rig, 900)
    assert await same(rig) == first.id
    assert await same(rig, lesser=("SEV2", "SEV3")) is None
    await rig.advance(2 * MINUTE)
    assert await same(rig) is None
    assert await same(rig, within=3 * MINUTE) == first.id
    second = await track(rig, 901)
    assert await same(rig, within=3 * MINUTE) == second.id
    async with rig.store.transaction() as tx:
        known = await IncidentWrites(tx.sql).incident(second.id, lock=True)
        await IncidentWrites(tx.sql).save(transitions.resolve(known, by=OLIVE, at=await tx.now()))
    assert await same(rig, within=3 * MINUTE) == first.id


async def test_seeing_it_again_prolongs_the_window(rig: Rig) -> None:
    """The window counts from the last time."""
    alert = await track(rig, 900)
    await rig.advance(timedelta(seconds=40))
    async with rig.store.transaction() as tx:
        known = await IncidentWrites(tx.sql).incident(alert.id, lock=True)
        await IncidentWrites(tx.sql).save(transitions.count_occurrence(known, at=await tx.now()))
    await rig.advance(timedelta(seconds=40))
    assert await same(rig) == alert.id
    assert (await IncidentRows(rig.store.sql).incident(alert.id)).tracked.occurrences == 2


async def merge(rig: Rig, incident: Incident, into: Incident) -> None:
    """People say that it is the same trouble."""
    async with rig.store.transaction() as tx:
        known, other = (
            await IncidentWrites(tx.sql).incident(incident.id, lock=True),
            await IncidentRows(tx.sql).incident(into.id),
        )
        await IncidentWrites(tx.sql).save(transitions.merge(known, into=other, by=OLIVE, at=await tx.now()))


async def test_a_merged_alert_counts_on_what_it_was_merged_into(rig: Rig) -> None:
    """A merged alert counts on the incident at the end of its chain of merges, while that incident is open.

    An incident of the chain must have been seen lately, and a severity that is too low does not count.
    """
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
        known = await IncidentWrites(tx.sql).incident(last.id, lock=True)
        await IncidentWrites(tx.sql).save(transitions.resolve(known, by=OLIVE, at=await tx.now()))
    assert await same(rig, within=5 * MINUTE) is None


async def test_a_fingerprint_is_decided_about_by_one_at_a_time(rig: Rig) -> None:
    """Two instances that see the first alert at once open one incident."""
    opened: list[int] = []

    async def see(message_id: int) -> None:
        async with rig.store.transaction() as tx:
            await AlertRows(tx.sql).lock_fingerprint(GUILD, SAME)
            now = await tx.now()
            if await AlertRows(tx.sql).same_alert(GUILD, SAME, since=now - MINUTE, lesser=()) is None:
                new = replace(new_incident(now, key=f"alert:{message_id}"), fingerprint=SAME)
                incident, _ = await IncidentWrites(tx.sql).insert_incident(new, priority="P0", ack_due_at=now)
                opened.append(incident.id)

    await asyncio.gather(*(see(message_id) for message_id in range(900, 905)))
    assert len(opened) == 1


async def test_a_cursor_never_goes_back(rig: Rig) -> None:
    """The cursor of a watched channel never goes back, and each channel of each guild has its own."""
    assert await AlertRows(rig.store.sql).alert_cursor(GUILD, CHANNEL) is None
    for message_id in (0, 900, 800):
        await AlertRows(rig.store.sql).move_alert_cursor(GUILD, CHANNEL, message_id)
    assert await AlertRows(rig.store.sql).alert_cursor(GUILD, CHANNEL) == 900
    assert await AlertRows(rig.store.sql).alert_cursor(GUILD, CHANNEL + 1) is None
    assert await AlertRows(rig.store.sql).alert_cursor(GUILD + 1, CHANNEL) is None


async def firing(
    rig: Rig, *, before: int, guild_id: int = GUILD, channel_id: int = CHANNEL, sender: str = SENDER
) -> list[tuple[int, bool]]:
    """The numbers of what a recovery is about, and whether each is over with it."""
    async with rig.store.transaction() as tx:
        found = await AlertRows(tx.sql).firing_alerts(
            guild_id, SAME, before=before, channel_id=channel_id, sender=sender
        )
    return [(one.id, over) for one, over in found]


async def test_a_recovery_is_about_what_has_not_fired_since(rig: Rig) -> None:
    """All of that fingerprint that are open, however old; not what a later message was counted on."""
    first, second = await track(rig, 900), await track(rig, 910)
    await track(rig, 901, fingerprint="b" * 64)
    await rig.advance(timedelta(days=2))
    assert await firing(rig, before=950) == [(first.id, True), (second.id, True)]
    assert await firing(rig, before=905) == [(first.id, True)]
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(
            transitions.resolve(
                await IncidentWrites(tx.sql).incident(first.id, lock=True), by=OLIVE, at=await tx.now()
            )
        )
    assert await firing(rig, before=950, guild_id=GUILD + 1) == []
    assert await firing(rig, before=950) == [(second.id, True)]
    assert await firing(rig, before=950, channel_id=CHANNEL + 1) == [(second.id, False)]
    assert await firing(rig, before=950, sender="77:Staging") == [(second.id, False)]
    async with rig.store.transaction() as tx:
        await AlertRows(tx.sql).note_alert(
            counted_on(second, channel_id=CHANNEL + 1, message_id=911, sender=SENDER)
        )
    assert await firing(rig, before=950) == [(second.id, False)]


async def count(
    rig: Rig, alert: Incident, message_id: int, *, sender: str, channel_id: int = CHANNEL
) -> None:
    """Count one more message on *alert*."""
    async with rig.store.transaction() as tx:
        await AlertRows(tx.sql).note_alert(
            counted_on(alert, channel_id=channel_id, message_id=message_id, sender=sender)
        )


async def recover(
    rig: Rig, alert: Incident, message_id: int, *, sender: str, channel_id: int = CHANNEL
) -> bool:
    """Note a recovery; whether it is news."""
    async with rig.store.transaction() as tx:
        return await AlertRows(tx.sql).note_recovery(
            alert.id, message_id=message_id, channel_id=channel_id, sender=sender
        )


async def test_what_two_senders_post_is_over_when_both_have_recovered(rig: Rig) -> None:
    """The other one may still fire; what fires again after its recovery does."""
    other = "78:Parky API"
    alert = await track(rig, 900)
    await count(rig, alert, 901, sender=other)
    for sender in (SENDER, other):
        assert await firing(rig, before=910, sender=sender) == [(alert.id, False)]
    assert await recover(rig, alert, 910, sender=SENDER)
    assert await firing(rig, before=920, sender="79:Staging") == [(alert.id, False)]
    assert await firing(rig, before=920, sender=other) == [(alert.id, True)]
    await count(rig, alert, 915, sender=SENDER)
    assert await firing(rig, before=920, sender=other) == [(alert.id, False)]
    await recover(rig, alert, 920, sender=other)
    assert await firing(rig, before=930) == [(alert.id, True)]


async def test_what_came_in_two_channels_is_over_when_it_is_in_both(rig: Rig) -> None:
    """One sender posts it in both."""
    alert = await track(rig, 900)
    await count(rig, alert, 901, sender=SENDER, channel_id=CHANNEL + 1)
    await recover(rig, alert, 910, sender=SENDER, channel_id=CHANNEL + 2)
    assert await firing(rig, before=920) == [(alert.id, False)]
    await recover(rig, alert, 911, sender=SENDER, channel_id=CHANNEL + 1)
    assert await firing(rig, before=920) == [(alert.id, True)]


async def test_a_recovery_is_about_what_only_another_sender_has_posted_since(rig: Rig) -> None:
    """A recovery concerns an alert that only another sender has posted since, but does not end it.

    If the recovery's own sender has posted since, the recovery concerns no alert.
    """
    alert = await track(rig, 900)
    await count(rig, alert, 920, sender="78:Parky API")
    assert await firing(rig, before=910) == [(alert.id, False)]
    assert await firing(rig, before=910, sender="78:Parky API") == []


async def test_a_recovery_of_what_was_merged_is_about_the_other(rig: Rig) -> None:
    """A recovery of a merged alert concerns the incident it was merged into, which is not over then."""
    duplicate, goes_on = await track(rig, 900), await track(rig, 901, fingerprint="b" * 64)
    async with rig.store.transaction() as tx:
        known = await IncidentWrites(tx.sql).incident(duplicate.id, lock=True)
        merged = transitions.merge(known, into=goes_on, by=OLIVE, at=await tx.now())
        await IncidentWrites(tx.sql).save(merged)
    assert await firing(rig, before=950) == [(goes_on.id, False)]


async def test_a_recovery_is_noted_once(rig: Rig) -> None:
    """A recovery is news only the first time, and the alert counts as recovered until it fires again."""
    alert = await track(rig, 900)
    async with rig.store.transaction() as tx:
        assert not await AlertRows(tx.sql).has_recovered(alert.id)
    for is_news in (True, False):
        assert await recover(rig, alert, 901, sender=SENDER) is is_news
    async with rig.store.transaction() as tx:
        assert await AlertRows(tx.sql).has_recovered(alert.id)
        await AlertRows(tx.sql).note_alert(
            counted_on(alert, channel_id=CHANNEL, message_id=902, sender=SENDER)
        )
        assert not await AlertRows(tx.sql).has_recovered(alert.id)


async def test_a_recovery_is_kept_for_a_month(rig: Rig) -> None:
    """A recovery is kept for a month, or for as long as its alert is open.

    Older recoveries are deleted when another recovery comes.
    """
    over, goes_on = await track(rig, 900), await track(rig, 901, fingerprint="b" * 64)
    for alert in (over, goes_on):
        assert await recover(rig, alert, 910, sender=SENDER)
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(
            transitions.resolve(
                await IncidentWrites(tx.sql).incident(over.id, lock=True), by=OLIVE, at=await tx.now()
            )
        )
    for days, is_forgotten in ((29, False), (2, True)):
        await rig.advance(timedelta(days=days))
        await recover(rig, goes_on, 910 + days, sender=SENDER)
        async with rig.store.transaction() as tx:
            assert await AlertRows(tx.sql).has_recovered(over.id) is not is_forgotten
            assert await AlertRows(tx.sql).has_recovered(goes_on.id)


async def question(rig: Rig, message_id: int, *, fingerprint: str = SAME) -> AlertQuestion:
    """What is asked about a message."""
    async with rig.store.transaction() as tx:
        now = await tx.now()
    evidence = Evidence(
        text="deploy", author_id=77, author_name="Deploys", url="https://discord.com/channels/1/2/3", at=now
    )
    return AlertQuestion(
        GUILD, CHANNEL, message_id, "77:Deploys", fingerprint, "SEV2", "deploy", None, evidence
    )


async def test_a_message_is_asked_about_once(rig: Rig) -> None:
    """A message is asked about once, and an equal message only when some time has passed.

    The question is found by its guild alone; its answer is kept and can be taken back.
    """
    asked, again = await question(rig, 900), await question(rig, 901)
    other = await question(rig, 902, fingerprint="b" * 64)
    async with rig.store.transaction() as tx:
        since = await tx.now() - MINUTE
        assert await AlertQuestionRows(tx.sql).ask_about_alert(asked, since=since, most=5)
        for known in (asked, again):
            assert not await AlertQuestionRows(tx.sql).ask_about_alert(known, since=since, most=5)
        assert await AlertQuestionRows(tx.sql).ask_about_alert(other, since=since, most=5)
    await rig.advance(2 * MINUTE)
    async with rig.store.transaction() as tx:
        assert not await AlertQuestionRows(tx.sql).ask_about_alert(
            asked, since=await tx.now() - MINUTE, most=5
        )
        assert await AlertQuestionRows(tx.sql).ask_about_alert(again, since=await tx.now() - MINUTE, most=5)
    async with rig.store.transaction() as tx:
        assert await AlertQuestionRows(tx.sql).alert_question(900, guild_id=GUILD) == asked
        assert await AlertQuestionRows(tx.sql).alert_question(900, guild_id=GUILD + 1) is None
        assert await AlertQuestionRows(tx.sql).alert_question(999, guild_id=GUILD) is None
        await AlertQuestionRows(tx.sql).answer_alert_question(900, AlertAnswer.TRACKED, by=OLIVE)
        found = await AlertQuestionRows(tx.sql).alert_question(900, guild_id=GUILD)
        assert found is not None
        assert (found.answer, found.answered_by_name) == (AlertAnswer.TRACKED, OLIVE.name)
        await AlertQuestionRows(tx.sql).answer_alert_question(900, None, by=OLIVE)
        reopened = await AlertQuestionRows(tx.sql).alert_question(900, guild_id=GUILD)
        assert reopened is not None
        assert reopened.answer is None


async def test_a_question_is_kept_for_a_month(rig: Rig) -> None:
    """A question about a message is deleted after a month, once another question is asked.

    A question that was answered by ignoring the sender stays, since that can still be undone.
    """
    asked = [await question(rig, 900 + n, fingerprint=str(n) * 64) for n in range(5)]
    async with rig.store.transaction() as tx:
        for one in asked[:3]:
            assert await AlertQuestionRows(tx.sql).ask_about_alert(one, since=await tx.now() - MINUTE, most=5)
        await AlertQuestionRows(tx.sql).answer_alert_question(901, AlertAnswer.TRACKED, by=OLIVE)
        await AlertQuestionRows(tx.sql).answer_alert_question(902, AlertAnswer.IGNORED, by=OLIVE)
    for days, new, kept in ((29, 3, {900, 901, 902, 903}), (2, 4, {902, 903, 904})):
        await rig.advance(timedelta(days=days))
        async with rig.store.transaction() as tx:
            assert await AlertQuestionRows(tx.sql).ask_about_alert(
                asked[new], since=await tx.now() - MINUTE, most=5
            )
        async with rig.store.transaction() as tx:
            found = [
                await AlertQuestionRows(tx.sql).alert_question(one.message_id, guild_id=GUILD)
                for one in asked
            ]
        assert {one.message_id for one in found if one is not None} == kept


async def test_a_sender_is_asked_about_a_few_times(rig: Rig) -> None:
    """Questions about a sender stop at the limit, until one is answered or time has passed."""
    asked = [await question(rig, 900 + n, fingerprint=str(n) * 64) for n in range(5)]
    async with rig.store.transaction() as tx:
        since = await tx.now() - MINUTE
        found = [
            await AlertQuestionRows(tx.sql).ask_about_alert(one, since=since, most=2) for one in asked[:3]
        ]
        assert found == [True, True, None]
        await AlertQuestionRows(tx.sql).answer_alert_question(900, AlertAnswer.TRACKED, by=OLIVE)
        assert await AlertQuestionRows(tx.sql).ask_about_alert(asked[3], since=since, most=2)
        assert not await AlertQuestionRows(tx.sql).ask_about_alert(asked[4], since=since, most=2)
    await rig.advance(2 * MINUTE)
    async with rig.store.transaction() as tx:
        assert await AlertQuestionRows(tx.sql).ask_about_alert(
            asked[4], since=await tx.now() - MINUTE, most=2
        )


async def test_a_sender_is_ignored_until_somebody_takes_it_back(rig: Rig) -> None:
    """A sender is ignored in one channel of one guild, until somebody takes that back."""
    async with rig.store.transaction() as tx:
        assert not await AlertQuestionRows(tx.sql).heed_sender(GUILD, CHANNEL, "77:Deploys")
        assert await AlertQuestionRows(tx.sql).ignore_sender(GUILD, CHANNEL, "77:Deploys", by=OLIVE)
        assert not await AlertQuestionRows(tx.sql).ignore_sender(GUILD, CHANNEL, "77:Deploys", by=OLIVE)
        ignored = [
            await AlertQuestionRows(tx.sql).is_ignored_sender(guild, channel, sender)
            for guild, channel, sender in [
                (GUILD, CHANNEL, "77:Deploys"),
                (GUILD, CHANNEL, "77:Backups"),
                (GUILD, CHANNEL + 1, "77:Deploys"),
                (GUILD + 1, CHANNEL, "77:Deploys"),
            ]
        ]
        assert ignored == [True, False, False, False]
        assert await AlertQuestionRows(tx.sql).heed_sender(GUILD, CHANNEL, "77:Deploys")
        assert not await AlertQuestionRows(tx.sql).is_ignored_sender(GUILD, CHANNEL, "77:Deploys")
