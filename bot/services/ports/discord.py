"""The requests that the use cases make to Discord, and what they ask it about people on call."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from bot.domain.alerts.alert import ChannelPage
from bot.domain.delivery.delivery import Attachment, Delivery, Posted, Request
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.people import Person
from bot.domain.privacy import LeftBehind
from bot.domain.server_events import EventShown, ServerEvent
from bot.domain.server_roles import ServerRoles
from bot.domain.timeline.recorded import ThreadMessage
from bot.domain.triage.session import Triage

#: What a delivery is about, such as an incident, a triage or a capability's own; None for what has none. The
#: renderer of the kind knows which it is.
Subject: TypeAlias = object

#: What a post shows that is edited by itself, as `Subject`.
Redrawn: TypeAlias = object

#: When to try again what Discord did not take, and gave no time for.
TRY_AGAIN: Final = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The outcome of an edit of several posts.

    Attributes:
        done: The ids of the posts that need no further look; the others may work later.
        gone: Of these, the alerts and threads that were deleted in Discord.
        again_in: When to try the others again; None when there are none.
    """

    done: Sequence[int]
    gone: Sequence[int] = ()
    again_in: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Redacted:
    """The outcome of emptying several posts.

    Attributes:
        done: The ids of the posts that need no further look; the others may work later.
        refused: Of these, the ones that keep their text: Discord refuses the edit for good.
        late: Of the others, the ones that keep their text for a while because of a limit.
        again_in: As in `Refreshed`.
        left: The text that closed threads still show, which no edit can remove.
    """

    done: Sequence[int]
    refused: Sequence[int] = ()
    late: Sequence[int] = ()
    again_in: timedelta | None = None
    left: Sequence[LeftBehind] = ()


def soonest(waits: Sequence[timedelta | None]) -> timedelta | None:
    """Return the shortest of several waits, or None without any. A wait of None counts as `TRY_AGAIN`."""
    return min((wait or TRY_AGAIN for wait in waits), default=None)


class DiscordMembers(Protocol):
    """Looks up people and their roles. Every method raises UpstreamUnavailable."""

    async def has_private_role(self, guild_id: int) -> bool:
        """Return True if the server has any of the roles that see private incidents."""

    async def person(self, guild_id: int, discord: str) -> Person:
        """Return the person that an id or a username of the policy means.

        Raises:
            DeliveryRefused: no member.
        """

    async def member(self, guild_id: int, discord: str) -> Person:
        """Return the same person with their roles, which decide what they may see. Raises as `person`."""


class DiscordSending(Protocol):
    """Composes and sends the message of a delivery."""

    async def compose(self, delivery: Delivery, subject: Subject) -> Request:
        """Render a delivery, and find the channel that it goes to.

        Raises:
            DeliveryRefused: the place does not exist or a person refuses DMs.
            UpstreamUnavailable: Discord is away.
        """

    def draft(self, delivery: Delivery, subject: Incident) -> Mapping[str, object]:
        """Return a delivery's body without its channel, when an outage hides the channel."""

    async def send(self, request: Request, *, nonce: str, files: Sequence[Attachment] = ()) -> Posted:
        """Send a request within our own deadline. A thread or reaction that exists already counts as done.

        Args:
            files: Those that its body lists under ``attachments``, in that order.

        Raises:
            DeliveryRefused: Discord will never take it. DeletedSince: it had taken it.
            UpstreamUnavailable: it may work later; whether Discord has it is unknown.
        """

    def require_capacity(self, request: Request) -> None:
        """Raise Crowded unless Discord's limits have capacity for *request*, now or in a moment."""

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        """Return the bot's message that an earlier attempt left in the channel, or None."""


class DiscordEditing(Protocol):
    """Edits posts so that they show the current state. A post that was deleted is not an error.

    Methods that return nothing raise UpstreamUnavailable if the edit may work later.
    """

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> Refreshed:
        """Edit the posts of an incident: alert, thread's name and card, DMs."""

    async def redraw(self, post: Delivery, shown: Redrawn) -> None:
        """Edit a post that the bot made as another kind of delivery."""

    async def redact(self, incident: Incident, posts: Sequence[Delivery]) -> Redacted:
        """Empty the posts of an incident that is private now; lock and archive its threads."""

    async def unname(self, incident: Incident, posts: Sequence[Delivery]) -> Redacted:
        """Take an incident that is private now out of *posts* that list it among others.

        A post is done once it was read and does not say anything of the incident.
        """

    async def replace_files(self, post: Delivery, subject: Incident, files: Sequence[Attachment]) -> None:
        """Edit a post so that it carries *files*, which its payload names, in place of its earlier ones.

        Raises:
            DeliveryRefused: the post is gone, or may not be edited.
        """

    async def refresh_triage(self, triage: Triage, posts: Sequence[Delivery]) -> None:
        """Edit the posts of a triage that has no incident, oldest first."""


class DiscordThreads(Protocol):
    """Looks after the threads of incidents. Every method raises UpstreamUnavailable."""

    async def left_behind(self, incident: Incident, thread_id: int) -> LeftBehind | None:
        """Return what a public thread of a private incident still shows; None if it is gone.

        Raises:
            DeliveryRefused: it may not be read.
        """

    async def delete_thread(self, thread_id: int) -> None:
        """Delete a thread with its messages; a thread that is already gone is no error.

        Raises:
            DeliveryRefused: the bot may not.
        """

    async def archive(self, thread_id: int) -> None:
        """Archive a thread; one that is gone, or that may not be archived, is passed over."""


