"""Threads and forum posts: starting, changing, removing.

Source: Discord's docs, Topics > Threads; Resources > Channel.
"""

from local_discord.core import Core
from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.messages.posting import mark_archived, system_message
from local_discord.messages.texts import cleaned_name
from local_discord.world import events, voice
from local_discord.world.channels import DURATIONS, MOST_SLOWMODE_S
from local_discord.world.kinds import JSON, ChannelFlag, ChannelType, MessageFlag, MessageType
from local_discord.world.membership import enter, tell_entered
from local_discord.world.message import Message
from local_discord.world.payloads import user_payload
from local_discord.world.world import Channel, ThreadState

_MOST_TAGS = 5


def start_thread(core: Core, parent: Channel, owner_id: str, body: JSON, source: Message | None) -> Channel:
    """Start a thread on *source*, or without a message.

    Args:
        core: The local Discord.
        parent: Its channel.
        owner_id: Who starts it; becomes its first member.
        body: The request: name (1-100), auto_archive_duration, type, invitable, rate_limit_per_user.
        source: The message it hangs on: the thread takes its id.

    Raises:
        ApiError: 50035; 160006 when the guild has too many active threads.
    """
    form = Form()
    kind = _kind(form, parent, body, source)
    thread = _read_thread(core, form, parent, owner_id, body)
    invitable = form.boolean(("invitable",), body.get("invitable"), default=True)
    form.finish()
    thread.type, state = ChannelType(kind), thread.thread
    thread.id = source.id if source else thread.id
    if state and thread.type is ChannelType.PRIVATE_THREAD:
        state.invitable = invitable
    _open(core, thread, owner_id)
    if source:
        source.flags |= MessageFlag.HAS_THREAD
    _announce(core, parent, thread, owner_id, source)
    return thread


def start_post(core: Core, forum: Channel, owner_id: str, body: JSON) -> Channel:
    """Start a post in *forum*: a thread whose first message (to be published by the caller) has its id.

    Args:
        core: The local Discord.
        forum: The forum channel.
        owner_id: Who starts it (a webhook's own id for a webhook).
        body: The request: name (1-100), auto_archive_duration, rate_limit_per_user, applied_tags (up to 5).

    Raises:
        ApiError: 50035; 40067 when the forum wants a tag; 160006.
    """
    form = Form()
    thread = _read_thread(core, form, forum, owner_id, body)
    tags = _tags(form, forum, body.get("applied_tags"))
    form.finish()
    if forum.flags & ChannelFlag.REQUIRE_TAG and not tags:
        raise refused(40067)
    assert thread.thread is not None
    thread.thread.tags = tags
    _open(core, thread, owner_id)
    forum.last_message_id = thread.id  # the latest post, for a forum
    return thread


def _kind(form: Form, parent: Channel, body: JSON, source: Message | None) -> int:
    allowed: tuple[int, ...]
    if parent.type is ChannelType.ANNOUNCEMENT:
        allowed, default = (10,), 10
    elif source:
        allowed, default = (11,), 11
    else:
        # Start Thread without Message: the type defaults to a private thread (for now, say the docs).
        allowed, default = (11, 12), 12
    asked = None if source else body.get("type")
    if asked is not None:
        form.choice(("type",), asked, allowed)
    return default if asked is None or form.failed else int(asked)


def _read_thread(core: Core, form: Form, parent: Channel, owner_id: str, body: JSON) -> Channel:
    """A public thread of *parent*, not yet in the world."""
    name = _name(form, body.get("name"))
    default = parent.extra.get("default_auto_archive_duration", 1440)
    asked = body.get("auto_archive_duration")
    minutes = default if asked is None else asked
    form.choice(("auto_archive_duration",), minutes, DURATIONS)
    own_pace = parent.extra.get("default_thread_rate_limit_per_user", 0)
    key = "rate_limit_per_user"
    slowmode = form.integer((key,), body.get(key), own_pace, least=0, most=MOST_SLOWMODE_S)
    now = core.clock.iso()
    state = ThreadState(owner_id, now, now, auto_archive_minutes=default if form.failed else int(minutes))
    kind = ChannelType.PUBLIC_THREAD
    return Channel(core.ids.next(), kind, name, parent.id, slowmode_s=slowmode, thread=state)


def _name(form: Form, value: object) -> str:
    """1 to 100 characters; what is blank is too short."""
    kept = cleaned_name(value) if isinstance(value, str) else value
    return form.text(("name",), kept, least=1, most=100)


def _open(core: Core, thread: Channel, owner_id: str) -> None:
    if len(core.world.threads(archived=False)) >= core.world.active_thread_cap:
        raise refused(160006)
    core.world.channels[thread.id] = thread
    is_member = enter(core, thread, owner_id)  # first: who starts a private thread may view it by that alone
    events.channel_changed(core, "THREAD_CREATE", thread, newly_created=True)
    if is_member:
        tell_entered(core, thread, owner_id)


