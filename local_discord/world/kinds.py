"""Discord's numbered kinds. Source: Discord's docs, the resource page named at each."""

from enum import IntEnum, IntFlag
from typing import Any, TypeAlias

JSON: TypeAlias = dict[str, Any]


# Reference > Locales, with the two (ar, he) that only Discord's description has.
LOCALES = (
    *("ar", "bg", "cs", "da", "de", "el", "en-GB", "en-US", "es-419", "es-ES", "fi", "fr", "he", "hi", "hr"),
    *("hu", "id", "it", "ja", "ko", "lt", "nl", "no", "pl", "pt-BR", "ro", "ru", "sv-SE", "th", "tr", "uk"),
    *("vi", "zh-CN", "zh-TW"),
)


class ChannelType(IntEnum):
    """Resources > Channel > Channel Types."""

    TEXT = 0
    DM = 1
    VOICE = 2
    CATEGORY = 4
    ANNOUNCEMENT = 5
    ANNOUNCEMENT_THREAD = 10
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    FORUM = 15


def extra_of(kind: ChannelType) -> JSON:
    """Return the fields that a new channel of that kind has beyond the common ones."""
    if kind is ChannelType.FORUM:
        empty: JSON = {"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None}
        return empty | {"default_forum_layout": 0}
    if kind is ChannelType.VOICE:
        return {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
    return {}


THREADS = (ChannelType.ANNOUNCEMENT_THREAD, ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD)


class ChannelFlag(IntFlag):
    """Resources > Channel > Channel Flags."""

    PINNED = 1 << 1
    REQUIRE_TAG = 1 << 4
    CHANNEL_OBFUSCATED = 1 << 17


class MessageType(IntEnum):
    """Resources > Message > Message Types."""

    DEFAULT = 0
    RECIPIENT_ADD = 1
    RECIPIENT_REMOVE = 2
    CALL = 3
    CHANNEL_NAME_CHANGE = 4
    CHANNEL_ICON_CHANGE = 5
    PINNED = 6
    THREAD_CREATED = 18
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    THREAD_STARTER = 21
    CONTEXT_MENU_COMMAND = 23


#: Nobody can delete these. Source: the same table, column Deletable; discord-api-docs #5921, #6108.
UNDELETABLE = frozenset(
    {
        MessageType.RECIPIENT_ADD,
        MessageType.RECIPIENT_REMOVE,
        MessageType.CALL,
        MessageType.CHANNEL_NAME_CHANGE,
        MessageType.CHANNEL_ICON_CHANGE,
        MessageType.THREAD_STARTER,
    }
)


class MessageFlag(IntFlag):
    """Resources > Message > Message Flags."""

    CROSSPOSTED = 1 << 0
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_COMPONENTS_V2 = 1 << 15
    HAS_SNAPSHOT = 1 << 14


class InteractionType(IntEnum):
    """Interactions > Receiving and Responding > Interaction Type."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class CallbackType(IntEnum):
    """Interactions > Receiving and Responding > Interaction Callback Type; 13: Discord's description."""

    PONG = 1
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9
    PREMIUM_REQUIRED = 10
    LAUNCH_ACTIVITY = 12
    PURCHASE_ELIGIBILITY = 13


class CommandType(IntEnum):
    """Interactions > Application Commands > Application Command Types."""

    CHAT = 1
    USER = 2
    MESSAGE = 3


class OptionType(IntEnum):
    """Interactions > Application Commands > Application Command Option Type."""

    SUBCOMMAND = 1
    GROUP = 2
    STRING = 3
    INTEGER = 4
    BOOLEAN = 5
    USER = 6
    CHANNEL = 7
    ROLE = 8
    MENTIONABLE = 9
    NUMBER = 10
    ATTACHMENT = 11


class Component(IntEnum):
    """Components > Reference > Component Types."""

    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


class EventStatus(IntEnum):
    """Resources > Guild Scheduled Event > Status."""

    SCHEDULED = 1
    ACTIVE = 2
    COMPLETED = 3
    CANCELED = 4


ENTITY_SELECTS = (
    Component.USER_SELECT,
    Component.ROLE_SELECT,
    Component.MENTIONABLE_SELECT,
    Component.CHANNEL_SELECT,
)
SELECTS = (Component.STRING_SELECT, *ENTITY_SELECTS)


class ButtonStyle(IntEnum):
    """Components > Reference > Button Styles."""

    PRIMARY = 1
    DANGER = 4
    LINK = 5
    PREMIUM = 6
