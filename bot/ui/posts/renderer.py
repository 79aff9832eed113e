"""Rendering of deliveries to request bodies: which module composes which kind."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from bot.capability import installed, merged
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import Action, AnyDeliveryKind, DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.incident.posting import has_moved, shows_old_details, shows_other_affected
from bot.domain.text import cut
from bot.services.ports import Subject
from bot.ui.posts import (
    questions,
    sheets,
    triage_posts,
)
from bot.ui.posts.bodies import CONTENT_LIMIT, Body
from bot.ui.posts.incident import (
    notices,
    postings,
    private,
    roles,
    timeline_notices,
)
from bot.ui.posts.looks import Renderer
from bot.ui.posts.paging import bundles, pages
from bot.ui.words.wording import Wording

#: The renderers of the core's kinds.
_RENDERERS: Final[dict[AnyDeliveryKind, Renderer]] = {
    kind: renderer
    for module in (
        bundles,
        notices,
        pages,
        postings,
        private,
        questions,
        roles,
        sheets,
        timeline_notices,
        triage_posts,
    )
    for kind, renderer in module.RENDERERS.items()
}


@cache
def renderers() -> Mapping[AnyDeliveryKind, Renderer]:
    """Return the renderer of each kind, the core's and the capabilities'."""
    return merged(_RENDERERS, (each for one in installed() for each in one.renderers.items()))


def render(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Return the JSON body that *delivery* asks for.

    Args:
        words: The team's.
        delivery: The delivery to render.
        subject: What it is about as it is now, such as its incident; None for a replay.

    Raises:
        TypeError: the subject does not go with the kind: a bug.
    """
    renderer = renderers()[delivery.kind]
    if not isinstance(subject, Incident) or delivery.kind.spec.action is Action.REACTION:
        return renderer(words, delivery, subject)
    moved = postings.pointer(words, delivery, subject)
    return moved or _dated(words, delivery, renderer(words, delivery, subject))


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


def _dated(words: Wording, delivery: Delivery, body: Body) -> Body:
    """Append to a late message the time it is from, below what a lock screen shows."""
    if not delivery.is_late:
        return body
    at = words.say("alert.late", at=words.moment(delivery.created_at))
    budget = CONTENT_LIMIT - len(at) - 1
    return {**body, "content": f"{cut(str(body.get('content', '')), limit=budget)}\n{at}"}
