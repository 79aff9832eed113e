"""Composing, sending and finding, as Discord sees it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.delivery.delivery import Posted, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.errors import DeliveryRefused
from bot.runbook import default_policy_text, parse_policy
from cogs.digest.rules import DigestDelivery
from cogs.dlq.rules import DlqDeliveryKind
from local_discord.messages.threads import remove_channel
from local_discord.world.kinds import ChannelType
from local_discord.world.world import Channel
from tests.cogs.digest.test_posts import BUSY
from tests.integration.discord_api.notifier_world import (
    ALERTS,
    GUILD,
    INCIDENT,
    OBSERVER,
    OPS,
    PRIMARY,
    SECONDARY,
    NotifierWorld,
    owed,
    running_world,
    sent,
)
from tests.unit.ui.samples import ASKED

ALERT = owed(DeliveryKind.ALERT, to="channel:p0-alerts")
EYES = "👀"


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh Discord."""
    async with running_world(monkeypatch) as fresh:
        yield fresh


# -- composing and sending


async def test_alert_rings_in_its_channel(world: NotifierWorld) -> None:
    """An alert pings `@here` in its channel, and `pinged` is Discord's own answer about that."""
    posted = await world.deliver(ALERT)
    (message,) = world.messages(ALERTS)
    assert posted == Posted(ALERTS, int(message.id), pinged=True)
    assert message.content == "@here 🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:22 まで"
    assert message.mention_everyone


async def test_ping_that_discord_suppressed_is_told(world: NotifierWorld) -> None:
    """Without MENTION_EVERYONE the message is posted, and reported as not having pinged."""
    for role in world.world.roles.values():  # a new server gives it to @everyone, too
        role.permissions &= ~(1 << 17)
    posted = await world.deliver(ALERT)
    (message,) = world.messages(ALERTS)
    assert posted == Posted(ALERTS, int(message.id), pinged=False)
    assert message.content.startswith("@here ")


async def test_same_nonce_is_the_same_message(world: NotifierWorld) -> None:
    """An attempt that was repeated posts once."""
    first, second = [await world.deliver(ALERT) for _ in range(2)]
    assert first == second
    assert len(world.messages(ALERTS)) == 1
    await world.deliver(ALERT, nonce="n2")
    assert len(world.messages(ALERTS)) == 2


async def test_channel_may_be_an_id(world: NotifierWorld) -> None:
    """A delivery's channel may be given by its id instead of its name, as the policy may do."""
    assert (await world.deliver(owed(DeliveryKind.ALERT, to=f"channel:{OPS}"))).channel_id == OPS


async def test_channel_that_appears_later_is_found(world: NotifierWorld) -> None:
    """A miss is looked up anew; a known one costs no request."""
    elsewhere = owed(DeliveryKind.ALERT, to="channel:#war-room")
    with pytest.raises(DeliveryRefused, match="no channel #war-room") as refused:
        await world.deliver(elsewhere)
    assert (refused.value.http_status, refused.value.code) == (404, 10003)
    world.world.channels["1100000000000000399"] = Channel("1100000000000000399", ChannelType.TEXT, "war-room")
    assert (await world.deliver(elsewhere)).channel_id == 1100000000000000399
    before = len(world.requests("GET"))
    await world.deliver(ALERT, nonce="n2")
    assert len(world.requests("GET")) == before


async def test_deleted_channel_is_forgotten(world: NotifierWorld) -> None:
    """A channel that was made anew under its name is found by the next delivery."""
    await world.deliver(ALERT)
    request = await world.notifier.compose(ALERT, INCIDENT)
    remove_channel(world.sandbox.core, world.channel(ALERTS))
    with pytest.raises(DeliveryRefused) as refused:
        await world.notifier.send(request, nonce="n2")
    assert refused.value.code == 10003
    world.world.channels["1100000000000000399"] = Channel(
        "1100000000000000399", ChannelType.TEXT, "p0-alerts"
    )
    assert (await world.deliver(ALERT, nonce="n3")).channel_id == 1100000000000000399


async def test_whoever_lost_their_ack_is_told_so_in_the_first_place(world: NotifierWorld) -> None:
    """The DM knows whom it goes to when it is made, not only when it is edited."""
    page = owed(DeliveryKind.PAGE, to="person:primary")
    why = {"kind": "lapsed", "who": "primary"}
    request = await world.notifier.compose(replace(page, data={"why": why}), INCIDENT)
    assert "あなたの ack は失効しました" in str(request.body)


