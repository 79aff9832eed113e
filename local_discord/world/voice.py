"""Voice states of users. There are no voice servers, so no audio.

Source: Discord's docs, Resources > Voice; Events > Gateway Events > Voice State Update.
"""

import secrets

from local_discord.core import Core
from local_discord.errors import refused
from local_discord.gateway.hub import Event
from local_discord.world.access import require, viewable
from local_discord.world.kinds import ChannelType
from local_discord.world.payloads import member_payload, voice_payload
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.world import Channel, VoiceState, World


def in_channel(world: World, channel_id: str) -> list[str]:
    """The ids of who is in that voice channel, in the order in which they came."""
    return [user_id for user_id, state in world.voice.items() if state.channel_id == channel_id]


def join(core: Core, user_id: str, channel: Channel) -> None:
    """Put *user_id* into *channel*, out of any other; VOICE_STATE_UPDATE follows.

    Raises:
        ApiError: 50024 when it is no voice channel; 50001, 50013 without VIEW_CHANNEL and CONNECT, or when it
            is full and *user_id* may not move members.
    """
    world = core.world
    if channel.type is not ChannelType.VOICE:
        raise refused(50024)
    viewable(core, user_id, channel.id)
    require(core, user_id, channel, P.CONNECT)
    most, here = channel.extra.get("user_limit") or 0, in_channel(world, channel.id)
    if user_id in here:
        return
    if most and len(here) >= most and not channel_permissions(world, user_id, channel) & P.MOVE_MEMBERS:
        raise refused(50013)
    move(core, user_id, channel.id)


def move(core: Core, user_id: str, channel_id: str) -> None:
    """Put *user_id* into the voice channel of that id, whatever they may do."""
    before = core.world.voice.pop(user_id, None)
    session_id = before.session_id if before else secrets.token_hex(16)
    core.world.voice[user_id] = VoiceState(channel_id, session_id)
    changed(core, user_id, session_id)


def leave(core: Core, user_id: str) -> bool:
    """Take *user_id* out of voice; VOICE_STATE_UPDATE without a channel follows. False when not in any."""
    before = core.world.voice.pop(user_id, None)
    if before:
        changed(core, user_id, before.session_id)
    return before is not None


def empty(core: Core, channel_id: str) -> None:
    """Take everybody out of a voice channel that goes."""
    for user_id in in_channel(core.world, channel_id):
        leave(core, user_id)


def changed(core: Core, user_id: str, session_id: str) -> None:
    """VOICE_STATE_UPDATE with the guild and, while they are one, the member."""
    world = core.world
    data = voice_payload(world, user_id) | {"guild_id": world.guild.id, "session_id": session_id}
    member = world.members.get(user_id)
    core.hub.emit(Event("VOICE_STATE_UPDATE", data | ({"member": member_payload(member)} if member else {})))
