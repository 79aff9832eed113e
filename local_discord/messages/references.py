"""References of a message: to the one it answers, or the one it forwards.

Source: Discord's docs, Resources > Message > Message Reference Types, Message Snapshot Object.
"""

from local_discord.core import Core
from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.world.kinds import JSON, MessageType
from local_discord.world.message_payloads import message_payload
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.world import Channel

REPLY, FORWARD = 0, 1
_ANSWERABLE = (
    MessageType.DEFAULT,
    MessageType.REPLY,
    MessageType.CHAT_INPUT_COMMAND,
    MessageType.CONTEXT_MENU_COMMAND,
    MessageType.THREAD_STARTER,
)
_IN_SNAPSHOT = (
    *("type", "content", "mentions", "mention_roles", "attachments", "embeds", "timestamp"),
    *("edited_timestamp", "flags", "components"),
)


def read_reference(core: Core, form: Form, channel: Channel, value: object) -> JSON | None:
    """``message_reference`` of a message that goes to *channel*, completed; None when there is none.

    Raises:
        ApiError: 10003 and 50001 for the channel of a message to forward. What else is wrong goes to *form*.
    """
    raw = form.mapping(("message_reference",), value)
    if not raw:
        return None
    kind = REPLY if raw.get("type") is None else raw["type"]
    form.choice(("message_reference", "type"), kind, (REPLY, FORWARD))
    ids = {
        key: form.snowflake(("message_reference", key), raw.get(key)) for key in ("message_id", "channel_id")
    }
    form.boolean(("message_reference", "fail_if_not_exists"), raw.get("fail_if_not_exists"))
    if ids["message_id"] is None:
        form.add(("message_reference", "message_id"), "BASE_TYPE_REQUIRED", "This field is required")
    if form.failed:
        return None
    if kind == FORWARD:
        return _forwarded(core, form, ids)
    return _answered(
        core, form, channel, ids["message_id"] or "", must_exist=raw.get("fail_if_not_exists") is not False
    )


def _answered(core: Core, form: Form, channel: Channel, message_id: str, *, must_exist: bool) -> JSON | None:
    target = core.world.messages[channel.id].get(message_id)
    if target is None or target.ephemeral_to:
        if must_exist:
            form.add(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return None
    if target.type not in _ANSWERABLE:
        text = "Cannot reply to a system message"
        form.add(("message_reference",), "REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", text)
    return _complete(core, REPLY, channel, message_id)


def _forwarded(core: Core, form: Form, ids: dict[str, str | None]) -> JSON | None:
    if ids["channel_id"] is None:
        form.add(("message_reference", "channel_id"), "BASE_TYPE_REQUIRED", "This field is required")
        return None
    source = core.world.channel(ids["channel_id"])
    needed = P.VIEW_CHANNEL | P.READ_MESSAGE_HISTORY
    if channel_permissions(core.world, core.world.application.id, source) & needed != needed:
        raise refused(50001)
    target = core.world.messages[source.id].get(ids["message_id"] or "")
    if target is None or target.ephemeral_to:
        form.add(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        return None
    if target.type not in _ANSWERABLE:
        form.add(("message_reference",), "MESSAGE_REFERENCE_INVALID_TYPE", "Cannot forward a system message")
    return _complete(core, FORWARD, source, target.id)


def _complete(core: Core, kind: int, channel: Channel, message_id: str) -> JSON:
    reference: JSON = {"type": kind, "channel_id": channel.id, "message_id": message_id}
    return reference if channel.is_dm else {**reference, "guild_id": core.world.guild.id}


def snapshots(core: Core, reference: JSON) -> list[JSON]:
    """A copy of what a forwarded message said; what it had forwarded itself when it was a forward."""
    target = core.world.messages[reference["channel_id"]][reference["message_id"]]
    if target.snapshots:
        return list(target.snapshots)
    payload = message_payload(core.world, target)
    return [{"message": {key: payload[key] for key in _IN_SNAPSHOT}}]
