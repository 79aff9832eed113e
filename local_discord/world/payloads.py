"""World objects as the API's JSON. Source: Discord's docs, Resources (each object's structure).

Messages are in `message_payloads`.
"""

from local_discord.world.kinds import JSON, ChannelType
from local_discord.world.permissions import channel_permissions
from local_discord.world.world import (
    Channel,
    Guild,
    Member,
    Overwrite,
    Role,
    ScheduledEvent,
    User,
    Webhook,
    World,
)

VERIFY_KEY = "0" * 64
MOST_COUNTED = 50  # Topics > Threads > Thread Fields: member_count stops there
# Application flags: GATEWAY_PRESENCE_LIMITED, GATEWAY_GUILD_MEMBERS_LIMITED, GATEWAY_MESSAGE_CONTENT_LIMITED.
_PRESENCE_LIMITED, _MEMBERS_LIMITED, _CONTENT_LIMITED = 1 << 13, 1 << 15, 1 << 19


def user_payload(user: User) -> JSON:
    """Resources > User."""
    payload: JSON = {
        "id": user.id,
        "username": user.username,
        "avatar": None,
        "discriminator": "7001" if user.bot else "0",
        "public_flags": 0,
        "flags": 0,
        "global_name": user.global_name,
        "primary_guild": None,
    }
    if user.bot:
        payload["bot"] = True
    return payload


def own_user_payload(world: World) -> JSON:
    """The bot's view of itself: the user with the account's private fields. Its 2FA is its owner's."""
    mfa = world.application.owner_mfa
    private = {"mfa_enabled": mfa, "locale": "en-US", "verified": True, "email": None}
    return user_payload(world.bot.user) | private


def webhook_author(webhook: Webhook, username: str | None) -> JSON:
    """The author that a webhook's message carries."""
    user = User(webhook.id, username or webhook.name, bot=True)
    return user_payload(user) | {"discriminator": "0000", "avatar": webhook.avatar}


def role_payload(role: Role) -> JSON:
    """Topics > Permissions > Role Object."""
    payload: JSON = {
        "id": role.id,
        "name": role.name,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": role.color,
        "colors": {"primary_color": role.color, "secondary_color": None, "tertiary_color": None},
        "hoist": role.hoist,
        "managed": role.managed_by is not None,
        "mentionable": role.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }
    if role.managed_by:
        payload["tags"] = {"bot_id": role.managed_by}
    return payload


def member_payload(member: Member, *, with_user: bool = True) -> JSON:
    """Resources > Guild > Guild Member Object."""
    payload: JSON = {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": member.timed_out_until,
        "flags": 0,
        "joined_at": member.joined_at,
        "nick": member.nick,
        "pending": False,
        "premium_since": None,
        "roles": list(member.roles),
        "mute": False,
        "deaf": False,
    }
    if with_user:
        payload["user"] = user_payload(member.user)
    return payload


def voice_payload(world: World, user_id: str) -> JSON:
    """Resources > Voice > Voice State Object, without guild and member; all null and false outside voice."""
    state = world.voice.get(user_id)
    return {
        "channel_id": state.channel_id if state else None,
        "user_id": user_id,
        "session_id": state.session_id if state else "",
        "deaf": bool(state and state.deaf),
        "mute": bool(state and state.mute),
        "self_deaf": False,
        "self_mute": False,
        "self_stream": False,
        "self_video": False,
        "suppress": False,
        "request_to_speak_timestamp": None,
    }


def overwrite_payload(overwrite: Overwrite) -> JSON:
    """Resources > Channel > Overwrite Object."""
    bits = {"allow": str(overwrite.allow), "deny": str(overwrite.deny)}
    return {"id": overwrite.id, "type": overwrite.type, **bits}


def channel_payload(world: World, channel: Channel) -> JSON:
    """Resources > Channel: a guild channel, a thread or a DM."""
    payload: JSON = {
        "id": channel.id,
        "type": int(channel.type),
        "last_message_id": channel.last_message_id,
        "flags": channel.flags,
    }
    if channel.last_pin_at:
        payload["last_pin_timestamp"] = channel.last_pin_at
    if channel.is_dm:
        others = [world.users[user_id] for user_id in channel.recipients if user_id != world.application.id]
        return payload | {"recipients": [user_payload(user) for user in others]}
    payload |= {
        "guild_id": world.guild.id,
        "name": channel.name,
        "parent_id": channel.parent_id,
        "rate_limit_per_user": channel.slowmode_s,
    }
    return payload | (_thread_fields(world, channel) if channel.is_thread else _guild_fields(channel))


def _guild_fields(channel: Channel) -> JSON:
    return {
        "topic": channel.topic,
        "position": channel.position,
        "permission_overwrites": [overwrite_payload(item) for item in channel.overwrites.values()],
        "nsfw": channel.nsfw,
        **channel.extra,
    }


