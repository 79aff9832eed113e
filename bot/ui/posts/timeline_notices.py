"""The lines in the thread that tell of what people write on the timeline."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.incident import Incident
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, message
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.wording import Wording

_BEFORE_LIMIT = 600


def noted(words: Wording, incident: Incident, data: Mapping[str, object]) -> Body:
    """A note; one that was added late says what time it is about."""
    who = words.who(str(data.get("by") or "?"))
    happened_at = data.get("at")
    if happened_at is not None:
        at = _clock(words, incident, happened_at)
        who = words.say("history.notice.at", who=who, at=at)
    text = inert_lines(str(data.get("text") or ""), limit=CONTENT_LIMIT - len(who) - 20)
    return message(words.say("thread.notice.note", who=who, text=text))


def corrected(words: Wording, incident: Incident, data: Mapping[str, object]) -> Body:
    """What was put right: the words before, struck through, and those that count now; the time likewise."""
    who = words.who(str(data.get("by") or "?"))
    if data.get("at") is not None:
        at, was = (_clock(words, incident, data[key]) for key in ("at", "at_before"))
        who = words.say("history.notice.moved", who=who, at=at, before=was)
    before = inert(str(data.get("before") or ""), limit=_BEFORE_LIMIT)
    room = CONTENT_LIMIT - len(who) - len(before) - 40
    text = inert_lines(str(data.get("text") or ""), limit=room)
    struck = f"~~{before}~~ " if before else ""
    return message(words.say("history.notice.corrected", who=who, before=struck, text=text))


def _clock(words: Wording, incident: Incident, moment: object) -> str:
    return words.clock(datetime.fromisoformat(str(moment)), on=incident.triggered_at)
