"""Private incidents: who sees them, where they are posted, and what is left of what was public."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import (
    DeliveryRefused,
    IncidentNotFound,
    NotPermitted,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.incident.incident import Incident, IncidentFilter, NewIncident, Role
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows, MemberRows
from bot.storage.tables.timeline import TimelineRows
from tests.by_person import id_of
from tests.services.alerts.test_alerts import alert, receive
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk

TITLE = "顧客データの流出"
NAMED = replace(OBSERVER, roles=frozenset({"responder"}))
ON_CALL = Person(id=9, name="夜勤", username="primary", roles=frozenset({"responder"}))


def secret(desk: Desk, *, by: Person = PRIMARY, severity: str = "SEV1") -> NewIncident:
    """What `/incident declare private:True` opens."""
    return NewIncident(
        guild_id=GUILD,
        severity=severity,
        title=TITLE,
        targets=("api.parky.co.jp",),
        symptoms=(),
        started_at=desk.clock.time,
        reported_by=by,
        path=(),
        key="secret",
        is_private=True,
    )


async def open_private(desk: Desk, *, by: Person = PRIMARY, key: str = "secret") -> Incident:
    """One whose posts are there."""
    incident = await desk.incidents.open(replace(secret(desk, by=by), key=key))
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def test_a_private_incident_is_posted_in_its_thread_alone(desk: Desk) -> None:
    """The thread first, in the policy's channel; start time, alert and card in it, and nothing elsewhere."""
    incident = await open_private(desk)
    in_channels = [(kind, to) for kind, to in desk.discord.sent if to.startswith("channel:")]
    assert in_channels == [(DeliveryKind.PRIVATE_THREAD, "channel:p0-alerts")]
    posts = await DeliveryRows(desk.store.sql).posts(incident.id)
    inside = [post.kind for post in posts if post.channel_id == incident.thread.id]
    assert [kind for kind in inside if kind not in (DeliveryKind.SEED_ACK, DeliveryKind.MEMBER)] == [
        DeliveryKind.THREAD_START,
        DeliveryKind.ALERT,
        DeliveryKind.THREAD_CARD,
        DeliveryKind.THREAD_SHEET,
    ]
    assert incident.post.channel_id == incident.thread.id
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    assert desk.discord.redacted == []


async def test_the_people_concerned_are_let_in(desk: Desk) -> None:
    """The reporter and the people on call are added to the private thread, each once."""
    await open_private(desk)
    assert desk.sent(DeliveryKind.MEMBER) == [f"user:{PRIMARY.id}", "person:primary", "person:secondary"]


async def test_only_who_may_see_private_ones_opens_one(desk: Desk) -> None:
    """Opening a private incident without the right is refused and audited, and no delivery is queued."""
    with pytest.raises(NotPermitted):
        await desk.incidents.open(secret(desk, by=RESPONDER))
    assert [(row.action, row.allowed) for row in await desk.database.audit_rows()] == [("private", False)]
    assert await desk.database.deliveries() == []


async def test_others_find_nothing(desk: Desk) -> None:
    """A person outside a private incident finds it neither by its number or thread nor in lists.

    Each refused request is in the audit.
    """
    incident = await open_private(desk)
    with pytest.raises(IncidentNotFound):
        await desk.incidents.find(number=incident.id, thread_id=None, by=RESPONDER)
    with pytest.raises(IncidentNotFound):
        await desk.incidents.find(number=None, thread_id=incident.thread.id, by=RESPONDER)
    with pytest.raises(IncidentNotFound):
        await desk.looking.view(incident.id, by=RESPONDER)
    assert await desk.looking.page(GUILD, IncidentFilter(words="流出"), by=RESPONDER, limit=9) == []
    assert await desk.looking.open_ones(GUILD, by=RESPONDER) == []
    refused = [row for row in await desk.database.audit_rows() if not row.allowed]
    hidden = {"act": "show", "incident_id": incident.id, "private": True}
    assert [row.data for row in refused] == [hidden] * 3


