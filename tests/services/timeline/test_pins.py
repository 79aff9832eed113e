"""📌: once per message, by those who may, and what becomes of the message."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted, UpstreamUnavailable, UserError
from bot.domain.incident.incident import Incident
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.recorded import ThreadMessage
from bot.domain.triage.session import Evidence
from bot.services.timeline.pins import Pinned
from bot.storage.database.sql import Row, Sql
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.fakes.discord import FakeDiscord
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.incidents.test_lifecycle import Interrupted

MESSAGE = 5_000
_QUESTIONS = 40  # as long as they take, within which an event that waits for nothing is recorded
_ABOUT = (TimelineKind.PINNED, TimelineKind.PIN_EDITED, TimelineKind.PIN_DELETED)
SOMEBODY = replace(OBSERVER, roles=frozenset({"responder"}))


async def opened(desk: Desk) -> tuple[Incident, ThreadMessage]:
    """Open an incident and put a message, a minute old, into its thread."""
    incident = await desk.open()
    await desk.work()
    incident = await IncidentRows(desk.store.sql).incident(incident.id)
    assert incident.thread.id is not None
    await desk.pass_time(minutes=1)
    at = desk.clock.time - timedelta(minutes=1)
    url = f"https://discord.com/channels/{GUILD}/{incident.thread.id}/{MESSAGE}"
    content = Evidence(text="DB を再起動した", author_id=9, author_name="観測者", url=url, at=at)
    message = ThreadMessage(MESSAGE, incident.thread.id, content)
    desk.discord.messages[MESSAGE] = message
    return incident, message


class SlowAtFirst(Sql):
    """The first question to it about a message or a thread takes long, and those after it do not."""

    is_slow = True

    async def all(self, name: str, source: object = None, /, **parameters: object) -> list[Row]:
        if name in {"pinned_in", "incident_by_thread"}:
            was_slow, self.is_slow = self.is_slow, False
            for _ in range(_QUESTIONS if was_slow else 0):
                await super().all("now")
        return await super().all(name, source, **parameters)


class SlowToAnswer(FakeDiscord):
    """While what it says of a thread is on its way, *meanwhile* happens."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def latest_messages(self, channel_id: int, *, guild_id: int) -> list[ThreadMessage]:
        found = await super().latest_messages(channel_id, guild_id=guild_id)
        if self.meanwhile is not None:
            await self.meanwhile()
        return found


async def at_once(*events: Awaitable[object]) -> None:
    """Handle *events* as discord.py does: a task for each, begun in the order in which Discord gave them."""
    await asyncio.gather(*events)


def slow_at_first(desk: Desk) -> None:
    """The next event takes longest."""
    desk.own_store.sql = SlowAtFirst(desk.own_store.sql.connection, guild_id=GUILD)
    desk.use(desk.discord)


async def pins(
    desk: Desk, incident: Incident, kind: TimelineKind = TimelineKind.PINNED
) -> list[TimelineEntry]:
    """The entries of one kind."""
    return [entry for entry in await TimelineRows(desk.store.sql).timeline(incident.id) if entry.kind is kind]


async def test_a_message_is_kept_with_author_link_and_its_own_time(desk: Desk) -> None:
    """A pin keeps the message's author, link and time, and queues the bot's ✅."""
    incident, message = await opened(desk)
    assert await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER) is Pinned.ADDED
    (pin,) = await pins(desk, incident)
    assert (pin.at, pin.actor_name, pin.said) == (message.content.at, "responder", "DB を再起動した")
    assert pin.data == message.as_pinned().to_json()
    assert pin.is_late
    (owed,) = [one for one in await desk.database.deliveries() if one.kind is DeliveryKind.PIN_SEEN]
    assert owed.data == {"channel_id": message.channel_id, "message_id": MESSAGE}
    await desk.work()
    assert desk.sent(DeliveryKind.PIN_SEEN) == ["message"]


async def test_it_is_kept_once(desk: Desk) -> None:
    """A message is pinned to the timeline once, whoever pins it again and by whichever way."""
    incident, message = await opened(desk)
    await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    assert await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=PRIMARY) is Pinned.ALREADY
    assert await desk.pins.pin(message, by=SECONDARY) == (incident, Pinned.ALREADY)
    await desk.work()
    assert len(await pins(desk, incident)) == 1
    assert desk.sent(DeliveryKind.PIN_SEEN) == ["message"]
    assert [row.actor_name for row in await desk.database.audit_rows() if row.action == "pinned"] == [
        "responder"
    ]


