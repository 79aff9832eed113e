"""The posts of an incident: which of them counts, and what Discord has to show."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind, PostingPart
from bot.domain.incident.incident import Incident, IncidentKind, Role
from bot.domain.payloads import Payload


class PostingData(Payload):
    """A part of a posting.

    Attributes:
        posting: The number of the posting; 0 in a row of an older version, which knew only the first one.
        quiet: It mentions no one, because the same news has pinged people already.
        again: It replaces a post that was deleted.
        answers: The id of the message that the alert answers.
    """

    posting: int
    quiet: bool = False
    again: bool = False
    answers: int | None = None


class MemberData(Payload):
    """A request to add a person to the private thread, or to remove one.

    Attributes:
        posting: As `PostingData.posting`.
        name: Of the person, where it is known.
        asked: The unique key of the request; None for one that goes with the thread.
    """

    posting: int
    name: str | None = None
    asked: str | None = None


class RoleDm(Payload):
    """The DM about a role that another person gave or took over.

    Attributes:
        holder_id, holder: Its reader: the new holder, or the former one.
        by: The name of the person who gave it, or took it over.
        taken_over: The reader has lost the role.
    """

    role: Role
    holder_id: int
    holder: str
    by: str
    taken_over: bool = False


def posting_of(delivery: Delivery) -> int:
    """Return the number of the posting that a delivery belongs to, from 1."""
    return PostingData.from_json(delivery.data).posting or 1


def is_repost(post: Delivery) -> bool:
    """Return True if *post* replaces one that was deleted."""
    return PostingData.from_json(post.data).again


def quieted(alert: Delivery) -> Delivery:
    """Return a copy of the delivery *alert* without its mentions."""
    data = replace(PostingData.from_json(alert.data), quiet=True)
    return replace(alert, data=data.to_json())


def is_current(delivery: Delivery, incident: Incident) -> bool:
    """Return True if a delivery belongs to the incident's latest posting or thread. A delivery that is no
    part of a posting is always current.
    """
    part = delivery.kind.spec.part
    if part is None:
        return True
    latest = incident.thread.posting if part is PostingPart.THREAD else incident.post.number
    return posting_of(delivery) >= latest


def is_superseded(delivery: Delivery, incident: Incident) -> bool:
    """Return True if the delivery need not be sent because a later posting says the same.

    An alert is still needed while the thread hangs on it.
    """
    if is_current(delivery, incident):
        return False
    carries_thread = incident.thread.channel is not None and posting_of(delivery) == incident.thread.posting
    return not (delivery.kind is DeliveryKind.ALERT and carries_thread)


def is_followed(post: Delivery, incident: Incident) -> bool:
    """Return True if *post* is an escalation that only points to the newest one.

    The newest is the last that has a message of its own; one in a bundle is shown there. Discord's ids grow
    with time: the version before this one, which may run beside it, does not record the newest.
    """
    if post.kind is not DeliveryKind.ESCALATION or post.message_id is None or post.bundle_id is not None:
        return False
    return post.message_id < (incident.escalation.message_id or 0)


def is_stale(post: Delivery, incident: Incident) -> bool:
    """Return True if *post* shows an older version of the incident; see `is_followed`."""
    needed = incident.escalation.version if is_followed(post, incident) else None
    return post.shown_version < (incident.version if needed is None else needed)


def by_attention(posts: Sequence[Delivery], incident: Incident) -> tuple[list[Delivery], list[Delivery]]:
    """Return *posts* in the order in which people look at them; apart, those that newer ones have replaced.

    The alert and the newest escalation come first, then the last DM to each person, then the others, the
    newest first. Older escalations and DMs are replaced, the DMs after what a whole channel reads, and the
    posts of a triage are last.

    Args:
        posts: Oldest first.
    """
    first: list[Delivery] = []
    pages: list[Delivery] = []
    others: list[Delivery] = []
    replaced: list[Delivery] = []
    of_triage: list[Delivery] = []
    seen: set[tuple[object, str | None]] = set()
    for post in reversed(posts):
        is_ladder = post.kind in (DeliveryKind.ESCALATION, DeliveryKind.PAGE)
        reader = (post.kind, (post.recipient or post.to) if post.kind is DeliveryKind.PAGE else None)
        if post.kind.spec.shows_triage:
            of_triage.append(post)
        elif not is_current(post, incident) or is_followed(post, incident) or (is_ladder and reader in seen):
            replaced.append(post)
        elif post.kind is DeliveryKind.PAGE:
            pages.append(post)
        else:
            (first if is_ladder or post.kind is DeliveryKind.ALERT else others).append(post)
        if is_ladder:
            seen.add(reader)
    replaced.sort(key=lambda post: post.kind is DeliveryKind.PAGE)
    return [*first, *pages, *others], [*replaced, *of_triage]


def has_moved(post: Delivery, incident: Incident) -> bool:
    """Return True if a newer post has replaced this one, so that this one only points to it."""
    if is_current(post, incident):
        return False
    if post.kind.spec.part is PostingPart.THREAD:
        thread_id = post.channel_id if post.kind.spec.is_in_thread else post.message_id
        return incident.thread.id not in (None, thread_id)
    return incident.post.message_id not in (None, post.message_id)


def shows_old_details(post: Delivery, incident: Incident) -> bool:
    """Return True if title or start were corrected after *post* was sent or last edited."""
    return incident.details_version is not None and post.shown_version < incident.details_version


def alert_place(incident: Incident, channel: str, *, again: bool) -> tuple[str, int | None]:
    """Return where an alert is posted, and the message that it answers there.

    A tracked alert is posted below its monitor's message, or where the policy wants the alerts of that
    monitor. Once its severity changes, it is posted like any other.

    Args:
        channel: That of its severity.
        again: The post replaces one that was deleted.
    """
    is_where_it_came = incident.kind is IncidentKind.ALERT and (incident.post.number == 1 or again)
    tracked = incident.tracked
    if is_where_it_came and tracked.source is not None:
        return str(tracked.source.channel_id), tracked.source.message_id
    if is_where_it_came and tracked.origin is not None:
        return tracked.origin.channel or channel, None
    return channel, None


def shows_other_affected(post: Delivery, incident: Incident) -> bool:
    """Return True if severity, targets or symptoms changed after *post* was sent or last edited."""
    return incident.affected_version is not None and post.shown_version < incident.affected_version


def next_posting(incident: Incident) -> int:
    """Return a posting number that neither an alert nor a thread has used."""
    return max(incident.post.number, incident.thread.posting) + 1


def repost(incident: Incident, *, with_thread: bool = False) -> Incident:
    """Start a new posting after the alert was deleted in Discord. It pings no one a second time.

    Args:
        with_thread: The thread was to hang on the alert, and does not exist yet.
    """
    number = next_posting(incident)
    thread = number if with_thread else incident.thread.posting
    return replace(
        incident,
        post=replace(incident.post, number=number),
        thread=replace(incident.thread, posting=thread),
        version=incident.version + 1,
    )


def rethread(incident: Incident) -> Incident:
    """Start a new thread because the old one was deleted; a private incident also gets a new alert in it."""
    number = next_posting(incident)
    alert = number if incident.is_private else incident.post.number
    return replace(
        incident,
        post=replace(incident.post, number=alert),
        thread=replace(incident.thread, posting=number),
        version=incident.version + 1,
    )


def archived(incident: Incident) -> Incident:
    """Record that the thread is archived; nothing that people see has changed."""
    return replace(incident, thread=replace(incident.thread, archive_at=None), version=incident.version + 1)