async def test_others_change_nothing(desk: Desk) -> None:
    """Every change says that there is no such incident, never that it is hidden."""
    incident = await open_private(desk)
    other = await desk.open(key="other")
    attempts = [
        desk.acknowledger.acknowledge(incident.id, by=RESPONDER, via=AckVia.BUTTON),
        desk.lifecycle.resolve(incident.id, by=RESPONDER),
        desk.lifecycle.link(other.id, with_=incident.id, by=RESPONDER),
        desk.merging.merge(other.id, into=incident.id, by=RESPONDER),
        desk.roles.take(incident.id, Role.COMMANDER, by=RESPONDER),
        desk.timelines.note(incident.id, by=RESPONDER, text="?", key="n"),
        desk.privacy.begin(incident.id, by=RESPONDER),
    ]
    for attempt in attempts:
        with pytest.raises(IncidentNotFound):
            await attempt
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).version == incident.version


async def test_a_reaction_of_somebody_outside_counts_for_nothing(desk: Desk) -> None:
    """A 👀 of a person outside a private incident does not acknowledge it, even if read back from Discord.

    A 👀 of a person who sees the incident does.
    """
    incident = await open_private(desk)
    alert = desk.message(DeliveryKind.ALERT)
    with pytest.raises(IncidentNotFound):
        await desk.eyes(alert, by=RESPONDER)
    desk.discord.reactions[alert] = [RESPONDER]
    assert not await desk.reconciler.reconcile(incident)
    desk.discord.reactions[alert] = [RESPONDER, SECONDARY]
    assert await desk.reconciler.reconcile(incident)


async def test_whoever_is_on_call_sees_it_by_name(desk: Desk) -> None:
    """The DM tells them what it is about; a display name alone opens nothing."""
    incident = await open_private(desk)
    found = await desk.incidents.find(number=incident.id, thread_id=None, by=ON_CALL)
    assert found.title == TITLE
    with pytest.raises(IncidentNotFound):
        await desk.incidents.find(
            number=incident.id, thread_id=None, by=replace(ON_CALL, name="primary", username="somebody")
        )


async def test_a_named_person_sees_it(desk: Desk) -> None:
    """A person is added by name once, sees the incident, and is added to its thread with a line."""
    incident = await open_private(desk)
    assert await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="a")
    assert not await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="a")
    await desk.work()
    assert [one.id for one in await desk.looking.open_ones(GUILD, by=NAMED)] == [incident.id]
    assert f"user:{NAMED.id}" in desk.sent(DeliveryKind.MEMBER)
    added = [
        entry.data
        for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
        if entry.kind is TimelineKind.MEMBER_ADDED
    ]
    assert added == [{"id": NAMED.id, "name": NAMED.name}]
    notices = [d.data["notice"] for d in await desk.database.deliveries() if d.kind is DeliveryKind.NOTICE]
    assert notices == ["member_added"]


async def test_who_cannot_be_named(desk: Desk) -> None:
    """Bots cannot be added, nor people to a public incident; a person added by name cannot add others."""
    public = await desk.open()
    with pytest.raises(UserError, match="private_not"):
        await desk.privacy.add(public.id, who=NAMED, by=PRIMARY, key="a")
    incident = await open_private(desk)
    with pytest.raises(UserError, match="private_for_bot"):
        await desk.privacy.add(incident.id, who=replace(NAMED, is_bot=True), by=PRIMARY, key="b")
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="a")
    with pytest.raises(NotPermitted):
        await desk.privacy.add(incident.id, who=RESPONDER, by=NAMED, key="a")


