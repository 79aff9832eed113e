"""Refreshing posts and reading 👀, as Discord sees it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.errors import DeliveryRefused
from bot.domain.incident import transitions
from bot.domain.incident.forms import correct_details, shown_details
from bot.domain.incident.incident import ByPerson, Incident, Status
from bot.domain.people import Person
from bot.services.ports import TRY_AGAIN
from local_discord.messages.posting import remove, set_archived
from local_discord.messages.reacting import react
from local_discord.messages.threads import remove_channel
from local_discord.world.world import User
from tests.integration.discord_api.notifier_world import (
    ADMIN,
    GUILD,
    INCIDENT,
    OBSERVER,
    POLICY,
    PRIMARY,
    RESPONDER,
    NotifierWorld,
    owed,
    running_world,
    sent,
)
from tests.unit.ui.samples import FIRST_ESCALATION

ALERT = owed(DeliveryKind.ALERT, to="channel:p0-alerts")
EYES = "👀"


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh Discord."""
    async with running_world(monkeypatch) as fresh:
        yield fresh


# -- refreshing


def acknowledged(incident: Incident) -> Incident:
    """Return the incident as acknowledged by primary."""
    return replace(
        incident,
        status=Status.ACKNOWLEDGED,
        acknowledged=ByPerson(PRIMARY, "primary", INCIDENT.triggered_at + timedelta(minutes=2)),
        version=4,
    )


def corrected(incident: Incident) -> Incident:
    """Title and start were put right."""
    earlier = incident.started_at - timedelta(minutes=10)
    return correct_details(incident, title="別の件名", started_at=earlier, shown=shown_details(incident))


async def test_refresh_makes_every_post_true(world: NotifierWorld) -> None:
    """Alert, card, DM, escalation and the thread's name; nothing rings again."""
    incident, alert = await world.threaded()
    card = await world.deliver(
        owed(DeliveryKind.THREAD_CARD, after=(alert.message_id, 0)), incident, nonce="n3"
    )
    page = await world.deliver(owed(DeliveryKind.PAGE, to="person:primary"), incident, nonce="n4")
    step = owed(DeliveryKind.ESCALATION, to="channel:p0-alerts", data=FIRST_ESCALATION)
    told = await world.deliver(step, incident, nonce="n5")
    assert told.pinged
    posts = [
        sent(DeliveryKind.ALERT, alert),
        sent(DeliveryKind.THREAD, alert),
        sent(DeliveryKind.THREAD_CARD, card),
        sent(DeliveryKind.PAGE, page),
        sent(DeliveryKind.ESCALATION, told, data=FIRST_ESCALATION),
        sent(DeliveryKind.NOTICE, card),
    ]
    await world.notifier.refresh(acknowledged(incident), posts)
    for posted in (alert, card, page, told):
        assert world.message(posted).content.startswith("🟠 SEV1 · 決済 API が 5xx · ")
    assert world.channel(incident.thread.id).name == "INC-42 🟠 決済 API が 5xx"


@pytest.mark.parametrize("is_known", [True, False], ids=["same process", "another process"])
async def test_refresh_knows_the_responders_own_dm_by_their_account(
    world: NotifierWorld, is_known: bool
) -> None:
    """A refreshed DM is worded for its recipient only if the recipient's account has acknowledged.

    A name in the server does not count, as anybody may take the username of the policy as a name.
    """
    incident, _ = await world.alert()
    page = await world.deliver(owed(DeliveryKind.PAGE, to="person:primary"), incident, nonce="n4")
    own = replace(
        sent(DeliveryKind.PAGE, page), request=Request(Action.MESSAGE, page.channel_id, None, {}, "primary")
    )
    notifier = world.notifier if is_known else world.make()
    by = {PRIMARY: "佐藤", OBSERVER: "primary"}
    for number, is_theirs in ((PRIMARY, True), (OBSERVER, False)):
        taken = replace(
            acknowledged(incident), acknowledged=ByPerson(number, by[number], INCIDENT.triggered_at)
        )
        await notifier.refresh(taken, [own])
        assert ("あなたが対応中です" in str(world.message(page).embeds)) is is_theirs


