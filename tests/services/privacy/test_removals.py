"""Show how people are removed from a private incident: what they lose, and who may remove whom."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import Attachment, Delivery, DeliveryStatus, Posted, Request
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import (
    DeliveryRefused,
    IncidentNotFound,
    NotPermitted,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.incident.incident import Incident, Role, Status
from bot.domain.incident.ownership import OwnerWhy
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.i18n import Texts
from bot.services.escalation.release import ReleaseOutcome
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows, MemberRows
from bot.storage.tables.timeline import TimelineRows
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from tests.fakes.discord import FakeDiscord
from tests.services.desk import GUILD, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.privacy.test_privacy import NAMED, ON_CALL, open_private

MEMBER = f"user:{NAMED.id}"

#: Sees private incidents, and is not on call.
RESPONDER_INSIDE = replace(SECONDARY, id=51, username="inside")


class SlowDiscord(FakeDiscord):
    """Before it takes the next request, something else happens."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def send(self, request: Request, *, nonce: str, files: Sequence[Attachment] = ()) -> Posted:
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            await happens()
        return await FakeDiscord.send(self, request, nonce=nonce, files=files)


async def with_named(desk: Desk) -> Incident:
    """Open a private incident with NAMED, who sees it only by being added, in its thread."""
    incident = await open_private(desk)
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="add")
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


def memberships(desk: Desk) -> list[AnyDeliveryKind]:
    """What Discord was asked for about the named person, in order."""
    kinds = (DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED)
    return [kind for kind, to in desk.discord.sent if to == MEMBER and kind in kinds]


async def owed(desk: Desk, kind: AnyDeliveryKind) -> Delivery:
    """The last delivery of that kind about the named person."""
    return [one for one in await desk.database.deliveries() if (one.kind, one.to) == (kind, MEMBER)][-1]


async def notices(desk: Desk) -> list[object]:
    """The lines in the thread."""
    return [one.data["notice"] for one in await desk.database.deliveries() if one.kind is DeliveryKind.NOTICE]


async def removal(desk: Desk, incident: Incident, *, key: str) -> DeliveryStatus | None:
    """How far the removal of NAMED from the thread is."""
    return await desk.privacy.requested(incident.id, who=NAMED, key=key, removes=True)


async def test_whoever_is_removed_sees_it_no_more(desk: Desk) -> None:
    """A removed person no longer sees the incident or its thread, which gets a line; it is recorded."""
    incident = await with_named(desk)
    assert await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="k")
    assert (
        await desk.privacy.requested(incident.id, who=NAMED, key="k", removes=True) is DeliveryStatus.PENDING
    )
    await desk.work()
    assert await removal(desk, incident, key="k") is DeliveryStatus.SENT
    assert memberships(desk) == [DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED]
    assert (await owed(desk, DeliveryKind.MEMBER_REMOVED)).channel_id == incident.thread.id
    assert await desk.looking.open_ones(GUILD, by=NAMED) == []
    with pytest.raises(IncidentNotFound):
        await desk.incidents.find(number=incident.id, thread_id=None, by=NAMED)
    with pytest.raises(IncidentNotFound):
        await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=AckVia.REACTION)
    (entry,) = (
        e
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.MEMBER_REMOVED
    )
    assert (entry.actor_id, entry.data) == (PRIMARY.id, {"id": NAMED.id, "name": NAMED.name})
    assert await notices(desk) == ["member_added", "member_removed"]
    audited = [
        row for row in await desk.database.audit_rows() if row.allowed and row.action == "member_removed"
    ]
    assert [row.data["id"] for row in audited] == [NAMED.id]


async def test_two_people_remove_somebody_at_once(desk: Desk) -> None:
    """One has done it, the other hears that they were not named; one line and one entry tell of it."""
    incident = await with_named(desk)
    done = await asyncio.gather(
        *(
            desk.removals.remove(incident.id, who=NAMED, by=by, key=by.name)
            for by in (PRIMARY, replace(SECONDARY, id=8, username="x"))
        )
    )
    await desk.work()
    assert sorted(done) == [False, True]
    assert await notices(desk) == ["member_added", "member_removed"]


