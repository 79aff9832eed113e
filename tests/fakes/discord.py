"""Discord as the use cases see it: takes what it is given, remembers it, fails when told to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Final, TypeAlias

from bot.domain.alerts.alert import AlertMessage, ChannelPage
from bot.domain.alerts.questions import AlertAnswer, QuestionView
from bot.domain.delivery.delivery import Attachment, Delivery, Posted, Request
from bot.domain.delivery.kinds import Action, AnyDeliveryKind, DeliveryKind
from bot.domain.errors import (
    BotError,
    Crowded,
    DeletedSince,
    DeliveryRefused,
    TemporarilyRefused,
    UpstreamUnavailable,
)
from bot.domain.escalation.pages import Bundle
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.payloads import Json
from bot.domain.people import Person
from bot.domain.privacy import LeftBehind
from bot.domain.server_events import EventShown, ServerEvent
from bot.domain.server_roles import ServerRoles
from bot.domain.timeline.recorded import ThreadMessage
from bot.domain.triage.session import Triage, TriageStatus
from bot.services.ports import Redacted, Redrawn, Refreshed, Subject, soonest

#: The ids of the watched channels.
WATCHED: Final = {"p0-alerts": 50, "p1-ops": 51}

#: Who stands where, in a guild.
FindHolders: TypeAlias = Callable[[int], Awaitable[Mapping[str, OnCallPerson]]]

_OF_MEMBERS = {Action.MEMBER, Action.MEMBER_REMOVED}


@dataclass(slots=True)
class FakeDiscord:
    """A `bot.services.ports.Discord`.

    Attributes:
        sent: What arrived, in order: (kind, to).
        failures: Raised by the next sends, one each; None lets one through.
        swallow: The next send arrives, but its answer is lost.
        reactions: Message id -> who put a 👀 there.
        is_away: While set, reading raises UpstreamUnavailable.
        unanswered: How many of the next questions about reactions fail.
        is_silent: While set, who has reacted is never said.
        asked: How many messages each question about reactions was about.
        refreshed: (incident version, kinds of the posts) of each refresh.
        edited: Ids of the deliveries whose posts were refreshed, again and again.
        files: Key of a delivery -> the contents that its message carried at first, then after each edit.
        questions: (answer, is tracked, kind of the post) of each refresh of a question about a message.
        redrawn: (key of the post, what it shows) of each edit of a post of a capability.
        answered: (status, kinds of the posts) of each refresh of a triage.
        refused: Places ("person:primary") that Discord will never deliver to.
        put_off: Places, and how many times Discord answers 40003 for them before it takes anything.
        unrenderable: Kinds that cannot be rendered: a bug.
        broken: Message ids whose reactions cannot be read: a bug.
        no_access: Message ids that the bot may not read.
        rings: Whether `@here` is allowed to ring.
        postponed: Kinds that cannot be edited now.
        deleted, deleted_threads: Messages and threads that somebody has deleted.
        locked: Threads that take no message.
        archived: Threads that were put to sleep.
        capacity_in: When a limit leaves room for what is postponed.
        watching: What stands in the watched channels.
        messages: What stands in threads, by id.
        pins: Message id -> who put a 📌 there.
        redacted: Kinds of the posts that were emptied.
        uneditable: Kinds that Discord refuses to empty.
        unnamed: The posts of other subjects that an incident was taken out of, by delivery.
        holders: Who is on call at this moment, by place.
        crowded: Channels whose limit leaves no room now, and when it will.
        asks: How much of that Discord asks for, the rest being a queue of ours; None: all.
        unreadable: Why no channel's history can be read.
        bundles: (waiting, all) of each edit of a bundle.
        checks: (key of the post, what it shows) of each edit of the state of the systems.
        left: Ids or usernames of those who are no members any more.
        has_role: The server has a role that sees private incidents.
        members: Those whose roles are told to who asks.
        left_in_threads: What threads that are closed still tell.
        deleted_at_once: Kinds of which the next message is posted, its answer lost, and it is deleted.
    """

    sent: list[tuple[AnyDeliveryKind, str]] = field(default_factory=list)
    failures: list[BotError | None] = field(default_factory=list)
    swallow: bool = False
    reactions: dict[int, list[Person]] = field(default_factory=dict)
    is_away: bool = False
    is_silent: bool = False
    unanswered: int = 0
    asked: list[int] = field(default_factory=list)
    refreshed: list[tuple[int, list[AnyDeliveryKind]]] = field(default_factory=list)
    edited: list[int] = field(default_factory=list)
    files: dict[str, list[list[bytes]]] = field(default_factory=dict)
    rings: bool = True
    refused: set[str] = field(default_factory=set)
    put_off: dict[str, int] = field(default_factory=dict)
    unrenderable: set[AnyDeliveryKind] = field(default_factory=set)
    broken: set[int] = field(default_factory=set)
    no_access: set[int] = field(default_factory=set)
    redrawn: list[tuple[str, object]] = field(default_factory=list)
    questions: list[tuple[AlertAnswer | None, bool, AnyDeliveryKind]] = field(default_factory=list)
    answered: list[tuple[TriageStatus, list[AnyDeliveryKind]]] = field(default_factory=list)
    postponed: set[AnyDeliveryKind] = field(default_factory=set)
    capacity_in: timedelta | None = None
    deleted: set[int] = field(default_factory=set)
    deleted_threads: set[int] = field(default_factory=set)
    locked: set[int] = field(default_factory=set)
    archived: list[int] = field(default_factory=list)
    watching: list[AlertMessage] = field(default_factory=list)
    messages: dict[int, ThreadMessage] = field(default_factory=dict)
    pins: dict[int, list[Person]] = field(default_factory=dict)
    redacted: list[AnyDeliveryKind] = field(default_factory=list)
    uneditable: set[AnyDeliveryKind] = field(default_factory=set)
    unnamed: dict[int, AnyDeliveryKind] = field(default_factory=dict)
    holders: FindHolders | None = None
    crowded: dict[int, timedelta] = field(default_factory=dict)
    asks: timedelta | None = None
    unreadable: DeliveryRefused | None = None
    bundles: list[tuple[int, int]] = field(default_factory=list)
    checks: list[tuple[str, Json]] = field(default_factory=list)
    left: set[str] = field(default_factory=set)
    has_role: bool = True
    members: Sequence[Person] = ()
    left_in_threads: dict[int, LeftBehind] = field(default_factory=dict)
    deleted_at_once: set[AnyDeliveryKind] = field(default_factory=set)
    roles: ServerRoles = field(default_factory=lambda: ServerRoles((), (0, 0), may_manage=True))
    role_holders: set[tuple[int, int]] = field(default_factory=set)  # (role, user)
    role_refusals: dict[int, DeliveryRefused | UpstreamUnavailable] = field(default_factory=dict)  # by user
    role_calls: list[tuple[str, int, int]] = field(default_factory=list)
    lost_answers: int = 0  # of changes of roles and events that Discord makes
    events: dict[int, ServerEvent] = field(default_factory=dict)
    event_calls: list[str] = field(default_factory=list)
    event_refusal: DeliveryRefused | None = None
    members_refused: DeliveryRefused | None = None
    _deleted: set[str] = field(default_factory=set)
    _ids: "count[int]" = field(default_factory=lambda: count(1000))
    _kinds: dict[str, tuple[AnyDeliveryKind, str]] = field(default_factory=dict)
    _there: dict[str, Posted] = field(default_factory=dict)

    async def compose(self, delivery: Delivery, subject: Subject) -> Request:
        self._kinds[delivery.key] = (delivery.kind, delivery.to)
        if delivery.kind in self.unrenderable:
            raise RuntimeError(f"cannot render {delivery.kind}")
        if self.put_off.get(delivery.to, 0) > 0:
            self.put_off[delivery.to] -= 1
            raise TemporarilyRefused(
                "HTTP 403 40003 You are opening direct messages too fast", http_status=403
            )
        if delivery.to in self.refused:
            raise DeliveryRefused("Cannot send messages to this user", http_status=403, code=50007)
        mention = delivery.data.get("mention") == "here" or delivery.kind is DeliveryKind.ALERT
        body = {"content": delivery.key, "allowed_mentions": {"parse": ["everyone"] if mention else []}}
        action = delivery.kind.spec.action
        root = delivery.after_message_id if action is Action.THREAD else None
        where = _place(delivery, subject)
        return Request(action, where, root, body, await self._recipient(delivery))

    def draft(self, delivery: Delivery, subject: Incident) -> Mapping[str, object]:
        return {"content": delivery.key}

    async def has_private_role(self, guild_id: int) -> bool:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        return self.has_role

    async def person(self, guild_id: int, discord: str) -> Person:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        if discord in self.left:
            raise DeliveryRefused("Unknown Member", http_status=404, code=10007)
        known = next((one for one in self.members if discord in (str(one.id), one.username)), None)
        return known or Person(1, discord, username="" if discord.isdecimal() else discord)

    async def member(self, guild_id: int, discord: str) -> Person:
        unknown = await self.person(guild_id, discord)
        named = {str(one.id): one for one in self.members}
        found = named.get(discord, replace(unknown, id=int(discord) if discord.isdecimal() else unknown.id))
        held = {str(role_id) for role_id, user_id in self.role_holders if user_id == found.id}
        return replace(found, roles=found.roles | held)

    async def server_roles(self, guild_id: int) -> ServerRoles:
        return self.roles

    async def give_role(self, guild_id: int, *, user_id: int, role_id: int) -> None:
        self._change_role("give", user_id, role_id)

    async def take_role(self, guild_id: int, *, user_id: int, role_id: int) -> None:
        self._change_role("take", user_id, role_id)

    def _change_role(self, act: str, user_id: int, role_id: int) -> None:
        self.role_calls.append((act, role_id, user_id))
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        if user_id in self.role_refusals:
            raise self.role_refusals[user_id]
        change = self.role_holders.add if act == "give" else self.role_holders.discard
        change((role_id, user_id))
        self._lose_answer()

    async def role_members(self, guild_id: int, role_id: int) -> list[Person]:
        if self.members_refused is not None:
            raise self.members_refused
        return [Person(user_id, f"user {user_id}") for role, user_id in self.role_holders if role == role_id]

    async def server_events(self, guild_id: int) -> list[ServerEvent]:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        return list(self.events.values())

    async def create_event(self, guild_id: int, shown: EventShown) -> int:
        self._ask_for_event("create")
        made = next(self._ids)
        self.events[made] = ServerEvent(made, shown)
        self._lose_answer()
        return made

    async def change_event(self, guild_id: int, event: ServerEvent, shown: EventShown) -> None:
        self._ask_for_event("change")
        if event.id not in self.events:
            raise DeliveryRefused("Unknown Guild Scheduled Event", http_status=404, code=10070)
        kept = replace(shown, starts_at=event.shown.starts_at) if event.has_begun else shown
        self.events[event.id] = replace(self.events[event.id], shown=kept)
        self._lose_answer()

    async def end_event(self, guild_id: int, event: ServerEvent) -> None:
        self._ask_for_event("end")
        if self.events.pop(event.id, None) is None:
            raise DeliveryRefused("Unknown Guild Scheduled Event", http_status=404, code=10070)
        self._lose_answer()

    def _ask_for_event(self, act: str) -> None:
        self.event_calls.append(act)
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        if self.event_refusal is not None:
            raise self.event_refusal

    def _lose_answer(self) -> None:
        if self.lost_answers:
            self.lost_answers -= 1
            raise UpstreamUnavailable("no answer")

    async def send(self, request: Request, *, nonce: str, files: Sequence[Attachment] = ()) -> Posted:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        if request.channel_id in self.deleted_threads:
            raise DeliveryRefused("Unknown Channel", http_status=404, code=10003)
        if request.channel_id in self.locked:
            raise DeliveryRefused("Thread is archived", http_status=400, code=50083)
        key = str(request.body["content"])
        if key in self._deleted:
            raise DeletedSince("Unknown Message", channel_id=request.channel_id)
        kind, _ = self._kinds[key]
        if kind in self.deleted_at_once:
            self.deleted_at_once.remove(kind)
            self._deleted.add(key)
            self.sent.append(self._kinds[key])
            raise UpstreamUnavailable("the answer never came")
        if key not in self._there:
            # A thread has the id of the message that it hangs on.
            made = request.message_id or next(self._ids)
            self._there[key] = Posted(request.channel_id, made, pinged=self.rings)
            self.sent.append(self._kinds[key])
            self.files.setdefault(key, []).append([file.content for file in files])
        if self.swallow:
            self.swallow = False
            raise UpstreamUnavailable("the answer never came")
        return self._there[key]

    def posted(self, kind: AnyDeliveryKind) -> list[Posted]:
        """Where the messages of *kind* are, in the order in which they arrived."""
        return [where for key, where in self._there.items() if self._kinds[key][0] is kind]

    async def _recipient(self, delivery: Delivery) -> str | None:
        kind, _, name = delivery.to.partition(":")
        if kind != "person" or self.holders is None:
            return None
        return (await self.holders(delivery.guild_id))[name].handle

    def require_capacity(self, request: Request) -> None:
        if wait := self.crowded.get(request.channel_id):
            asked = wait if self.asks is None else self.asks
            raise Crowded(wait.total_seconds(), asked_s=asked.total_seconds())

    async def redraw(self, post: Delivery, shown: Redrawn) -> None:
        match shown:
            case Bundle():
                if self.is_away:
                    raise UpstreamUnavailable("away")
                self.bundles.append((shown.waiting, shown.count))
            case QuestionView():
                is_told = shown.incident is not None and not shown.incident.is_private
                self.questions.append((shown.question.answer, is_told, post.kind))
            case Incident():
                if self.is_away:
                    raise UpstreamUnavailable("away")
                self.checks.append((post.key, post.data))
            case _:
                self.redrawn.append((post.key, shown))

    async def replace_files(self, post: Delivery, subject: Incident, files: Sequence[Attachment]) -> None:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        if post.message_id in self.deleted:
            raise DeliveryRefused("Unknown Message", http_status=404, code=10008)
        self.files[post.key].append([file.content for file in files])

    async def find(self, request: Request, *, since: datetime) -> Posted | None:
        if request.action not in (Action.MESSAGE, Action.PRIVATE_THREAD, Action.WEBHOOK):
            return None  # asking again changes nothing
        if self.unreadable is not None:
            raise self.unreadable
        return self._there.get(str(request.body["content"]))

    async def refresh(self, incident: Incident, posts: Sequence[Delivery]) -> Refreshed:
        self.refreshed.append((incident.version, [post.kind for post in posts]))
        self.edited += [post.id for post in posts]
        done = [post.id for post in posts if post.kind not in self.postponed]
        gone = [post.id for post in posts if self._is_gone(post)]
        return Refreshed(done, gone, self._again(done, posts))

    def _is_gone(self, post: Delivery) -> bool:
        threads = (DeliveryKind.THREAD, DeliveryKind.PRIVATE_THREAD)
        where = self.deleted_threads if post.kind in threads else self.deleted
        return post.message_id in where

    async def redact(self, incident: Incident, posts: Sequence[Delivery]) -> Redacted:
        done = [post for post in posts if post.kind not in self.postponed]
        self.redacted += [post.kind for post in done if post.kind not in self.uneditable]
        refused = [post.id for post in done if post.kind in self.uneditable]
        is_long = self.capacity_in is not None and self.capacity_in >= timedelta(seconds=30)
        late = [post.id for post in posts if post not in done and is_long]
        threads = (post.message_id for post in done if post.kind is DeliveryKind.THREAD)
        left = [self.left_in_threads[one] for one in threads if one in self.left_in_threads]
        return Redacted([post.id for post in done], refused, late, self._again(done, posts), left)

    async def unname(self, incident: Incident, posts: Sequence[Delivery]) -> Redacted:
        done = [post for post in posts if post.kind not in self.postponed and post.id in self.unnamed]
        refused = [post.id for post in posts if post.kind in self.uneditable]
        self.unnamed |= {post.id: post.kind for post in posts if post.kind not in self.postponed}
        is_over = len({*refused, *(post.id for post in done)}) == len(posts)
        return Redacted(
            [*refused, *(post.id for post in done)],
            refused,
            again_in=None if is_over else soonest([self.capacity_in]),
        )

    def _again(self, done: Sequence[object], posts: Sequence[Delivery]) -> timedelta | None:
        return None if len(done) == len(posts) else soonest([self.capacity_in])

    async def left_behind(self, incident: Incident, thread_id: int) -> LeftBehind | None:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        if thread_id in self.deleted_threads:
            return None
        return self.left_in_threads.get(thread_id, LeftBehind(thread_id))

    async def delete_thread(self, thread_id: int) -> None:
        if self.unreadable is not None:
            raise self.unreadable
        self.deleted_threads.add(thread_id)

    async def refresh_triage(self, triage: Triage, posts: Sequence[Delivery]) -> None:
        self.answered.append((triage.status, [post.kind for post in posts]))

    async def archive(self, thread_id: int) -> None:
        self.archived.append(thread_id)

    async def message(self, channel_id: int, message_id: int, *, guild_id: int) -> ThreadMessage | None:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        return self.messages.get(message_id)

    async def latest_messages(self, channel_id: int, *, guild_id: int) -> list[ThreadMessage]:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        return [one for _, one in sorted(self.messages.items()) if one.channel_id == channel_id]

    async def pinners(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        for _channel_id, message_id in places:
            for person in self.pins.get(message_id, []):
                yield person, message_id

    async def acknowledging_users(self, channel_id: int, message_id: int) -> frozenset[int]:
        if message_id in self.no_access:
            raise DeliveryRefused("Missing Access", http_status=403, code=50001)
        found = self.acknowledgers([(channel_id, message_id)], guild_id=0)
        return frozenset([person.id async for person, _ in found])

    async def watched(self, guild_id: int, channel: str, *, before: int | None = None) -> ChannelPage:
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        found = [
            message
            for message in self.watching
            if message.channel == channel and (before is None or message.id < before)
        ]
        newest = sorted(found, key=lambda message: message.id)[-100:]
        return ChannelPage(WATCHED[channel], tuple(newest))

    async def acknowledgers(
        self, places: Sequence[tuple[int, int]], *, guild_id: int
    ) -> AsyncIterator[tuple[Person, int]]:
        self.asked.append(len(places))
        if self.is_silent:
            await asyncio.Event().wait()
        if self.unanswered:
            self.unanswered -= 1
            raise UpstreamUnavailable("HTTP 503", http_status=503)
        if self.is_away:
            raise UpstreamUnavailable("Discord is away")
        for _channel_id, message_id in places:
            if message_id in self.broken:
                raise RuntimeError(f"cannot read {message_id}")
            for person in self.reactions.get(message_id, []):
                yield person, message_id


def _place(delivery: Delivery, subject: object) -> int:
    """Return the channel or thread that the delivery goes to; a private incident's are all in its thread."""
    if delivery.kind is DeliveryKind.NOTICE and isinstance(subject, Incident) and delivery.to == "incident":
        return subject.thread.id or 7
    if delivery.to.startswith("thread:"):
        return int(delivery.to.removeprefix("thread:"))
    if delivery.kind is DeliveryKind.THREAD_START or delivery.kind.spec.action in _OF_MEMBERS:
        return delivery.after_message_id or 7
    if delivery.kind in (DeliveryKind.THREAD_CARD, DeliveryKind.THREAD_SHEET):
        return delivery.after_channel_id or 7
    is_private = isinstance(subject, Incident) and subject.is_private
    if not is_private or delivery.to != "incident":
        return 7
    thread_id = subject.thread.id if isinstance(subject, Incident) else None
    return delivery.after_message_id or 7 if thread_id is None else thread_id


class SlowToArchive(FakeDiscord):
    """Lets something happen while it archives a thread."""

    def __init__(self, meanwhile: Callable[[], Awaitable[object]]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    async def archive(self, thread_id: int) -> None:
        await self._meanwhile()
