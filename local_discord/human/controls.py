"""Controls on the page that a program beside the local Discord offers: it does what is pressed.

The local Discord knows nothing of what a control does. It passes a press on, one at a time, and tells
afterwards what was written meanwhile.
"""

import time
from typing import Final

from local_discord.core import Core
from local_discord.human.desk import Ask, BadRequest
from local_discord.human.offers import Press
from local_discord.messages.component_tree import walk
from local_discord.refusals import Why
from local_discord.world.kinds import JSON, MessageType
from local_discord.world.message import Message
from local_discord.world.names import NoSuchName
from local_discord.world.world import Channel

_LANGUAGES: Final = {"ja", "en"}
_LONGEST: Final = 120  # characters of a message that the report shows


def offer(ask: Ask) -> JSON:
    """PUT controls {groups: [{id, icon, label, controls: [{id, label, detail?, hint?, heading?}]}]}.

    It is what is offered. Every text is {ja, en}. Groups that were offered before go; a press that is
    being carried out goes on.
    """
    groups = ask.body.get("groups")
    if not isinstance(groups, list):
        raise BadRequest("'groups' is a list")
    ask.desk.offered.groups = [_group(one) for one in groups]
    return {"groups": len(groups)}


def _group(raw: object) -> JSON:
    if not isinstance(raw, dict) or not isinstance(raw.get("controls"), list):
        raise BadRequest("a group is {id, icon, label, controls}")
    controls = [_control(one) for one in raw["controls"]]
    return {
        "id": str(raw.get("id")),
        "icon": str(raw.get("icon", "")),
        "label": _text(raw.get("label")),
        "controls": controls,
    }


def _control(raw: object) -> JSON:
    if not isinstance(raw, dict) or not isinstance(raw.get("id"), str):
        raise BadRequest("a control is {id, label, detail?, hint?, heading?}")
    more = {key: raw.get(key) for key in ("detail", "hint", "heading")}
    return {
        "id": raw["id"],
        "label": _text(raw.get("label")),
        **{key: None if text is None else _text(text) for key, text in more.items()},
    }


def _text(raw: object) -> JSON:
    if isinstance(raw, dict) and set(raw) == _LANGUAGES and all(isinstance(one, str) for one in raw.values()):
        return raw
    raise BadRequest("a text is {ja, en}")


def press(ask: Ask) -> JSON:
    """POST press {user, control}: a person presses a control; answers {"press": id}. One at a time."""
    offered, core, control = ask.desk.offered, ask.core, ask.words("control")
    if control not in offered.ids:
        raise BadRequest(f"no control {control!r}; there are {sorted(offered.ids)}", Why.GONE)
    if offered.now:
        raise BadRequest(f"{offered.now['control']!r} is being carried out", Why.BUSY)
    number = core.ids.next()
    offered.running = Press(
        number, control, ask.user().id, int(number), core.clock.now_ms(), core.clock.iso()
    )
    return {"press": number}


def waiting(ask: Ask) -> JSON | None:
    """The press that no program has taken yet; for POST wait {for: "press"}."""
    running = ask.desk.offered.running
    return None if running is None or running.is_taken else running.payload()


def tell(ask: Ask) -> JSON:
    """PATCH press/{id} {says?, progress?, may_stop?, done?, refused?, show?}: how a press goes.

    *says* and *refused* are texts; *show* is {channel, message}, where whoever pressed is taken. With *done*
    or *refused* it is over: every open page gets a report of what bots and webhooks wrote meanwhile.
    *progress* is from 0 to 1; with *may_stop* the page has a button to stop it, and the program is answered
    with {"stop": true} once a person has pressed that.
    """
    offered = ask.desk.offered
    running = _running(ask)
    running.is_taken, running.stirred_s = True, time.monotonic()
    if ask.body.get("says") is not None:
        running.says = _text(ask.body["says"])
    if ask.body.get("progress") is not None:
        running.progress = min(ask.number("progress"), 1.0)
    running.may_stop = ask.flag("may_stop", default=running.may_stop)
    refused = None if ask.body.get("refused") is None else _text(ask.body["refused"])
    if refused or ask.flag("done", default=False):
        offered.running = None
        report, show = _report(ask.core, running), ask.mapping("show") or None
        is_all = show is not None and not report["changes"] and _is_private(ask.core, show)
        offered.report = report | {"refused": refused, "show": show, "is_all": is_all}
    return {"stop": running.is_stopping}


def stop(ask: Ask) -> JSON:
    """DELETE press/{id}: a person asks to stop it; the program learns that when it next tells."""
    running = _running(ask)
    if not running.may_stop:
        raise BadRequest(f"press {running.id!r} cannot be stopped")
    running.is_stopping = True
    return {}


def _running(ask: Ask) -> Press:
    running = ask.desk.offered.running
    if running is None or running.id != ask.params["id"]:
        raise NoSuchName(f"press {ask.params['id']!r} is not being carried out")
    return running


def _report(core: Core, press: Press) -> JSON:
    """What bots and webhooks wrote since the press, by place, in order; then where they only rewrote."""
    world = core.world
    changes = [change for channel in world.channels.values() if (change := _change(core, channel, press))]
    return {
        **press.payload(),
        "began_ms": press.began_ms,
        "ended_ms": core.clock.now_ms(),
        "changes": sorted(changes, key=lambda one: (not one["new"], int(one["first"]))),
    }


def _change(core: Core, channel: Channel, press: Press) -> JSON | None:
    """What changed in *channel*: the newest message of it, and how many; None when nothing did."""
    listed = [one for one in core.world.messages[channel.id].values() if _is_programs(core, one)]
    new = [one for one in listed if int(one.id) > press.since]
    edited = [one for one in listed if int(one.id) <= press.since and (one.edited_at or "") > press.began]
    if not new and not edited:
        return None
    newest = (new or edited)[-1]
    people = [one for one in channel.recipients if one != core.world.application.id]
    return {
        "channel": channel.id,
        "name": channel.name,
        "person": people[0] if channel.is_dm and people else None,
        "first": (new or edited)[0].id,
        "message": newest.id,
        "text": _words(newest, direct=channel.is_dm)[:_LONGEST],
        "new": len(new),
        "edited": len(edited),
    }


def _is_private(core: Core, show: JSON) -> bool:
    """Return True if only one person sees the message that *show* leads to."""
    shown = core.world.messages.get(str(show.get("channel")), {}).get(str(show.get("message")))
    return shown is not None and shown.ephemeral_to is not None


def _is_programs(core: Core, message: Message) -> bool:
    """Return True if a bot or a webhook wrote it, for more than one person to see."""
    author = core.world.users.get(message.author_id)
    is_written = message.type in (MessageType.DEFAULT, MessageType.REPLY)
    return is_written and message.ephemeral_to is None and (author is None or author.bot)


def _words(message: Message, *, direct: bool) -> str:
    """Return its first line; a DM's embed goes before: its content is known from a channel."""
    embeds = [embed.get(key) or "" for embed in message.embeds for key in ("title", "description")]
    below = [*embeds, *(one.get("content") or "" for one in walk(message.components))]
    first = [line for part in (message.content, *below) for line in part.split("\n") if line.strip()][:1]
    detail = [line for part in embeds for line in part.split("\n") if line.strip()][:1] if direct else []
    return " · ".join(dict.fromkeys([*detail, *first]))
