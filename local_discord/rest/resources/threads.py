"""Threads. Source: Discord's docs, Resources > Channel > Start Thread from Message and following."""

from local_discord.errors import refused, unknown
from local_discord.forms import Form, body_object
from local_discord.messages.drafts import Request, read_draft
from local_discord.messages.posting import Origin, publish, system_message
from local_discord.messages.threads import start_post, start_thread
from local_discord.ratelimit import Limit
from local_discord.rest.resources.audit import audited
from local_discord.rest.resources.messages import CHANNEL_WRITES, may_show
from local_discord.rest.routing import Call, Reply, RouteTable
from local_discord.world.access import not_archived, require, thread_state, viewable
from local_discord.world.audit import Action, changes
from local_discord.world.kinds import JSON, ChannelType, MessageType
from local_discord.world.membership import add_member, remove_member
from local_discord.world.message_payloads import message_payload
from local_discord.world.payloads import channel_payload, member_payload, thread_member_payload, user_payload
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.world import Channel, Member

routes = RouteTable()
_START_LIMIT = Limit(50, 300.0, "thread-create")
_PARENTS = (ChannelType.TEXT, ChannelType.ANNOUNCEMENT)


def _started(call: Call, thread: Channel) -> JSON:
    payload = channel_payload(call.core.world, thread)
    audited(call, Action.THREAD_CREATE, thread.id, changes=changes({}, payload | {"member": None}))
    return payload


@routes.add("POST /channels/{channel_id}/messages/{message_id}/threads", limit=_START_LIMIT)
def start_from_message(call: Call) -> Reply:
    """Start Thread from Message. 160004 when the message has one already."""
    core = call.core
    channel = _startable(call, P.CREATE_PUBLIC_THREADS)
    message = core.world.message(channel.id, call.params["message_id"])
    if core.world.thread_of(message):
        raise refused(160004)
    thread = start_thread(core, channel, call.bot_id, call.data, message)
    return Reply(201, _started(call, thread))


