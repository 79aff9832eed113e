"""Commands, clicks, modals and autocomplete: everything that opens an interaction."""

import asyncio
from typing import Any, Final

from local_discord.core import Core
from local_discord.human import views
from local_discord.human.desk import Ask, BadRequest
from local_discord.interactions.interactions import Act, open_interaction
from local_discord.interactions.modals import select_values, submitted
from local_discord.interactions.options import OptionReader, find_command
from local_discord.messages.component_tree import walk
from local_discord.messages.posting import set_archived
from local_discord.refusals import Why
from local_discord.world.access import not_archived, require, unlocked, viewable
from local_discord.world.interaction import RESPOND_WITHIN_S, Interaction
from local_discord.world.kinds import (
    ENTITY_SELECTS,
    JSON,
    SELECTS,
    ButtonStyle,
    CommandType,
    Component,
    InteractionType,
)
from local_discord.world.message import Message
from local_discord.world.message_payloads import message_payload
from local_discord.world.names import NoSuchName, find_channel, find_message, find_role, find_user
from local_discord.world.permissions import P
from local_discord.world.world import Channel, User

_MOMENT_S: Final = 0.01  # after the end of a deadline it has passed


def _opened(core: Core, act: Act) -> JSON:
    return {"interaction": open_interaction(core, act).id}


def _where(ask: Ask) -> tuple[User, Channel]:
    user, channel = ask.user(), ask.channel()
    viewable(ask.core, user.id, channel.id)
    not_archived(channel)  # nobody can use application commands in an archived thread
    return user, channel


def command(ask: Ask) -> JSON:
    """POST command {user, channel, name: "tickets list", options}."""
    user, channel = _where(ask)
    name, path = _typed_name(ask)
    found = find_command(ask.core, user.id, channel, CommandType.CHAT, name)
    data = OptionReader(ask.core, user.id).read(found, path, ask.mapping("options"))
    return _opened(ask.core, Act(InteractionType.COMMAND, user.id, channel, data))


def _typed_name(ask: Ask) -> tuple[str, list[str]]:
    """The command's name, and the group and subcommand after it."""
    name, *path = ask.words("name").removeprefix("/").split() or [""]
    return name, path


def context(ask: Ask) -> JSON:
    """POST context {user, channel, name, message or target_user}."""
    core = ask.core
    user, channel = _where(ask)
    on_message = ask.body.get("message") is not None
    kind = CommandType.MESSAGE if on_message else CommandType.USER
    found = find_command(core, user.id, channel, kind, ask.words("name"))
    data: JSON = {"id": found["id"], "name": found["name"], "type": int(kind)}
    if on_message:
        target = find_message(core.world, ask.text("message"), user.id)
        data["target_id"] = target.id
        data["resolved"] = {"messages": {target.id: message_payload(core.world, target)}}
    else:
        reader = OptionReader(core, user.id)
        data["target_id"] = reader.add_user(ask.user("target_user").id)
        data["resolved"] = reader.resolved
    return _opened(core, Act(InteractionType.COMMAND, user.id, channel, data))


def click(ask: Ask) -> JSON:
    """POST click {user, message, custom_id, label?, values?}: a button or a select."""
    core, user = ask.core, ask.user()
    message = find_message(core.world, ask.text("message"), user.id)
    channel = viewable(core, user.id, message.channel_id)
    component = _component(message, ask.words("custom_id"), ask.body.get("label"))
    _wake(core, user.id, channel)
    data: JSON = {
        "custom_id": component["custom_id"],
        "component_type": component["type"],
        "id": component["id"],
    }
    if component["type"] in SELECTS:
        data |= _selection(core, user.id, component, ask.names("values"))
    return _opened(core, Act(InteractionType.COMPONENT, user.id, channel, data, message))


def _wake(core: Core, user_id: str, channel: Channel) -> None:
    """Do what a person's client does first where the thread sleeps: unarchive it, or tell the bot of nothing.

    In a locked thread the buttons are dead. Sources: discord-api-docs #5946 and #8474 (web and phone; the
    desktop passes the click on), #7900; Topics > Threads for who may unarchive.

    Raises:
        ApiError: 160005, 50013.
    """
    unlocked(core, user_id, channel)
    if channel.thread and channel.thread.archived:
        require(core, user_id, channel, P.SEND_MESSAGES_IN_THREADS)
        set_archived(core, channel, archived=False)


def _component(message: Message, custom_id: str, label: object) -> JSON:
    """Return the component with *custom_id*; if an edit has removed it, the one that has the *label* now."""
    usable = [one for one in walk(message.components) if one.get("custom_id")]
    same = [one for one in usable if one["custom_id"] == custom_id]
    for component in same or [one for one in usable if label and _label(one) == label]:
        if component.get("disabled"):
            raise BadRequest(f"{custom_id!r} is disabled", Why.DISABLED, label=component.get("label") or "")
        if component.get("style") == ButtonStyle.LINK:
            raise BadRequest(f"{custom_id!r} is a link")
        return component
    raise BadRequest(
        f"no component {custom_id!r}; there are {[one['custom_id'] for one in usable]}", Why.GONE
    )


def _label(component: JSON) -> str:
    """Return what stands on a button, its emoji first, or in an empty select."""
    if component["type"] in SELECTS:
        return str(component.get("placeholder") or "")
    emoji = (component.get("emoji") or {}).get("name") or ""
    return f"{emoji} {component.get('label') or ''}".strip()


