"""Messages: creating, editing, deleting, pinning, and the events each step sends.

Source: Discord's docs, Resources > Message; Topics > Threads (unarchiving).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from local_discord.core import Core, Nonce
from local_discord.errors import ApiError, refused
from local_discord.messages.drafts import Draft
from local_discord.messages.mentions import all_text
from local_discord.messages.previews import previews_of
from local_discord.world import events
from local_discord.world.access import not_archived
from local_discord.world.kinds import JSON, UNDELETABLE, ChannelFlag, ChannelType, MessageFlag, MessageType
from local_discord.world.membership import add_member
from local_discord.world.message import Message
from local_discord.world.permissions import P, channel_permissions, guild_permissions
from local_discord.world.snowflake import created_at, snowflake_of
from local_discord.world.world import Channel

NONCE_LIFE_S = 300.0  # "the past few minutes": Create Message, enforce_nonce
OLD_AFTER_S = 3600.0


@dataclass(frozen=True, slots=True)
class Origin:
    """The author and the cause of a message; *message_id* when its id is already assigned."""

    author: JSON
    type: MessageType = MessageType.DEFAULT
    webhook_id: str | None = None
    application_id: str | None = None
    interaction: JSON | None = None
    ephemeral_to: str | None = None
    message_id: str | None = None


def remembered(core: Core, author_id: str, draft: Draft) -> Message | None:
    """The message that the same author made with the same nonce a short while ago, if that is enforced.

    In whichever channel: nonces are per author. Source: Create Message, enforce_nonce ("created by the same
    author with the same nonce").

    Raises:
        ApiError: 10008: it has been deleted since, and is not made again. Source: discord-api-docs #6647.
    """
    if draft.nonce is None or not draft.enforce_nonce:
        return None
    nonce = core.nonces.get((author_id, str(draft.nonce)))
    if nonce is None or nonce.expires_at < core.clock.monotonic():
        return None
    return core.world.message(nonce.channel_id, nonce.message_id)


def publish(core: Core, channel: Channel, draft: Draft, origin: Origin) -> Message:
    """Make the message of *draft* and tell everybody who may know.

    Raises:
        ApiError: 200000 when AutoMod blocks it.
    """
    if channel.id in core.backdated and not origin.ephemeral_to:
        at = datetime.fromisoformat(core.backdated.pop(channel.id))
        with core.clock.standing_at(at):
            made = publish(core, channel, draft, replace(origin, message_id=snowflake_of(at)))
        _remember(core, made)  # from now on, whatever its date says
        return made
    _moderate(core, str(origin.author["id"]), draft)
    if channel.thread and channel.thread.archived and not origin.ephemeral_to:
        set_archived(core, channel, archived=False)
    replies = draft.reference is not None and not draft.snapshots
    kind = MessageType.REPLY if replies and not origin.type else origin.type
    message = Message(
        id=origin.message_id or core.ids.next(),
        channel_id=channel.id,
        author=origin.author,
        timestamp=core.clock.iso(),
        type=kind,
        nonce=draft.nonce,
        tts=draft.tts,
        reference=draft.reference,
        snapshots=draft.snapshots,
        webhook_id=origin.webhook_id,
        application_id=origin.application_id,
        interaction=origin.interaction,
        ephemeral_to=origin.ephemeral_to,
    )
    _fill(message, draft)
    add_message(core, channel, message)
    _let_in_mentioned(core, message)
    _remember(core, message)
    events.message_changed(core, "MESSAGE_CREATE", message)
    _add_previews(core, message)
    return message


def _remember(core: Core, message: Message) -> None:
    """Let the nonce of *message*, if it has one, return it for a while."""
    if message.nonce is not None:
        key = (message.author_id, str(message.nonce))
        core.nonces[key] = Nonce(message.id, core.clock.monotonic() + NONCE_LIFE_S, message.channel_id)


def _add_previews(core: Core, message: Message) -> None:
    """Show the links of *message*, with the MESSAGE_UPDATE that is no edit."""
    before, message.previews = message.previews, previews_of(core, message)
    if message.previews != before:
        events.message_changed(core, "MESSAGE_UPDATE", message)


def add_message(core: Core, channel: Channel, message: Message) -> None:
    """Put *message* into *channel* and keep the counters; sends no event."""
    core.world.messages[channel.id][message.id] = message
    if message.ephemeral_to:
        return
    channel.last_message_id = message.id
    if channel.thread:
        channel.thread.message_count += 1
        channel.thread.total_sent += 1
        add_member(core, channel, message.author_id)


def system_message(
    core: Core, channel: Channel, author: JSON, kind: MessageType, **fields: object
) -> Message:
    """A message that Discord itself writes, e.g. "started a thread"."""
    message = Message(core.ids.next(), channel.id, author, core.clock.iso(), type=kind)
    for name, value in fields.items():
        setattr(message, name, value)
    add_message(core, channel, message)
    events.message_changed(core, "MESSAGE_CREATE", message)
    return message


def revise(core: Core, message: Message, draft: Draft) -> Message:
    """Apply an edit and send MESSAGE_UPDATE.

    Raises:
        ApiError: 50083 in an archived thread; 30046 past the cap of edits to an old message; 200000.
    """
    _moderate(core, message.author_id, draft)
    if not message.ephemeral_to:
        not_archived(core.world.channels[message.channel_id])
        _count_late_edit(core, message)
    was_loading = message.flags & MessageFlag.LOADING
    _fill(message, draft)
    message.flags &= ~MessageFlag.LOADING
    if not was_loading:
        message.edited_at = core.clock.iso()
    _let_in_mentioned(core, message)
    events.message_changed(core, "MESSAGE_UPDATE", message)
    _add_previews(core, message)
    return message


def _let_in_mentioned(core: Core, message: Message) -> None:
    """Put into a private thread whom *message* pings, if its author may add people and they see the channel.

    Sources: Discord's blog, Connect the Conversation with Threads ("added manually, or are @mentioned within
    the Thread itself"); discord-api-docs issue 5295: only if the bot may add, and not by ephemeral messages.
    """
    if message.ephemeral_to:
        return
    thread = core.world.channels[message.channel_id]
    if thread.thread is None or thread.type is not ChannelType.PRIVATE_THREAD:
        return
    world, author_id = core.world, message.author_id
    may_add = thread.thread.invitable is not False or thread.thread.owner_id == author_id
    if not may_add and not channel_permissions(world, author_id, thread) & P.MANAGE_THREADS:
        return
    for user_id in message.mentions:
        if channel_permissions(world, user_id, world.parent_of(thread)) & P.VIEW_CHANNEL:
            add_member(core, thread, user_id)


def _moderate(core: Core, author_id: str, draft: Draft) -> None:
    """AutoMod: people without MANAGE_GUILD cannot write a blocked word.

    Webhooks are no members, and bots are exempt: 200000 is answered to one only where a fault says so.
    Source: Discord's AutoMod FAQ.
    """
    world = core.world
    author = world.members.get(author_id)
    if author is None or author.user.bot or guild_permissions(world, author) & P.MANAGE_GUILD:
        return
    text = all_text(draft.content, draft.components).lower()
    if any(word.lower() in text for word in world.blocked_words):
        raise refused(200000)


def _fill(message: Message, draft: Draft) -> None:
    message.content = draft.content
    message.embeds = draft.embeds
    message.components = draft.components
    message.attachments = draft.attachments
    message.flags = draft.flags
    message.mentions = draft.mentions.users
    message.mention_roles = draft.mentions.roles
    message.mention_everyone = draft.mentions.everyone


def _count_late_edit(core: Core, message: Message) -> None:
    """Edits of messages older than an hour are capped; Discord does not say where: `World.old_edit_cap`."""
    now = core.clock.monotonic()
    if (core.clock.now() - created_at(message.id)).total_seconds() < OLD_AFTER_S:
        return
    message.late_edits = [at for at in message.late_edits if now - at < OLD_AFTER_S]
    if len(message.late_edits) >= core.world.old_edit_cap:
        text = "Maximum number of edits to messages older than 1 hour reached. Try again later."
        wait_s = round(OLD_AFTER_S - (now - message.late_edits[0]), 3)
        raise ApiError(429, 30046, text, retry_after=wait_s, **{"global": False})
    message.late_edits.append(now)


def deletable(message: Message) -> None:
    """Raise 50021 for a system message that cannot be deleted, such as that of a thread's rename."""
    if message.type in UNDELETABLE:
        raise refused(50021)


def remove(core: Core, message: Message) -> None:
    """Delete *message* and send MESSAGE_DELETE (nothing for an ephemeral one)."""
    take_out(core, message)
    if message.ephemeral_to:
        core.hub.beat()
    else:
        events.message_deleted(core, message)


def take_out(core: Core, message: Message) -> None:
    """Delete *message* and keep the counters; sends no event."""
    del core.world.messages[message.channel_id][message.id]
    channel = core.world.channels[message.channel_id]
    if channel.thread and not message.ephemeral_to:
        channel.thread.message_count -= 1


def archive_idle(core: Core) -> None:
    """Archive the threads whose time is up; pinned posts stay.

    Source: Topics > Threads > Active & Archived Threads, Forum and Media Channel Thread Fields.
    """
    now = core.clock.now()
    for channel in core.world.threads(archived=False):
        state = channel.thread
        assert state is not None
        if channel.flags & ChannelFlag.PINNED:
            continue
        latest = datetime.fromisoformat(state.archived_at)
        if channel.last_message_id:
            latest = max(latest, created_at(channel.last_message_id))
        if now - latest >= timedelta(minutes=state.auto_archive_minutes):
            set_archived(core, channel, archived=True)


def set_archived(core: Core, channel: Channel, *, archived: bool) -> None:
    """Archive or unarchive a thread, with the events of that."""
    unarchived = mark_archived(core, channel, archived=archived)
    events.thread_updated(core, channel, unarchived=unarchived)


def mark_archived(core: Core, channel: Channel, *, archived: bool) -> bool:
    """Archive or unarchive a thread without an event; True when that unarchived it.

    A pinned post that is archived loses its pin.
    """
    state = channel.thread
    assert state is not None
    if state.archived == archived:
        return False
    state.archived, state.archived_at = archived, core.clock.iso()
    if archived:
        channel.flags &= ~ChannelFlag.PINNED
    return not archived