def _thread_fields(world: World, channel: Channel) -> JSON:
    state = channel.thread
    assert state is not None
    metadata: JSON = {
        "archived": state.archived,
        "archive_timestamp": state.archived_at,
        "auto_archive_duration": state.auto_archive_minutes,
        "locked": state.locked,
        "create_timestamp": state.created_at,
    }
    if state.invitable is not None:
        metadata["invitable"] = state.invitable
    fields: JSON = {
        "owner_id": state.owner_id,
        "thread_metadata": metadata,
        "message_count": state.message_count,
        "member_count": min(len(state.members), MOST_COUNTED),
        "total_message_sent": state.total_sent,
    }
    if world.parent_of(channel).type is ChannelType.FORUM:
        fields["applied_tags"] = list(state.tags)
    if world.application.id in state.members:
        fields["member"] = thread_member_payload(channel, world.application.id)
    return fields


def thread_member_payload(channel: Channel, user_id: str) -> JSON:
    """Resources > Channel > Thread Member Object."""
    assert channel.thread is not None
    joined = channel.thread.members[user_id]
    return {"id": channel.id, "user_id": user_id, "join_timestamp": joined, "flags": 0}


def guild_payload(world: World) -> JSON:
    """Resources > Guild, without counts."""
    return _guild_identity(world.guild) | {
        "application_id": None,
        "region": "japan",
        "afk_channel_id": None,
        "afk_timeout": 300,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "widget_enabled": False,
        "widget_channel_id": None,
        "verification_level": 0,
        "roles": [role_payload(role) for role in world.roles.values()],
        "default_message_notifications": 1,
        "mfa_level": world.guild.mfa_level,
        "explicit_content_filter": 0,
        "max_presences": None,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": None,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "rules_channel_id": None,
        "safety_alerts_channel_id": None,
        "public_updates_channel_id": None,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": None,
    }


def _guild_identity(guild: Guild) -> JSON:
    return {
        "id": guild.id,
        "name": guild.name,
        "owner_id": guild.owner_id,
        "preferred_locale": guild.preferred_locale,
        "icon": None,
        "description": None,
        "home_header": None,
        "splash": None,
        "discovery_splash": None,
        "banner": None,
        "features": [],
    }


def application_flags(world: World) -> int:
    """The application's public flags: which privileged intents the portal has switched on."""
    app = world.application
    return (
        (_PRESENCE_LIMITED if app.presences else 0)
        | (_MEMBERS_LIMITED if app.members else 0)
        | (_CONTENT_LIMITED if app.message_content else 0)
    )


def application_payload(world: World) -> JSON:
    """Resources > Application, as the bot sees its own."""
    app = world.application
    return {
        "id": app.id,
        "name": app.name,
        "icon": None,
        "description": "",
        "summary": "",  # undocumented since 2024, and still sent: libraries read it
        "type": None,
        "bot": user_payload(world.users[app.id]),
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": VERIFY_KEY,
        "flags": application_flags(world),
        "flags_new": str(application_flags(world)),
        "integration_types_config": {"0": {}},
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_payload(world.users[app.owner_id]),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        **app.extra,
    }


def webhook_payload(world: World, webhook: Webhook, *, with_user: bool = True) -> JSON:
    """Resources > Webhook. *with_user* is off for requests that authenticate by the webhook's own token."""
    payload: JSON = {
        "id": webhook.id,
        "type": 1,
        "name": webhook.name,
        "avatar": webhook.avatar,
        "channel_id": webhook.channel_id,
        "guild_id": world.guild.id,
        "application_id": world.application.id if webhook.owner_id == world.application.id else None,
        "token": webhook.token,
        "url": f"https://discord.com/api/webhooks/{webhook.id}/{webhook.token}",
    }
    if with_user:
        payload["user"] = user_payload(world.users[webhook.owner_id])
    return payload


def scheduled_event_payload(world: World, event: ScheduledEvent) -> JSON:
    """Resources > Guild Scheduled Event, of an external one."""
    return {
        "id": event.id,
        "guild_id": world.guild.id,
        "channel_id": None,
        "creator_id": event.creator_id,
        "creator": user_payload(world.users[event.creator_id]),
        "name": event.name,
        "description": event.description,
        "image": None,
        "scheduled_start_time": event.starts_at,
        "scheduled_end_time": event.ends_at,
        "privacy_level": 2,
        "status": int(event.status),
        "entity_type": 3,
        "entity_id": None,
        "entity_metadata": {"location": event.location},
        "recurrence_rule": None,
        "guild_scheduled_event_exceptions": [],
    }


def interaction_channel(world: World, channel: Channel, user_id: str) -> JSON:
    """The partial channel inside interactions and resolved data: with the invoking user's permissions."""
    bits = str(channel_permissions(world, user_id, channel))
    return channel_payload(world, channel) | {"permissions": bits}


def is_listed(channel: Channel) -> bool:
    """True for what ``GET /guilds/{id}/channels`` lists: everything but threads and DMs."""
    return not channel.is_thread and not channel.is_dm