async def test_page_goes_to_whoever_stands_at_the_place(world: NotifierWorld) -> None:
    """A page goes by DM to the member with the person's username, and two pages open the DM only once."""
    page = owed(DeliveryKind.PAGE, to="person:primary")
    posted = await world.deliver(page)
    assert world.channel(posted.channel_id).recipients == [str(PRIMARY), "1100000000000000002"]
    await world.deliver(page, nonce="n2")
    assert world.requests("POST").count("/users/@me/channels") == 1


async def test_page_may_go_to_a_user_id(world: NotifierWorld) -> None:
    """A page to a user id needs no search for the member."""
    text = default_policy_text().replace('discord = "primary"', f'discord = "{SECONDARY}"')
    notifier = world.make(policy=parse_policy(text, name="ids.toml"))
    request = await notifier.compose(owed(DeliveryKind.PAGE, to="person:primary"), INCIDENT)
    assert str(SECONDARY) in world.channel(request.channel_id).recipients
    assert world.requests("GET") == ["/users/@me", "/oauth2/applications/@me"]


@pytest.mark.parametrize("place", ["primary", "nobody"])
async def test_page_without_a_person_is_refused(world: NotifierWorld, place: str) -> None:
    """A page is refused if the person has left the server or if the policy has no such place on call."""
    del world.world.members[str(PRIMARY)]
    with pytest.raises(DeliveryRefused) as refused:
        await world.deliver(owed(DeliveryKind.PAGE, to=f"person:{place}"))
    assert refused.value.code == 10013


async def test_thread_hangs_on_the_alert_and_begins_with_the_start_time(world: NotifierWorld) -> None:
    """The thread hangs on the alert, and holds the start time, the card and the note in this order."""
    incident, alert = await world.threaded()
    thread = world.channel(incident.thread.id)
    assert (thread.name, thread.id) == ("INC-42 🔴 決済 API が 5xx", str(alert.message_id))
    bare = replace(incident, thread=replace(incident.thread, id=None))
    start = await world.deliver(
        owed(DeliveryKind.THREAD_START, after=(alert.channel_id, alert.message_id)), bare, nonce="n3"
    )
    after = (start.channel_id, start.message_id)
    await world.deliver(owed(DeliveryKind.THREAD_CARD, after=after), bare, nonce="n4")
    note = {"notice": "note", "by": "primary", "text": "戻した"}
    await world.deliver(owed(DeliveryKind.NOTICE, data=note), incident, nonce="n5")
    _starter, first, card, noted = world.messages(int(thread.id))
    assert first.content == "**開始時刻 2026-11-24 14:05:00 JST**"
    assert card.content.startswith("🔴 SEV1 · 決済 API が 5xx · **未対応** · ")
    assert card.embeds[0]["description"].endswith("-# INC-42 · P0")
    assert noted.content == "📝 **@primary** 戻した"


async def test_notice_without_a_thread_goes_to_the_alerts_channel(world: NotifierWorld) -> None:
    """A notice of an incident without a thread goes to the alerts channel, as a policy may open no thread."""
    incident, _ = await world.alert()
    notice = owed(DeliveryKind.NOTICE, data={"notice": "note", "by": "a", "text": "b"})
    assert (await world.deliver(notice, incident, nonce="n2")).channel_id == ALERTS


async def test_thread_that_is_there_is_adopted(world: NotifierWorld) -> None:
    """Threads have no nonce: 160004 says that an earlier attempt came through."""
    incident, alert = await world.threaded()
    asked = owed(DeliveryKind.THREAD, after=(alert.channel_id, alert.message_id))
    assert await world.deliver(asked, incident) == Posted(ALERTS, alert.message_id)


async def test_own_eyes_are_put_once(world: NotifierWorld) -> None:
    """The bot puts its own 👀 under the alert only once, so that acknowledging is one tap."""
    incident, alert = await world.alert()
    seed = owed(DeliveryKind.SEED_ACK, after=(alert.channel_id, alert.message_id))
    for _ in range(2):
        assert await world.deliver(seed, incident) == Posted(ALERTS, alert.message_id)
    assert world.message(alert).reactions == {EYES: [world.world.application.id]}


async def test_a_digest_names_commands_by_their_ids(world: NotifierWorld) -> None:
    """A digest names a registered command by its id, so that the line can be pressed.

    A command is left out until it is registered.
    """
    assert world.client.application_id is not None
    commands: list[dict[str, Any]] = [{"name": "Triage this message", "type": 3}]
    await world.client.http.bulk_upsert_guild_commands(world.client.application_id, GUILD, commands)
    posted = await world.deliver(owed(DigestDelivery.POST, to="channel:p3-insights"), BUSY)
    assert "dlq recent" not in world.message(posted).content
    more = [*commands, {"name": "dlq", "description": "DLQ"}]
    known = await world.client.http.bulk_upsert_guild_commands(world.client.application_id, GUILD, more)
    world.notifier = world.make()
    posted = await world.deliver(owed(DigestDelivery.POST, to="channel:p3-insights"), BUSY, nonce="n2")
    [dlq] = [one["id"] for one in known if one["name"] == "dlq"]
    assert f"</dlq recent:{dlq}>" in world.message(posted).content