async def test_refresh_renames_only_when_the_name_changes(world: NotifierWorld) -> None:
    """A refresh does not rename a thread whose name is the same: Discord takes two names in ten minutes."""
    incident, alert = await world.threaded()
    posts = [sent(DeliveryKind.THREAD, alert)]
    await world.notifier.refresh(incident, posts)
    assert not world.requests("PATCH")


async def test_refresh_passes_over_what_is_gone(world: NotifierWorld) -> None:
    """A deleted post is not an error; the others are still edited."""
    incident, alert = await world.threaded()
    lost = await world.deliver(ALERT, nonce="n9")
    remove(world.sandbox.core, world.message(lost))
    posts = [sent(DeliveryKind.ALERT, lost), sent(DeliveryKind.ALERT, alert), ALERT]
    refreshed = await world.notifier.refresh(acknowledged(incident), posts)
    assert world.message(alert).content.startswith("🟠 SEV1")
    assert len(refreshed.done) == len(posts)
    assert posts[0].id in refreshed.gone


async def test_refresh_comes_again_when_a_limit_says_so(world: NotifierWorld) -> None:
    """A process that has just started does not know how many edits are left; the others are still edited."""
    incident, alert = await world.threaded()
    card = await world.deliver(owed(DeliveryKind.THREAD_CARD, after=(alert.message_id, 0)), nonce="n2")
    posts = [sent(DeliveryKind.ALERT, alert), sent(DeliveryKind.THREAD_CARD, card)]
    world.break_down({"status": 429, "retry_after": 2, "times": 1}, route="PATCH /channels/*/messages/*")
    limited = await world.notifier.refresh(acknowledged(incident), posts)
    assert (list(limited.done), limited.again_in) == ([posts[1].id], timedelta(seconds=2))
    assert world.message(card).content.startswith("🟠 SEV1 · ")


async def test_refresh_waits_for_no_limit_with_what_it_did_not_try(world: NotifierWorld) -> None:
    """One post is limited for minutes, then Discord is away: the others come when it may be back."""
    incident, alert = await world.threaded()
    card = await world.deliver(owed(DeliveryKind.THREAD_CARD, after=(alert.message_id, 0)), nonce="n2")
    posts = [sent(DeliveryKind.ALERT, alert), sent(DeliveryKind.THREAD_CARD, card)]
    limit = {"status": 429, "retry_after": 900, "times": 1}
    world.break_down(limit, route=f"PATCH /channels/*/messages/{alert.message_id}")
    world.break_down({"status": 503}, route=f"PATCH /channels/*/messages/{card.message_id}")
    refreshed = await world.notifier.refresh(acknowledged(incident), posts)
    assert (list(refreshed.done), refreshed.again_in) == ([], TRY_AGAIN)


async def test_refresh_wakes_an_archived_thread_for_its_card(world: NotifierWorld) -> None:
    """An archived thread takes no edits (50083)."""
    incident, alert = await world.threaded()
    card = await world.deliver(
        owed(DeliveryKind.THREAD_CARD, after=(alert.message_id, 0)), incident, nonce="n3"
    )
    set_archived(world.sandbox.core, world.channel(incident.thread.id), archived=True)
    await world.notifier.refresh(acknowledged(incident), [sent(DeliveryKind.THREAD_CARD, card)])
    assert world.message(card).content.startswith("🟠 ")


async def test_refresh_lets_the_archived_thread_of_an_ended_incident_sleep(world: NotifierWorld) -> None:
    """Refreshing an ended incident does not unarchive its thread, which would list it again."""
    incident, alert = await world.threaded()
    set_archived(world.sandbox.core, world.channel(incident.thread.id), archived=True)
    over = transitions.cancel(incident, by=Person(PRIMARY, "primary"), at=incident.triggered_at)
    await world.notifier.refresh(over, [sent(DeliveryKind.THREAD, alert)])
    assert world.channel(incident.thread.id).name == "INC-42 🔴 決済 API が 5xx"
    assert is_asleep(world, incident)