async def test_a_role_is_let_in_when_it_asks(desk: Desk) -> None:
    """A person whose role may see the incident enters the thread by the command, which is recorded."""
    incident = await open_private(desk)
    await desk.privacy.enter(incident.id, by=SECONDARY, key="e")
    await desk.work()
    assert desk.sent(DeliveryKind.MEMBER)[-1] == f"user:{SECONDARY.id}"
    last = (await desk.database.audit_rows())[-1]
    assert (last.actor_id, last.action, last.allowed) == (SECONDARY.id, "enter", True)


async def test_escalations_stay_in_the_thread(desk: Desk) -> None:
    """The ladder goes on as ever; what it posts, it posts there."""
    incident = await open_private(desk)
    await desk.pass_time(minutes=16)
    assert desk.sent(DeliveryKind.ESCALATION) == ["incident"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:primary", "person:secondary"]
    (posted,) = (
        post
        for post in await DeliveryRows(desk.store.sql).posts(incident.id)
        if post.kind is DeliveryKind.ESCALATION
    )
    assert posted.channel_id == incident.thread.id


async def test_another_severity_keeps_the_thread(desk: Desk) -> None:
    """A higher severity posts the alert again in the same private thread, and in no channel."""
    opened = await desk.incidents.open(secret(desk, severity="SEV2"))
    await desk.work()
    regraded = await desk.lifecycle.change_severity(opened.id, to="SEV1", by=PRIMARY, reason="全件")
    await desk.work()
    incident = await IncidentRows(desk.store.sql).incident(opened.id)
    assert regraded.reposts
    assert desk.sent(DeliveryKind.ALERT) == ["incident", "incident"]
    assert desk.sent(DeliveryKind.PRIVATE_THREAD) == ["channel:p0-alerts"]
    assert {to for _, to in desk.discord.sent if to.startswith("channel:")} == {"channel:p0-alerts"}
    assert incident.post.channel_id == incident.thread.id


async def test_the_dlq_tells_no_title(desk: Desk) -> None:
    """More people read it: the number only, and nothing to send again; on call hears by email."""
    desk.discord.failures = [UpstreamUnavailable("HTTP 503", http_status=503)] * 60
    incident = await desk.incidents.open(secret(desk))
    await desk.pass_time(minutes=3)
    rows = await desk.database.dlq_entries()
    assert rows
    assert {(row.title, bool(row.payload)) for row in rows} == {(incident.label, False)}
    assert [mail.subject for mail in desk.mailer.sent] == [TITLE] * len(desk.mailer.sent)
    assert desk.mailer.sent
    opening = await desk.incidents.opening(incident.id)
    assert (opening.has_failed, opening.emailed) == (True, True)


async def test_a_killed_sender_makes_one_thread(desk: Desk) -> None:
    """The answer never came: the next attempt finds what the first has made."""
    desk.discord.swallow = True
    incident = await desk.incidents.open(secret(desk))
    await desk.pass_time(minutes=1)
    assert len(desk.sent(DeliveryKind.PRIVATE_THREAD)) == 1
    unsent = [d for d in await desk.database.deliveries() if d.status is not DeliveryStatus.SENT]
    assert unsent == []
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id is not None


async def test_archiving_puts_the_private_thread_to_sleep(desk: Desk) -> None:
    """The thread of a private incident is archived a day after its end, like any other."""
    incident = await open_private(desk)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pass_time(seconds=timedelta(days=1, minutes=1).total_seconds())
    assert desk.discord.archived == [incident.thread.id]


async def test_whoever_left_the_thread_comes_back_by_asking(desk: Desk) -> None:
    """Each request adds the person to the thread again; one request delivered twice adds them once."""
    incident = await open_private(desk)
    before = desk.sent(DeliveryKind.MEMBER)
    for key in ("first", "first", "second"):
        await desk.privacy.enter(incident.id, by=PRIMARY, key=key)
        await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key=key)
        await desk.work()
    primary, named = f"user:{PRIMARY.id}", f"user:{NAMED.id}"
    assert sorted(desk.sent(DeliveryKind.MEMBER)) == sorted([*before, primary, primary, named, named])
    notices = [d.data["notice"] for d in await desk.database.deliveries() if d.kind is DeliveryKind.NOTICE]
    assert notices == ["member_added"], "the thread is told once"
    asked = [
        row.action for row in await desk.database.audit_rows() if row.allowed and row.data["incident_id"] == 1
    ]
    assert asked.count("enter") == asked.count("add_member") + asked.count("member_added") == 3