async def test_digest_reevaluation_and_replay_are_taken(world: NotifierWorld) -> None:
    """Discord takes a digest, a re-evaluation and a replay, and the replay pings nobody."""
    await world.deliver(owed(DigestDelivery.POST, to="channel:p3-insights"), BUSY)
    await world.deliver(owed(DeliveryKind.REEVALUATION, to="channel:p1-ops"), ASKED)
    data = {"body": {"content": "@everyone down"}, "entry": "2f3c4d5e", "by": "primary"}
    replayed = await world.deliver(
        owed(DlqDeliveryKind.REPLAY, to="channel:p1-ops", data=data), None, nonce="n2"
    )
    assert not replayed.pinged


# -- finding


async def test_find_adopts_what_an_attempt_left_behind(world: NotifierWorld) -> None:
    """Same words, same buttons, ours, and not older than the attempt."""
    begun = datetime.now(UTC)
    request = await world.notifier.compose(ALERT, INCIDENT)
    assert await world.notifier.find(request, since=begun) is None
    posted = await world.notifier.send(request, nonce="n1")
    assert await world.notifier.find(request, since=begun) == posted
    assert await world.notifier.find(request, since=begun + timedelta(minutes=5)) is None


async def test_find_reads_on_however_much_was_said_meanwhile(world: NotifierWorld) -> None:
    """Ours is the 251st since the attempt began: on the third page."""
    begun = datetime.now(UTC)
    posted = await world.deliver(ALERT)
    request, ours = await world.notifier.compose(ALERT, INCIDENT), world.message(posted)
    said = world.sandbox.core.world.messages[str(ALERTS)]
    for number in range(1, 251):
        said[str(posted.message_id - number)] = replace(
            ours, id=str(posted.message_id - number), content=f"{number}", nonce=None
        )
    world.sandbox.core.world.messages[str(ALERTS)] = dict(sorted(said.items(), key=lambda one: int(one[0])))
    assert await world.notifier.find(request, since=begun) == posted


@pytest.mark.parametrize("change", [{"title": "別の話"}, {"id": 43}, {"symptoms": ()}])
async def test_find_takes_no_other_message(world: NotifierWorld, change: dict[str, object]) -> None:
    """An alert of another title, number or symptoms is not taken for the incident's own alert."""
    begun = datetime.now(UTC)
    await world.deliver(ALERT)
    other = await world.notifier.compose(ALERT, replace(INCIDENT, **change))  # type: ignore[arg-type]
    assert await world.notifier.find(other, since=begun) is None


async def test_find_takes_nobody_elses_message(world: NotifierWorld) -> None:
    """A person may copy our words."""
    posted = await world.deliver(ALERT)
    request = await world.notifier.compose(ALERT, INCIDENT)
    world.message(posted).author = {**world.message(posted).author, "id": str(OBSERVER)}
    assert await world.notifier.find(request, since=datetime.now(UTC)) is None


async def test_find_does_not_look_for_threads_and_reactions(world: NotifierWorld) -> None:
    """`find` returns None for a thread, because asking for it again does no harm."""
    request = Request(Action.THREAD, ALERTS, 1, {"name": "x"})
    assert await world.notifier.find(request, since=datetime.now(UTC)) is None


TEAM = '\n[teams.web]\nrole = "on-call"\nlanguage = "en"\n[teams.gone]\nrole = "no-such-role"\n'


async def test_a_teams_alert_rings_its_role_in_its_language(world: NotifierWorld) -> None:
    """The role takes the place of @here, in edits too; a role that the server lacks leaves @here."""
    world.notifier = world.make(policy=parse_policy(default_policy_text() + TEAM, name="x.toml"))
    incident = replace(INCIDENT, team="web")
    posted = await world.deliver(ALERT, incident)
    message = world.message(posted)
    told = f"<@&{message.mention_roles[0]}> 🔴 SEV1 · 決済 API が 5xx · **unacknowledged** · ack by 14:22"
    assert (message.content, message.mention_everyone) == (told, False)
    await world.notifier.refresh(replace(incident, version=4), [sent(DeliveryKind.ALERT, posted)])
    assert world.message(posted).content == told
    gone = await world.deliver(ALERT, replace(INCIDENT, team="gone"), nonce="n2")
    assert world.message(gone).content.startswith("@here 🔴 SEV1 · 決済 API が 5xx · **未対応**")
    assert world.message(gone).mention_everyone
