"""People who join and leave voice channels."""

from local_discord.human.desk import Ask, BadRequest
from local_discord.refusals import Why
from local_discord.world import voice
from local_discord.world.kinds import JSON


def join(ask: Ask) -> JSON:
    """POST voice {user, channel}: a user joins a voice channel, and leaves the one they were in."""
    user, channel = ask.user(), ask.channel()
    voice.join(ask.core, user.id, channel)
    return {"channel_id": channel.id}


def leave(ask: Ask) -> JSON:
    """DELETE voice {user}: a user leaves the voice channel they are in."""
    user = ask.user()
    if not voice.leave(ask.core, user.id):
        raise BadRequest(f"{user.username} is in no voice channel", Why.NO_VOICE)
    return {}
