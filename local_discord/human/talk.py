"""Saying, reacting, reading, waiting."""

import re
from collections.abc import Callable
from typing import Any

from local_discord.errors import refused
from local_discord.human import controls, views
from local_discord.human.desk import Ask, BadRequest
from local_discord.human.files import read_files
from local_discord.messages.drafts import Request, read_draft, read_edit
from local_discord.messages.posting import Origin, deletable, publish, remove, revise
from local_discord.messages.reacting import react, unreact
from local_discord.world.access import keep_pace, may_send, viewable
from local_discord.world.kinds import JSON
from local_discord.world.message import Message
from local_discord.world.names import find_channel, find_message, find_user
from local_discord.world.payloads import user_payload

_MOST_WAIT_S = 120.0


def say(ask: Ask) -> JSON:
    """POST say {user, channel, content, reply_to?, files?}: a person writes a message."""
    core, user = ask.core, ask.user()
    channel = ask.channel()
    viewable(core, user.id, channel.id)
    may_send(core, user.id, channel)
    keep_pace(core, user.id, channel)
    uploads = read_files(ask)
    body: JSON = {"content": ask.words("content", "" if uploads else None)}
    if ask.body.get("reply_to"):
        body["message_reference"] = {"message_id": ask.text("reply_to")}
    draft = read_draft(core, Request(body, uploads, channel, user.id))
    message = publish(core, channel, draft, Origin(user_payload(user)))
    return views.message(core, message)


def edit_message(ask: Ask) -> JSON:
    """PATCH message {user, message, content}: a user edits a message of their own. 50005, 50083."""
    core, user = ask.core, ask.user()
    message = find_message(core.world, ask.text("message"), user.id)
    if message.author_id != user.id:
        raise refused(50005)
    channel = core.world.channel(message.channel_id)
    request = Request({"content": ask.words("content")}, [], channel, user.id)
    return views.message(core, revise(core, message, read_edit(core, request, message)))


def delete_message(ask: Ask) -> JSON:
    """DELETE message {message}: a user with the permission deletes it."""
    message = find_message(ask.core.world, ask.text("message"), "")
    deletable(message)
    remove(ask.core, message)
    return {}


def _reaction(ask: Ask) -> tuple[Message, str, str]:
    user = ask.user()
    message = find_message(ask.core.world, ask.text("message"), user.id)
    if message.ephemeral_to:
        raise refused(50024)
    viewable(ask.core, user.id, message.channel_id)
    return message, user.id, ask.text("emoji")


def put_reaction(ask: Ask) -> JSON:
    """PUT reaction {user, message, emoji, burst?}: with *burst* a super reaction."""
    react(ask.core, *_reaction(ask), burst=ask.flag("burst", default=False))
    return {}


def delete_reaction(ask: Ask) -> JSON:
    """DELETE reaction {user, message, emoji, burst?}."""
    unreact(ask.core, *_reaction(ask), burst=ask.flag("burst", default=False))
    return {}


def messages(ask: Ask) -> list[JSON]:
    """GET messages/{channel}?user=NAME, oldest first; with ephemeral ones when *user* is given."""
    channel = find_channel(ask.core.world, ask.params["channel"])
    viewer = find_user(ask.core.world, ask.query["user"]).id if "user" in ask.query else None
    if viewer:
        viewable(ask.core, viewer, channel.id)
    return views.messages(ask.core, channel, viewer)


def dms(ask: Ask) -> list[JSON]:
    """GET dms/{user}, oldest first; empty when there are none yet."""
    user = find_user(ask.core.world, ask.params["user"])
    channel = ask.core.world.dm_with(user.id)
    return views.messages(ask.core, channel, user.id) if channel else []


def log(ask: Ask) -> JSON:
    """GET log?since=N: the entries from that number on, and the next number."""
    entries = ask.core.log.since(int(ask.asked("since", "0")))
    return {"entries": entries, "next": ask.core.log.next}


async def wait(ask: Ask) -> JSON:
    """POST wait {for: message | log | sessions | press, ...}: the first match, or {"timeout": true}.

    About the log either answer has the "next" number, too.

    message: channel, contains?, after? (message id), user?; log: since?, method?, path? (regex), status?;
    sessions: count; press: the press of a control that waits for its program.
    """
    looks: dict[str, Callable[[Ask], Any]] = {
        "message": _look_message,
        "log": _look_log,
        "sessions": _look_sessions,
        "press": controls.waiting,
    }
    kind = ask.words("for")
    if kind not in looks:
        raise BadRequest(f"'for' is one of {sorted(looks)}")
    timeout_s = min(ask.number("timeout_s", 5.0), _MOST_WAIT_S)
    found = await ask.core.hub.until(lambda: looks[kind](ask), timeout_s)
    said = {"timeout": True} if found is None else {"timeout": False, kind: found}
    return {**said, "next": ask.core.log.next} if kind == "log" else said


def _look_message(ask: Ask) -> JSON | None:
    core, body = ask.core, ask.body
    name = ask.text("channel")
    if name.startswith("dm:"):
        channel = core.world.dm_with(find_user(core.world, name.removeprefix("dm:")).id)
        if channel is None:
            return None
    else:
        channel = find_channel(core.world, name)
    viewer = ask.user().id if body.get("user") else None
    after, contains = ask.whole("after", ask.whole("since", 0)), ask.words("contains", "")
    for shown in views.messages(core, channel, viewer):
        if int(shown["id"]) > after and contains in _words(shown):
            return shown
    return None


def _words(value: Any) -> str:  # noqa: ANN401 (any JSON value)
    """Every string inside a payload, so that `contains` also finds embeds and components."""
    if isinstance(value, dict):
        return "\n".join(_words(child) for child in value.values())
    if isinstance(value, list):
        return "\n".join(map(_words, value))
    return value if isinstance(value, str) else ""


def _look_log(ask: Ask) -> JSON | None:
    body, contains, path = ask.body, ask.words("contains", ""), _pattern(ask)
    for entry in ask.core.log.since(ask.whole("since", 0)):
        fits = (
            body.get("kind") in (None, entry["kind"]),
            body.get("method") in (None, entry.get("method")),
            body.get("status") in (None, entry.get("status")),
            body.get("event") in (None, (entry.get("frame") or {}).get("t")),
            path is None or path.search(str(entry.get("path"))),
            not contains or contains in _words(entry),
        )
        if all(fits):
            return entry
    return None


def _pattern(ask: Ask) -> re.Pattern[str] | None:
    """The regular expression under ``path``; None when there is none."""
    try:
        return re.compile(ask.words("path")) if ask.body.get("path") else None
    except re.error as error:
        raise BadRequest(f"'path' is a regular expression: {error}") from error


def _look_sessions(ask: Ask) -> int | None:
    count = len(ask.desk.sessions.connected)
    return count if count >= ask.whole("count", 1) else None