async def test_the_card_in_a_sleeping_thread_is_edited_and_sleeps_on(world: NotifierWorld) -> None:
    """A late refresh edits the card in an archived thread and leaves the thread archived."""
    incident, alert = await world.threaded()
    card = await world.deliver(
        owed(DeliveryKind.THREAD_CARD, after=(alert.message_id, 0)), incident, nonce="n3"
    )
    set_archived(world.sandbox.core, world.channel(incident.thread.id), archived=True)
    over = transitions.cancel(incident, by=Person(PRIMARY, "primary"), at=incident.triggered_at)
    await world.notifier.refresh(over, [sent(DeliveryKind.THREAD_CARD, card)])
    assert world.message(card).content.startswith("⚪ ")
    assert is_asleep(world, incident)


async def test_refresh_wakes_the_archived_thread_of_an_open_incident(world: NotifierWorld) -> None:
    """Refreshing an open incident unarchives its thread and corrects the name."""
    incident, alert = await world.threaded()
    set_archived(world.sandbox.core, world.channel(incident.thread.id), archived=True)
    await world.notifier.refresh(acknowledged(incident), [sent(DeliveryKind.THREAD, alert)])
    assert world.channel(incident.thread.id).name == "INC-42 🟠 決済 API が 5xx"
    assert not is_asleep(world, incident)


async def test_the_first_line_of_a_thread_is_edited_once_its_start_was_corrected(
    world: NotifierWorld,
) -> None:
    """The first line of a thread is edited when the incident's start was corrected, and by no other change.

    Each edit would cost a request.
    """
    incident, alert = await world.threaded()
    start = await world.deliver(
        owed(DeliveryKind.THREAD_START, after=(alert.channel_id, alert.message_id)), incident, nonce="n3"
    )
    post = replace(sent(DeliveryKind.THREAD_START, start), shown_version=incident.version)
    before = world.message(start).content
    refreshed = await world.notifier.refresh(acknowledged(incident), [post])
    assert (refreshed.done, world.requests("PATCH")) == ([post.id], [])
    right = corrected(acknowledged(incident))
    await world.notifier.refresh(right, [post])
    assert world.message(start).content == before.replace("14:05:00", "13:55:00") != before
    shown = replace(post, shown_version=right.version)
    patched = len(world.requests("PATCH"))
    await world.notifier.refresh(replace(right, version=right.version + 1), [shown])
    assert len(world.requests("PATCH")) == patched


@pytest.mark.parametrize(
    ("severity", "data", "is_edited"),
    [
        ("SEV1", {"notice": "resolved", "at": INCIDENT.triggered_at.isoformat()}, True),
        ("SEV3", {"notice": "resolved", "at": INCIDENT.triggered_at.isoformat()}, False),
        ("SEV1", {"notice": "resolved"}, False),
        ("SEV1", {"notice": "reopened", "at": INCIDENT.triggered_at.isoformat()}, False),
    ],
)
async def test_a_line_is_edited_when_it_tells_of_a_correction(
    world: NotifierWorld, severity: str, data: dict[str, object], *, is_edited: bool
) -> None:
    """After a correction, only the notice of a resolution that asks for a postmortem is edited.

    A notice from an older version is left alone, as it does not say which resolution it is about.
    """
    incident, alert = await world.threaded()
    incident = replace(incident, severity=severity)
    owed_line = owed(DeliveryKind.NOTICE, after=(alert.message_id, 0), data=data)
    line = await world.deliver(owed_line, incident, nonce="n3")
    post = replace(sent(DeliveryKind.NOTICE, line, data=data), shown_version=incident.version)
    await world.notifier.refresh(acknowledged(incident), [post])
    assert world.requests("PATCH") == []
    refreshed = await world.notifier.refresh(corrected(acknowledged(incident)), [post])
    assert refreshed.done == [post.id]
    assert len(world.requests("PATCH")) == is_edited
    assert ("別の件名" in world.message(line).content) == is_edited


