"""The local Discord as a person looking at it would see it."""

from local_discord.core import Core
from local_discord.human.desk import Desk
from local_discord.world.interaction import Interaction
from local_discord.world.kinds import JSON
from local_discord.world.message import Message
from local_discord.world.message_payloads import message_payload
from local_discord.world.payloads import channel_payload, role_payload
from local_discord.world.world import Channel, Member


def state(desk: Desk) -> JSON:
    """Guild, channels, members, commands, sessions, and how often the local Discord itself failed."""
    core, world = desk.core, desk.core.world
    return {
        "guild": {"id": world.guild.id, "name": world.guild.name, "owner_id": world.guild.owner_id},
        "application": {
            "id": world.application.id,
            "owner_id": world.application.owner_id,
            "message_content": world.application.message_content,
        },
        "channels": [_channel(core, one) for one in world.channels.values() if not one.is_thread],
        "threads": [_channel(core, one) for one in world.channels.values() if one.is_thread],
        "roles": [role_payload(role) for role in world.roles.values()],
        "members": [_member(core, member) for member in world.members.values()],
        "voice": {world.users[one].username: state.channel_id for one, state in world.voice.items()},
        "commands": list(core.commands.values()),
        "sessions": len(desk.sessions.connected),
        "identifies_left": core.identifies_left,
        "internal_errors": len(world.internal_errors),
        "internal_error_texts": world.internal_errors[-5:],
        "clock_shift_s": core.clock.shift_s,
        "tour": core.tour,
        "running": desk.offered.now,
        "log_next": core.log.next,
    }


def _channel(core: Core, channel: Channel) -> JSON:
    payload = channel_payload(core.world, channel)
    if channel.is_dm:
        people = [
            core.world.users[one].username for one in channel.recipients if one != core.world.application.id
        ]
        payload["name"] = f"dm:{people[0]}"
    return payload


def _member(core: Core, member: Member) -> JSON:
    user = member.user
    return {
        "id": user.id,
        "name": user.username,
        "shown_name": member.shown_name,
        "bot": user.bot,
        "roles": [core.world.roles[role_id].name for role_id in member.roles],
        "locale": user.locale,
        "dms": user.accepts_dms,
    }


def message(core: Core, shown: Message, viewer: str | None = None) -> JSON:
    """A message with two readable additions: ``author_name`` and, for ephemeral ones, ``only_for``."""
    payload = message_payload(core.world, shown, viewer=viewer)
    payload["author_name"] = shown.author["username"]
    if shown.ephemeral_to:
        payload["only_for"] = core.world.users[shown.ephemeral_to].username
    return payload


def messages(core: Core, channel: Channel, viewer: str | None) -> list[JSON]:
    """Oldest first. Ephemeral ones only for the *viewer* they are meant for."""
    listed = core.world.messages[channel.id].values()
    return [message(core, one, viewer) for one in listed if one.ephemeral_to in (None, viewer)]


def interaction(core: Core, shown: Interaction) -> JSON:
    """The interaction's progress and everything it led to."""
    now = core.clock.monotonic()
    found = [core.world.messages[shown.channel_id].get(one) for one in shown.message_ids]
    current = shown.state(now)
    error = "The application did not respond" if current == "failed" else None
    return {
        "id": shown.id,
        "state": current,
        "first_response_ms": shown.first_response_ms,
        "response_type": shown.response,
        "messages": [message(core, one, shown.user_id) for one in found if one],
        "modal": shown.modal,
        "choices": shown.choices,
        "error": error,
    }
