"""Everything that exists in the local Discord. Ids are strings of digits, as in the API's JSON."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local_discord.errors import unknown
from local_discord.world.kinds import JSON, THREADS, ChannelType, EventStatus
from local_discord.world.message import Message


@dataclass(slots=True)
class User:
    """A person or a bot; *locale* is the language their client is set to."""

    id: str
    username: str
    global_name: str | None = None
    bot: bool = False
    locale: str = "ja"
    accepts_dms: bool = True

    @property
    def shown_name(self) -> str:
        """The name that Discord shows where the user has none of the server's."""
        return self.global_name or self.username


@dataclass(slots=True)
class Role:
    id: str
    name: str
    permissions: int
    position: int = 0
    color: int = 0
    hoist: bool = False
    mentionable: bool = False
    managed_by: str | None = None


@dataclass(slots=True)
class Member:
    user: User
    roles: list[str]
    joined_at: str
    nick: str | None = None
    timed_out_until: str | None = None

    @property
    def shown_name(self) -> str:
        """The name that Discord shows in the server."""
        return self.nick or self.user.shown_name


@dataclass(slots=True)
class Overwrite:
    """Permission bits that *id* (a role when *type* is 0, else a member) gains or loses in a channel."""

    id: str
    type: int
    allow: int = 0
    deny: int = 0


@dataclass(slots=True)
class ThreadState:
    """A thread's fields beyond a channel's. *members* maps user id to join time; *tags* are a post's."""

    owner_id: str
    created_at: str
    archived_at: str
    auto_archive_minutes: int = 1440
    archived: bool = False
    locked: bool = False
    invitable: bool | None = None
    total_sent: int = 0
    message_count: int = 0
    members: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Channel:
    """*extra* are fields that only some kinds have (tags of a forum, bitrate...), as the API writes them."""

    id: str
    type: ChannelType
    name: str = ""
    parent_id: str | None = None
    position: int = 0
    topic: str | None = None
    slowmode_s: int = 0
    nsfw: bool = False
    last_message_id: str | None = None
    last_pin_at: str | None = None
    flags: int = 0
    extra: JSON = field(default_factory=dict)
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    recipients: list[str] = field(default_factory=list)
    thread: ThreadState | None = None

    @property
    def is_dm(self) -> bool:
        """True for a direct message channel."""
        return self.type is ChannelType.DM

    @property
    def is_thread(self) -> bool:
        """True for a public or private thread."""
        return self.type in THREADS


@dataclass(slots=True)
class Webhook:
    id: str
    token: str
    name: str
    channel_id: str
    owner_id: str
    avatar: str | None = None


@dataclass(slots=True)
class ScheduledEvent:
    """An external event of the server's list. *starts_at* and *ends_at* are as the API writes them."""

    id: str
    creator_id: str
    name: str
    description: str | None
    location: str
    starts_at: str
    ends_at: str
    status: EventStatus = EventStatus.SCHEDULED


@dataclass(slots=True)
class VoiceState:
    """A user's voice channel, and whether the server has muted or deafened them there."""

    channel_id: str
    session_id: str
    mute: bool = False
    deaf: bool = False


@dataclass(slots=True)
class Guild:
    id: str
    name: str
    owner_id: str
    preferred_locale: str = "ja"
    mfa_level: int = 0


@dataclass(slots=True)
class Application:
    """The bot's application. *message_content* to *obfuscation* are the portal's switches, *owner_mfa* the
    2FA of its owner's account, *quarantined* what Discord's anti-spam made of it, *obfuscates_to_null* how
    the channels look that it may not view, *extra* what Edit Current Application changed, as the API writes
    it.
    """

    id: str
    name: str
    token: str
    owner_id: str
    message_content: bool = False
    presences: bool = False
    members: bool = False
    activities: bool = False
    obfuscation: bool = True
    obfuscates_to_null: bool = False
    owner_mfa: bool = True
    quarantined: bool = False
    extra: JSON = field(default_factory=dict)


@dataclass
class World:
    """All state, with look-ups that raise the API's own errors.

    Attributes:
        voice: Who is in voice, by user id, in the order in which they came.
        read: By user id and channel id, the newest message that the person has seen.
        audit: Audit log entries, oldest first.
        command_permissions: By command id (or the application's): who may use the command in the guild.
        blocked_words: What AutoMod does not let through from people without MANAGE_GUILD.
        old_edit_cap: Edits an hour to messages older than an hour; Discord does not say how many it takes.
        active_thread_cap: Active threads in the guild.
        invalid_cap: 401, 403 and 429 in ten minutes after which Cloudflare bans the address.

    ``now`` is the local Discord's clock (no state): timeouts of members end by it.
    """

    guild: Guild
    application: Application
    users: dict[str, User] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    messages: dict[str, dict[str, Message]] = field(default_factory=lambda: defaultdict(dict))
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    scheduled_events: dict[str, ScheduledEvent] = field(default_factory=dict)
    voice: dict[str, VoiceState] = field(default_factory=dict)
    read: dict[str, dict[str, int]] = field(default_factory=dict)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    internal_errors: list[str] = field(default_factory=list)
    audit: list[JSON] = field(default_factory=list)
    command_permissions: dict[str, list[JSON]] = field(default_factory=dict)
    blocked_words: list[str] = field(default_factory=list)
    old_edit_cap: int = 30
    active_thread_cap: int = 1000
    invalid_cap: int = 10_000

    def __post_init__(self) -> None:
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def bot(self) -> Member:
        """The bot's own member."""
        return self.members[self.application.id]

    def channel(self, channel_id: str) -> Channel:
        """The channel, thread or DM of that id, or 10003."""
        if found := self.channels.get(channel_id):
            return found
        raise unknown("Channel")

    def message(self, channel_id: str, message_id: str) -> Message:
        """The message as the API sees it (no ephemeral ones), or 10008."""
        found = self.messages[channel_id].get(message_id)
        if found is None or found.ephemeral_to:
            raise unknown("Message")
        return found

    def member(self, user_id: str) -> Member:
        """Return the guild's member. 10007 when the user is no member, 10013 when there is no such user."""
        if found := self.members.get(user_id):
            return found
        raise unknown("Member" if user_id in self.users else "User")

    def user(self, user_id: str) -> User:
        """The user, or 10013."""
        if found := self.users.get(user_id):
            return found
        raise unknown("User")

    def role(self, role_id: str) -> Role:
        """The role, or 10011."""
        if found := self.roles.get(role_id):
            return found
        raise unknown("Role")

    def parent_of(self, channel: Channel) -> Channel:
        """The channel whose overwrites count: a thread's parent, else the channel itself."""
        return self.channels.get(channel.parent_id or "", channel) if channel.is_thread else channel

    def threads(self, *, archived: bool, parent_id: str | None = None) -> list[Channel]:
        """Threads by state, newest first, optionally of one channel only."""
        found = [
            channel
            for channel in self.channels.values()
            if channel.thread
            and channel.thread.archived is archived
            and parent_id in (None, channel.parent_id)
        ]
        return sorted(found, key=lambda channel: int(channel.id), reverse=True)

    def thread_of(self, message: Message) -> Channel | None:
        """The thread that hangs on *message*: it has the same id."""
        found = self.channels.get(message.id)
        return found if found and found.is_thread else None

    def dm_with(self, user_id: str) -> Channel | None:
        """The open DM between the bot and *user_id*."""
        for channel in self.channels.values():
            if channel.is_dm and user_id in channel.recipients:
                return channel
        return None
