"""Voice states over the API.

Source: Discord's docs, Resources > Voice; Resources > Guild > Modify Guild Member.
"""

from local_discord.errors import refused, unknown
from local_discord.forms import Form
from local_discord.rest.routing import Call, RouteTable
from local_discord.world import voice
from local_discord.world.access import require
from local_discord.world.kinds import JSON, ChannelType
from local_discord.world.payloads import member_payload, voice_payload
from local_discord.world.permissions import P
from local_discord.world.world import Member

routes = RouteTable()


@routes.add("GET /guilds/{guild_id}/voice-states/@me")
def mine(call: Call) -> JSON:
    """Get Current User Voice State. 10065 outside voice."""
    return _state(call, call.bot_id)


@routes.add("GET /guilds/{guild_id}/voice-states/{user_id}")
def get(call: Call) -> JSON:
    """Get User Voice State. 10065 for who is not in voice."""
    return _state(call, call.params["user_id"])


def _state(call: Call, user_id: str) -> JSON:
    call.guild()
    world = call.core.world
    if user_id not in world.voice:
        raise unknown("Voice State")
    member = member_payload(world.members[user_id])
    return voice_payload(world, user_id) | {"guild_id": world.guild.id, "member": member}


def read_voice(form: Form, body: JSON) -> None:
    """Check the fields of Modify Guild Member that are about voice."""
    for key in ("mute", "deaf"):
        form.boolean((key,), body.get(key))
    form.snowflake(("channel_id",), body.get("channel_id"))


def set_voice(call: Call, found: Member) -> None:
    """Mute, deafen, move or (``channel_id`` null) disconnect *found*; VOICE_STATE_UPDATE follows.

    Raises:
        ApiError: 10003, 50024 for a channel that is no voice channel; 50013 where the bot may not connect.
    """
    core, body, user_id = call.core, call.data, found.user.id
    state = core.world.voice.get(user_id)
    if state is None:
        return
    if "channel_id" in body and body["channel_id"] is None:
        voice.leave(core, user_id)
        return
    if body.get("channel_id"):
        channel = core.world.channel(str(body["channel_id"]))
        if channel.type is not ChannelType.VOICE:
            raise refused(50024)
        require(core, call.bot_id, channel, P.VIEW_CHANNEL | P.CONNECT)
        state.channel_id = channel.id
    if {"mute", "deaf", "channel_id"} & set(body):
        state.mute, state.deaf = bool(body.get("mute", state.mute)), bool(body.get("deaf", state.deaf))
        voice.changed(core, user_id, state.session_id)
