"""Threads. Source: Discord's docs, Resources > Channel > Start Thread from Message and following."""

from bot.sandbox.access import not_archived, require, thread_state, viewable
from bot.sandbox.errors import refused, unknown
from bot.sandbox.kinds import JSON, ChannelType
from bot.sandbox.membership import add_member, remove_member
from bot.sandbox.payloads import channel_payload, member_payload, thread_member_payload
from bot.sandbox.permissions import P, channel_permissions
from bot.sandbox.ratelimit import Limit
from bot.sandbox.rest.routing import Call, Reply, RouteTable
from bot.sandbox.threads import start_thread
from bot.sandbox.world import Channel

routes = RouteTable()
_START_LIMIT = Limit(50, 300.0, "thread-create")


@routes.add("POST /channels/{channel_id}/messages/{message_id}/threads", limit=_START_LIMIT)
def start_from_message(call: Call) -> Reply:
    """Start Thread from Message. 160004 when the message has one already."""
    core = call.core
    channel = _startable(call, P.CREATE_PUBLIC_THREADS)
    message = core.world.message(channel.id, call.params["message_id"])
    if core.world.thread_of(message):
        raise refused(160004)
    thread = start_thread(core, channel, call.bot_id, call.data, message)
    return Reply(201, channel_payload(core.world, thread))


@routes.add("POST /channels/{channel_id}/threads", limit=_START_LIMIT)
def start(call: Call) -> Reply:
    """Start Thread without Message."""
    public = call.data.get("type") == ChannelType.PUBLIC_THREAD
    channel = _startable(call, P.CREATE_PUBLIC_THREADS if public else P.CREATE_PRIVATE_THREADS)
    thread = start_thread(call.core, channel, call.bot_id, call.data, None)
    return Reply(201, channel_payload(call.core.world, thread))


def _startable(call: Call, needed: P) -> Channel:
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    if channel.type is not ChannelType.TEXT:
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
    """Add Thread Member."""
    thread = _thread(call)
    require(call.core, call.bot_id, thread, P.SEND_MESSAGES_IN_THREADS)
    not_archived(thread)
    add_member(call.core, thread, call.core.world.member(call.params["user_id"]).user.id)


@routes.add("DELETE /channels/{channel_id}/thread-members/@me")
def leave(call: Call) -> None:
    """Leave Thread."""
    thread = _thread(call)
    not_archived(thread)
    remove_member(call.core, thread, call.bot_id)


@routes.add("DELETE /channels/{channel_id}/thread-members/{user_id}")
def remove(call: Call) -> None:
    """Remove Thread Member: needs MANAGE_THREADS."""
    thread = _thread(call)
    require(call.core, call.bot_id, thread, P.MANAGE_THREADS)
    not_archived(thread)
    remove_member(call.core, thread, call.params["user_id"])


@routes.add("GET /channels/{channel_id}/thread-members/{user_id}")
def member(call: Call) -> JSON:
    """Get Thread Member. 10007 for somebody outside the thread."""
    thread = _thread(call)
    user_id = call.bot_id if call.params["user_id"] == "@me" else call.params["user_id"]
    return _member(call, thread, user_id)


@routes.add("GET /channels/{channel_id}/thread-members")
def members(call: Call) -> list[JSON]:
    """List Thread Members."""
    thread = _thread(call)
    return [_member(call, thread, user_id) for user_id in thread_state(thread).members]


def _member(call: Call, thread: Channel, user_id: str) -> JSON:
    if user_id not in thread_state(thread).members:
        raise unknown("Member")
    payload = thread_member_payload(thread, user_id)
    if call.flag("with_member"):
        payload["member"] = member_payload(call.core.world.members[user_id])
    return payload


@routes.add("GET /guilds/{guild_id}/threads/active")
def active(call: Call) -> JSON:
    """List Active Guild Threads."""
    if call.params["guild_id"] != call.core.world.guild.id:
        raise unknown("Guild")
    world = call.core.world
    found = world.threads(archived=False)
    return _list(call, [one for one in found if channel_permissions(world, call.bot_id, one)])


@routes.add("GET /channels/{channel_id}/threads/archived/public")
def archived_public(call: Call) -> JSON:
    """List Public Archived Threads, latest archived first."""
    return _archived(call, ChannelType.PUBLIC_THREAD)


@routes.add("GET /channels/{channel_id}/threads/archived/private")
@routes.add("GET /channels/{channel_id}/users/@me/threads/archived/private")
def archived_private(call: Call) -> JSON:
    """List Private Archived Threads."""
    return _archived(call, ChannelType.PRIVATE_THREAD)


def _archived(call: Call, kind: ChannelType) -> JSON:
    channel = viewable(call.core, call.bot_id, call.params["channel_id"])
    require(call.core, call.bot_id, channel, P.READ_MESSAGE_HISTORY)
    limit = call.number("limit", 50, least=2, most=100)
    found = [one for one in call.core.world.threads(archived=True, parent_id=channel.id) if one.type is kind]
    found.sort(key=lambda thread: thread_state(thread).archived_at, reverse=True)
    if before := call.query.get("before"):
        found = [one for one in found if thread_state(one).archived_at < before]
    return _list(call, found[:limit]) | {"has_more": len(found) > limit}


def _list(call: Call, threads: list[Channel]) -> JSON:
    mine = [thread for thread in threads if call.bot_id in thread_state(thread).members]
    return {
        "threads": [channel_payload(call.core.world, thread) for thread in threads],
        "members": [thread_member_payload(thread, call.bot_id) for thread in mine],
        "has_more": False,
    }
