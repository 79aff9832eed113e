"""Whom the ladder has called and calls next: read with an incident that is shown, shown anew at each step."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Calls, arrived
from bot.domain.incident.transitions import AckVia
from bot.domain.severity import LadderStep, Mention
from bot.i18n import Texts
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.ui.posts.calls import cannot
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from tests.services.desk import PRIMARY, Desk
from tests.services.escalation.test_passing_on import CLOSED
from tests.services.escalation.test_storms import open_many


async def opened(desk: Desk, severity: str = "SEV1") -> Incident:
    """An incident whose messages have arrived; what is edited from now on is on record."""
    incident = await desk.open(severity)
    await desk.work()
    desk.discord.refreshed.clear()
    return incident


async def calls_of(desk: Desk, incident: Incident) -> Calls:
    """What a post would say of them now."""
    return (await IncidentRows(desk.store.sql).shown_incident(incident.id)).calls


def edits(desk: Desk, kind: AnyDeliveryKind) -> int:
    """How often a post of this kind was edited."""
    return sum(kind in kinds for _, kinds in desk.discord.refreshed)


async def test_the_first_step_was_taken_with_the_alert(desk: Desk) -> None:
    """The deadline is next; the person on call has had a DM, under their own name."""
    incident = await opened(desk)
    calls = await calls_of(desk, incident)
    [(moment, [first])] = calls.taken()
    assert (first.due_at, first.dm, first.mention) == (incident.triggered_at, ("primary",), "none")
    assert calls.called_at(moment) == ["@primary"]
    assert len(arrived(calls.pages)) == 1
    assert calls.following is not None
    assert (calls.following.due_at, calls.following.mention) == (incident.ack_due_at, "here")
    assert [step.repeats for step in calls.to_come] == [False, False, False, False, True]
    assert not calls.is_past(incident.ack_due_at)


async def test_a_step_that_is_taken_is_shown_at_once(desk: Desk) -> None:
    """The alert's ladder must not say that it is yet to come; nor how few DMs there were."""
    incident = await opened(desk)
    await desk.pass_time(minutes=15, seconds=3)
    assert edits(desk, DeliveryKind.ALERT) >= 1
    calls = await calls_of(desk, incident)
    assert calls.is_past(incident.ack_due_at)
    assert [len(steps) for _, steps in calls.taken()] == [1, 1]
    assert calls.called_at(calls.taken()[-1][0]) == ["@primary", "@secondary"]
    assert [page.who for page in calls.pages if page.sent_at] == ["@primary", "@primary", "@secondary"]
    alert = await desk.database.deliveries()
    version = (await IncidentRows(desk.store.sql).incident(incident.id)).version
    assert {one.shown_version for one in alert if one.kind is DeliveryKind.ALERT} == {version}


async def test_steps_that_are_decided_by_their_own_job_are_shown_too(desk: Desk) -> None:
    """A step decided by its own job instead of a sweep is shown on the alert, too."""
    incident = await opened(desk)
    await desk.database.advance(timedelta(minutes=16))
    await desk.escalations.decide(incident.id, 1)
    await desk.work()
    assert edits(desk, DeliveryKind.ALERT) >= 1
    assert len((await calls_of(desk, incident)).taken()) == 2


async def test_a_storm_spends_nothing_on_ladders(desk: Desk) -> None:
    """During a storm the alerts are not edited for each step, which would delay pages."""
    await open_many(desk)
    desk.discord.refreshed.clear()
    await desk.pass_time(minutes=15, seconds=3)
    assert desk.sent(DeliveryKind.BUNDLE)
    assert edits(desk, DeliveryKind.ALERT) == 0


async def test_a_refused_dm_and_a_decline_are_told_apart(desk: Desk) -> None:
    """Before the deadline, the alert shows whose DM was refused, and who declined."""
    desk.discord.refused = set(CLOSED)
    incident = await opened(desk, "SEV2")
    refused, passed_on = (await calls_of(desk, incident)).pages
    assert (refused.sent_at, refused.is_refused, passed_on.is_refused) == (None, True, False)
    dm = desk.message(DeliveryKind.PAGE)
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=dm)
    await desk.work()
    assert edits(desk, DeliveryKind.ALERT) >= 1
    assert (await calls_of(desk, incident)).decliners == ("@secondary",), "the DM was secondary's"


async def test_nothing_of_it_is_read_once_somebody_is_on_it(desk: Desk) -> None:
    """An acknowledged incident shows no calls."""
    incident = await opened(desk)
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    assert await calls_of(desk, incident) == Calls()


async def test_a_step_edits_the_alert_and_the_newest_messages_only(desk: Desk) -> None:
    """A step of the ladder edits the alert and only the newest DMs; an acknowledge edits all DMs."""
    incident = await opened(desk)
    await desk.pass_time(minutes=60)
    desk.discord.refreshed.clear()
    await desk.pass_time(hours=3, seconds=3)
    kinds = [kind for _, edited in desk.discord.refreshed for kind in edited]
    assert kinds.count(DeliveryKind.ALERT) >= 1
    assert len(desk.sent(DeliveryKind.PAGE)) > kinds.count(DeliveryKind.PAGE)
    desk.discord.refreshed.clear()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.work()
    assert min(edits(desk, DeliveryKind.PAGE), edits(desk, DeliveryKind.ESCALATION)) > 0
    version = (await IncidentRows(desk.store.sql).incident(incident.id)).version
    pages = await DeliveryRows(desk.store.sql).pages(incident.id)
    assert {one.shown_version for one in pages} == {version}


