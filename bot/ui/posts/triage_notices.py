"""The line in the thread about another triage of the same message."""

from typing import Final

from bot.domain.incident.incident import Incident
from bot.domain.triage.notices import TriagedHereNotice
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks
from bot.ui.posts.notice_words import by
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording


def _triaged_here(words: Wording, _incident: Incident, told: TriagedHereNotice) -> Body:
    who = by(words, told)
    if told.severity is None:
        return message(words.say("thread.notice.triaged_here_reevaluate", who=who))
    return message(words.say("thread.notice.triaged_here", who=who, severity=inert(told.severity, limit=40)))


NOTICES: Final[NoticeLooks] = (NoticeLook(TriagedHereNotice, _triaged_here),)
