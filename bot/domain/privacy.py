"""What of an incident others may read, once it is private."""

from collections.abc import Sequence

from bot.domain.delivery import Action, Delivery, DeliveryKind, Request

#: What a redacted post shows from then on, whatever becomes of the incident: a version that is never reached.
SETTLED = 2_000_000_000

#: No words of ours: a reaction, a member, and the private thread itself.
_WORDLESS = frozenset(
    {DeliveryKind.SEED_ACK, DeliveryKind.PIN_SEEN, DeliveryKind.MEMBER, DeliveryKind.PRIVATE_THREAD}
)


#: What is for one person.
_DIRECT = ("person:", "named:", "user:")


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


def _rooms(posts: Sequence[Delivery]) -> set[int | None]:
    """The ids of its private threads."""
    return {post.message_id for post in posts if post.kind is DeliveryKind.PRIVATE_THREAD}