async def test_what_they_held_is_given_up(desk: Desk) -> None:
    """Every role, on the timeline, and no DM about it reaches them any more; others keep theirs."""
    incident = await with_named(desk)
    await desk.roles.take(incident.id, Role.COMMANDER, by=PRIMARY)
    await desk.roles.give(incident.id, Role.SCRIBE, to=NAMED, by=PRIMARY)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="k")
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert {role: who.id for role, who in now.roles.items()} == {Role.COMMANDER: PRIMARY.id}
    changed = [
        e.data
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.ROLE_CHANGED
    ]
    assert changed[-1] is not None
    assert (changed[-1]["role"], changed[-1]["holder"]) == ("scribe", None)
    assert desk.sent(DeliveryKind.ROLE_DM) == []


@pytest.mark.parametrize("by", [PRIMARY, NAMED])
async def test_whoever_had_it_and_is_removed_has_it_no_more(desk: Desk, by: Person) -> None:
    """Removing the person who has the incident, or leaving it, resumes the ladder and asks the others."""
    incident = await with_named(desk)
    await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=AckVia.BUTTON)
    await desk.roles.take(incident.id, Role.SCRIBE, by=RESPONDER_INSIDE)
    await desk.pass_time(minutes=5)
    await desk.removals.remove(incident.id, who=NAMED, by=by, key="k")
    await desk.work()
    shown = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    assert (shown.status, shown.owner.id, shown.owner.why) == (Status.TRIGGERED, None, OwnerWhy.RELEASED)
    pages = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.PAGE]
    assert [(one.to, "why" in one.data) for one in pages] == [
        ("person:primary", False),
        ("person:primary", True),
    ]
    assert desk.sent(DeliveryKind.OFFER) == [f"user:{RESPONDER_INSIDE.id}"]
    assert await notices(desk) == ["member_added", "role_changed", "member_removed", "released"]
    let_go = await desk.database.deliveries()
    [line] = [one for one in let_go if one.data.get("notice") == "released"]
    verb = "手を離しました" if by is NAMED else "外れました"
    assert f"{NAMED.name} が{verb}" in str(render(Wording(Texts.load(), desk.policy), line, shown))
    assert desk.sent(DeliveryKind.ESCALATION) == []
    await desk.pass_time(minutes=10)
    assert len(desk.sent(DeliveryKind.ESCALATION)) == 1, "the ladder is where it was"
    audited = [row for row in await desk.database.audit_rows() if row.action == TimelineKind.RELEASED]
    assert [row.allowed for row in audited] == [True]


async def test_what_the_removed_person_had_passes_to_the_next_responder(desk: Desk) -> None:
    """If another person has acknowledged it too, they have it, with a DM, and nobody is paged."""
    incident = await with_named(desk)
    await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=AckVia.BUTTON)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    paged = desk.sent(DeliveryKind.PAGE)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="k")
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.status, now.owner.id, now.owner.why) == (Status.ACKNOWLEDGED, SECONDARY.id, OwnerWhy.HANDED)
    assert desk.sent(DeliveryKind.OFFER) == [f"user:{SECONDARY.id}"]
    assert desk.sent(DeliveryKind.PAGE) == paged
    [line] = [one for one in await desk.database.deliveries() if one.data.get("notice") == "taken_over"]
    assert f"{NAMED.name} が外れました" in str(render(Wording(Texts.load(), desk.policy), line, now))


async def test_removing_another_leaves_the_acknowledgement_as_it_is(desk: Desk) -> None:
    """The owner of an incident keeps it when another person is removed."""
    incident = await with_named(desk)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=AckVia.BUTTON)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="k")
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (now.status, now.owner.id) == (Status.ACKNOWLEDGED, PRIMARY.id)


