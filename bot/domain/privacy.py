"""The parts of an incident that outsiders can still read once it is private."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.delivery.delivery import Delivery, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.oncall.people import OnCallPerson, id_of, marked
from bot.domain.people import Person

#: `shown_version` of a redacted post: a version that no incident reaches, so the post is never updated again.
SETTLED = 2_000_000_000

#: Prefixes of `to` that address one person.
_DIRECT = ("person:", "named:", "user:")


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """The content that stays readable in the public thread of an incident that has become private.

    Attributes:
        names: Its earlier names that reveal the subject; Discord's notes of a rename cannot be deleted.
        written: The number of messages that people, or other apps, wrote in it.
    """

    thread_id: int
    names: tuple[str, ...] = ()
    written: int = 0

    @property
    def is_nothing(self) -> bool:
        """Return True if the thread reveals nothing."""
        return not (self.names or self.written)


def exposed(posts: Sequence[Delivery]) -> list[Delivery]:
    """Return a private incident's sent deliveries that outsiders can read: its posts from before.

    Posts in its private thread are left out, and DMs, except those of a kind that goes to outsiders. Bundles
    are left out, too: they also report other incidents, and are rewritten instead.
    """
    private_threads = _private_threads(posts)
    return [
        post
        for post in posts
        if post.bundle_id is None
        and post.kind.spec.has_words
        and not _is_for_insider(post)
        and post.channel_id not in private_threads
    ]


def would_expose(owed: Delivery, request: Request, posts: Sequence[Delivery]) -> bool:
    """Return True if sending *request* would reveal a private incident; it may be older than the privacy."""
    tells = request.action in (Action.MESSAGE, Action.THREAD) and not _is_for_insider(owed)
    return tells and request.channel_id not in _private_threads(posts)


def _is_for_insider(owed: Delivery) -> bool:
    """Return True for a DM to a person who has to do with the incident."""
    return owed.to.startswith(_DIRECT) and not owed.kind.spec.is_for_outsider


@dataclass(frozen=True, slots=True)
class PostPlaces:
    """Where Discord holds a post about a private incident.

    Attributes:
        is_in_thread: In its private thread.
        people: Who has a DM, in the order in which they got it; as `Wording.on_call` takes them.
        emptied: Ids of channels and threads with posts from before whose content the bot has removed.
        readable: Ids of those where such a post still shows its content.
    """

    is_in_thread: bool
    people: tuple[str, ...]
    emptied: tuple[int, ...]
    readable: tuple[int, ...]


def post_places(posts: Sequence[Delivery]) -> PostPlaces:
    """Return where a private incident's sent deliveries are."""
    threads = _private_threads(posts)
    before = [post for post in exposed(posts) if not post.to.startswith(_DIRECT)]
    direct = [post for post in posts if post.kind.spec.has_words and _is_for_insider(post)]
    shown = _channels(post for post in before if post.shown_version < SETTLED)
    return PostPlaces(
        is_in_thread=any(post.channel_id in threads for post in posts),
        people=tuple(dict.fromkeys(map(_addressee, direct))),
        emptied=tuple(channel for channel in _channels(before) if channel not in shown),
        readable=shown,
    )


def _channels(posts: Iterable[Delivery]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(post.channel_id for post in posts if post.channel_id is not None))


def _addressee(post: Delivery) -> str:
    """Return the person of a DM: "@handle", or the on-call place if no person was recorded."""
    kind, _, target = post.to.partition(":")
    if kind != "person":
        return marked(target)
    return target if post.recipient is None else marked(post.recipient)


@dataclass(frozen=True, slots=True)
class RemovedMember:
    """A person who was removed from a private incident, and not added again since.

    Attributes:
        username: As the policy file may call them; empty if not recorded.
        at: When they were removed, aware.
    """

    id: int
    username: str
    at: datetime


def member_of(delivery: Delivery) -> int | None:
    """Return whom a delivery adds to or removes from a private thread; None: an on-call place's holder."""
    kind, _, name = delivery.to.partition(":")
    if kind == "user":
        return int(name)
    return None if delivery.request is None else delivery.request.message_id


def is_overruled(delivery: Delivery, removed: Collection[RemovedMember]) -> bool:
    """Return True if a later decision about the private thread's members overrules *delivery*.

    A person who comes on call is added as such, even if they were removed before.
    """
    user_id = member_of(delivery)
    left = next((one for one in removed if one.id == user_id), None)
    if delivery.kind is DeliveryKind.MEMBER_REMOVED:
        return left is None
    if left is None or delivery.to.startswith("user:"):
        return left is not None
    return delivery.first_sent_at is not None and delivery.first_sent_at <= left.at


def is_told(post: Delivery, removed: Collection[RemovedMember]) -> bool:
    """Return True if *post* may still show a private incident; a DM to a removed person may not."""
    kind, _, name = post.to.partition(":")
    if kind == "user":
        return int(name) not in {one.id for one in removed}
    handle = None if post.request is None else post.request.recipient
    return handle is None or not is_out(handle, removed)


def is_out(handle: str, removed: Collection[RemovedMember]) -> bool:
    """Return True if the person with this handle in the policy file was removed."""
    reader = OnCallPerson(handle, handle, user_id=id_of(handle))
    return any(reader.is_for(Person(one.id, one.username, username=one.username)) for one in removed)


def _private_threads(posts: Sequence[Delivery]) -> set[int | None]:
    """Return the ids of the private threads among *posts*."""
    return {post.message_id for post in posts if post.kind is DeliveryKind.PRIVATE_THREAD}
