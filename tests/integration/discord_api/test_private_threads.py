"""Private threads and emptied posts, as Discord has them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.delivery.delivery import Delivery, Posted, is_mute
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import Crowded, DeliveryRefused, UpstreamUnavailable
from bot.domain.incident.incident import ByPerson, Incident, Status
from bot.domain.privacy import LeftBehind
from bot.services.shared import fencing
from bot.services.shared.fencing import boot_s, fresh
from local_discord.messages.posting import remove, set_archived
from local_discord.messages.threads import remove_channel
from local_discord.world.permissions import P
from local_discord.world.world import Overwrite
from tests.integration.discord_api.notifier_world import (
    ALERTS,
    INCIDENT,
    OBSERVER,
    OPS,
    PRIMARY,
    NotifierWorld,
    owed,
    running_world,
    sent,
)

SECRET = replace(INCIDENT, is_private=True, thread=replace(INCIDENT.thread, channel="p0-alerts"))
PRIVATE_THREAD = owed(DeliveryKind.PRIVATE_THREAD, to="channel:p0-alerts")
_NAME_CHANGE = 4  # Discord: the type of its note
ROLES = [1100000000000000201, 1100000000000000203]  # on-call, admin
AGO = timedelta(seconds=5)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh Discord."""
    async with running_world(monkeypatch) as fresh:
        yield fresh


async def test_a_private_thread_is_made(world: NotifierWorld) -> None:
    """Type 12, for its members alone; the channel gets no word of it."""
    posted = await world.deliver(PRIVATE_THREAD, SECRET)
    made = world.channel(posted.message_id)
    assert (made.type, made.name, made.parent_id) == (12, "🔒 INC-42 🔴", str(ALERTS))
    assert made.thread is not None
    assert made.thread.invitable is False
    assert world.messages(ALERTS) == []


