"""The lines in the thread about people on call who pass an alert on, and responders who let go."""

from typing import Final

from bot.domain.escalation.notices import (
    DeclinedNotice,
    LapsedNotice,
    ReleasedNotice,
    TakenOverNotice,
    UnreachedNotice,
)
from bot.domain.incident.incident import Incident
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks
from bot.ui.posts.notice_words import by, said
from bot.ui.words.wording import Wording


def _declined(words: Wording, _incident: Incident, told: DeclinedNotice) -> Body:
    who = by(words, told)
    if told.to is None:
        return message(words.say("thread.notice.declined_nobody", who=who))
    return message(words.say("thread.notice.declined", who=who, people=words.on_call([told.to])))


def _unreached(words: Wording, _incident: Incident, told: UnreachedNotice) -> Body:
    who = words.on_call([told.who])
    if told.to is None:
        return message(words.say("thread.notice.unreached_nobody", who=who))
    return message(words.say("thread.notice.unreached", who=who, people=words.on_call([told.to])))


def _let_go(words: Wording, incident: Incident, told: ReleasedNotice | LapsedNotice) -> Body:
    return said(words, incident, told)


def _taken_over(words: Wording, incident: Incident, told: TakenOverNotice) -> Body:
    """Compose the line about the new responder.

    It pings them, except in a private thread, where a mention would let them in.
    """
    rings = told.to_id > 0 and incident.rings and not incident.is_private
    to = f"<@{told.to_id}>" if rings else words.who(told.to)
    body = message(words.say("thread.notice.taken_over", who=by(words, told), to=to))
    if rings:
        body["allowed_mentions"] = {"parse": [], "users": [str(told.to_id)]}
    return body


NOTICES: Final[NoticeLooks] = (
    NoticeLook(DeclinedNotice, _declined),
    NoticeLook(UnreachedNotice, _unreached),
    NoticeLook(ReleasedNotice, _let_go),
    NoticeLook(LapsedNotice, _let_go),
    NoticeLook(TakenOverNotice, _taken_over),
)
