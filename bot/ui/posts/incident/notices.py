"""The lines that follow in an incident's thread: which module composes which."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from bot.capability import installed, merged
from bot.domain.delivery.delivery import Delivery, Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NewerVersion
from bot.domain.incident.incident import Incident
from bot.domain.payloads import Json
from bot.domain.text import cut
from bot.services.ports import Subject
from bot.ui.posts.bodies import CONTENT_LIMIT, Body
from bot.ui.posts.escalation import responder_notices
from bot.ui.posts.incident import (
    aftermath,
    export_notices,
    left_threads,
    life_notices,
    private,
    roles,
    timeline_notices,
    updates,
)
from bot.ui.posts.looks import NoticeLook, Renderers, about
from bot.ui.words.wording import Wording

#: The kinds of the core.
_NOTICES: Final[dict[str, NoticeLook[Any]]] = {
    look.type.name: look
    for module in (
        aftermath,
        export_notices,
        left_threads,
        life_notices,
        private,
        responder_notices,
        roles,
        timeline_notices,
        updates,
    )
    for look in module.NOTICES
}


@cache
def looks() -> Mapping[str, NoticeLook[Any]]:
    """Return the look of each kind of notice, the capabilities' too, by the name that is stored."""
    return merged(_NOTICES, ((look.type.name, look) for one in installed() for look in one.notices))


def needs_edit(words: Wording, incident: Incident, post: Delivery) -> bool:
    """Return True if a sent line has to be edited; never one that only a newer version knows."""
    look = looks().get(Notice.name_in(post.data))
    return look is not None and look.needs_edit(words, incident, post)


def notice(words: Wording, incident: Incident, stored: Json) -> Body:
    """Compose one message in the thread; it pings no one unless the notice's own function says so.

    Raises:
        NewerVersion: the notice's name is unknown.
    """
    name = Notice.name_in(stored)
    if name not in looks():
        raise NewerVersion(name)
    body = looks()[name].compose(words, incident, stored)
    if not (incident.is_drill and body["content"]):
        return body
    return {**body, "content": cut(words.drilled(incident, str(body["content"])), limit=CONTENT_LIMIT)}


def _notice(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    return notice(words, about(Incident, delivery, subject), delivery.data)


RENDERERS: Final[Renderers] = {DeliveryKind.NOTICE: _notice}
