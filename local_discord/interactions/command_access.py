"""Who may use a command where. Source: Discord's docs, Interactions > Application Commands > Permissions."""

from local_discord.core import Core
from local_discord.refusals import Why
from local_discord.world.kinds import JSON
from local_discord.world.permissions import P, channel_permissions, guild_permissions
from local_discord.world.world import Channel, Member

_ROLE, _USER, _CHANNEL = 1, 2, 3


def refusal(core: Core, user_id: str, channel: Channel, command: JSON) -> tuple[str, Why] | None:
    """Why *user_id* is not offered *command* in *channel*; None when it is."""
    if channel.is_dm:
        offered = command.get("dm_permission", True)
        text = f"/{command['name']} is not offered in direct messages"
        return None if offered else (text, Why.NOT_IN_DMS)
    if command.get("contexts") is not None and 0 not in command["contexts"]:
        return f"/{command['name']} is not offered in servers", Why.NOT_IN_SERVERS
    if not channel_permissions(core.world, user_id, channel) & P.USE_APPLICATION_COMMANDS:
        return "this person may not use application commands in this channel", Why.NO_COMMANDS_HERE
    member = core.world.members[user_id]
    if guild_permissions(core.world, member) & P.ADMINISTRATOR:
        return None
    if not _channel_allows(core, channel, command) or not _member_may(core, member, command):
        return f"/{command['name']} needs permissions that this person lacks", Why.COMMAND_DENIED
    return None


def _listed(core: Core, command: JSON) -> list[JSON]:
    """Return the permissions set for the command, then those for the whole application."""
    found = core.world.command_permissions
    return [*found.get(command["id"], []), *found.get(core.world.application.id, [])]


def _channel_allows(core: Core, channel: Channel, command: JSON) -> bool:
    """Return the permission for this channel, else for all channels (the guild's id less one), else True."""
    place = core.world.parent_of(channel).id
    everywhere = str(int(core.world.guild.id) - 1)
    words = [one for one in _listed(core, command) if one["type"] == _CHANNEL]
    for wanted in (place, everywhere):
        for one in words:
            if one["id"] == wanted:
                return bool(one["permission"])
    return True


def _member_may(core: Core, member: Member, command: JSON) -> bool:
    """The word for this person, else for one of the roles, else for everyone, else the command's default."""
    listed = _listed(core, command)
    for one in listed:
        if one["type"] == _USER and one["id"] == member.user.id:
            return bool(one["permission"])
    of_roles = [one["permission"] for one in listed if one["type"] == _ROLE and one["id"] in member.roles]
    if of_roles:
        return any(of_roles)
    for one in listed:
        if one["type"] == _ROLE and one["id"] == core.world.guild.id:
            return bool(one["permission"])
    needed = command["default_member_permissions"]
    if needed is None:
        return True
    bits = guild_permissions(core.world, member)
    return needed != "0" and bits & int(needed) == int(needed)