def _tags(form: Form, forum: Channel, value: object) -> list[str]:
    """Ids of tags that *forum* has."""
    known = {tag["id"] for tag in forum.extra.get("available_tags", [])}
    tags = form.snowflakes(("applied_tags",), value, most=_MOST_TAGS)
    for at, tag in enumerate(tags):
        if tag not in known:
            form.add(("applied_tags", at), "BASE_TYPE_CHOICES", "Unknown tag")
    return list(dict.fromkeys(tags))


def _announce(core: Core, parent: Channel, thread: Channel, owner_id: str, source: Message | None) -> None:
    """The first message inside, or the line in the parent channel."""
    author = user_payload(core.world.users[owner_id])
    guild_id = core.world.guild.id
    if source:
        events.message_changed(core, "MESSAGE_UPDATE", source)
        reference: JSON = {"type": 0, "channel_id": parent.id, "message_id": source.id, "guild_id": guild_id}
        starter = Message(
            thread.id,
            thread.id,
            author,
            core.clock.iso(),
            type=MessageType.THREAD_STARTER,
            reference=reference,
        )
        core.world.messages[thread.id][starter.id] = starter
    elif thread.type is not ChannelType.PRIVATE_THREAD:
        reference = {"type": 0, "channel_id": thread.id, "guild_id": guild_id}
        kind = MessageType.THREAD_CREATED
        system_message(core, parent, author, kind, content=thread.name, reference=reference)


def read_change(core: Core, thread: Channel, body: JSON) -> JSON:
    """Return a thread's fields as a Modify Channel body would set them; nothing is changed yet.

    Raises:
        ApiError: 50035.
    """
    form = Form()
    changed = _read_change(form, core.world.parent_of(thread), thread, body)
    form.finish()
    return changed


def change_thread(core: Core, thread: Channel, changed: JSON, by: str) -> None:
    """Apply what `read_change` has read; a new name is announced in the thread, by the user *by*."""
    state = thread.thread
    assert state is not None
    renamed = changed["name"] != thread.name
    thread.name, thread.slowmode_s, thread.flags = changed["name"], changed["slowmode_s"], changed["flags"]
    state.tags, state.locked, state.invitable = changed["tags"], changed["locked"], changed["invitable"]
    if changed["is_new_duration"]:
        # archive_timestamp also changes with the duration: Topics > Threads > Thread Fields.
        state.auto_archive_minutes, state.archived_at = changed["minutes"], core.clock.iso()
    unarchived = mark_archived(core, thread, archived=changed["archived"])
    events.thread_updated(core, thread, unarchived=unarchived)
    if renamed and not state.archived:
        author = user_payload(core.world.users[by])
        system_message(core, thread, author, MessageType.CHANNEL_NAME_CHANGE, content=thread.name)


def _read_change(form: Form, parent: Channel, thread: Channel, body: JSON) -> JSON:
    """The thread's new state, field by field."""
    state = thread.thread
    assert state is not None
    name, tags, minutes = thread.name, state.tags, state.auto_archive_minutes
    if body.get("name") is not None:
        name = _name(form, body["name"])
    if body.get("auto_archive_duration") is not None:
        minutes = body["auto_archive_duration"]
        form.choice(("auto_archive_duration",), minutes, DURATIONS)
    if body.get("applied_tags") is not None:
        tags = _tags(form, parent, body["applied_tags"])
    key = "rate_limit_per_user"
    flags = form.integer(("flags",), body.get("flags"), thread.flags, least=0, most=1 << 31)
    invitable = form.boolean(("invitable",), body.get("invitable"), default=bool(state.invitable))
    return {
        "name": name,
        "minutes": minutes,
        "is_new_duration": "auto_archive_duration" in body,
        "tags": tags,
        "slowmode_s": form.integer((key,), body.get(key), thread.slowmode_s, least=0, most=MOST_SLOWMODE_S),
        "flags": flags & ChannelFlag.PINNED if parent.type is ChannelType.FORUM else 0,
        "locked": form.boolean(("locked",), body.get("locked"), default=state.locked),
        "archived": form.boolean(("archived",), body.get("archived"), default=state.archived),
        "invitable": invitable if state.invitable is not None else None,
    }


def remove_channel(core: Core, channel: Channel) -> None:
    """Take a channel or thread (and a channel's threads and webhooks) out of the world, with the event.

    Closing a DM changes nothing: the next message opens it again, under the same id. The channels of a
    category stay, outside of any.
    """
    world = core.world
    if channel.is_dm:
        return
    for child in [one for one in world.channels.values() if one.parent_id == channel.id]:
        if child.is_thread:
            del world.channels[child.id]
            world.messages.pop(child.id, None)
        else:
            child.parent_id = None
            events.channel_changed(core, "CHANNEL_UPDATE", child)
    for webhook in [one for one in world.webhooks.values() if one.channel_id == channel.id]:
        del world.webhooks[webhook.id]
    voice.empty(core, channel.id)
    if channel.is_thread:
        events.thread_deleted(core, channel)
    else:
        events.channel_changed(core, "CHANNEL_DELETE", channel)
    del world.channels[channel.id]
    world.messages.pop(channel.id, None)
