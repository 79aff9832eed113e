"""The content of one person's page, limited by that person's permissions."""

from local_discord.core import Core
from local_discord.errors import ApiError
from local_discord.human import views
from local_discord.human.desk import Desk
from local_discord.interactions.options import BadCommand, find_command
from local_discord.live.marks import Marks
from local_discord.world.access import may_send
from local_discord.world.kinds import JSON, ChannelType, CommandType
from local_discord.world.message import Message
from local_discord.world.payloads import channel_payload
from local_discord.world.permissions import P, channel_permissions
from local_discord.world.voice import in_channel
from local_discord.world.world import Channel, Member

_NESTED = (1, 2)


def state(desk: Desk, marks: Marks, user_id: str) -> JSON:
    """Everything beside the messages: guild, people, the channels that *user_id* may view, faults."""
    core, world = desk.core, desk.core.world
    listed = [one for one in world.channels.values() if may_view(core, user_id, one)]
    return {
        "me": user_id,
        "guild": {"id": world.guild.id, "name": world.guild.name},
        "application": {"id": world.application.id, "name": world.bot.user.username},
        "members": [_member(one) for one in world.members.values()],
        "roles": [
            {"id": role.id, "name": role.name, "color": role.color, "position": role.position}
            for role in world.roles.values()
        ],
        "channels": [_channel(core, one, user_id) | marks.of(user_id, one) for one in listed],
        "home": core.home,
        "sessions": len(desk.sessions.connected),
        "clock_shift_s": core.clock.shift_s,
        "gateway_down": desk.gateway_down,
        "resume_down": desk.resume_down,
        "frozen": core.freezer.frozen,
        "silent": sum(one.silent for one in desk.connections),
        "controls": desk.offered.groups,
        "running": desk.offered.now,
        "report": _report(desk, user_id),
        "faults": [one for one in core.faults.listed() if one["left"] is None or one["left"] > 0],
    }


def _report(desk: Desk, user_id: str) -> JSON | None:
    """What the last press led to: in the channels that *user_id* may view, and in everybody's DMs."""
    report, world = desk.offered.report, desk.core.world
    if report is None:
        return None

    def told(change: JSON) -> bool:
        channel = world.channels.get(change["channel"])
        return channel is not None and (channel.is_dm or may_view(desk.core, user_id, channel))

    return report | {"changes": [one for one in report["changes"] if told(one)]}


def may_view(core: Core, user_id: str, channel: Channel) -> bool:
    """True when *user_id* may view *channel*."""
    return bool(channel_permissions(core.world, user_id, channel) & P.VIEW_CHANNEL)


def _member(member: Member) -> JSON:
    user = member.user
    return {
        "id": user.id,
        "name": member.shown_name,
        "username": user.username,
        "bot": user.bot,
        "roles": list(member.roles),
        "dms": user.accepts_dms,
    }


def _channel(core: Core, channel: Channel, user_id: str) -> JSON:
    payload = channel_payload(core.world, channel)
    kept = ("id", "type", "name", "parent_id", "position", "topic", "last_message_id", "recipients")
    shown = {key: payload[key] for key in kept if key in payload}
    if channel.thread:
        shown["archived"], shown["locked"] = channel.thread.archived, channel.thread.locked
        shown["message_count"] = channel.thread.message_count
    if channel.type is ChannelType.VOICE:
        shown["voice"] = in_channel(core.world, channel.id)
    return shown | {"can": _abilities(core, channel, user_id)}


def _abilities(core: Core, channel: Channel, user_id: str) -> JSON:
    bits = channel_permissions(core.world, user_id, channel)
    try:
        may_send(core, user_id, channel)
        sends = True
    except ApiError:
        sends = False
    archived = bool(channel.thread and channel.thread.archived)
    return {
        "connect": bool(bits & P.CONNECT),
        "send": sends,
        "react": bool(bits & P.ADD_REACTIONS) and not archived,
        "manage": bool(bits & P.MANAGE_MESSAGES),
    }


def messages(core: Core, channel: Channel, user_id: str, most: int) -> tuple[list[JSON], bool]:
    """The newest *most* messages that *user_id* sees, oldest first; and whether there are older ones."""
    listed = _seen(core, channel, user_id)
    return [_message(core, one, user_id) for one in listed[-most:]], len(listed) > most


def how_far_back(core: Core, channel: Channel, user_id: str, message_id: str) -> int | None:
    """Return how many of the newest messages reach back to that one; None when *user_id* does not see it."""
    newest_first = [one.id for one in reversed(_seen(core, channel, user_id))]
    return newest_first.index(message_id) + 1 if message_id in newest_first else None


def _seen(core: Core, channel: Channel, user_id: str) -> list[Message]:
    """The messages of *channel* that *user_id* sees, oldest first."""
    return [one for one in core.world.messages[channel.id].values() if one.ephemeral_to in (None, user_id)]


def _message(core: Core, message: Message, user_id: str) -> JSON:
    """A message, with the command that led to it and the shown names of those who reacted."""
    payload = views.message(core, message, user_id)
    if message.interaction:
        payload["command"] = _command_name(core, message.interaction["id"])
    if message.emojis:
        names = _shown_names(core)
        payload["reactors"] = {
            emoji: [
                names[one]
                for one in dict.fromkeys([*message.reactions.get(emoji, []), *message.bursts.get(emoji, [])])
                if one in names
            ]
            for emoji in message.emojis
        }
    return payload


def _shown_names(core: Core) -> dict[str, str]:
    """The name of each user, by id."""
    names = {one.id: one.shown_name for one in core.world.users.values()}
    return names | {one.user.id: one.shown_name for one in core.world.members.values()}


def _command_name(core: Core, interaction_id: str) -> str | None:
    """``/tickets list`` for a command's interaction, the bare name of a menu's; None for another kind."""
    interaction = core.interactions.get(interaction_id)
    data = interaction.payload["data"] if interaction else {}
    if "name" not in data:
        return None
    words, level = [data["name"]], data.get("options") or []
    while level and level[0]["type"] in _NESTED:
        words.append(level[0]["name"])
        level = level[0].get("options") or []
    sign = "/" if data.get("type", CommandType.CHAT) == CommandType.CHAT else ""
    return sign + " ".join(words)


def commands(core: Core, user_id: str, channels: list[Channel]) -> JSON:
    """The registered commands, and by channel the ids of those that *user_id* may use there."""
    return {
        "commands": list(core.commands.values()),
        "usable": {one.id: _usable(core, user_id, one) for one in channels},
    }


def _usable(core: Core, user_id: str, channel: Channel) -> list[str]:
    usable = set()
    for command in list(core.commands.values()):
        try:
            found = find_command(core, user_id, channel, CommandType(command["type"]), command["name"])
        except BadCommand:
            continue
        usable.add(found["id"])
    return sorted(usable)
