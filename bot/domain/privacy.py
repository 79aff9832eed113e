"""What of an incident others may read, once it is private."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.delivery.delivery import MEMBERSHIP, Action, Delivery, DeliveryKind, Request
from bot.domain.oncall.roster import OnCallPerson, id_of
from bot.domain.people import Person

#: What a redacted post shows from then on, whatever becomes of the incident: a version that is never reached.
SETTLED = 2_000_000_000

#: No words of ours: a reaction, a member, and the private thread itself.
_WORDLESS = MEMBERSHIP | {DeliveryKind.SEED_ACK, DeliveryKind.PIN_SEEN, DeliveryKind.PRIVATE_THREAD}


#: What is for one person.
_DIRECT = ("person:", "named:", "user:")


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What others still read in the public thread of an incident that is private by now.

    Attributes:
        names: Its earlier names that say what it is about: nobody can delete Discord's notes of a rename.
        written: How many messages people, or other apps, wrote in it.
    """

    thread_id: int
    names: tuple[str, ...] = ()
    written: int = 0

    @property
    def is_nothing(self) -> bool:
        """True when the thread tells nobody anything."""
        return not (self.names or self.written)


def exposed(posts: Sequence[Delivery]) -> list[Delivery]:
    """Those of a private incident's sent deliveries that stand where others read: its posts from before.

    A DM is for one person, and what is in its private thread for those who were let into it. A bundle tells
    of others too: it is not emptied but written anew.
    """
    rooms = _rooms(posts)
    return [
        post
        for post in posts
        if post.bundle_id is None
        and post.kind not in _WORDLESS
        and not post.to.startswith(_DIRECT)
        and post.channel_id not in rooms
    ]


def would_expose(owed: Delivery, request: Request, posts: Sequence[Delivery]) -> bool:
    """Whether sending *request*, perhaps made before the incident was private, would tell others of it.

    Args:
        posts: The incident's sent deliveries.
    """
    tells = request.action in (Action.MESSAGE, Action.THREAD) and not owed.to.startswith(_DIRECT)
    return tells and request.channel_id not in _rooms(posts)


@dataclass(frozen=True, slots=True)
class RemovedMember:
    """Somebody who was taken out of a private incident, and not let in again since.

    Attributes:
        username: As the policy file may call them; empty where it was not told.
        at: When, aware.
    """

    id: int
    username: str
    at: datetime


def member_of(delivery: Delivery) -> int | None:
    """Whom it lets into a private thread, or takes out; None: whoever stands at a place on call by then."""
    kind, _, name = delivery.to.partition(":")
    if kind == "user":
        return int(name)
    return None if delivery.request is None else delivery.request.message_id


def is_overruled(delivery: Delivery, removed: Collection[RemovedMember]) -> bool:
    """Whether who may be in the private thread has been decided otherwise since *delivery* was owed.

    Whoever comes on call is let in as such, even if they were taken out before.

    Args:
        delivery: Of a kind in `MEMBERSHIP`.
        removed: Everybody who was taken out and not let in again.
    """
    user_id = member_of(delivery)
    left = next((one for one in removed if one.id == user_id), None)
    if delivery.kind is DeliveryKind.MEMBER_REMOVED:
        return left is None
    if left is None or delivery.to.startswith("user:"):
        return left is not None
    return delivery.first_sent_at is not None and delivery.first_sent_at <= left.at


def is_told(post: Delivery, removed: Collection[RemovedMember]) -> bool:
    """Whether *post* may go on telling of a private incident: no DM to somebody who was taken out of it."""
    kind, _, name = post.to.partition(":")
    if kind == "user":
        return int(name) not in {one.id for one in removed}
    handle = None if post.request is None else post.request.recipient
    return handle is None or not is_out(handle, removed)


def is_out(handle: str, removed: Collection[RemovedMember]) -> bool:
    """Whether somebody was taken out, by what the policy file calls them."""
    reader = OnCallPerson(handle, handle, user_id=id_of(handle))
    return any(reader.is_for(Person(one.id, one.username, username=one.username)) for one in removed)


def _rooms(posts: Sequence[Delivery]) -> set[int | None]:
    """The ids of its private threads."""
    return {post.message_id for post in posts if post.kind is DeliveryKind.PRIVATE_THREAD}
