"""The parts of an incident's posting: how each looks, when one rings, and what an old one says."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind, PostingPart
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.posting import PostingData, has_moved, is_current, posting_of
from bot.domain.severity import Mention
from bot.services.ports import Subject
from bot.ui.buttons import reaction_of
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.incident.alert import alert, second, thread_root
from bot.ui.posts.incident.private import private_thread
from bot.ui.posts.incident.thread import signed_name, thread, thread_card, thread_start
from bot.ui.posts.incident.tracked import tracked
from bot.ui.posts.looks import Renderers, about, alone, of
from bot.ui.words import links
from bot.ui.words.wording import Wording


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
        url = links.thread_url(incident)
        return message(words.say("alert.moved_thread", label=incident.label, url=url))
    return message(
        words.say(
            "alert.moved",
            severity=incident.severity,
            label=incident.label,
            title=words.title(incident),
            url=links.alert_url(incident),
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


RENDERERS: Final[Renderers] = {
    DeliveryKind.ALERT: _alert,
    DeliveryKind.SEED_ACK: alone(lambda words, _delivery: {"emoji": reaction_of(words.policy.ack_emoji)}),
    DeliveryKind.THREAD_ROOT: of(Incident, thread_root),
    DeliveryKind.THREAD: of(Incident, thread),
    DeliveryKind.PRIVATE_THREAD: of(Incident, private_thread),
    DeliveryKind.THREAD_START: of(Incident, thread_start),
    DeliveryKind.THREAD_CARD: of(Incident, thread_card),
    DeliveryKind.SECOND: of(Incident, second),
}
