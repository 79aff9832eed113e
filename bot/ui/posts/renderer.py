"""Rendering of deliveries to request bodies: which function composes which kind, and when one rings."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from bot.capability import installed, merged
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import Action, AnyDeliveryKind, DeliveryKind, PostingPart
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.posting import (
    PostingData,
    has_moved,
    is_current,
    posting_of,
    shows_old_details,
    shows_other_affected,
)
from bot.domain.severity import Mention
from bot.domain.text import cut
from bot.services.ports import Subject
from bot.ui.buttons import reaction_of
from bot.ui.posts import alerts, offers, paging, sheets, triage
from bot.ui.posts.alerts import tracked
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, Renderer, Renderers, about, alone, message, of
from bot.ui.posts.incident import notices, private, roles
from bot.ui.posts.incident.alert import alert, second, thread_root
from bot.ui.posts.incident.private import private_thread
from bot.ui.posts.incident.thread import signed_name, thread, thread_card, thread_start
from bot.ui.words.wording import Wording, alert_url, thread_url


def pointer(words: Wording, post: Delivery, incident: Incident) -> Body | None:
    """Return the line that points to the newer post; None if *post* is current. The line has no mention.

    Args:
        words: The team's.
        post: What was sent.
        incident: As it is now.
    """
    if not has_moved(post, incident):
        return None
    if post.kind.spec.part is PostingPart.THREAD:
        url = thread_url(incident)
        return message(words.say("alert.moved_thread", label=incident.label, url=url))
    return message(
        words.say(
            "alert.moved",
            severity=incident.severity,
            label=incident.label,
            title=words.title(incident),
            url=alert_url(incident),
        )
    )


def rings(words: Wording, post: Delivery, incident: Incident) -> bool:
    """Return whether an alert carries its severity's mention.

    The first alert does while the incident is unacknowledged. A post after a change of severity does while it
    is new, even with a responder, because other people read that channel. A ``quiet`` post never does: the
    same facts must not ring twice.
    """
    if words.severity(incident).mention is not Mention.HERE or not incident.rings:
        return False
    if PostingData.from_json(post.data).quiet or not is_current(post, incident):
        return False
    if incident.status is Status.TRIGGERED:
        return True
    is_new = post.message_id is None and posting_of(post) > 1
    return is_new and incident.is_open


def left_name(words: Wording, incident: Incident) -> str:
    """Return the name of a thread that another has replaced."""
    return signed_name(words, incident, sign="↗")


def _alert(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    incident = about(Incident, delivery, subject)
    post = tracked if incident.kind is IncidentKind.ALERT else alert
    return post(words, incident, rings=rings(words, delivery, incident))


_POSTINGS: Final[Renderers] = {
    DeliveryKind.ALERT: _alert,
    DeliveryKind.SEED_ACK: alone(lambda words, _delivery: {"emoji": reaction_of(words.policy.ack_emoji)}),
    DeliveryKind.THREAD_ROOT: of(Incident, thread_root),
    DeliveryKind.THREAD: of(Incident, thread),
    DeliveryKind.PRIVATE_THREAD: of(Incident, private_thread),
    DeliveryKind.THREAD_START: of(Incident, thread_start),
    DeliveryKind.THREAD_CARD: of(Incident, thread_card),
    DeliveryKind.SECOND: of(Incident, second),
}


#: The renderers of the core's kinds.
_RENDERERS: Final[dict[AnyDeliveryKind, Renderer]] = {
    kind: renderer
    for group in (
        _POSTINGS,
        *(module.RENDERERS for module in (alerts, notices, offers, paging, private, roles, sheets, triage)),
    )
    for kind, renderer in group.items()
}


@cache
def renderers() -> Mapping[AnyDeliveryKind, Renderer]:
    """Return the renderer of each kind, the core's and the capabilities'."""
    return merged(_RENDERERS, (each for one in installed() for each in one.renderers.items()))


def render(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Return the JSON body that *delivery* asks for.

    Args:
        words: The file's; what is about an incident is said in the language of the incident's team.
        delivery: The delivery to render.
        subject: What it is about as it is now, such as its incident; None for a replay.

    Raises:
        TypeError: the subject does not go with the kind: a bug.
    """
    renderer = renderers()[delivery.kind]
    if isinstance(subject, Incident):
        words = words.about(subject)
    if not isinstance(subject, Incident) or delivery.kind.spec.action is Action.REACTION:
        return renderer(words, delivery, subject)
    if moved := pointer(words, delivery, subject):
        return moved
    body = renderer(words, delivery, subject)
    if not delivery.is_late:
        return body
    # The time that a late message is from goes below what a lock screen shows.
    at = words.say("alert.late", at=words.moment(delivery.created_at))
    budget = CONTENT_LIMIT - len(at) - 1
    return {**body, "content": f"{cut(str(body.get('content', '')), limit=budget)}\n{at}"}


def is_refreshed(words: Wording, post: Delivery, incident: Incident) -> bool:
    """Return whether a change of *incident* calls for an edit of *post*; needless edits would cost requests.

    The thread's first line and the request for the postmortem change only when the title or the start was
    corrected. The lines about an old thread change only when that thread was deleted. What is left of a
    capability that was switched off stays as it is.
    """
    whose = next((one for one in installed() if post.kind in one.renderers), None)
    if whose is not None and whose.name in words.policy.off:
        return False
    if post.kind.spec.is_refreshed:
        return True
    if post.kind is DeliveryKind.NOTICE:
        return notices.needs_edit(words, incident, post)
    if post.kind.spec.follows_affected:
        return has_moved(post, incident) or shows_other_affected(post, incident)
    return post.kind.spec.follows_details and shows_old_details(post, incident)
