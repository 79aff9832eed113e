"""Opens interactions: a person runs a command, presses a component, submits a modal.

Source: Discord's docs, Interactions > Receiving and Responding > Interaction Structure.
"""

import secrets
from dataclasses import dataclass

from local_discord.core import Core
from local_discord.gateway.hub import Event
from local_discord.messages.uploads import MAX_BYTES
from local_discord.world.interaction import Interaction
from local_discord.world.kinds import JSON, InteractionType
from local_discord.world.message import Message
from local_discord.world.message_payloads import message_payload
from local_discord.world.payloads import interaction_channel, member_payload, user_payload
from local_discord.world.permissions import IN_DM, channel_permissions
from local_discord.world.world import Channel


@dataclass(frozen=True, slots=True)
class Act:
    """A person's action.

    Attributes:
        kind: The kind of interaction it makes.
        user_id: The person.
        channel: The place of the action.
        data: The interaction's ``data``.
        source: The message of the component (or of the component that opened the modal).
        parent: The interaction that opened the modal being submitted.
    """

    kind: InteractionType
    user_id: str
    channel: Channel
    data: JSON
    source: Message | None = None
    parent: Interaction | None = None


def open_interaction(core: Core, act: Act) -> Interaction:
    """Create the interaction of *act* and send INTERACTION_CREATE.

    With an interactions endpoint in the portal, Discord would post it there and send no event; here it stays
    unanswered. Source: Interactions > Receiving and Responding > Receiving an Interaction.
    """
    interaction_id = core.ids.next()
    interaction = Interaction(
        id=interaction_id,
        token=f"aW50ZXJhY3Rpb246{interaction_id}:{secrets.token_urlsafe(48)}",
        type=act.kind,
        user_id=act.user_id,
        channel_id=act.channel.id,
        payload={},
        metadata=_metadata(core, interaction_id, act),
        created_at=core.clock.monotonic(),
        source_id=act.source.id if act.source else None,
    )
    interaction.payload = _payload(core, interaction, act)
    core.interactions[interaction_id] = core.by_token[interaction.token] = interaction
    if core.world.application.extra.get("interactions_endpoint_url"):
        core.hub.beat()
    else:
        core.hub.emit(Event("INTERACTION_CREATE", interaction.payload))
    return interaction


def _owners(core: Core, channel: Channel) -> dict[str, str]:
    return {"0": "0" if channel.is_dm else core.world.guild.id}


def _metadata(core: Core, interaction_id: str, act: Act) -> JSON:
    users, target_id = core.world.users, act.data.get("target_id")
    metadata: JSON = {
        "id": interaction_id,
        "type": int(act.kind),
        "user": user_payload(users[act.user_id]),
        "authorizing_integration_owners": _owners(core, act.channel),
    }
    if act.kind is InteractionType.COMPONENT and act.source:
        metadata["interacted_message_id"] = act.source.id
    if act.parent:
        metadata["triggering_interaction_metadata"] = act.parent.metadata
    if target_id in users:
        metadata["target_user"] = user_payload(users[target_id])
    elif target_id:
        metadata["target_message_id"] = target_id
    return metadata


def _payload(core: Core, interaction: Interaction, act: Act) -> JSON:
    world, user_id, channel = core.world, act.user_id, act.channel
    app_bits = IN_DM if channel.is_dm else channel_permissions(world, world.application.id, channel)
    payload: JSON = {
        "id": interaction.id,
        "application_id": world.application.id,
        "type": int(act.kind),
        "token": interaction.token,
        "version": 1,
        "data": act.data,
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
    if act.source:
        payload["message"] = message_payload(world, act.source)
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
