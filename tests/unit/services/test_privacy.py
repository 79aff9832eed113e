"""Private incidents: who sees them, where they are posted, and what is left of what was public."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery import DeliveryKind, DeliveryStatus
from bot.domain.errors import (
    IncidentNotFound,
    NotPermitted,
    UpstreamUnavailable,
    UserError,
)
from bot.domain.incident import Incident, NewIncident, Role
from bot.domain.life import AckVia
from bot.domain.listing import Wanted
from bot.domain.people import Person
from bot.domain.timeline import TimelineKind
from tests.unit.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk

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
        started_at=desk.store.clock.time,
        reported_by=by,
        path=(),
        key="secret",
        is_private=True,
    )


async def open_private(desk: Desk, *, by: Person = PRIMARY, key: str = "secret") -> Incident:
    """One whose posts are there."""
    incident = await desk.incidents.open(replace(secret(desk, by=by), key=key))
    await desk.work()
    return await desk.store.incident(incident.id)


async def test_a_private_incident_is_posted_in_its_thread_alone(desk: Desk) -> None:
    """The thread first, in the policy's channel; start time, alert and card in it, and nothing elsewhere."""
    incident = await open_private(desk)
    in_channels = [(kind, to) for kind, to in desk.discord.sent if to.startswith("channel:")]
    assert in_channels == [(DeliveryKind.PRIVATE_THREAD, "channel:p0-alerts")]
    posts = await desk.store.posts(incident.id)
    inside = [post.kind for post in posts if post.channel_id == incident.thread_id]
    assert [kind for kind in inside if kind is not DeliveryKind.SEED_ACK] == [
        DeliveryKind.THREAD_START,
        DeliveryKind.ALERT,
        DeliveryKind.THREAD_CARD,
    ]
    assert incident.alert_channel_id == incident.thread_id
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    assert desk.discord.redacted == []


async def test_the_people_concerned_are_let_in(desk: Desk) -> None:
    """Whoever reported it, and whom the ladder names, each once; what waited for nobody else."""
    await open_private(desk)
    assert desk.sent(DeliveryKind.MEMBER) == [f"user:{PRIMARY.id}", "person:primary", "person:secondary"]


async def test_only_who_may_see_private_ones_opens_one(desk: Desk) -> None:
    """Refused, on record, and nothing is kept."""
    with pytest.raises(NotPermitted):
        await desk.incidents.open(secret(desk, by=RESPONDER))
    assert [(row.action, row.allowed) for row in desk.store.audit_rows] == [("private", False)]
    assert desk.store.deliveries == []


async def test_others_find_nothing(desk: Desk) -> None:
    """Not by number, not by thread, not in lists, not in what a command offers; each look is on record."""
    incident = await open_private(desk)
    with pytest.raises(IncidentNotFound):
        await desk.incidents.find(number=incident.id, thread_id=None, by=RESPONDER)
    with pytest.raises(IncidentNotFound):
        await desk.incidents.find(number=None, thread_id=incident.thread_id, by=RESPONDER)
    with pytest.raises(IncidentNotFound):
        await desk.looking.view(incident.id, by=RESPONDER)
    assert await desk.looking.page(GUILD, Wanted(words="流出"), by=RESPONDER, limit=9) == []
    assert await desk.looking.open_ones(GUILD, by=RESPONDER) == []
    refused = [row for row in desk.store.audit_rows if not row.allowed]
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
    assert (await desk.store.incident(incident.id)).version == incident.version


async def test_a_reaction_of_somebody_outside_counts_for_nothing(desk: Desk) -> None:
    """However it may have come there: read back from Discord, it stops no ladder."""
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
    """Once; the thread is told by name, and Discord lets them in."""
    incident = await open_private(desk)
    assert await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="a")
    assert not await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="a")
    await desk.work()
    assert [one.id for one in await desk.looking.open_ones(GUILD, by=NAMED)] == [incident.id]
    assert f"user:{NAMED.id}" in desk.sent(DeliveryKind.MEMBER)
    added = [
        entry.data for entry in desk.store.timelines[incident.id] if entry.kind is TimelineKind.MEMBER_ADDED
    ]
    assert added == [{"id": NAMED.id, "name": NAMED.name}]
    notices = [d.data["notice"] for d in desk.store.deliveries if d.kind is DeliveryKind.NOTICE]
    assert notices == ["member_added"]


