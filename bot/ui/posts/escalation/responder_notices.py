"""The lines in the thread about people on call who pass an alert on, and responders who let go."""

from typing import Final

from bot.domain.escalation.payloads import (
    DeclinedNotice,
    LapsedNotice,
    ReleasedNotice,
    TakenOverNotice,
    UnreachedNotice,
)
from bot.domain.incident.incident import Incident
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, by, line
from bot.ui.words.wording import Wording


def _taken_over(words: Wording, incident: Incident, notice: TakenOverNotice) -> Body:
    """Compose the line about the new responder.

    It pings them, except in a private thread, where a mention would let them in.
    """
    rings = notice.to_id > 0 and incident.rings and not incident.is_private
    to = f"<@{notice.to_id}>" if rings else words.who(notice.to)
    body = message(words.say("thread.notice.taken_over", who=by(words, notice), to=to))
    if rings:
        body["allowed_mentions"] = {"parse": [], "users": [str(notice.to_id)]}
    return body


def _passed_on(notice: DeclinedNotice | UnreachedNotice) -> str:
    return f"thread.notice.{notice.name}" + ("_nobody" if notice.to is None else "")


def _next(words: Wording, _incident: Incident, notice: DeclinedNotice | UnreachedNotice) -> str:
    return "" if notice.to is None else words.on_call([notice.to])


NOTICES: Final[NoticeLooks] = (
    line(DeclinedNotice, _passed_on, people=_next),
    line(
        UnreachedNotice,
        _passed_on,
        who=lambda words, _incident, notice: words.on_call([notice.who]),
        people=_next,
    ),
    line(ReleasedNotice),
    line(LapsedNotice),
    NoticeLook(TakenOverNotice, _taken_over),
)