async def test_the_menu_gives_it_the_words_that_were_hidden(desk: Desk) -> None:
    """A pin by reaction has no words if the bot may not read them, and a pin by the menu fills them in.

    A pin by the menu that has no readable words either changes nothing.
    """
    incident, message = await opened(desk)
    hidden = replace(message, content=replace(message.content, text=""), is_readable=False)
    desk.discord.messages[MESSAGE] = hidden
    await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    (pin,) = await pins(desk, incident)
    assert (pin.said, pin.data and pin.data["is_readable"]) == ("", False)
    assert await desk.pins.pin(hidden, by=RESPONDER) == (incident, Pinned.ALREADY)
    assert await desk.pins.pin(message, by=RESPONDER) == (incident, Pinned.FILLED)
    (pin,) = await pins(desk, incident)
    assert (pin.said, pin.data and pin.data["is_readable"]) == ("DB を再起動した", True)


async def test_only_those_who_may_respond_pin(desk: Desk) -> None:
    """A person without permission cannot pin a message, nor can a bot."""
    incident, message = await opened(desk)
    with pytest.raises(NotPermitted):
        await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=OBSERVER)
    with pytest.raises(NotPermitted):
        await desk.pins.pin(message, by=OBSERVER)
    assert await pins(desk, incident) == []
    assert await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=replace(PRIMARY, is_bot=True)) is None


async def test_elsewhere_it_means_nothing(desk: Desk) -> None:
    """A 📌 in any channel is people's own; the menu says where it works; a deleted message is gone."""
    _incident, message = await opened(desk)
    assert await desk.pins.pin_reaction(1, MESSAGE, by=RESPONDER) is None
    assert await desk.pins.pin_reaction(message.channel_id, MESSAGE + 1, by=RESPONDER) is None
    with pytest.raises(UserError, match="not_in_thread"):
        await desk.pins.pin(replace(message, channel_id=1), by=RESPONDER)


async def test_an_edit_is_kept_beside_the_first_words(desk: Desk) -> None:
    """An edit of a pinned message is kept once, with its time and author, beside the first words.

    A preview added by Discord is no edit, and an edit of an unpinned message is not kept.
    """
    incident, message = await opened(desk)
    await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    at = desk.clock.time
    edited = replace(message, content=replace(message.content, text="DB を停止した"), edited_at=at)
    for event in (message, replace(message, edited_at=at), edited, edited):
        await desk.pins.edited(event)
    (edit,) = await pins(desk, incident, TimelineKind.PIN_EDITED)
    assert (edit.at, edit.actor_name, edit.said) == (at, "観測者", "DB を停止した")
    assert (await pins(desk, incident))[0].said == "DB を再起動した"
    await desk.pins.edited(replace(edited, id=MESSAGE + 1))
    assert len(await pins(desk, incident, TimelineKind.PIN_EDITED)) == 1


async def test_an_edit_whose_words_are_hidden_is_noted(desk: Desk) -> None:
    """An edit of a pinned message whose words the bot may not read is on the timeline without words."""
    incident, message = await opened(desk)
    await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    hidden = replace(message, content=replace(message.content, text=""), is_readable=False)
    await desk.pins.edited(replace(hidden, edited_at=desk.clock.time))
    (edit,) = await pins(desk, incident, TimelineKind.PIN_EDITED)
    assert (edit.said, edit.data and edit.data["is_readable"]) == ("", False)


async def test_a_deletion_loses_no_words(desk: Desk) -> None:
    """The deletion of a pinned message is on the timeline once, and the pinned words stay."""
    incident, message = await opened(desk)
    await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    for _ in range(2):
        await desk.pins.deleted([MESSAGE, MESSAGE + 1])
    assert len(await pins(desk, incident, TimelineKind.PIN_DELETED)) == 1
    assert (await pins(desk, incident))[0].said == "DB を再起動した"


async def test_what_happened_while_nobody_listened_is_found(desk: Desk) -> None:
    """📌, edits and deletions, in the threads of open incidents."""
    incident, message = await opened(desk)
    at = desk.clock.time
    kept, gone = replace(message, id=MESSAGE + 1), replace(message, id=MESSAGE + 2)
    for known in (kept, gone):
        desk.discord.messages[known.id] = known
        await desk.pins.pin_reaction(known.channel_id, known.id, by=RESPONDER)
    edited = replace(kept, content=replace(kept.content, text="書き直した"), edited_at=at)
    desk.discord.messages |= {MESSAGE: replace(message, has_pin=True), edited.id: edited}
    del desk.discord.messages[gone.id]
    desk.discord.pins[MESSAGE] = [OBSERVER, SECONDARY, PRIMARY]
    for _ in range(2):
        await desk.pins.reconcile_all(GUILD)
    found = {pin.data["message_id"]: pin.actor_name for pin in await pins(desk, incident) if pin.data}
    assert found == {MESSAGE: "secondary", MESSAGE + 1: "responder", MESSAGE + 2: "responder"}
    assert [edit.said for edit in await pins(desk, incident, TimelineKind.PIN_EDITED)] == ["書き直した"]
    deleted = await pins(desk, incident, TimelineKind.PIN_DELETED)
    assert [entry.data and entry.data["message_id"] for entry in deleted] == [MESSAGE + 2]


