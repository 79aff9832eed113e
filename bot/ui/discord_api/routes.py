"""The routes that several modules ask for."""

from collections.abc import Mapping
from typing import Any, Final

from discord.http import Route

from bot.domain.delivery.delivery import Request
from bot.domain.delivery.kinds import Action

#: Method, path below the channel, and what the path names.
_ROUTES: Final[Mapping[Action, tuple[str, str, tuple[str, ...]]]] = {
    Action.MESSAGE: ("POST", "/messages", ()),
    Action.THREAD: ("POST", "/messages/{message_id}/threads", ("message_id",)),
    Action.REACTION: ("PUT", "/messages/{message_id}/reactions/{emoji}/@me", ("message_id", "emoji")),
    Action.PRIVATE_THREAD: ("POST", "/threads", ()),
    Action.MEMBER: ("PUT", "/thread-members/{user_id}", ("user_id",)),
    Action.MEMBER_REMOVED: ("DELETE", "/thread-members/{user_id}", ("user_id",)),
}


def route_of(request: Request) -> Route:
    """Return the route that does what *request* asks for."""
    method, path, further = _ROUTES[request.action]
    names: dict[str, Any] = dict.fromkeys(further, request.message_id)
    if "emoji" in names:
        names["emoji"] = str(request.body["emoji"])
    return Route(method, f"/channels/{{channel_id}}{path}", channel_id=request.channel_id, **names)


def channel_route(method: str, channel_id: int | None) -> Route:
    """Return the route of a channel or thread."""
    return Route(method, "/channels/{channel_id}", channel_id=channel_id)


def messages_route(method: str, channel_id: int) -> Route:
    """Return the route of the messages in a channel or thread."""
    return Route(method, "/channels/{channel_id}/messages", channel_id=channel_id)


def message_route(method: str, channel_id: int | None, message_id: int | None) -> Route:
    """Return the route of one message."""
    path = "/channels/{channel_id}/messages/{message_id}"
    return Route(method, path, channel_id=channel_id, message_id=message_id)
