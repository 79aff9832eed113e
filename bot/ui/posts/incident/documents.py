"""The message in the thread that carries the draft of the postmortem, and the line when there is none."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.document import PostmortemData, UndraftedNotice
from bot.services.ports import Subject
from bot.ui.posts.bodies import Body, carrying, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, Renderers, about
from bot.ui.words.inert import code_span
from bot.ui.words.wording import Wording

_PATH: Final = 400
_PROBLEM: Final = 400


def draft(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the message: what it is, where it goes, what is left to do."""
    incident = about(Incident, delivery, subject)
    data = PostmortemData.from_json(delivery.data)
    title = words.drilled(incident, words.say("document.post.title", label=incident.label))
    lines = [
        title,
        path_line(words, data.path),
        words.say("document.post.todo"),
        *problem_line(words, data.problem),
    ]
    return carrying(message("\n".join(lines)), data.files)


def path_line(words: Wording, path: str) -> str:
    """Return the line that says where in the repository the document goes."""
    return words.say("document.post.path", path=code_span(path, limit=_PATH))


def problem_line(words: Wording, problem: str | None) -> list[str]:
    """Return the line that the team's own template has failed, with the reason; none if it has not."""
    if problem is None:
        return []
    return [words.say("document.post.problem", problem=code_span(problem, limit=_PROBLEM))]


def _undrafted(words: Wording, incident: Incident, _told: UndraftedNotice) -> Body:
    return message(words.say("document.notice.undrafted", label=incident.label))


NOTICES: Final[NoticeLooks] = (NoticeLook(UndraftedNotice, _undrafted),)

RENDERERS: Final[Renderers] = {DeliveryKind.POSTMORTEM_FILE: draft}
