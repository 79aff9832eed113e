"""Messages as the API's JSON. Source: Discord's docs, Resources > Message."""

from local_discord.world.kinds import JSON, MessageFlag
from local_discord.world.message import Message
from local_discord.world.payloads import channel_payload, user_payload
from local_discord.world.world import World

_FORWARD = 1
BURST_COLORS = ["#f4a261", "#e76f51"]  # what a super reaction glows in; Discord takes them from the emoji


def emoji_payload(emoji: str) -> JSON:
    """Resources > Emoji, partial: ``"👀"`` or ``"name:id"``."""
    name, _, emoji_id = emoji.partition(":")
    return {"id": emoji_id or None, "name": name}


def message_payload(world: World, message: Message, *, viewer: str | None = None) -> JSON:
    """Resources > Message. *viewer* decides ``me`` in reactions; the bot by default."""
    payload = _alone(world, message)
    if message.emojis:
        payload["reactions"] = _reactions(message, viewer or world.application.id)
    if message.reference:
        payload |= _reference_fields(world, message.reference)
    return payload


def _alone(world: World, message: Message) -> JSON:
    """The message without its reactions and without the message that it refers to."""
    attachments = [one | {"ephemeral": True} if message.ephemeral_to else one for one in message.attachments]
    payload: JSON = {
        "id": message.id,
        "channel_id": message.channel_id,
        "type": int(message.type),
        "content": message.content,
        "author": message.author,
        "mentions": [user_payload(world.users[user_id]) for user_id in message.mentions],
        "mention_roles": list(message.mention_roles),
        "mention_everyone": message.mention_everyone,
        "attachments": attachments,
        "embeds": [*message.embeds, *message.previews],
        "components": list(message.components),
        "timestamp": message.timestamp,
        "edited_timestamp": message.edited_at,
        "flags": int(message.flags),
        "pinned": message.pinned_at is not None,
        "tts": message.tts,
    }
    payload |= _optional_fields(message)
    if message.snapshots:
        payload["message_snapshots"] = list(message.snapshots)
    thread = world.thread_of(message)
    if thread and message.flags & MessageFlag.HAS_THREAD:
        payload["thread"] = channel_payload(world, thread)
    return payload


def _optional_fields(message: Message) -> JSON:
    fields: JSON = {
        "nonce": message.nonce,
        "webhook_id": message.webhook_id,
        "application_id": message.application_id,
        "interaction_metadata": message.interaction,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _reactions(message: Message, viewer: str) -> list[JSON]:
    return [
        {
            "emoji": emoji_payload(emoji),
            "count": len(normal) + len(burst),
            "count_details": {"burst": len(burst), "normal": len(normal)},
            "burst_colors": BURST_COLORS if burst else [],
            "me_burst": viewer in burst,
            "me": viewer in normal,
        }
        for emoji in message.emojis
        for normal, burst in [(message.reactions.get(emoji, []), message.bursts.get(emoji, []))]
    ]


def _reference_fields(world: World, reference: JSON) -> JSON:
    """``message_reference``, and the message it points to (None when that was deleted)."""
    if reference["type"] == _FORWARD:  # it has snapshots instead
        return {"message_reference": reference}
    found = world.messages[reference["channel_id"]].get(reference.get("message_id", ""))
    target = _alone(world, found) if found else None
    if found and target and found.reference:
        target["message_reference"] = found.reference
    return {"message_reference": reference, "referenced_message": target}