async def test_the_line_in_a_sleeping_thread_is_edited_and_sleeps_on(world: NotifierWorld) -> None:
    """The postmortem is begun a day later."""
    incident, alert = await world.threaded()
    over = transitions.resolve(incident, by=Person(PRIMARY, "primary"), at=incident.triggered_at)
    data = {"notice": "resolved", "at": incident.triggered_at.isoformat()}
    owed_line = owed(DeliveryKind.NOTICE, after=(alert.message_id, 0), data=data)
    line = await world.deliver(owed_line, over, nonce="n3")
    post = replace(sent(DeliveryKind.NOTICE, line, data=data), shown_version=over.version)
    set_archived(world.sandbox.core, world.channel(incident.thread.id), archived=True)
    await world.notifier.refresh(corrected(over), [post])
    assert "別の件名" in world.message(line).content
    assert is_asleep(world, incident)


async def test_a_corrected_title_renames_the_sleeping_thread(world: NotifierWorld) -> None:
    """A corrected title renames the archived thread, unarchiving it only if it is to be visible for a day."""
    incident, alert = await world.threaded()
    over = transitions.cancel(incident, by=Person(PRIMARY, "primary"), at=incident.triggered_at)
    right = corrected(over)
    post = replace(sent(DeliveryKind.THREAD, alert), shown_version=over.version)
    set_archived(world.sandbox.core, world.channel(incident.thread.id), archived=True)
    await world.notifier.refresh(right, [post])
    assert world.channel(incident.thread.id).name == "INC-42 ⚪ 別の件名"
    assert is_asleep(world, incident)
    await world.notifier.refresh(
        replace(right, thread=replace(right.thread, archive_at=right.triggered_at), title="x"), [post]
    )
    assert world.channel(incident.thread.id).name == "INC-42 ⚪ x"
    assert not is_asleep(world, incident)


async def test_refresh_says_which_thread_is_gone(world: NotifierWorld) -> None:
    """A refresh reports a deleted thread, but not the card that was in it."""
    incident, alert = await world.threaded()
    card = await world.deliver(
        owed(DeliveryKind.THREAD_CARD, after=(alert.message_id, 0)), incident, nonce="n3"
    )
    remove_channel(world.sandbox.core, world.channel(incident.thread.id))
    posts = [
        replace(sent(DeliveryKind.THREAD_CARD, card), id=1),
        replace(sent(DeliveryKind.THREAD, alert), id=2),
    ]
    refreshed = await world.notifier.refresh(acknowledged(incident), posts)
    assert (refreshed.done, refreshed.gone) == ([1, 2], [2])


async def test_an_older_post_is_edited_into_a_pointer(world: NotifierWorld) -> None:
    """No embed, no buttons; its thread is named as one that was left."""
    incident, alert = await world.threaded()
    newer = await world.deliver(
        owed(DeliveryKind.ALERT, to="channel:p1-ops", data={"posting": 2}), nonce="n4"
    )
    moved = replace(
        incident,
        post=replace(incident.post, number=2, channel_id=newer.channel_id, message_id=newer.message_id),
        thread=replace(incident.thread, posting=2, id=newer.message_id),
        version=5,
    )
    await world.notifier.refresh(moved, [sent(DeliveryKind.ALERT, alert), sent(DeliveryKind.THREAD, alert)])
    old = world.message(alert)
    assert old.content.startswith("↗ 移しました：SEV1 INC-42")
    assert old.content.endswith(str(newer.message_id))
    assert (old.embeds, old.components) == ([], [])
    assert world.channel(alert.message_id).name == "INC-42 ↗ 決済 API が 5xx"


async def test_a_line_beside_the_alert_answers_it(world: NotifierWorld) -> None:
    """A notice in the alert's channel is a reply to the alert, so that it is clear which incident is meant.

    The notice is posted even if the alert was deleted.
    """
    incident, alert = await world.alert()
    line = owed(DeliveryKind.NOTICE, to="alert", data={"notice": "reopened", "by": "primary"})
    said = await world.deliver(line, incident, nonce="n5")
    reference = world.message(said).reference
    assert reference is not None
    assert reference["message_id"] == str(alert.message_id)
    remove(world.sandbox.core, world.message(alert))
    said = await world.deliver(line, incident, nonce="n6")
    assert "再開" in world.message(said).content