@routes.add("POST /channels/{channel_id}/threads", limit=_START_LIMIT)
def start(call: Call) -> Reply:
    """Start Thread without Message, or in a forum a post with its first message."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    if channel.type is ChannelType.FORUM:
        return _post(call, channel)
    private = channel.type is ChannelType.TEXT and call.data.get("type") in (None, ChannelType.PRIVATE_THREAD)
    channel = _startable(call, P.CREATE_PRIVATE_THREADS if private else P.CREATE_PUBLIC_THREADS)
    thread = start_thread(call.core, channel, call.bot_id, call.data, None)
    return Reply(201, _started(call, thread))


def _post(call: Call, forum: Channel) -> Reply:
    """Start Thread in Forum: needs SEND_MESSAGES; answers with the thread and its message."""
    core, body = call.core, call.data
    require(core, call.bot_id, forum, P.SEND_MESSAGES)
    call.share(CHANNEL_WRITES, forum.id, code=20028)
    form = Form()
    if "message" not in body:
        form.add(("message",), "BASE_TYPE_REQUIRED", "This field is required")
    form.finish()
    draft = read_draft(core, Request(body_object(body["message"]), call.uploads, forum, call.bot_id))
    may_show(call, forum, draft)
    thread = start_post(core, forum, call.bot_id, body)
    message = publish(core, thread, draft, Origin(user_payload(core.world.bot.user), message_id=thread.id))
    return Reply(201, _started(call, thread) | {"message": message_payload(core.world, message)})


def _startable(call: Call, needed: P) -> Channel:
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    if channel.type not in _PARENTS:
        raise refused(50024)
    require(call.core, call.bot_id, channel, needed)
    return channel


def _thread(call: Call) -> Channel:
    thread = viewable(call.core, call.bot_id, call.params["channel_id"])
    thread_state(thread)
    return thread


@routes.add("PUT /channels/{channel_id}/thread-members/@me")
def join(call: Call) -> None:
    """Join Thread."""
    thread = _thread(call)
    not_archived(thread)
    add_member(call.core, thread, call.bot_id)


@routes.add("PUT /channels/{channel_id}/thread-members/{user_id}")
def add(call: Call) -> None:
    """Add Thread Member; posts a line about it in the thread.

    In a thread that is not invitable, only its owner may add people without MANAGE_THREADS. A person who
    cannot view the parent channel cannot view its threads, so adding them is refused. Source: Topics >
    Permissions > Inherited Permissions (Threads).
    """
    core, thread = call.core, _thread(call)
    require(core, call.bot_id, thread, P.SEND_MESSAGES_IN_THREADS)
    not_archived(thread)
    state = thread_state(thread)
    if state.invitable is False and state.owner_id != call.bot_id:
        require(core, call.bot_id, thread, P.MANAGE_THREADS)
    guest = _person(call)
    parent = core.world.parent_of(thread)
    if not channel_permissions(core.world, guest.user.id, parent) & P.VIEW_CHANNEL:
        raise refused(50001)  # which code Discord answers is not documented
    if guest.user.id not in state.members:
        add_member(core, thread, guest.user.id)
        _tell(call, thread, MessageType.RECIPIENT_ADD, guest)


def _tell(call: Call, thread: Channel, kind: MessageType, guest: Member) -> None:
    """Post RECIPIENT_ADD or RECIPIENT_REMOVE, unless the guest is the caller. Source: Topics > Threads."""
    if guest.user.id != call.bot_id:
        author = user_payload(call.core.world.bot.user)
        system_message(call.core, thread, author, kind, mentions=[guest.user.id])


def _person(call: Call) -> Member:
    return call.core.world.member(call.params["user_id"])


@routes.add("DELETE /channels/{channel_id}/thread-members/@me")
def leave(call: Call) -> None:
    """Leave Thread."""
    thread = _thread(call)
    not_archived(thread)
    remove_member(call.core, thread, call.bot_id)


@routes.add("DELETE /channels/{channel_id}/thread-members/{user_id}")
def remove(call: Call) -> None:
    """Remove Thread Member: needs MANAGE_THREADS, or to have created the private thread."""
    core, thread = call.core, _thread(call)
    state = thread_state(thread)
    if thread.type is not ChannelType.PRIVATE_THREAD or state.owner_id != call.bot_id:
        require(core, call.bot_id, thread, P.MANAGE_THREADS)
    not_archived(thread)
    guest = _person(call)
    if guest.user.id in state.members:
        remove_member(core, thread, guest.user.id)
        _tell(call, thread, MessageType.RECIPIENT_REMOVE, guest)


@routes.add("GET /channels/{channel_id}/thread-members/{user_id}")
def member(call: Call) -> JSON:
    """Get Thread Member. 10007 for a user outside the thread."""
    thread = _thread(call)
    user_id = call.bot_id if call.params["user_id"] == "@me" else call.params["user_id"]
    return _member(call, thread, user_id)


@routes.add("GET /channels/{channel_id}/thread-members")
def members(call: Call) -> list[JSON]:
    """List Thread Members: needs the GUILD_MEMBERS intent; pages by user id when members are asked for."""
    thread = _thread(call)
    if not call.core.world.application.members:
        raise refused(50001)
    limit = call.number("limit", 100, least=1, most=100)
    call.check_ids("after")
    ids = list(thread_state(thread).members)
    if call.flag("with_member"):
        after = int(call.query.get("after", "0"))
        ids = [user_id for user_id in sorted(ids, key=int) if int(user_id) > after][:limit]
    return [_member(call, thread, user_id) for user_id in ids]


def _member(call: Call, thread: Channel, user_id: str) -> JSON:
    if user_id not in thread_state(thread).members:
        raise unknown("Member")
    payload = thread_member_payload(thread, user_id)
    if call.flag("with_member"):
        payload["member"] = member_payload(call.core.world.members[user_id])
    return payload


@routes.add("GET /guilds/{guild_id}/threads/active")
def active(call: Call) -> JSON:
    """List Active Guild Threads: those that the bot may view, newest first."""
    call.guild()
    world = call.core.world
    found = world.threads(archived=False)
    return _list(call, [one for one in found if channel_permissions(world, call.bot_id, one)])


@routes.add("GET /channels/{channel_id}/threads/archived/public")
def archived_public(call: Call) -> JSON:
    """List Public Archived Threads, latest archived first."""
    return _archived(call, (ChannelType.PUBLIC_THREAD, ChannelType.ANNOUNCEMENT_THREAD))


@routes.add("GET /channels/{channel_id}/threads/archived/private")
def archived_private(call: Call) -> JSON:
    """List Private Archived Threads: needs MANAGE_THREADS too."""
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    require(call.core, call.bot_id, channel, P.MANAGE_THREADS)
    return _archived(call, (ChannelType.PRIVATE_THREAD,))


@routes.add("GET /channels/{channel_id}/users/@me/threads/archived/private")
def archived_joined(call: Call) -> JSON:
    """List Joined Private Archived Threads: by id, newest first; ``before`` is an id."""
    call.check_ids("before")
    channel, limit = _listable(call)
    before = int(call.query.get("before", 1 << 64))
    found = [
        thread
        for thread in call.core.world.threads(archived=True, parent_id=channel.id)
        if thread.type is ChannelType.PRIVATE_THREAD
        and call.bot_id in thread_state(thread).members
        and int(thread.id) < before
    ]
    return _list(call, found[:limit]) | {"has_more": len(found) > limit}


def _listable(call: Call) -> tuple[Channel, int]:
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    require(call.core, call.bot_id, channel, P.READ_MESSAGE_HISTORY)
    return channel, call.number("limit", 50, least=2, most=100)


def _archived(call: Call, kinds: tuple[ChannelType, ...]) -> JSON:
    channel, limit = _listable(call)
    form = Form()
    before = form.time(("before",), call.query.get("before"))
    form.finish()
    found = [one for one in call.core.world.threads(archived=True, parent_id=channel.id) if one.type in kinds]
    found.sort(key=lambda thread: thread_state(thread).archived_at, reverse=True)
    if before:
        limit_iso = before.isoformat(timespec="microseconds")
        found = [one for one in found if thread_state(one).archived_at < limit_iso]
    return _list(call, found[:limit]) | {"has_more": len(found) > limit}


def _list(call: Call, threads: list[Channel]) -> JSON:
    mine = [thread for thread in threads if call.bot_id in thread_state(thread).members]
    return {
        "threads": [channel_payload(call.core.world, thread) for thread in threads],
        "members": [thread_member_payload(thread, call.bot_id) for thread in mine],
        "has_more": False,
    }
