"""The first events of a session: READY and GUILD_CREATE.

Source: Discord's docs, Events > Gateway Events > Ready, Guild Create.
"""

from local_discord.core import Core
from local_discord.gateway.intents import Intent
from local_discord.gateway.requests import presences
from local_discord.gateway.sessions import Session
from local_discord.world.kinds import JSON
from local_discord.world.obfuscation import is_viewable, obfuscated
from local_discord.world.payloads import (
    application_flags,
    channel_payload,
    guild_payload,
    is_listed,
    member_payload,
    own_user_payload,
    scheduled_event_payload,
    voice_payload,
)
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.world import Channel


def welcome(core: Core, session: Session) -> None:
    """READY, then GUILD_CREATE for the guilds on the session's shard when GUILDS was asked for."""
    world = core.world
    on_shard = [one.guild.id for one in core.each_guild() if session.sees(one.guild.id)]
    ready: JSON = {
        "v": 10,
        "user": own_user_payload(world),
        "guilds": [{"id": guild_id, "unavailable": True} for guild_id in on_shard],
        "session_id": session.id,
        "session_type": "normal",
        "resume_gateway_url": core.resume_url,
        "shard": list(session.shard),
        "application": {"id": world.application.id, "flags": application_flags(world)},
        "user_settings": {},
        "relationships": [],
        "private_channels": [],
        "presences": [],
        "guild_join_requests": [],
        "geo_ordered_rtc_regions": [],
        "_trace": ["local"],
    }
    session.dispatch("READY", ready)
    if session.intents & Intent.GUILDS:
        for each in core.each_guild():
            if each.guild.id in on_shard:
                session.dispatch("GUILD_CREATE", _guild_create(core, session))


def _channel(core: Core, session: Session, channel: Channel) -> JSON:
    if session.obfuscates(core.world) and not is_viewable(core.world, channel):
        return obfuscated(core.world, channel)
    return channel_payload(core.world, channel)


def _guild_create(core: Core, session: Session) -> JSON:
    """Without GUILD_PRESENCES, *members* are the bot and who is in voice; the rest has to be asked for."""
    world = core.world
    everybody = bool(session.intents & Intent.GUILD_PRESENCES)
    at_once = {world.application.id, *world.voice}
    members = [one for one in world.members.values() if everybody or one.user.id in at_once]
    visible = [
        channel
        for channel in world.channels.values()
        if channel_permissions(world, world.application.id, channel) & P.VIEW_CHANNEL
    ]
    active = [thread for thread in world.threads(archived=False) if thread in visible]
    return guild_payload(world) | {
        "joined_at": world.bot.joined_at,
        "large": False,
        "unavailable": False,
        "member_count": len(world.members),
        "voice_states": [voice_payload(world, user_id) for user_id in world.voice],
        "members": [member_payload(member) for member in members],
        "channels": [_channel(core, session, one) for one in world.channels.values() if is_listed(one)],
        "threads": [channel_payload(world, thread) for thread in active],
        "presences": presences(members) if everybody else [],
        "stage_instances": [],
        "guild_scheduled_events": [
            scheduled_event_payload(world, event) for event in world.scheduled_events.values()
        ],
        "soundboard_sounds": [],
    }