async def test_who_was_stopped_makes_none(world: NotifierWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord knows no nonce of a thread: a second later another process may have made it."""
    with fresh():
        slept_s = boot_s() + 1.1
        monkeypatch.setattr(fencing, "boot_s", lambda: slept_s)
        with pytest.raises(Crowded):
            await world.deliver(PRIVATE_THREAD, SECRET)
    request = await world.notifier.compose(PRIVATE_THREAD, SECRET)
    assert await world.notifier.find(request, since=datetime.now(UTC) - AGO) is None


async def test_people_are_let_in(world: NotifierWorld) -> None:
    """People are let into a private thread by their id or their place on call; twice changes nothing.

    Somebody who is not in the server is refused.
    """
    made = await world.deliver(PRIVATE_THREAD, SECRET)
    after = (made.channel_id, made.message_id)
    for to in ("person:primary", f"user:{PRIMARY}", f"user:{OBSERVER}"):
        posted = await world.deliver(owed(DeliveryKind.MEMBER, to=to, after=after), SECRET)
        assert posted.channel_id == made.message_id
    thread = world.channel(made.message_id).thread
    assert thread is not None
    assert {str(PRIMARY), str(OBSERVER)} <= set(thread.members)
    with pytest.raises(DeliveryRefused):
        await world.deliver(owed(DeliveryKind.MEMBER, to="user:1100000000000000999", after=after), SECRET)


async def test_a_thread_that_sleeps_takes_people_in_and_sleeps_on(world: NotifierWorld) -> None:
    """Adding a person to an archived thread unarchives it for that, and archives it again."""
    made = await world.deliver(PRIVATE_THREAD, SECRET)
    thread = world.channel(made.message_id)
    set_archived(world.sandbox.core, thread, archived=True)
    after = (made.channel_id, made.message_id)
    await world.deliver(owed(DeliveryKind.MEMBER, to=f"user:{OBSERVER}", after=after), SECRET)
    assert thread.thread is not None
    assert str(OBSERVER) in thread.thread.members
    assert thread.thread.archived


async def test_people_are_taken_out(world: NotifierWorld) -> None:
    """Twice, and of who has left the server, changes nothing; also out of a thread that sleeps on."""
    made = await world.deliver(PRIVATE_THREAD, SECRET)
    after, thread = (made.channel_id, made.message_id), world.channel(made.message_id)
    out = owed(DeliveryKind.MEMBER_REMOVED, to=f"user:{OBSERVER}", after=after)
    state = thread.thread
    assert state is not None
    for asleep in (False, True):
        await world.deliver(owed(DeliveryKind.MEMBER, to=f"user:{OBSERVER}", after=after), SECRET)
        assert str(OBSERVER) in state.members
        set_archived(world.sandbox.core, thread, archived=asleep)
        for _ in range(2):
            posted = await world.deliver(out, SECRET)
            assert (posted.channel_id, posted.message_id) == (made.message_id, OBSERVER)
            assert str(OBSERVER) not in state.members
        assert state.archived is asleep
    gone = owed(DeliveryKind.MEMBER_REMOVED, to="user:1100000000000000999", after=after)
    await world.deliver(gone, SECRET)


async def test_what_keeps_somebody_in_a_thread_is_told(world: NotifierWorld) -> None:
    """Discord refuses, or the thread is not there any more."""
    made = await world.deliver(PRIVATE_THREAD, SECRET)
    after = (made.channel_id, made.message_id)
    out = owed(DeliveryKind.MEMBER_REMOVED, to=f"user:{OBSERVER}", after=after)
    world.break_down({"status": 403, "code": 50013, "times": 1}, route="DELETE /channels/*/thread-members/*")
    with pytest.raises(DeliveryRefused):
        await world.deliver(out, SECRET)
    remove_channel(world.sandbox.core, world.channel(made.message_id))
    with pytest.raises(DeliveryRefused) as refused:
        await world.deliver(out, SECRET)
    assert refused.value.code == 10003


async def test_whether_a_role_sees_private_ones(world: NotifierWorld) -> None:
    """One of the server's, by the policy's name."""
    guild_id = int(world.sandbox.core.world.guild.id)
    assert await world.notifier.has_private_role(guild_id)


async def test_its_name_shows_the_state(world: NotifierWorld) -> None:
    """A private thread's name shows the incident's state without the title.

    A rename that Discord defers is tried again later, and counts as no failure.
    """
    made = await world.deliver(PRIVATE_THREAD, SECRET)
    post = sent(DeliveryKind.PRIVATE_THREAD, made)
    for status, name in ((Status.ACKNOWLEDGED, "🔒 INC-42 🟠"), (Status.RESOLVED, "🔒 INC-42 🟢")):
        assert (await world.notifier.refresh(replace(SECRET, status=status), [post])).done == [post.id]
        assert world.channel(made.message_id).name == name
    later = {"status": 429, "retry_after": 300, "scope": "shared", "times": 1}
    world.break_down(later, route=f"PATCH /channels/{made.message_id}")
    waits = await world.notifier.refresh(SECRET, [post])
    assert (list(waits.done), list(waits.gone), waits.again_in) == ([], [], timedelta(seconds=300))


async def test_a_private_thread_that_is_gone_is_noticed(world: NotifierWorld) -> None:
    """A refresh reports a deleted private thread as gone, and the alert in it as well."""
    made = await world.deliver(PRIVATE_THREAD, SECRET)
    placed = replace(SECRET, thread=replace(SECRET.thread, id=made.message_id))
    alert = await world.deliver(owed(DeliveryKind.ALERT), placed)
    posts = [sent(DeliveryKind.PRIVATE_THREAD, made), sent(DeliveryKind.ALERT, alert)]
    remove_channel(world.sandbox.core, world.channel(made.message_id))
    assert sorted((await world.notifier.refresh(placed, posts)).gone) == sorted(post.id for post in posts)


async def found(world: NotifierWorld, *, since: datetime | None = None) -> Posted | None:
    """What an attempt has left behind."""
    request = await world.notifier.compose(PRIVATE_THREAD, SECRET)
    return await world.notifier.find(request, since=since or datetime.now(UTC) - AGO)


async def test_a_thread_without_an_answer_is_found(world: NotifierWorld) -> None:
    """A thread whose creation got no answer is found again, archived or not."""
    assert await found(world) is None
    world.break_down({"reset": "after", "times": 1}, route="POST /channels/*/threads")
    with pytest.raises(UpstreamUnavailable):
        await world.deliver(PRIVATE_THREAD, SECRET)
    adopted = await found(world)
    assert adopted is not None
    assert adopted.channel_id == ALERTS
    set_archived(world.sandbox.core, world.channel(adopted.message_id), archived=True)
    assert await found(world) == adopted


async def test_others_threads_are_not_taken_for_it(world: NotifierWorld) -> None:
    """The search for a private thread finds none of another name, of another channel, or from before."""
    await world.deliver(PRIVATE_THREAD, replace(SECRET, id=43))
    await world.deliver(owed(DeliveryKind.PRIVATE_THREAD, to=f"channel:{OPS}"), SECRET)
    assert await found(world) is None
    await world.deliver(PRIVATE_THREAD, SECRET)
    assert await found(world, since=datetime.now(UTC) + timedelta(minutes=1)) is None


async def test_the_alert_rings_the_roles_in_the_thread(world: NotifierWorld) -> None:
    """The alert in a private thread rings only the roles that see private incidents.

    An edit leaves the line without these roles.
    """
    made = await world.deliver(PRIVATE_THREAD, SECRET)
    placed = replace(SECRET, thread=replace(SECRET.thread, id=made.message_id))
    alert = await world.deliver(owed(DeliveryKind.ALERT), placed)
    assert alert.channel_id == made.message_id
    message = world.message(alert)
    assert message.mention_roles == ["1100000000000000201", "1100000000000000203"]
    assert not message.mention_everyone
    await world.notifier.refresh(replace(placed, version=4), [sent(DeliveryKind.ALERT, alert)])
    assert world.message(alert).content.startswith("🔒 🔴 SEV1")


async def test_roles_that_were_not_rung_are_noticed(world: NotifierWorld) -> None:
    """The bot may not mention all any more: one role is mentionable, and rings; the other one does not."""
    made = await world.deliver(PRIVATE_THREAD, SECRET)
    placed = replace(SECRET, thread=replace(SECRET.thread, id=made.message_id))
    request = await world.notifier.compose(owed(DeliveryKind.ALERT), placed)
    alert = replace(owed(DeliveryKind.ALERT), request=request)
    rung = await world.notifier.send(request, nonce="n1")
    assert (rung.roles, is_mute(alert, rung)) == (frozenset(ROLES), False)
    bot = next(role.id for role in world.world.roles.values() if role.name == "incident-bot")
    world.channel(ALERTS).overwrites[bot] = Overwrite(bot, 0, deny=int(P.MENTION_EVERYONE))
    world.world.roles[str(ROLES[0])].mentionable = True
    some = await world.notifier.send(request, nonce="n2")
    assert (some.roles, is_mute(alert, some)) == (frozenset(ROLES[:1]), True)
    found = await world.notifier.find(request, since=datetime.now(UTC) - AGO)
    assert found is not None


async def public(world: NotifierWorld) -> tuple[Incident, list[Delivery]]:
    """An alert, its thread with a card, renamed once."""
    incident, alert = await world.threaded()
    card = await world.deliver(
        owed(DeliveryKind.THREAD_CARD, after=(alert.message_id, 0)), incident, nonce="c"
    )
    posts = [
        sent(DeliveryKind.THREAD, alert),
        sent(DeliveryKind.ALERT, alert),
        sent(DeliveryKind.THREAD_CARD, card),
    ]
    at = INCIDENT.triggered_at
    taken = replace(
        incident, status=Status.ACKNOWLEDGED, acknowledged=ByPerson(101, "primary", at), version=4
    )
    await world.notifier.refresh(taken, posts)
    return replace(taken, is_private=True), posts


def told(world: NotifierWorld, *channels: int | None) -> str:
    """Every word in some places, Discord's own notes included."""
    messages = [message for channel in channels if channel for message in world.messages(channel)]
    return "\n".join(f"{message.content} {message.embeds} {message.components}" for message in messages)


async def test_nothing_is_left_of_public_posts(world: NotifierWorld) -> None:
    """The title of an incident that has become private is removed from its posts and the thread's name.

    Discord's own note of the thread's earlier name stays, and is reported as left behind.
    """
    incident, posts = await public(world)
    result = await world.notifier.redact(incident, posts)
    assert (len(result.done), result.refused) == (len(posts), [])
    assert "api.parky.co.jp" not in told(world, ALERTS, incident.thread.id)
    ours = [message for message in world.messages(incident.thread.id or 0) if message.type != _NAME_CHANGE]
    assert not any(INCIDENT.title in f"{message.content} {message.embeds}" for message in ours)
    assert result.left == [LeftBehind(incident.thread.id or 0, (f"INC-42 🟠 {INCIDENT.title}",))]
    thread = world.channel(incident.thread.id)
    assert thread.thread is not None
    assert (thread.name, thread.thread.locked, thread.thread.archived) == ("🔒 INC-42", True, True)
    assert world.requests("DELETE") == [], "nobody deletes such a note"


async def test_what_people_wrote_is_counted(world: NotifierWorld) -> None:
    """Theirs, and other apps'; neither the bot's own nor Discord's. A thread without a rename has no name."""
    incident, alert = await world.threaded()
    secret = replace(incident, is_private=True)
    thread = incident.thread.id or 0
    await world.deliver(owed(DeliveryKind.THREAD_CARD, after=(thread, 0)), incident, nonce="c")
    for _ in range(2):
        world.say(thread, "調べています")
    result = await world.notifier.redact(secret, [sent(DeliveryKind.THREAD, alert)])
    assert result.left == [LeftBehind(thread, (), 2)]
    assert await world.notifier.left_behind(secret, thread) == result.left[0]


async def test_a_drills_old_thread_tells_nothing_by_its_mark(world: NotifierWorld) -> None:
    """The old thread of a drill that became private is renamed to the drill's mark, 🔒 and the number."""
    drill, alert = await world.threaded()
    exercise = replace(drill, is_private=True, is_drill=True)
    assert (await world.notifier.redact(exercise, [sent(DeliveryKind.THREAD, alert)])).left == []
    assert world.channel(drill.thread.id).name == "【訓練】🔒 INC-42"


async def test_an_old_thread_is_deleted(world: NotifierWorld) -> None:
    """A public thread is deleted, so that nothing is left behind; deleting the thread again is no error.

    A deletion that Discord does not permit is refused.
    """
    incident, _posts = await public(world)
    thread = incident.thread.id or 0
    for _ in range(2):
        await world.notifier.delete_thread(thread)
        assert await world.notifier.left_behind(incident, thread) is None
    world.break_down({"status": 403, "code": 50013, "times": 1}, route=f"DELETE /channels/{thread}")
    with pytest.raises(DeliveryRefused):
        await world.notifier.delete_thread(thread)


async def test_a_name_that_discord_refuses_leaves_it_locked_all_the_same(world: NotifierWorld) -> None:
    """If Discord refuses to rename an old thread, it is locked, and reported as refused."""
    incident, posts = await public(world)
    world.break_down(
        {"status": 400, "code": 50035, "times": 1}, route=f"PATCH /channels/{incident.thread.id}"
    )
    result = await world.notifier.redact(incident, posts)
    assert list(result.refused) == [posts[0].id]
    thread = world.channel(incident.thread.id).thread
    assert thread is not None
    assert (thread.locked, thread.archived) == (True, True)


async def test_a_sleeping_thread_is_emptied_and_sleeps_on(world: NotifierWorld) -> None:
    """Posts in an archived thread are emptied, although it takes no edits, and it stays archived."""
    incident, posts = await public(world)
    set_archived(world.sandbox.core, world.channel(incident.thread.id), archived=True)
    await world.notifier.redact(incident, [post for post in posts if post.kind is DeliveryKind.THREAD_CARD])
    thread = world.channel(incident.thread.id).thread
    assert thread is not None
    assert thread.archived
    result = await world.notifier.redact(incident, posts)
    assert INCIDENT.title not in told(world, ALERTS)
    assert (thread.locked, thread.archived, len(result.left)) == (True, True, 1)


async def test_what_is_gone_is_passed_over(world: NotifierWorld) -> None:
    """A deleted post or thread tells nothing any more."""
    incident, posts = await public(world)
    remove(world.sandbox.core, world.message(Posted(ALERTS, posts[1].message_id or 0)))
    remove_channel(world.sandbox.core, world.channel(incident.thread.id))
    result = await world.notifier.redact(incident, posts)
    assert (len(result.done), result.refused) == (len(posts), [])


async def test_what_discord_refuses_is_told(world: NotifierWorld) -> None:
    """The bot may no longer edit there: the post still tells what it told."""
    incident, posts = await public(world)
    world.break_down({"status": 403, "code": 50001, "times": 1}, route=f"PATCH /channels/{ALERTS}/messages/*")
    result = await world.notifier.redact(incident, posts)
    assert (len(result.done), len(result.refused)) == (len(posts), 1)


async def test_what_discord_takes_later_is_left(world: NotifierWorld) -> None:
    """One 429 holds up nothing else, and says when to come again; an outage stops the rest, which would wait
    for nothing.
    """
    incident, posts = await public(world)
    limit = {"status": 429, "retry_after": 4, "times": 1}
    world.break_down(limit, route=f"PATCH /channels/{ALERTS}/messages/*")
    limited = await world.notifier.redact(incident, posts)
    assert (len(limited.done), limited.again_in) == (len(posts) - 1, timedelta(seconds=4))
    world.break_down({"status": 503, "times": 1}, route=f"PATCH /channels/{ALERTS}/messages/*")
    first = await world.notifier.redact(incident, posts)
    assert len(first.done) < len(posts)
    assert len((await world.notifier.redact(incident, posts)).done) == len(posts)


async def test_an_old_name_that_waits_is_in_no_list(world: NotifierWorld) -> None:
    """The third in ten minutes comes later: the thread sleeps meanwhile."""
    world.sandbox.core.limiter.enabled = True
    incident, posts = await public(world)
    over = replace(incident, is_private=False, status=Status.RESOLVED, version=5)
    await world.notifier.refresh(over, posts)
    limited = await world.notifier.redact(incident, posts)
    assert len(limited.late) == 1
    thread = world.channel(incident.thread.id)
    assert thread.thread is not None
    assert limited.again_in is not None
    assert timedelta(minutes=9) < limited.again_in <= timedelta(minutes=10)
    assert len(limited.done) == len(posts) - 1
    assert INCIDENT.title in thread.name
    assert (thread.thread.archived, thread.thread.locked) == (True, True)
    asked = len(world.requests("PATCH"))
    assert len((await world.notifier.redact(incident, posts[:1])).late) == 1
    assert len(world.requests("PATCH")) - asked == 1, "it sleeps on"
    world.sandbox.core.limiter.advance(600)
    assert len((await world.make().redact(incident, posts)).done) == len(posts)
    assert INCIDENT.title not in thread.name
    assert (thread.thread.archived, thread.thread.locked) == (True, True)


async def test_a_member_is_told_of_with_their_roles(world: NotifierWorld) -> None:
    """A member is found by id or user name, with the names of their roles; an unknown id is refused."""
    guild_id = INCIDENT.guild_id
    for known in (str(PRIMARY), "primary"):
        member = await world.notifier.member(guild_id, known)
        assert (member.id, member.username) == (PRIMARY, "primary")
        assert "on-call" in member.roles
    assert not (await world.notifier.member(guild_id, str(OBSERVER))).is_admin
    with pytest.raises(DeliveryRefused):
        await world.notifier.member(guild_id, "1100000000000000999")
