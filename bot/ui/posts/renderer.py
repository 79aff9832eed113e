"""Rendering of deliveries to request bodies. The bodies themselves: one module per kind."""

from collections.abc import Callable, Mapping

from bot.domain.delivery.delivery import Delivery, DeliveryKind
from bot.domain.digest import Digest
from bot.domain.escalation.bundle import Bundle
from bot.domain.incident.deliveries import RoleDm
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.incident.posting import shows_old_details
from bot.domain.morning import MorningView
from bot.domain.triage.session import Triage
from bot.services.ports import Subject
from bot.ui.buttons import reaction_of
from bot.ui.posts.bodies import CONTENT_LIMIT, Body
from bot.ui.posts.digests import digest
from bot.ui.posts.incident.alert import alert, second, thread_root
from bot.ui.posts.incident.notices import look_of, notice
from bot.ui.posts.incident.postings import pointer, rings
from bot.ui.posts.incident.private import room
from bot.ui.posts.incident.roles import role_dm
from bot.ui.posts.incident.thread import thread, thread_card, thread_start
from bot.ui.posts.mornings import morning, morning_nag
from bot.ui.posts.paging.bundles import bundle_post
from bot.ui.posts.paging.handovers import ONCALL_POSTS, oncall_post
from bot.ui.posts.paging.pages import escalation, page
from bot.ui.posts.questions import asked, skipped
from bot.ui.posts.replays import replay
from bot.ui.posts.tracked import tracked
from bot.ui.posts.triage_posts import first_triage_post, triage_raised
from bot.ui.words.inert import cut
from bot.ui.words.wording import Wording

_PLAIN: Mapping[DeliveryKind, Callable[[Wording, Incident], Body]] = {
    DeliveryKind.THREAD_ROOT: thread_root,
    DeliveryKind.SECOND: second,
    DeliveryKind.THREAD: thread,
    DeliveryKind.PRIVATE_THREAD: room,
    DeliveryKind.MEMBER: lambda _words, _incident: {},
    DeliveryKind.MEMBER_REMOVED: lambda _words, _incident: {},
    DeliveryKind.THREAD_START: thread_start,
    DeliveryKind.THREAD_CARD: thread_card,
    **{kind: triage_raised for kind in DeliveryKind if kind.spec.shows_triage},
}
_WITH_DATA: Mapping[DeliveryKind, Callable[[Wording, Incident, Mapping[str, object]], Body]] = {
    DeliveryKind.PAGE: page,
    DeliveryKind.ESCALATION: escalation,
    DeliveryKind.NOTICE: notice,
    DeliveryKind.ROLE_DM: lambda words, incident, data: role_dm(words, incident, RoleDm.from_json(data)),
}


#: Those that stand by themselves, about nothing that changes.
_ALONE: Mapping[DeliveryKind, Callable[[Wording, Delivery], Body]] = {
    DeliveryKind.REPLAY: replay,
    DeliveryKind.ALERT_QUESTION: asked,
    DeliveryKind.ALERTS_SKIPPED: skipped,
    DeliveryKind.SEED_ACK: lambda words, _delivery: {"emoji": reaction_of(words.policy.ack_emoji)},
    DeliveryKind.PIN_SEEN: lambda _words, _delivery: {"emoji": "✅"},
    **dict.fromkeys(ONCALL_POSTS, oncall_post),
}


def render(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """The JSON body that *delivery* asks for.

    Args:
        words: The team's.
        delivery: The delivery to render.
        subject: Its incident, triage or bundle as it is now, its week's figures, or None for a replay.

    Raises:
        TypeError: the subject does not go with the kind: a bug.
    """
    match delivery.kind, subject:
        case kind, Triage() as triage if kind.spec.shows_triage:
            return first_triage_post(words, kind, triage, data=delivery.data)
        case kind, _ if kind in _ALONE:
            return _ALONE[kind](words, delivery)
        case kind, (Digest() | MorningView() | Bundle()) as several:
            return _of_several(words, kind, several)
        case _, Incident() as incident:
            moved = pointer(words, delivery, incident)
            return moved or _dated(words, delivery, _of_incident(delivery, words, incident))
    raise TypeError(f"{delivery.kind} about {type(subject).__name__}")


def is_refreshed(words: Wording, post: Delivery, incident: Incident) -> bool:
    """Return whether a change of *incident* calls for an edit of *post*; needless edits would cost requests.

    The thread's first line and the request for the postmortem change only when the title or the start was
    corrected. The lines about an old thread change only when that thread was deleted.
    """
    if post.kind.spec.is_refreshed:
        return True
    if post.kind is DeliveryKind.NOTICE:
        return look_of(post.data).needs_edit(words, incident, post)
    return post.kind is DeliveryKind.THREAD_START and shows_old_details(post, incident)


def _dated(words: Wording, delivery: Delivery, body: Body) -> Body:
    """Append to a late message the time it is from, below what a lock screen shows."""
    if not delivery.is_late:
        return body
    at = words.say("alert.late", at=words.moment(delivery.created_at))
    room = CONTENT_LIMIT - len(at) - 1
    return {**body, "content": f"{cut(str(body.get('content', '')), limit=room)}\n{at}"}


def _of_several(words: Wording, kind: DeliveryKind, subject: Digest | MorningView | Bundle) -> Body:
    match kind, subject:
        case DeliveryKind.DIGEST, Digest() as week:
            return digest(words, week)
        case DeliveryKind.BUNDLE, Bundle() as bundle:
            return bundle_post(words, bundle)
        case DeliveryKind.MORNING, MorningView() as view:
            return morning(words, view)
        case DeliveryKind.MORNING_NAG, MorningView() as view:
            return morning_nag(words, view)
    raise TypeError(f"{kind} about {type(subject).__name__}")


def _of_incident(delivery: Delivery, words: Wording, incident: Incident) -> Body:
    kind = delivery.kind
    if kind is DeliveryKind.ALERT:
        post = tracked if incident.kind is IncidentKind.ALERT else alert
        return post(words, incident, rings=rings(words, delivery, incident))
    if kind in _PLAIN:
        return _PLAIN[kind](words, incident)
    if kind is DeliveryKind.PAGE and delivery.request is not None:
        return page(words, incident, {**delivery.data, "recipient": delivery.request.recipient})
    if kind in _WITH_DATA:
        return _WITH_DATA[kind](words, incident, delivery.data)
    raise TypeError(f"{kind} about an incident")