@pytest.mark.parametrize("via", [AckVia.BUTTON, AckVia.ROLE])
async def test_whoever_was_removed_neither_takes_over_nor_is_asked(desk: Desk, via: AckVia) -> None:
    """A responder who was removed gets no DM about a hand-back, and does not get the incident by it."""
    incident = await with_named(desk)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=via)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="k")
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    await desk.work()
    assert (released.outcome, released.asked) == (ReleaseOutcome.RESUMED, ())
    assert desk.sent(DeliveryKind.OFFER) == []


async def test_an_offer_to_whoever_is_removed_before_it_is_sent_is_cancelled(desk: Desk) -> None:
    """The DM has the incident's title."""
    incident = await with_named(desk)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.roles.give(incident.id, Role.SCRIBE, to=NAMED, by=PRIMARY)
    await desk.work()
    released = await desk.releasing.release(incident.id, by=PRIMARY)
    assert [one.id for one in released.asked] == [NAMED.id]
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="k")
    await desk.work()
    assert desk.sent(DeliveryKind.OFFER) == []


async def test_what_stands_in_their_dms_is_edited_no_more(desk: Desk) -> None:
    """DMs to a removed person are not updated, until they are added again."""
    incident = await with_named(desk)
    await desk.roles.give(incident.id, Role.SCRIBE, to=NAMED, by=PRIMARY)
    await desk.work()
    assert desk.sent(DeliveryKind.ROLE_DM) == [MEMBER]
    dm = await owed(desk, DeliveryKind.ROLE_DM)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="k")
    await desk.work()
    shown = (await DeliveryRows(desk.store.sql).delivery(dm.id)).shown_version
    assert shown < (await IncidentRows(desk.store.sql).incident(incident.id)).version
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="again")
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert (await DeliveryRows(desk.store.sql).delivery(dm.id)).shown_version == now.version


@pytest.mark.parametrize(
    ("who", "key"),
    [
        pytest.param(SECONDARY, "private_stays_role", id="by role"),
        pytest.param(replace(NAMED, is_admin=True), "private_stays_role", id="an administrator"),
        pytest.param(replace(ON_CALL, id=77, username="primary"), "private_stays_on_call", id="on call"),
        pytest.param(replace(NAMED, is_bot=True), "private_for_bot", id="a bot"),
    ],
)
async def test_who_would_see_it_all_the_same_stays(desk: Desk, who: Person, key: str) -> None:
    """People who see the incident by role or while on call cannot be removed; each attempt is recorded."""
    incident = await with_named(desk)
    for by in (PRIMARY, who):
        with pytest.raises(UserError) as refused:
            await desk.removals.remove(incident.id, who=who, by=by, key="k")
        assert refused.value.key == key
    assert await IncidentRows(desk.store.sql).incident(incident.id) == incident
    if not who.is_bot:
        tried = [row.data for row in await desk.database.audit_rows() if not row.allowed]
        assert [data["act"] for data in tried] == ["remove_member", "leave"]
        assert {f"private_stays_{data['why']}" for data in tried} == {key}


async def test_who_may_remove(desk: Desk) -> None:
    """Removing needs the permission to add people; a person added by name can only remove themselves."""
    incident = await with_named(desk)
    await desk.privacy.add(incident.id, who=RESPONDER, by=PRIMARY, key="b")
    with pytest.raises(NotPermitted):
        await desk.removals.remove(incident.id, who=RESPONDER, by=NAMED, key="k")
    stranger = replace(RESPONDER, id=99)
    for who in (NAMED, stranger):
        with pytest.raises(IncidentNotFound):
            await desk.removals.remove(incident.id, who=who, by=stranger, key="k")
    assert await desk.removals.remove(incident.id, who=NAMED, by=NAMED, key="k")
    (line,) = (one for one in await desk.database.deliveries() if one.data.get("notice") == "member_removed")
    assert line.data["is_own"] is True
    public = await desk.open(key="public")
    with pytest.raises(UserError, match="private_not_removed"):
        await desk.removals.remove(public.id, who=NAMED, by=PRIMARY, key="k")