async def test_reconciling_asks_for_open_threads_only(desk: Desk) -> None:
    """One that has no thread yet, or has ended, is left alone; Discord being away is no failure of ours."""
    await desk.open(key="fresh")
    incident, message = await opened(desk)
    desk.discord.messages[MESSAGE] = replace(message, has_pin=True)
    desk.discord.pins[MESSAGE] = [PRIMARY]
    desk.discord.is_away = True
    await desk.pins.reconcile_all(GUILD)
    with pytest.raises(UpstreamUnavailable):
        await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    desk.discord.is_away = False
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.pins.reconcile_all(GUILD)
    assert await pins(desk, incident) == []


async def test_a_thread_that_is_gone_says_nothing_of_its_messages(desk: Desk) -> None:
    """No deletion is noted when nothing at all can be read."""
    incident, message = await opened(desk)
    await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    desk.discord.messages.clear()
    await desk.pins.reconcile_all(GUILD)
    assert await pins(desk, incident, TimelineKind.PIN_DELETED) == []


async def test_what_is_pinned_while_the_thread_is_read_is_not_gone(desk: Desk) -> None:
    """A message that is written and pinned while the thread is being read is not taken for deleted."""
    desk.discord = slow = SlowToAnswer()
    desk.use(slow)
    incident, message = await opened(desk)
    later = replace(message, id=MESSAGE + 1)

    async def pin() -> None:
        desk.discord.messages[later.id] = later
        await desk.pins.pin_reaction(later.channel_id, later.id, by=RESPONDER)

    slow.meanwhile = pin
    await desk.pins.reconcile_all(GUILD)
    assert len(await pins(desk, incident)) == 1
    assert await pins(desk, incident, TimelineKind.PIN_DELETED) == []


async def test_one_that_is_made_private_while_it_is_read_holds_up_no_other(desk: Desk) -> None:
    """A pin in an incident that becomes private is refused, and pins in other threads are kept."""
    incident, message = await opened(desk)
    other = await desk.open(key="other")
    await desk.work()
    there = (await IncidentRows(desk.store.sql).incident(other.id)).thread.id
    assert there is not None
    desk.discord.messages |= {
        MESSAGE: replace(message, has_pin=True),
        MESSAGE + 1: replace(message, id=MESSAGE + 1, channel_id=there, has_pin=True),
    }
    desk.discord.pins |= {MESSAGE: [SOMEBODY], MESSAGE + 1: [SOMEBODY]}
    desk.own_store = Interrupted(desk.store, lambda: desk.privacy.make_private(incident.id, by=PRIMARY))
    desk.use(desk.discord)
    await desk.pins.reconcile_all(GUILD)
    assert (len(await pins(desk, incident)), len(await pins(desk, other))) == (0, 1)
    assert [row.actor_name for row in await desk.database.audit_rows() if not row.allowed] == [SOMEBODY.name]


async def test_an_edit_and_a_deletion_at_the_same_moment_keep_their_order(desk: Desk) -> None:
    """An edit and a deletion at the same moment keep their order, even if the edit takes longer to handle.

    The deletion quotes the edited words.
    """
    incident, message = await opened(desk)
    await desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    slow_at_first(desk)
    content, at = replace(message.content, text="DB を停止した"), desk.clock.time
    edited = replace(message, content=content, edited_at=at)
    await at_once(desk.pins.edited(edited), desk.pins.deleted([MESSAGE]))
    told = [
        entry.kind
        for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
        if entry.kind in _ABOUT
    ]
    assert told == [TimelineKind.PINNED, TimelineKind.PIN_EDITED, TimelineKind.PIN_DELETED]
    (deletion,) = await pins(desk, incident, TimelineKind.PIN_DELETED)
    assert deletion.said == "DB を停止した"


async def test_an_edit_right_behind_the_pin_is_kept(desk: Desk) -> None:
    """An edit that arrives while its message is still being pinned is on the timeline."""
    incident, message = await opened(desk)
    slow_at_first(desk)
    content, at = replace(message.content, text="DB を停止した"), desk.clock.time
    edited = replace(message, content=content, edited_at=at)
    pin = desk.pins.pin_reaction(message.channel_id, MESSAGE, by=RESPONDER)
    await at_once(pin, desk.pins.edited(edited))
    assert [entry.said for entry in await pins(desk, incident, TimelineKind.PIN_EDITED)] == ["DB を停止した"]
