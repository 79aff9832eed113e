"""A past: messages that were written before anybody looked, and the next one of a channel, dated back."""

from datetime import datetime
from typing import Final

from local_discord.core import Core
from local_discord.human.desk import Ask, BadRequest
from local_discord.human.hooks import channel_webhook
from local_discord.messages.drafts import Request, read_draft
from local_discord.messages.posting import Origin, archive_idle, publish, set_archived
from local_discord.messages.reacting import react
from local_discord.messages.threads import start_thread
from local_discord.world.access import thread_state
from local_discord.world.kinds import JSON
from local_discord.world.message import Message
from local_discord.world.names import find_user
from local_discord.world.payloads import user_payload, webhook_author
from local_discord.world.snowflake import created_at
from local_discord.world.world import Channel

_MOST: Final = 1 << 63
_FIRST: Final = created_at("0")
_FIELDS: Final = frozenset(
    {"id", "user", "webhook", "channel", "message", "thread", "reactions", "edited_at", "archived_at"}
)


def write(ask: Ask) -> list[JSON]:
    """POST history {entries}: what was written and archived, the oldest first; answers with the ids of each.

    An entry is a message {id, user or webhook, channel, message, thread?, reactions?, edited_at?}, whose id
    says when it was written, or the end of a thread {channel, archived_at}. A webhook is named as for
    `POST webhook`. Everybody has read them. Entries before one that is refused stay.
    """
    core, entries, places = ask.core, _entries(ask), list[JSON]()
    try:
        places.extend(_write(_part(ask, entry)) for entry in entries)
    finally:
        for channel_id in {place["channel_id"] for place in places}:
            _settle(core, core.world.channels[channel_id])
    archive_idle(core)
    return places


def backdate(ask: Ask) -> JSON:
    """POST backdate {channel, at}: give the channel's next message, by any author, that moment."""
    channel, at = ask.channel(), _moment(ask, "at")
    ask.core.backdated[channel.id] = at.isoformat()
    return {}


def _entries(ask: Ask) -> list[JSON]:
    entries = ask.body.get("entries")
    if isinstance(entries, list) and all(isinstance(one, dict) and one.keys() <= _FIELDS for one in entries):
        return entries
    raise BadRequest(f"'entries' is a list of objects with {sorted(_FIELDS)}")


def _part(ask: Ask, body: JSON) -> Ask:
    return Ask(ask.desk, {}, {}, body)


def _write(ask: Ask) -> JSON:
    channel = ask.channel()
    if "archived_at" in ask.body:
        thread_state(channel)
        with ask.core.clock.standing_at(_moment(ask, "archived_at")):
            set_archived(ask.core, channel, archived=True)
        return {"channel_id": channel.id, "message_id": channel.id}
    return {"channel_id": channel.id, "message_id": _message(ask, channel).id}


def _message(ask: Ask, channel: Channel) -> Message:
    core, number = ask.core, _number(ask, channel)
    origin = _origin(ask, channel, number)
    reactions = _reactions(ask)
    edited_at = _moment(ask, "edited_at") if ask.body.get("edited_at") else None
    with core.clock.standing_at(_past(core, created_at(number))):
        by = None if origin.webhook_id is not None else str(origin.author["id"])
        draft = read_draft(core, Request(ask.mapping("message"), [], channel, by))
        made = publish(core, channel, draft, origin)
        if ask.body.get("thread"):
            start_thread(core, channel, ask.user().id, ask.mapping("thread"), made)
        for emoji, user_id in reactions:
            react(core, made, user_id, emoji)
    made.edited_at = None if edited_at is None else edited_at.isoformat(timespec="microseconds")
    return made


def _origin(ask: Ask, channel: Channel, number: str) -> Origin:
    if "webhook" not in ask.body:
        return Origin(user_payload(ask.user()), message_id=number)
    webhook = channel_webhook(ask, ask.core.world.parent_of(channel), key="webhook")
    return Origin(webhook_author(webhook, None), webhook_id=webhook.id, message_id=number)


def _number(ask: Ask, channel: Channel) -> str:
    number = ask.whole("id")
    if number >= _MOST or str(number) in ask.core.world.messages[channel.id]:
        raise BadRequest(f"'id' is a snowflake that no message of {channel.name} has")
    return str(number)


def _reactions(ask: Ask) -> list[tuple[str, str]]:
    """Each emoji with the id of a person who reacted with it."""
    part = _part(ask, ask.mapping("reactions"))
    return [(emoji, find_user(ask.core.world, name).id) for emoji in part.body for name in part.names(emoji)]


def _settle(core: Core, channel: Channel) -> None:
    """Put the messages of *channel* into their order, and let everybody have read them."""
    kept = core.world.messages[channel.id]
    ordered = sorted(kept.values(), key=lambda message: int(message.id))
    kept.clear()
    kept.update({message.id: message for message in ordered})
    if not ordered:
        return
    channel.last_message_id = ordered[-1].id
    for user_id in core.world.members:
        core.world.read.setdefault(user_id, {})[channel.id] = int(ordered[-1].id)


def _moment(ask: Ask, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(ask.words(name))
        return _past(ask.core, at)
    except (ValueError, TypeError) as error:
        raise BadRequest(f"{name!r} is a moment of the past with its offset: {error}") from error


def _past(core: Core, at: datetime) -> datetime:
    if not _FIRST <= at <= core.clock.now():
        raise BadRequest(f"{at.isoformat()} is yet to come, or before Discord")
    return at