async def test_the_last_one_stays_unless_a_role_sees_it(desk: Desk) -> None:
    """The last person of a private incident can be removed only if a role on the server sees the incident.

    While Discord cannot be asked the removal fails; a person who is not the last needs no such role.
    """
    incident = await open_private(desk, by=replace(PRIMARY, id=50, username="gone"))
    last = Person(50, "gone", username="gone")
    desk.discord.is_away = True
    with pytest.raises(UpstreamUnavailable):
        await desk.removals.remove(incident.id, who=last, by=last, key="k")
    desk.discord.is_away, desk.discord.has_role = False, False
    with pytest.raises(UserError, match="private_stays_last"):
        await desk.removals.remove(incident.id, who=last, by=last, key="k")
    assert await MemberRows(desk.store.sql).is_member(incident.id, last.id)
    refused = [row.data["why"] for row in await desk.database.audit_rows() if not row.allowed]
    assert refused == ["last"]
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="b")
    assert await desk.removals.remove(incident.id, who=NAMED, by=NAMED, key="k")
    desk.discord.has_role = True
    assert await desk.removals.remove(incident.id, who=last, by=last, key="k2")


async def test_whoever_was_on_call_is_taken_out_without_a_name(desk: Desk) -> None:
    """A person who is in a private thread without having been added by name can be removed.

    The removal is in the audit, and the thread gets no line about it.
    """
    incident = await open_private(desk)
    assert not await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="k")
    await desk.work()
    assert memberships(desk) == [DeliveryKind.MEMBER_REMOVED]
    assert await notices(desk) == []
    last = (await desk.database.audit_rows())[-1]
    assert (last.action, last.allowed, last.data["id"]) == ("remove_member", True, NAMED.id)


async def test_removed_and_added_as_often_as_one_likes(desk: Desk) -> None:
    """A person can be removed and added repeatedly, with a line each time."""
    incident = await with_named(desk)
    for number in range(3):
        await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key=f"out:{number}")
        await desk.work()
        assert not await MemberRows(desk.store.sql).is_member(incident.id, NAMED.id)
        await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key=f"in:{number}")
        await desk.work()
        assert await MemberRows(desk.store.sql).is_member(incident.id, NAMED.id)
    assert memberships(desk) == [DeliveryKind.MEMBER, *[DeliveryKind.MEMBER_REMOVED, DeliveryKind.MEMBER] * 3]
    assert await notices(desk) == ["member_added", *["member_removed", "member_added"] * 3]
    assert (await desk.incidents.find(number=incident.id, thread_id=None, by=NAMED)).id == incident.id


@pytest.mark.parametrize("stays", [True, False])
async def test_what_was_decided_last_holds(desk: Desk, *, stays: bool) -> None:
    """Of an addition and a removal of one person with nothing sent in between, only the later one is done.

    The earlier one is cancelled, even if its delivery is attempted last.
    """
    incident = await with_named(desk)
    before = len(memberships(desk))
    if not stays:
        await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="in")
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    if stays:
        await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="in")
    last, first = DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED
    if not stays:
        last, first = first, last
    for kind in (last, first):
        await desk.deliveries.deliver((await owed(desk, kind)).id)
    await desk.work()
    assert memberships(desk)[before:] == [last]
    assert (await owed(desk, first)).status is DeliveryStatus.CANCELLED


async def test_somebody_on_their_way_in_when_they_are_removed(desk: Desk) -> None:
    """Discord may have let them in after it took them out: they are taken out once more."""
    desk.discord = slow = SlowDiscord()
    desk.use(slow)
    incident = await open_private(desk)
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="in")

    async def meanwhile() -> None:
        await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
        await desk.deliveries.deliver((await owed(desk, DeliveryKind.MEMBER_REMOVED)).id)

    slow.meanwhile = meanwhile
    await desk.deliveries.deliver((await owed(desk, DeliveryKind.MEMBER)).id)
    await desk.work()
    out, in_ = DeliveryKind.MEMBER_REMOVED, DeliveryKind.MEMBER
    assert memberships(desk) == [out, in_, out]