async def test_an_escalation_that_is_followed_points_to_the_newest(desk: Desk) -> None:
    """Each newer escalation edits all older ones: they point to it. An acknowledge leaves these alone."""
    incident = await opened(desk)
    await desk.pass_time(minutes=60)
    await desk.pass_time(hours=3, seconds=3)
    words = Wording(Texts.load(), desk.policy)
    shown = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    posts = await DeliveryRows(desk.store.sql).posts(incident.id)
    *older, newest = [post for post in posts if post.kind is DeliveryKind.ESCALATION]
    assert len(older) >= 2
    place = f"/{newest.channel_id}/{newest.message_id})"
    for post in older:
        assert desk.discord.edited.count(post.id) >= 1
        assert post.shown_version >= (shown.escalation.version or 0), "it was edited after the newest arrived"
        assert str(render(words, post, shown)["content"]).endswith(place)
    assert render(words, newest, shown)["embeds"]
    desk.discord.edited.clear()
    await desk.acknowledger.acknowledge(incident.id, by=PRIMARY, via=AckVia.BUTTON)
    await desk.work()
    assert newest.id in desk.discord.edited
    assert not {post.id for post in older} & set(desk.discord.edited)


async def test_a_step_edits_the_dms_that_it_follows_once(desk: Desk) -> None:
    """A step edits the DMs of the step before once, and they then say that a newer DM was sent.

    Those DMs no longer name a deadline, and later steps leave them alone. A DM of the step that arrives
    during the edit has the older DMs edited once more.
    """
    incident = await opened(desk)
    [first] = await DeliveryRows(desk.store.sql).pages(incident.id)
    await desk.pass_time(minutes=15, seconds=3)
    assert desk.discord.edited.count(first.id) in (1, 2)
    shown, words = (
        await IncidentRows(desk.store.sql).shown_incident(incident.id),
        Wording(Texts.load(), desk.policy),
    )
    said = str(render(words, first, shown)["embeds"])
    assert "このあと新しい DM を送っています" in said
    assert "誰も取らないと" not in said
    assert "期限" not in said
    followed = {page.id for page in await DeliveryRows(desk.store.sql).pages(incident.id)} - {first.id}
    desk.discord.edited.clear()
    await desk.pass_time(minutes=15)
    assert followed <= set(desk.discord.edited)
    assert first.id not in desk.discord.edited


async def test_a_step_edits_the_last_dm_to_those_whom_it_leaves_out(desk: Desk) -> None:
    """A step that leaves a person out edits that person's last DM, which then says what comes next.

    The DM still asks for an acknowledge, and after the last step says that nobody else will be notified.
    """
    deadline, later = timedelta(minutes=15), timedelta(minutes=30)
    ladder = (
        LadderStep(timedelta(), dm=("primary",)),
        LadderStep(deadline, mention=Mention.HERE, dm=("secondary",)),
        LadderStep(later, mention=Mention.HERE, dm=("secondary",)),
    )
    rules = {**desk.policy.severities, "SEV1": replace(desk.policy.rules("SEV1"), ladder=ladder)}
    desk.policy = replace(desk.policy, severities=MappingProxyType(rules))
    desk.use(desk.discord)
    incident = await opened(desk)
    [first] = await DeliveryRows(desk.store.sql).pages(incident.id)
    words = Wording(Texts.load(), desk.policy)
    for at, comes in ((deadline, "に通知"), (later, "この先は誰にも通知しません")):
        desk.discord.edited.clear()
        await desk.pass_time(minutes=15, seconds=3)
        assert desk.discord.edited.count(first.id) >= 1, at
        said = str(
            render(words, first, await IncidentRows(desk.store.sql).shown_incident(incident.id))["embeds"]
        )
        assert "今すぐ 👀 ack を押して" in said
        assert comes in said


async def test_a_decline_counts_for_the_ladder_on_which_it_was_said(desk: Desk) -> None:
    """A decline counts until the severity changes; on the new ladder nobody has declined."""
    incident = await opened(desk, "SEV2")
    dm = desk.message(DeliveryKind.PAGE)
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=dm)
    assert (await calls_of(desk, incident)).decliners == ("@primary",)
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="広がった")
    assert (await calls_of(desk, incident)).decliners == ()


async def test_a_decline_is_of_the_moment_of_the_dm_to_the_next_person(desk: Desk) -> None:
    """A decline has the time of the next person's page, so that one line of the alert shows both."""
    incident = await opened(desk)
    await desk.pass_time(minutes=2)
    dm = desk.message(DeliveryKind.PAGE)
    await desk.passing_on.decline(incident.id, by=PRIMARY, message_id=dm)
    await desk.work()
    shown = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    [(said, page)] = [(one, page) for one in shown.calls.declined for page in shown.calls.pages[1:]]
    assert (said.who, page.who, page.asked_at) == ("@primary", "@secondary", said.at)
    words = Wording(Texts.load(), desk.policy)
    assert cannot(words, shown).startswith("🙅 @primary は今は対応できません → @secondary：DM ")
