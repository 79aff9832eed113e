"""Opens interactions: a person runs a command, presses a component, submits a modal.

Source: Discord's docs, Interactions > Receiving and Responding > Interaction Structure.
"""

import secrets

from bot.sandbox.core import Core
from bot.sandbox.hub import Event
from bot.sandbox.interaction import Interaction
from bot.sandbox.kinds import JSON, InteractionType
from bot.sandbox.payloads import interaction_channel, member_payload, message_payload, user_payload
from bot.sandbox.permissions import IN_DM, channel_permissions
from bot.sandbox.uploads import MAX_BYTES
from bot.sandbox.world import Channel, Message


def open_interaction(
    core: Core,
    kind: InteractionType,
    *,
    user_id: str,
    channel: Channel,
    data: JSON,
    source: Message | None = None,
    parent: Interaction | None = None,
) -> Interaction:
    """Create the interaction and send INTERACTION_CREATE.

    Args:
        core: The sandbox.
        kind: What the person did.
        user_id: Who.
        channel: Where.
        data: The interaction's ``data``.
        source: The message of the component (or of the component that opened the modal).
        parent: The interaction that opened the modal being submitted.
    """
    interaction_id = core.ids.next()
    interaction = Interaction(
        id=interaction_id,
        token=f"aW50ZXJhY3Rpb246{interaction_id}:{secrets.token_urlsafe(48)}",
        type=kind,
        user_id=user_id,
        channel_id=channel.id,
        payload={},
        metadata={},
        created_at=core.clock.monotonic(),
        source_id=source.id if source else None,
    )
    interaction.metadata = _metadata(core, interaction, channel, data, parent)
    interaction.payload = _payload(core, interaction, channel, data, source)
    core.interactions[interaction_id] = interaction
    core.hub.emit(Event("INTERACTION_CREATE", interaction.payload))
    return interaction


def _owners(core: Core, channel: Channel) -> dict[str, str]:
    return {"0": "0" if channel.is_dm else core.world.guild.id}


def _metadata(
    core: Core, interaction: Interaction, channel: Channel, data: JSON, parent: Interaction | None
) -> JSON:
    metadata: JSON = {
        "id": interaction.id,
        "type": int(interaction.type),
        "user": user_payload(core.world.users[interaction.user_id]),
        "authorizing_integration_owners": _owners(core, channel),
    }
    if interaction.type is InteractionType.COMPONENT:
        metadata["interacted_message_id"] = interaction.source_id
    if parent:
        metadata["triggering_interaction_metadata"] = parent.metadata
    if data.get("target_id") in core.world.users:
        metadata["target_user"] = user_payload(core.world.users[data["target_id"]])
    elif data.get("target_id"):
        metadata["target_message_id"] = data["target_id"]
    return metadata


def _payload(
    core: Core, interaction: Interaction, channel: Channel, data: JSON, source: Message | None
) -> JSON:
    world, user_id = core.world, interaction.user_id
    app_bits = IN_DM if channel.is_dm else channel_permissions(world, world.application.id, channel)
    payload: JSON = {
        "id": interaction.id,
        "application_id": world.application.id,
        "type": int(interaction.type),
        "token": interaction.token,
        "version": 1,
        "data": data,
        "channel_id": channel.id,
        "channel": interaction_channel(world, channel, user_id),
        "app_permissions": str(int(app_bits)),
        "locale": world.users[user_id].locale,
        "entitlements": [],
        "authorizing_integration_owners": _owners(core, channel),
        "context": 1 if channel.is_dm else 0,
        "attachment_size_limit": MAX_BYTES,
    }
    payload |= _who(core, user_id, channel)
    if source:
        payload["message"] = message_payload(world, source)
    return payload


def _who(core: Core, user_id: str, channel: Channel) -> JSON:
    """``user`` in a DM; guild and member, with the member's permissions in the channel, elsewhere."""
    world = core.world
    if channel.is_dm:
        return {"user": user_payload(world.users[user_id])}
    bits = str(channel_permissions(world, user_id, channel))
    guild = {"id": world.guild.id, "locale": world.guild.preferred_locale, "features": []}
    return {
        "guild_id": world.guild.id,
        "guild": guild,
        "guild_locale": world.guild.preferred_locale,
        "member": member_payload(world.members[user_id]) | {"permissions": bits},
    }