async def test_an_attempt_of_which_nobody_knows_is_made_good(desk: Desk) -> None:
    """A removed person whose adding had an unknown outcome is removed again after the retry."""
    incident = await open_private(desk)
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="in")
    desk.discord.swallow = True
    await desk.deliveries.deliver((await owed(desk, DeliveryKind.MEMBER)).id)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    await desk.pass_time(minutes=1)
    assert memberships(desk) == [DeliveryKind.MEMBER, *[DeliveryKind.MEMBER_REMOVED] * 2]
    unsent = [one for one in await desk.database.deliveries() if one.status is DeliveryStatus.PENDING]
    assert unsent == []


async def test_another_thread_has_them_not(desk: Desk) -> None:
    """A new thread does not get a removed person, even if they had acknowledged."""
    incident = await with_named(desk)
    await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=AckVia.BUTTON)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    await desk.work()
    await desk.reposting.thread_gone(incident.thread.id or 0)
    await desk.work()
    assert memberships(desk) == [DeliveryKind.MEMBER, DeliveryKind.MEMBER_REMOVED]
    assert desk.sent(DeliveryKind.PRIVATE_THREAD) == ["channel:p0-alerts"] * 2


async def test_out_of_a_thread_that_was_deleted_unseen(desk: Desk) -> None:
    """Removing a person from a deleted thread makes a new one without them and reports no failure."""
    incident = await with_named(desk)
    desk.discord.deleted_threads = {incident.thread.id or 0}
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.thread.id not in (None, incident.thread.id)
    assert memberships(desk) == [DeliveryKind.MEMBER]
    assert "not_taken_out" not in await notices(desk)


async def test_whom_discord_does_not_take_out_is_told_of(desk: Desk) -> None:
    """A line in the thread and an entry, by name; no row of the DLQ. They see nothing else by then."""
    incident = await with_named(desk)
    desk.discord.refused = {MEMBER}
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    await desk.work()
    assert (
        await desk.privacy.requested(incident.id, who=NAMED, key="out", removes=True) is DeliveryStatus.FAILED
    )
    (line,) = (one for one in await desk.database.deliveries() if one.data.get("notice") == "not_taken_out")
    assert (line.data["name"], line.channel_id) == (NAMED.name, incident.thread.id)
    (entry,) = (
        e
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.DELIVERY_FAILED
    )
    assert entry.data is not None
    assert (entry.data["kind"], entry.data["name"]) == ("member_removed", NAMED.name)
    assert await desk.database.dlq_entries() == []


async def test_no_reminder_mentions_whoever_was_removed(desk: Desk) -> None:
    """A reminder asks the next responder, and does not mention a removed one, which would add them."""
    incident = await with_named(desk)
    desk.discord.members = (SECONDARY,)
    await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=AckVia.BUTTON)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    await desk.pass_time(hours=2)
    reminders = [one for one in await desk.database.deliveries() if one.data.get("notice") == "update_due"]
    assert reminders
    assert {(one.data["lead_id"], str(one.data["gone"])) for one in reminders} == {(SECONDARY.id, "[]")}


async def test_a_reminder_on_its_way_does_not_let_in_whoever_is_removed(desk: Desk) -> None:
    """A reminder for a person who is removed before Discord has it is cancelled, not sent."""
    incident = await with_named(desk)
    await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=AckVia.BUTTON)
    desk.discord.members = (NAMED,)
    await desk.work()
    await desk.database.advance(timedelta(minutes=31))
    await desk.updates.remind(incident.id)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    await desk.work()
    (reminder,) = (one for one in await desk.database.deliveries() if one.data.get("notice") == "update_due")
    assert (reminder.data["lead_id"], reminder.status) == (NAMED.id, DeliveryStatus.CANCELLED)


