"""Which events a session asked for, and what it may read in them.

Source: Discord's docs, Events > Gateway > Gateway Intents, Message Content Intent.
"""

from enum import IntFlag

from bot.sandbox.hub import Event
from bot.sandbox.kinds import JSON
from bot.sandbox.world import Application, Channel, Message, World


class Intent(IntFlag):
    """Gateway intents."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    GUILD_MESSAGE_TYPING = 1 << 11
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    DIRECT_MESSAGE_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


# By the beginning of an event's name: the intent in a guild, and the one in a DM.
_NEEDED = (
    ("MESSAGE_REACTION_", Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS),
    ("MESSAGE_", Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES),
    ("TYPING_", Intent.GUILD_MESSAGE_TYPING, Intent.DIRECT_MESSAGE_TYPING),
    ("GUILD_MEMBER_", Intent.GUILD_MEMBERS, Intent.GUILD_MEMBERS),
    ("CHANNEL_PINS_", Intent.GUILDS, Intent.DIRECT_MESSAGES),
    ("THREAD_", Intent.GUILDS, Intent.GUILDS),
    ("CHANNEL_", Intent.GUILDS, Intent.GUILDS),
    ("GUILD_", Intent.GUILDS, Intent.GUILDS),
    ("WEBHOOKS_", Intent.GUILDS, Intent.GUILDS),
)
_HIDDEN: JSON = {"content": "", "embeds": [], "attachments": [], "components": []}


def wants(intents: int, event: Event) -> bool:
    """True when *intents* cover *event*. Interactions need none."""
    for prefix, in_guild, in_dm in _NEEDED:
        if event.name.startswith(prefix):
            in_private = event.channel is not None and event.channel.is_dm
            return bool(intents & (in_dm if in_private else in_guild))
    return True


def disallowed(intents: int, application: Application) -> bool:
    """True when *intents* has a privileged one that the application may not use: close 4014."""
    switches = (
        (Intent.GUILD_MEMBERS, application.members),
        (Intent.GUILD_PRESENCES, application.presences),
        (Intent.MESSAGE_CONTENT, application.message_content),
    )
    return any(intents & intent and not allowed for intent, allowed in switches)


def may_read(world: World, channel: Channel, message: Message) -> bool:
    """True for messages whose content needs no privileged intent: own, in a DM, mentioning the bot."""
    bot_id = world.application.id
    own = bot_id in (message.author_id, message.application_id)
    return own or channel.is_dm or bot_id in message.mentions


def without_content(payload: JSON) -> JSON:
    """The message payload as an app without MESSAGE_CONTENT gets it."""
    hidden = payload | _HIDDEN
    if hidden.get("referenced_message"):
        hidden["referenced_message"] = hidden["referenced_message"] | _HIDDEN
    return hidden