async def test_a_farewell_goes_to_the_thread_that_was_left(world: NotifierWorld) -> None:
    """The farewell goes to the thread that was left, not to the thread that the incident has now."""
    incident, alert = await world.threaded()
    moved = replace(incident, thread=replace(incident.thread, id=777))
    line = owed(DeliveryKind.NOTICE, to=f"thread:{alert.message_id}", data={"notice": "thread_moved"})
    said = await world.deliver(line, moved, nonce="n7")
    assert said.channel_id == alert.message_id


def is_asleep(world: NotifierWorld, incident: Incident) -> bool:
    """Whether the incident's thread is archived."""
    state = world.channel(incident.thread.id).thread
    assert state is not None
    return state.archived


# -- reading 👀


async def people(world: NotifierWorld, *places: Posted) -> list[tuple[str, int]]:
    """Names and messages, as they come."""
    found = world.notifier.acknowledgers([(p.channel_id, p.message_id) for p in places], guild_id=GUILD)
    return [(person.name, message_id) async for person, message_id in found]


async def test_acknowledgers_are_people_with_their_roles(world: NotifierWorld) -> None:
    """The people who reacted with 👀 are found with names and ids of their roles, without the bot itself.

    An administrator is known as such.
    """
    incident, alert = await world.alert()
    seed = owed(DeliveryKind.SEED_ACK, after=(alert.channel_id, alert.message_id))
    await world.deliver(seed, incident)
    for user_id in (RESPONDER, ADMIN):
        react(world.sandbox.core, world.message(alert), str(user_id), EYES)
    world.world.members[str(RESPONDER)].nick = "れす"
    found = world.notifier.acknowledgers([(alert.channel_id, alert.message_id)], guild_id=GUILD)
    responder, admin = [person async for person, _ in found]
    assert (responder.id, responder.name, responder.is_admin) == (RESPONDER, "れす", False)
    assert responder.roles == {"responder", "1100000000000000202", "@everyone", str(GUILD)}
    assert admin.is_admin


async def test_acknowledgers_of_the_dm_have_their_roles_too(world: NotifierWorld) -> None:
    """A person who acknowledges in a DM has the roles of the server, although a DM's payload has none."""
    page = await world.deliver(owed(DeliveryKind.PAGE, to="person:primary"))
    react(world.sandbox.core, world.message(page), str(PRIMARY), EYES)
    found = world.notifier.acknowledgers([(page.channel_id, page.message_id)], guild_id=GUILD)
    assert [("on-call" in person.roles, at) async for person, at in found] == [(True, page.message_id)]


async def test_a_super_reaction_acknowledges(world: NotifierWorld) -> None:
    """A list of reactions leaves it out unless it is asked for."""
    incident, alert = await world.alert()
    seed = owed(DeliveryKind.SEED_ACK, after=(alert.channel_id, alert.message_id))
    await world.deliver(seed, incident)
    react(world.sandbox.core, world.message(alert), str(PRIMARY), EYES, burst=True)
    react(world.sandbox.core, world.message(alert), str(RESPONDER), EYES)
    assert sorted(await people(world, alert)) == [
        ("primary", alert.message_id),
        ("responder", alert.message_id),
    ]


async def test_what_nobody_has_reacted_to_costs_one_request(world: NotifierWorld) -> None:
    """Reading an alert with only the bot's 👀 takes one request."""
    incident, alert = await world.alert()
    await world.deliver(owed(DeliveryKind.SEED_ACK, after=(alert.channel_id, alert.message_id)), incident)
    before = len(world.requests("GET"))
    assert await people(world, alert) == []
    assert len(world.requests("GET")) - before == 1
    react(world.sandbox.core, world.message(alert), str(PRIMARY), EYES, burst=True)
    await people(world, alert)
    asked = world.requests("GET")[before + 1 :]
    assert sum("/reactions/" in path for path in asked) == 1