async def test_what_has_become_of_an_asking(desk: Desk) -> None:
    """A request to add a person to a private thread is reported as unknown, pending, sent or failed."""
    incident = await open_private(desk)
    assert await desk.privacy.requested(incident.id, who=NAMED, key="k") is None
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="k")
    assert await desk.privacy.requested(incident.id, who=NAMED, key="k") is DeliveryStatus.PENDING
    await desk.work()
    assert await desk.privacy.requested(incident.id, who=NAMED, key="k") is DeliveryStatus.SENT
    desk.discord.refused = {f"user:{NAMED.id}"}
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="again")
    await desk.work()
    assert await desk.privacy.requested(incident.id, who=NAMED, key="again") is DeliveryStatus.FAILED


async def test_whoever_discord_does_not_let_in_is_told_of(desk: Desk) -> None:
    """A line in the thread and an entry, by name; no row of the DLQ. Asking again tries again."""
    desk.discord.refused = {f"user:{NAMED.id}"}
    incident = await open_private(desk)
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="k")
    await desk.work()
    (line,) = (d for d in await desk.database.deliveries() if d.data.get("notice") == "not_let_in")
    assert (line.data["name"], line.channel_id) == (NAMED.name, incident.thread.id)
    (entry,) = (
        e
        for e in await TimelineRows(desk.store.sql).timeline(incident.id)
        if e.kind is TimelineKind.DELIVERY_FAILED
    )
    assert entry.data is not None
    assert (entry.data["kind"], entry.data["name"]) == ("member", NAMED.name)
    assert await desk.database.dlq_entries() == []
    desk.discord.refused = set()
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="again")
    await desk.work()
    assert desk.sent(DeliveryKind.MEMBER)[-1] == f"user:{NAMED.id}"


async def test_a_place_on_call_that_discord_does_not_let_in(desk: Desk) -> None:
    """If Discord refuses to add the secondary, a line names that place on call."""
    desk.discord.refused = {"person:secondary"}
    await open_private(desk)
    (line,) = (d for d in await desk.database.deliveries() if d.data.get("notice") == "not_let_in")
    assert line.data["place"] == "secondary"


async def test_asking_for_a_thread_that_was_deleted_unseen(desk: Desk) -> None:
    """A request for a thread that was deleted adds the person to the new one."""
    incident = await open_private(desk)
    desk.discord.deleted_threads = {incident.thread.id or 0}
    await desk.privacy.enter(incident.id, by=SECONDARY, key="k")
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.thread.id not in (None, incident.thread.id)
    assert await desk.privacy.requested(incident.id, who=SECONDARY, key="k") is DeliveryStatus.SENT
    last = [d for d in await desk.database.deliveries() if d.kind is DeliveryKind.MEMBER][-1]
    assert (last.to, last.channel_id) == (f"user:{SECONDARY.id}", now.thread.id)
    assert [d for d in await desk.database.deliveries() if d.data.get("notice") == "not_let_in"] == []


async def test_a_deleted_private_thread_comes_back_with_its_alert(desk: Desk) -> None:
    """All of the posting, quietly; the alert that counts is the new one, and it takes a 👀."""
    before = await open_private(desk)
    await desk.reposting.thread_gone(before.thread.id or 0)
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(before.id)
    assert now.thread.id not in (None, before.thread.id)
    assert (now.post.channel_id, now.post.number) == (now.thread.id, now.thread.posting)
    inside = [
        post for post in await DeliveryRows(desk.store.sql).posts(now.id) if post.channel_id == now.thread.id
    ]
    kinds = {DeliveryKind.THREAD_START, DeliveryKind.ALERT, DeliveryKind.THREAD_CARD, DeliveryKind.SEED_ACK}
    assert {post.kind for post in inside} >= kinds
    assert all(post.data["quiet"] for post in inside if post.kind is DeliveryKind.ALERT)
    await desk.eyes(now.post.message_id or 0, by=SECONDARY)
    assert id_of((await IncidentRows(desk.store.sql).incident(now.id)).acknowledged) == SECONDARY.id


