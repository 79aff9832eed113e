"""What a post says once a newer one has taken its place, and when the newer one rings."""

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import Part
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.posting import has_moved, is_current, posting_of
from bot.domain.severity import Mention
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.incident.thread import signed_name
from bot.ui.words import links
from bot.ui.words.wording import Wording


def pointer(words: Wording, post: Delivery, incident: Incident) -> Body | None:
    """The short line that leads on, without buttons and without a ping; None while *post* is the one to read.

    Args:
        words: The team's.
        post: What was sent.
        incident: As it is now.
    """
    if not has_moved(post, incident):
        return None
    if post.kind.spec.part is Part.THREAD:
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
    if post.data.get("quiet") or not is_current(post, incident):
        return False
    if incident.status is Status.TRIGGERED:
        return True
    is_new = post.message_id is None and posting_of(post) > 1
    return is_new and incident.is_open


def left_name(words: Wording, incident: Incident) -> str:
    """The name of a thread that another has taken the place of."""
    return signed_name(words, incident, sign="↗")