async def test_users_of_a_message_that_cannot_be_read_are_not_none_of_them(world: NotifierWorld) -> None:
    """The ids of those who reacted are read without the bot's own; a deleted message is a refusal."""
    incident, alert = await world.alert()
    await world.deliver(owed(DeliveryKind.SEED_ACK, after=(alert.channel_id, alert.message_id)), incident)
    react(world.sandbox.core, world.message(alert), str(PRIMARY), EYES, burst=True)
    react(world.sandbox.core, world.message(alert), str(RESPONDER), EYES)
    users = world.notifier.acknowledging_users
    assert await users(alert.channel_id, alert.message_id) == {PRIMARY, RESPONDER}
    with pytest.raises(DeliveryRefused):
        await users(alert.channel_id, alert.message_id - 1)


async def test_a_variation_selector_makes_no_other_emoji(world: NotifierWorld) -> None:
    """The policy's ✏️ is there as ✏: it is read all the same."""
    policy = replace(POLICY, ack_emoji="✏️")
    _, alert = await world.alert()
    react(world.sandbox.core, world.message(alert), str(PRIMARY), "✏")
    found = world.make(policy=policy).acknowledgers([(alert.channel_id, alert.message_id)], guild_id=GUILD)
    assert [person.username async for person, _ in found] == ["primary"]


async def test_a_name_that_discord_has_changed_is_not_given_again_and_again(world: NotifierWorld) -> None:
    """A thread whose name Discord has changed slightly is not renamed again at each refresh.

    Discord may strip signs from a name, and each refresh would use up a rename.
    """
    incident, alert = await world.threaded()
    odd = replace(incident, title="API ✏️ が遅い", version=incident.version + 1)
    post = sent(DeliveryKind.THREAD, alert)
    await world.notifier.refresh(odd, [post])
    thread = world.channel(incident.thread.id)
    assert thread.name == "INC-42 🔴 API ✏️ が遅い"
    thread.name = thread.name.replace("\ufe0f", "")
    before = len(world.requests("PATCH"))
    await world.notifier.refresh(replace(odd, version=odd.version + 1), [post])
    assert len(world.requests("PATCH")) == before


async def test_an_edit_keeps_the_highlight_only_while_somebody_is_asked(world: NotifierWorld) -> None:
    """Discord works out the mentions again when a message is edited, without notifying anyone."""
    incident, alert = await world.alert()
    await world.notifier.refresh(incident, [sent(DeliveryKind.ALERT, alert)])
    assert world.message(alert).mention_everyone
    await world.notifier.refresh(acknowledged(incident), [sent(DeliveryKind.ALERT, alert)])
    assert not world.message(alert).mention_everyone


async def test_acknowledgers_leave_out_what_is_gone(world: NotifierWorld) -> None:
    """Deleted messages, people who left and other emojis are not counted as acknowledgements."""
    _, lost = await world.alert()
    kept = await world.deliver(ALERT, nonce="n2")
    message = world.message(kept)
    react(world.sandbox.core, message, str(OBSERVER), EYES)
    react(world.sandbox.core, message, str(RESPONDER), EYES)
    react(world.sandbox.core, message, str(PRIMARY), "🎉")
    remove(world.sandbox.core, world.message(lost))
    del world.world.members[str(OBSERVER)]
    assert await people(world, lost, kept) == [("responder", kept.message_id)]


async def test_acknowledgers_are_read_page_by_page(world: NotifierWorld) -> None:
    """An acknowledger after 150 others is found, though Discord gives a hundred at a time."""
    _, alert = await world.alert()
    crowd = [str(2200000000000000000 + number) for number in range(150)]
    for user_id in crowd:
        world.world.users[user_id] = User(user_id, f"u{user_id}")  # no members: all but one have left
    world.message(alert).reactions[EYES] = [*crowd, str(RESPONDER)]
    assert await people(world, alert) == [("responder", alert.message_id)]