async def test_whoever_is_removed_while_a_reminder_looks_is_not_asked(desk: Desk) -> None:
    """A person removed while a reminder is being prepared is not mentioned; who has it now is."""
    incident = await with_named(desk)
    desk.discord.members = (NAMED, SECONDARY)
    await desk.roles.give(incident.id, Role.COMMANDER, to=NAMED, by=PRIMARY)
    await desk.acknowledger.acknowledge(incident.id, by=NAMED, via=AckVia.BUTTON)
    await desk.acknowledger.acknowledge(incident.id, by=SECONDARY, via=AckVia.BUTTON)
    await desk.work()
    member = desk.discord.member

    class Slow(FakeDiscord):
        async def member(self, guild_id: int, discord: str) -> Person:
            found = await member(guild_id, discord)
            if await MemberRows(desk.store.sql).is_member(incident.id, NAMED.id):
                await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
            return found

    desk.use(Slow())
    await desk.database.advance(timedelta(minutes=31))
    await desk.updates.remind(incident.id)
    (reminder,) = (one for one in await desk.database.deliveries() if one.data.get("notice") == "update_due")
    assert (reminder.data["lead_id"], reminder.data["gone"]) == (SECONDARY.id, [])


async def test_a_reminder_passes_over_who_lost_the_role_by_which_they_saw_it(desk: Desk) -> None:
    """A reminder asks the primary instead of a commander who no longer has a role that sees the incident.

    While Discord is away no role is assumed. The commander stays commander.
    """
    desk.lets_nothing_lapse()
    incident = await open_private(desk)
    await desk.roles.take(incident.id, Role.COMMANDER, by=replace(SECONDARY, id=50, username="gone"))
    for members, is_away, asked in (
        ((replace(SECONDARY, id=50, username="gone"),), False, None),
        ((replace(NAMED, id=50, username="gone"),), False, "primary"),
        ((replace(SECONDARY, id=50, username="gone"),), True, "primary"),
    ):
        desk.discord.members, desk.discord.is_away = members, is_away
        await desk.work()
        now = await IncidentRows(desk.store.sql).incident(incident.id)
        assert now.updates.remind_at is not None
        await desk.database.advance(now.updates.remind_at - desk.clock.time)
        await desk.updates.remind(incident.id)
        reminder = [
            one for one in await desk.database.deliveries() if one.data.get("notice") == "update_due"
        ][-1]
        assert reminder.data.get("asks") == asked
        assert (reminder.data["lead_id"] == 50) is (asked is None)
    commander = (await IncidentRows(desk.store.sql).incident(incident.id)).commander
    assert commander is not None
    assert "role_changed" not in (await notices(desk))[1:]


async def test_what_ended_and_goes_on_again_has_none_of_their_roles(desk: Desk) -> None:
    """Reopening an incident clears the roles of people who were removed after its end."""
    incident = await with_named(desk)
    await desk.roles.give(incident.id, Role.COMMANDER, to=NAMED, by=PRIMARY)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).commander is not None
    opened = await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    assert opened.commander is None
    assert (await IncidentRows(desk.store.sql).incident(incident.id)) == opened


async def test_who_acts_while_they_are_removed_is_asked_once_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An action by a person who is removed before it takes the lock is refused."""
    incident = await with_named(desk)
    is_member = MemberRows.is_member

    async def slow(rows: MemberRows, incident_id: int, user_id: int) -> bool:
        passes = await is_member(rows, incident_id, user_id)
        if passes:
            await desk.removals.remove(incident_id, who=NAMED, by=PRIMARY, key="out")
        return passes

    monkeypatch.setattr(MemberRows, "is_member", slow)
    with pytest.raises(IncidentNotFound):
        await desk.roles.take(incident.id, Role.COMMANDER, by=NAMED)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).commander is None


async def test_a_refusal_of_discord_is_final_where_no_retry_helps(desk: Desk) -> None:
    """A refusal for missing permissions is reported by a line and not retried."""
    incident = await with_named(desk)
    await desk.removals.remove(incident.id, who=NAMED, by=PRIMARY, key="out")
    desk.discord.failures = [DeliveryRefused("Missing Permissions", http_status=403, code=50013)]
    await desk.deliveries.deliver((await owed(desk, DeliveryKind.MEMBER_REMOVED)).id)
    await desk.database.advance(timedelta(minutes=10))
    await desk.work()
    assert (await notices(desk))[-1] == "not_taken_out"
