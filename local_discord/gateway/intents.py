"""Which events a session asked for, and what it may read in them.

Source: Discord's docs, Events > Gateway > Gateway Intents, Caveats, Message Content Intent.
"""

import functools
from enum import IntFlag

from local_discord.gateway.hub import Event
from local_discord.world.kinds import JSON
from local_discord.world.message import Message
from local_discord.world.world import Application, Channel, World


class Intent(IntFlag):
    """Gateway intents."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MODERATION = 1 << 2
    GUILD_EXPRESSIONS = 1 << 3
    GUILD_INTEGRATIONS = 1 << 4
    GUILD_WEBHOOKS = 1 << 5
    GUILD_INVITES = 1 << 6
    GUILD_VOICE_STATES = 1 << 7
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15
    GUILD_SCHEDULED_EVENTS = 1 << 16
    AUTO_MODERATION_CONFIGURATION = 1 << 20
    AUTO_MODERATION_EXECUTION = 1 << 21
    GUILD_MESSAGE_POLLS = 1 << 24
    DIRECT_MESSAGE_POLLS = 1 << 25


INTENTS_END = 1 << 26  # what no client library's "all" goes beyond; from here on a bit is a mistake

# By the beginning of an event's name, the longest first: the intent in a guild, and the one in a DM.
_NEEDED = (
    ("MESSAGE_REACTION_", Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS),
    ("MESSAGE_POLL_", Intent.GUILD_MESSAGE_POLLS, Intent.DIRECT_MESSAGE_POLLS),
    ("MESSAGE_", Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    ("TYPING_", Intent.GUILD_MESSAGE_TYPING, Intent.DIRECT_MESSAGE_TYPING),
    ("GUILD_MEMBER_", Intent.GUILD_MEMBERS, Intent.GUILD_MEMBERS),
    ("GUILD_AUDIT_LOG_", Intent.GUILD_MODERATION, Intent.GUILD_MODERATION),
    ("GUILD_BAN_", Intent.GUILD_MODERATION, Intent.GUILD_MODERATION),
    ("GUILD_EMOJIS_", Intent.GUILD_EXPRESSIONS, Intent.GUILD_EXPRESSIONS),
    ("GUILD_STICKERS_", Intent.GUILD_EXPRESSIONS, Intent.GUILD_EXPRESSIONS),
    ("GUILD_SOUNDBOARD_", Intent.GUILD_EXPRESSIONS, Intent.GUILD_EXPRESSIONS),
    ("GUILD_INTEGRATIONS_", Intent.GUILD_INTEGRATIONS, Intent.GUILD_INTEGRATIONS),
    ("GUILD_SCHEDULED_", Intent.GUILD_SCHEDULED_EVENTS, Intent.GUILD_SCHEDULED_EVENTS),
    ("INTEGRATION_", Intent.GUILD_INTEGRATIONS, Intent.GUILD_INTEGRATIONS),
    ("CHANNEL_PINS_", Intent.GUILDS, Intent.DIRECT_MESSAGES),
    ("THREAD_", Intent.GUILDS, Intent.GUILDS),
    ("CHANNEL_", Intent.GUILDS, Intent.GUILDS),
    ("STAGE_", Intent.GUILDS, Intent.GUILDS),
    ("VOICE_CHANNEL_EFFECT_", Intent.GUILD_VOICE_STATES, Intent.GUILD_VOICE_STATES),
    ("VOICE_CHANNEL_", Intent.GUILDS, Intent.GUILDS),
    ("VOICE_STATE_", Intent.GUILD_VOICE_STATES, Intent.GUILD_VOICE_STATES),
    ("GUILD_", Intent.GUILDS, Intent.GUILDS),
    ("WEBHOOKS_", Intent.GUILD_WEBHOOKS, Intent.GUILD_WEBHOOKS),
    ("INVITE_", Intent.GUILD_INVITES, Intent.GUILD_INVITES),
    ("PRESENCE_", Intent.GUILD_PRESENCES, Intent.GUILD_PRESENCES),
    ("AUTO_MODERATION_ACTION_", Intent.AUTO_MODERATION_EXECUTION, Intent.AUTO_MODERATION_EXECUTION),
    ("AUTO_MODERATION_", Intent.AUTO_MODERATION_CONFIGURATION, Intent.AUTO_MODERATION_CONFIGURATION),
)
_HIDDEN: JSON = {"content": "", "embeds": [], "attachments": [], "components": []}


@functools.cache
def _needed(name: str) -> tuple[int, int] | None:
    """The intents for *name* in a guild and in a DM; None when it needs none."""
    found = next(((guild, dm) for prefix, guild, dm in _NEEDED if name.startswith(prefix)), None)
    return (int(found[0]), int(found[1])) if found else None


def wants(intents: int, event: Event) -> bool:
    """True when *intents* cover *event*. Interactions need none, nor do updates of the bot's own member."""
    needed = _needed(event.name)
    if needed is None or event.own:
        return True
    return bool(intents & needed[event.channel is not None and event.channel.is_dm])


def disallowed(intents: int, application: Application) -> bool:
    """True when *intents* has a privileged one that the application may not use: close 4014."""
    switches = (
        (Intent.GUILD_MEMBERS, application.members),
        (Intent.GUILD_PRESENCES, application.presences),
        (Intent.MESSAGE_CONTENT, application.message_content),
    )
    return any(intents & intent and not allowed for intent, allowed in switches)


def as_seen(world: World, intents: int, event: Event) -> JSON | None:
    """*event*'s data as a session with *intents* gets it; None when nothing is left of it."""
    if event.name == "THREAD_MEMBERS_UPDATE" and not intents & Intent.GUILD_MEMBERS:
        return _own_membership(world.application.id, event.data)
    if event.message is None or event.channel is None or intents & Intent.MESSAGE_CONTENT:
        return event.data
    if may_read(world, event.channel, event.message):
        return event.data
    return without_content(event.data, world.application.id)


def may_read(world: World, channel: Channel, message: Message) -> bool:
    """True for messages whose content needs no privileged intent: own, in a DM, mentioning the bot."""
    bot_id = world.application.id
    own = bot_id in (message.author_id, message.application_id)
    return own or channel.is_dm or bot_id in message.mentions


def without_content(payload: JSON, bot_id: str = "") -> JSON:
    """The message payload as an app without MESSAGE_CONTENT gets it.

    What it answers to is hidden likewise, unless *bot_id* wrote that.
    """
    hidden = {name: value for name, value in (payload | _HIDDEN).items() if name != "poll"}
    answered = hidden.get("referenced_message")
    if answered and bot_id not in (answered["author"]["id"], answered.get("application_id")):
        hidden["referenced_message"] = answered | _HIDDEN
    return hidden


def _own_membership(bot_id: str, data: JSON) -> JSON | None:
    """Only the bot's own coming and going, without the intent for members."""
    added = [one for one in data.get("added_members", []) if one["user_id"] == bot_id]
    removed = [one for one in data.get("removed_member_ids", []) if one == bot_id]
    if not added and not removed:
        return None
    kept = {name: data[name] for name in ("id", "guild_id", "member_count")}
    kept |= {"added_members": added} if added else {}
    return kept | ({"removed_member_ids": removed} if removed else {})
