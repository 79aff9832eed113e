"""The guild itself. Source: Discord's docs, Resources > Guild; Resources > Emoji; Resources > Sticker."""

from local_discord.rest.routing import Call, RouteTable
from local_discord.world.kinds import JSON
from local_discord.world.payloads import guild_payload

routes = RouteTable()
_IN_PREVIEW = (
    *("id", "name", "icon", "description", "home_header", "splash", "discovery_splash"),
    *("features", "emojis", "stickers"),
)


@routes.add("GET /guilds/{guild_id}")
def get(call: Call) -> JSON:
    """Get Guild, with counts when asked."""
    call.guild()
    payload = guild_payload(call.core.world)
    return payload | _counts(call) if call.flag("with_counts") else payload


@routes.add("GET /guilds/{guild_id}/preview")
def preview(call: Call) -> JSON:
    """Get Guild Preview."""
    call.guild()
    payload = guild_payload(call.core.world)
    return {key: payload[key] for key in _IN_PREVIEW} | _counts(call)


def _counts(call: Call) -> JSON:
    count = len(call.core.world.members)
    return {"approximate_member_count": count, "approximate_presence_count": count}


@routes.add("GET /guilds/{guild_id}/emojis")
@routes.add("GET /guilds/{guild_id}/stickers")
def expressions(call: Call) -> list[JSON]:
    """List Guild Emojis, List Guild Stickers: this guild has none of its own."""
    call.guild()
    return []