class DiscordMessages(Protocol):
    """Reads messages, their pins and their reactions. Every method raises UpstreamUnavailable."""

    async def message(self, channel_id: int, message_id: int, *, guild_id: int) -> ThreadMessage | None:
        """Return a message as it is now; None if it is gone, or the bot may not read it."""

    async def latest_messages(self, channel_id: int, *, guild_id: int) -> list[ThreadMessage]:
        """Return a thread's newest 100 messages, oldest first; none if it is gone."""

    def pinners(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        """Yield each person whose 📌 is under one of *places*, with the message id; no bots."""

    async def watched(self, guild_id: int, channel: str, *, before: int | None = None) -> ChannelPage:
        """Return the newest 100 messages of a channel (name or id) that are older than *before*.

        Raises:
            DeliveryRefused: there is no such channel, or it may not be read.
        """

    def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        """Yield each person whose 👀 is under one of *places*, with the message id; no bots."""

    async def acknowledging_users(self, channel_id: int, message_id: int) -> frozenset[int]:
        """Return the ids of all users whose 👀 is under a message; no bots.

        Raises:
            DeliveryRefused: it is gone, or may not be read.
        """


class DiscordRoles(Protocol):
    """Gives roles to members and takes them. Each method may be repeated without harm.

    Every method raises DeliveryRefused, with Discord's code, and UpstreamUnavailable.
    """

    async def server_roles(self, guild_id: int) -> ServerRoles:
        """Return the roles of a server, without @everyone."""

    async def give_role(self, guild_id: int, *, user_id: int, role_id: int) -> None:
        """Give a member a role; one that they have is no error."""

    async def take_role(self, guild_id: int, *, user_id: int, role_id: int) -> None:
        """Take a role from a member; one that they do not have is no error."""

    async def role_members(self, guild_id: int, role_id: int) -> list[Person]:
        """Return the members with a role, without bots.

        Discord lists members only to an application that has the Server Members Intent.
        """


class DiscordEvents(Protocol):
    """Keeps the bot's events in a server's own list of events, each without a channel.

    Every method raises DeliveryRefused, with Discord's code, and UpstreamUnavailable.
    """

    async def server_events(self, guild_id: int) -> list[ServerEvent]:
        """Return the events that the bot has made and that are not over."""

    async def create_event(self, guild_id: int, shown: EventShown) -> int:
        """Create an event, which must begin in the future, and return its id. Twice makes two of them."""

    async def change_event(self, guild_id: int, event: ServerEvent, shown: EventShown) -> None:
        """Let an event show *shown*; one that has begun keeps its start."""

    async def end_event(self, guild_id: int, event: ServerEvent) -> None:
        """End an event that has begun, and delete one that has not."""


class Discord(
    DiscordMembers,
    DiscordSending,
    DiscordEditing,
    DiscordThreads,
    DiscordMessages,
    DiscordRoles,
    DiscordEvents,
    Protocol,
):
    """The requests that the use cases make to Discord. Rendering happens behind it."""


class Gap(StrEnum):
    """A reason why a person on call cannot be reached, or cannot answer."""

    NOT_MEMBER = "not_member"
    NO_DM = "no_dm"
    NO_ROLE = "no_role"
    NO_CHANNEL = "no_channel"
    NO_EMAIL = "no_email"


@dataclass(frozen=True, slots=True)
class ReadinessFinding:
    """A gap, and what it is about.

    Attributes:
        names: The roles that would do, or the channels that are not seen.
    """

    gap: Gap
    names: tuple[str, ...] = ()


class Reachability(Protocol):
    """Finds out whether Discord lets the bot reach a person on call."""

    async def gaps(
        self, guild_id: int, person: OnCallPerson, places: Iterable[str]
    ) -> list[ReadinessFinding]:
        """Return what *person* lacks to be on call at *places*; empty when they lack nothing.

        Raises:
            UpstreamUnavailable: Discord could not be asked.
        """

    async def member(self, guild_id: int, handle: str) -> Person | None:
        """Return the member with that id or username; None if there is none, or it is a bot."""


@dataclass(frozen=True, slots=True)
class WebhookPlace:
    """Where a webhook posts, as Discord says.

    Attributes:
        id: The webhook's.
    """

    id: int
    channel_id: int
    guild_id: int


class Webhooks(Protocol):
    """Executes the webhooks of the settings. Their addresses never leave the implementation."""

    @property
    def ids(self) -> Mapping[str, int]:
        """Return the id of each channel's webhook, by the channel's name without "#"."""

    async def place(self, webhook_id: int) -> WebhookPlace:
        """Ask Discord where a webhook posts.

        Raises:
            DeliveryRefused: it is gone (code 10015), or its token is wrong. UpstreamUnavailable.
        """

    def require_capacity(self, webhook_id: int) -> None:
        """Raise Crowded unless the webhook's limit has capacity, now or in a moment."""

    async def post(self, webhook_id: int, body: Mapping[str, object]) -> Posted:
        """Post a message once.

        Raises:
            DeliveryRefused: Discord has not taken it. UpstreamUnavailable: whether it has is unknown.
        """

    async def message(self, webhook_id: int, message_id: int) -> Mapping[str, object] | None:
        """Return a message that the webhook has posted, with its words; None if it is gone.

        Raises:
            DeliveryRefused: as `place`. UpstreamUnavailable.
        """
