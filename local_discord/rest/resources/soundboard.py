"""The sounds that every server has. Source: Discord's docs, Resources > Soundboard.

Nothing is heard here; libraries ask for them before they call themselves ready.
"""

from local_discord.rest.routing import Call, RouteTable
from local_discord.world.kinds import JSON

routes = RouteTable()
_SOUNDS = (("1", "quack", "🦆"), ("2", "airhorn", "🔊"), ("3", "cricket", "🦗"))


@routes.add("GET /soundboard-default-sounds")
def default_sounds(_call: Call) -> list[JSON]:
    """List Default Soundboard Sounds: an array, and not within an object as a server's own are."""
    return [
        {"sound_id": sound, "name": name, "volume": 1.0, "emoji_id": None, "emoji_name": emoji}
        | {"available": True}
        for sound, name, emoji in _SOUNDS
    ]