async def test_a_private_thread_that_was_deleted_unseen_is_found_by_the_next_edit(desk: Desk) -> None:
    """A private thread and alert that were deleted unseen are posted anew, once, at the next edit.

    An alert that is deleted in the new thread is posted again too.
    """
    before = await open_private(desk)
    desk.discord.deleted_threads = {before.thread.id or 0}
    desk.discord.deleted = {before.post.message_id or 0}
    await desk.roles.take(before.id, Role.SCRIBE, by=PRIMARY)
    await desk.work()
    assert len(desk.sent(DeliveryKind.PRIVATE_THREAD)) == len(desk.sent(DeliveryKind.ALERT)) == 2
    now = await IncidentRows(desk.store.sql).incident(before.id)
    assert now.post.channel_id == now.thread.id != before.thread.id
    await desk.reposting.message_gone(now.post.message_id or 0)
    await desk.work()
    assert len(desk.sent(DeliveryKind.ALERT)) == 3


async def test_an_alert_on_its_way_into_a_thread_that_is_deleted(desk: Desk) -> None:
    """The alert is posted in the next thread, and no failure is recorded."""
    incident = await desk.incidents.open(secret(desk))
    gone = DeliveryRefused("Unknown Channel", http_status=404, code=10003)
    members = [None] * 3
    desk.discord.failures = [None, *members, None, None, gone]
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.post.channel_id == now.thread.id
    assert desk.sent(DeliveryKind.ALERT) == ["incident"]
    assert TimelineKind.DELIVERY_FAILED not in [
        entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
    ]


async def test_an_escalation_into_a_thread_that_was_deleted_unseen(desk: Desk) -> None:
    """An escalation into a deleted thread goes out by email and to the DLQ, and the thread is made again."""
    before = await open_private(desk)
    desk.discord.deleted_threads = {before.thread.id or 0}
    await desk.pass_time(minutes=16)
    now = await IncidentRows(desk.store.sql).incident(before.id)
    assert now.thread.id not in (None, before.thread.id)
    assert now.post.channel_id == now.thread.id
    assert len(await desk.database.dlq_entries()) == 1
    assert desk.mailer.sent


async def test_a_deleted_private_thread_has_its_people_again(desk: Desk) -> None:
    """A new private thread gets the members of the deleted one, people added by name included."""
    incident = await open_private(desk)
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="a")
    await desk.work()
    before = desk.sent(DeliveryKind.MEMBER)
    assert f"user:{NAMED.id}" in before
    await desk.reposting.thread_gone(incident.thread.id or 0)
    await desk.work()
    assert desk.sent(DeliveryKind.PRIVATE_THREAD) == ["channel:p0-alerts"] * 2
    assert sorted(desk.sent(DeliveryKind.MEMBER)) == sorted(before * 2)


async def test_the_monitor_that_posted_an_alert_is_let_in_nowhere(desk: Desk) -> None:
    """The webhook that posted an alert is not made a member of the private incident."""
    tracked = await receive(desk, alert(desk))
    await desk.lifecycle.declare(tracked.id, by=RESPONDER)
    await desk.work()
    await desk.privacy.make_private(tracked.id, by=PRIMARY)
    await desk.work()
    assert set(await MemberRows(desk.store.sql).members(tracked.id)) == {PRIMARY.id}
    assert f"user:{tracked.reported_by.id}" not in desk.sent(DeliveryKind.MEMBER)
