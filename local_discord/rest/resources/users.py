"""Users, DMs and the gateway's address.

Source: Discord's docs, Resources > User; Events > Gateway > Get Gateway Bot.
"""

from local_discord.core import Core
from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.gateway.hub import Event
from local_discord.messages.images import read_image
from local_discord.ratelimit import Limit
from local_discord.rest.routing import Auth, Call, RouteTable
from local_discord.world.kinds import JSON, ChannelType
from local_discord.world.payloads import channel_payload, own_user_payload, user_payload
from local_discord.world.permissions import guild_permissions
from local_discord.world.world import Channel

routes = RouteTable()
# Discord does not publish the threshold: this is a guess, on the strict side of what bots report.
_MOST_NEW_DMS, _NEW_DMS_WINDOW_S = 10, 10.0


@routes.add("GET /users/@me")
def me(call: Call) -> JSON:
    """Get Current User."""
    return own_user_payload(call.core.world)


@routes.add("PATCH /users/@me")
def modify_me(call: Call) -> JSON:
    """Modify Current User: the name (2 to 32 characters); pictures are checked, not kept."""
    body, form = call.data, Form()
    user = call.core.world.bot.user
    name = form.text(("username",), body.get("username", user.username), least=2, most=32)
    for key in ("avatar", "banner"):
        read_image(form, (key,), body.get(key))
    form.finish()
    user.username = name
    payload = own_user_payload(call.core.world)
    call.core.hub.emit(Event("USER_UPDATE", payload))
    return payload


@routes.add("GET /users/@me/guilds")
def my_guilds(call: Call) -> list[JSON]:
    """Get Current User Guilds."""
    world = call.core.world
    call.check_ids("before", "after")
    call.number("limit", 200, least=1, most=200)
    with_counts = call.flag("with_counts")
    number = int(world.guild.id)
    if number >= int(call.query.get("before", 1 << 64)) or number <= int(call.query.get("after", 0)):
        return []
    guild: JSON = {
        "id": world.guild.id,
        "name": world.guild.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(guild_permissions(world, world.bot)),
        "features": [],
    }
    if with_counts:
        guild["approximate_member_count"] = guild["approximate_presence_count"] = len(world.members)
    return [guild]


@routes.add("GET /users/{user_id}")
def user(call: Call) -> JSON:
    """Get User. 10013."""
    return user_payload(call.core.world.user(call.params["user_id"]))


@routes.add("POST /users/@me/channels", limit=Limit(10, 10.0))
def open_dm(call: Call) -> JSON:
    """Create DM. Opening works with anybody: it is the sending that 50007 refuses.

    Raises:
        ApiError: 50033; for a channel that is not there yet 40003 after many, and 20026 in quarantine.
    """
    world = call.core.world
    form = Form()
    for user_id, nick in form.mapping(("nicks",), call.data.get("nicks")).items():
        form.text(("nicks", user_id), nick, most=32)
    tokens = form.words(("access_tokens",), call.data.get("access_tokens"), most=1000)
    form.unique(("access_tokens",), tokens)
    recipient = form.snowflake(("recipient_id",), call.data.get("recipient_id"))
    if recipient is None and not form.failed:
        form.add(("recipient_id",), "BASE_TYPE_REQUIRED", "This field is required")
    form.finish()
    assert recipient is not None
    if recipient not in world.users or world.users[recipient].bot:
        raise refused(50033)
    if not world.dm_with(recipient):
        _count_new_dm(call.core)
    return channel_payload(world, dm_channel(call.core, recipient))


def _count_new_dm(core: Core) -> None:
    """Count a new DM channel; refuse it beyond the limit per window, or when the app is quarantined.

    Source: Resources > User > Create DM: "you may be rate limited or blocked from opening new ones"; the
    codes in Topics > Opcodes and Status Codes, and for 20026 issue #2669.
    """
    if core.world.application.quarantined:
        raise refused(20026)
    now = core.clock.monotonic()
    while core.dms_opened and now - core.dms_opened[0] >= _NEW_DMS_WINDOW_S:
        core.dms_opened.pop(0)
    if len(core.dms_opened) >= _MOST_NEW_DMS:
        raise refused(40003)
    core.dms_opened.append(now)


def dm_channel(core: Core, user_id: str) -> Channel:
    """The DM between the bot and *user_id*, opened when there is none."""
    if found := core.world.dm_with(user_id):
        return found
    channel = Channel(core.ids.next(), ChannelType.DM, recipients=[user_id, core.world.application.id])
    core.world.channels[channel.id] = channel
    return channel


@routes.add("GET /gateway", auth=Auth.NONE)
def gateway(call: Call) -> JSON:
    """Get Gateway."""
    return {"url": call.core.gateway_url}


@routes.add("GET /gateway/bot")
def gateway_bot(call: Call) -> JSON:
    """Get Gateway Bot: the recommended shards, and how many IDENTIFYs are left today."""
    core = call.core
    limits = core.starts.payload(core.rules, core.clock.monotonic())
    return {"url": core.gateway_url, "shards": core.rules.shards, "session_start_limit": limits}