def _selection(core: Core, user_id: str, component: JSON, values: list[str]) -> JSON:
    """The chosen ``values``, with ``resolved`` for users, roles and channels (which may be given by name)."""
    reader = OptionReader(core, user_id)
    if component["type"] in ENTITY_SELECTS:
        values = [_entity(core, reader, component["type"], value) for value in values]
    chosen: JSON = {"values": select_values(component, component.get("placeholder") or "", values)}
    return chosen | ({"resolved": reader.resolved} if reader.resolved else {})


def _entity(core: Core, reader: OptionReader, kind: int, value: str) -> str:
    if kind == Component.CHANNEL_SELECT:
        return reader.add_channel(find_channel(core.world, value))
    if kind == Component.ROLE_SELECT:
        return reader.add_role(find_role(core.world, value).id)
    if kind == Component.MENTIONABLE_SELECT:
        try:
            return reader.add_user(find_user(core.world, value).id)
        except NoSuchName:
            return reader.add_role(find_role(core.world, value).id)
    return reader.add_user(find_user(core.world, value).id)


def modal(ask: Ask) -> JSON:
    """POST modal {user, interaction, fields}: submit the modal that the interaction opened."""
    core, user = ask.core, ask.user()
    parent = _interaction(core, ask.text("interaction"))
    if parent.modal is None or parent.user_id != user.id:
        message = f"interaction {parent.id} opened no modal for {user.username}"
        raise BadRequest(message, Why.FORM_CLOSED)
    if parent.submission_id and not _failed(core, parent.submission_id):
        raise BadRequest(f"the modal of interaction {parent.id} was submitted", Why.FORM_CLOSED)
    reader = OptionReader(core, user.id)
    fields = _resolved_fields(core, reader, parent.modal, ask.mapping("fields"))
    data: JSON = {"custom_id": parent.modal["custom_id"], "components": submitted(parent.modal, fields)}
    if reader.resolved:
        data["resolved"] = reader.resolved
    channel = core.world.channel(parent.channel_id)
    source = core.world.messages[channel.id].get(parent.source_id or "")
    opened = open_interaction(core, Act(InteractionType.MODAL_SUBMIT, user.id, channel, data, source, parent))
    parent.submission_id = opened.id
    return {"interaction": opened.id}


def _failed(core: Core, interaction_id: str) -> bool:
    """Return whether a form stays open for another try, because the bot did not respond in time."""
    found = core.interactions.get(interaction_id)
    return found is None or found.state(core.clock.monotonic()) == "failed"


def _resolved_fields(core: Core, reader: OptionReader, shown: JSON, fields: dict[str, Any]) -> dict[str, Any]:
    """*fields* with the names in user, role and channel selects, and uploaded files, turned into ids."""
    kinds = {one["custom_id"]: one["type"] for one in walk(shown["components"]) if one.get("custom_id")}
    resolved: dict[str, Any] = {}
    for custom_id, value in fields.items():
        kind = kinds.get(custom_id)
        values = value if isinstance(value, list) else [value]
        if kind == Component.FILE_UPLOAD:
            value = [reader.add_attachment(one) for one in values]  # noqa: PLW2901 (the stored files' ids)
        elif kind in ENTITY_SELECTS:
            value = [_entity(core, reader, kind, str(one)) for one in values]  # noqa: PLW2901 (resolved)
        resolved[custom_id] = value
    return resolved


async def autocomplete(ask: Ask) -> JSON:
    """POST autocomplete {user, channel, name, options, focused}: the bot's choices, within 3 seconds."""
    core = ask.core
    user, channel = _where(ask)
    name, path = _typed_name(ask)
    found = find_command(core, user.id, channel, CommandType.CHAT, name)
    focused = ask.words("focused")
    options = {focused: "", **ask.mapping("options")}
    data = OptionReader(core, user.id, focused).read(found, path, options)
    opened = open_interaction(core, Act(InteractionType.AUTOCOMPLETE, user.id, channel, data))
    choices = await core.hub.until(lambda: opened.choices, RESPOND_WITHIN_S)
    return {"interaction": opened.id, "choices": choices, "timeout": choices is None}


async def get_interaction(ask: Ask) -> JSON:
    """GET interaction/{id}?wait=seconds: waits until it is no longer pending."""
    core = ask.core
    interaction = _interaction(core, ask.params["id"])
    final = (
        ("responded", "failed") if ask.query.get("until") == "done" else ("responded", "failed", "deferred")
    )
    loop = asyncio.get_running_loop()
    until = loop.time() + ask.asked("wait", "0")

    def settled() -> bool | None:
        return interaction.state(core.clock.monotonic()) in final or None

    while settled() is None and (left_s := until - loop.time()) > 0:
        # Nothing tells that the 3 seconds have run out.
        fails_in_s = interaction.fails_in_s(core.clock.monotonic()) + _MOMENT_S
        await core.hub.until(settled, min(left_s, fails_in_s))
    return views.interaction(core, interaction)


def _interaction(core: Core, interaction_id: str) -> Interaction:
    found = core.interactions.get(interaction_id)
    if found is None:
        raise NoSuchName(f"unknown interaction {interaction_id!r}")
    return found