async def test_who_cannot_be_named(desk: Desk) -> None:
    """Bots; and nobody for an incident that everybody sees. Whoever is only named names nobody."""
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
    """Discord lets nobody in by role, so whoever holds it comes in by the command, on record."""
    incident = await open_private(desk)
    await desk.privacy.enter(incident.id, by=SECONDARY, key="e")
    await desk.work()
    assert desk.sent(DeliveryKind.MEMBER)[-1] == f"user:{SECONDARY.id}"
    last = desk.store.audit_rows[-1]
    assert (last.actor_id, last.action, last.allowed) == (SECONDARY.id, "enter", True)


async def test_escalations_stay_in_the_thread(desk: Desk) -> None:
    """The ladder goes on as ever; what it posts, it posts there."""
    incident = await open_private(desk)
    await desk.pass_time(minutes=16)
    assert desk.sent(DeliveryKind.ESCALATION) == ["incident"]
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary", "person:primary", "person:secondary"]
    (posted,) = (post for post in await desk.store.posts(incident.id) if post.kind is DeliveryKind.ESCALATION)
    assert posted.channel_id == incident.thread_id


async def test_another_severity_keeps_the_thread(desk: Desk) -> None:
    """A graver one rings anew inside; no channel hears of it."""
    opened = await desk.incidents.open(secret(desk, severity="SEV2"))
    await desk.work()
    regraded = await desk.lifecycle.change_severity(opened.id, to="SEV1", by=PRIMARY, reason="全件")
    await desk.work()
    incident = await desk.store.incident(opened.id)
    assert regraded.reposts
    assert desk.sent(DeliveryKind.ALERT) == ["incident", "incident"]
    assert desk.sent(DeliveryKind.PRIVATE_THREAD) == ["channel:p0-alerts"]
    assert {to for _, to in desk.discord.sent if to.startswith("channel:")} == {"channel:p0-alerts"}
    assert incident.alert_channel_id == incident.thread_id


async def test_the_dlq_tells_no_title(desk: Desk) -> None:
    """More people read it: the number only, and nothing to send again; on call hears by email."""
    desk.discord.failures = [UpstreamUnavailable("HTTP 503", http_status=503)] * 60
    incident = await desk.incidents.open(secret(desk))
    await desk.pass_time(minutes=3)
    rows = list(desk.dlq_store.entries.values())
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
    unsent = [d for d in desk.store.deliveries if d.status is not DeliveryStatus.SENT]
    assert unsent == []
    assert (await desk.store.incident(incident.id)).thread_id is not None


async def test_archiving_puts_the_private_thread_to_sleep(desk: Desk) -> None:
    """As any other."""
    incident = await open_private(desk)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pass_time(seconds=timedelta(days=1, minutes=1).total_seconds())
    assert desk.discord.archived == [incident.thread_id]


async def test_a_deleted_private_thread_has_its_people_again(desk: Desk) -> None:
    """Also those who were let in by name: nobody else can let them in."""
    incident = await open_private(desk)
    await desk.privacy.add(incident.id, who=NAMED, by=PRIMARY, key="a")
    await desk.work()
    before = desk.sent(DeliveryKind.MEMBER)
    assert f"user:{NAMED.id}" in before
    await desk.mending.thread_gone(incident.thread_id or 0)
    await desk.work()
    assert desk.sent(DeliveryKind.PRIVATE_THREAD) == ["channel:p0-alerts"] * 2
    assert sorted(desk.sent(DeliveryKind.MEMBER)) == sorted(before * 2)
