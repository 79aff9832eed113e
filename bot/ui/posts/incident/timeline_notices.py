"""The lines in the thread that tell of what people write on the timeline."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.incident.incident import Incident
from bot.services.incidents.title_and_start import PutRight
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, message
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.timeline_facts import put_right
from bot.ui.words.voice import Voice
from bot.ui.words.wording import Wording

_BEFORE_LIMIT = 600
_IMPACT_LIMIT = 300
_TITLES_LIMIT = 840  # both, each of 200 characters as typed, escaped


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
    """Compose the line about a corrected entry: the old words struck through, the new ones, time, impact."""
    who = words.who(str(data.get("by") or "?"))
    if data.get("at") is not None:
        at, was = (_clock(words, incident, data[key]) for key in ("at", "at_before"))
        who = words.say("history.notice.moved", who=who, at=at, before=was)
    before, impact = inert(str(data.get("before") or ""), limit=_BEFORE_LIMIT), _impact(words, data)
    room = CONTENT_LIMIT - len(who) - len(before) - len(impact) - 40
    text = inert_lines(str(data.get("text") or ""), limit=room)
    struck = f"~~{before}~~ " if before else ""
    said = "\n".join(part for part in (struck + text, impact) if part)
    return message(words.say("history.notice.corrected", who=who, text=said))


def details_changed(words: Wording, _incident: Incident, data: Mapping[str, object]) -> Body:
    """Title or start, before and after."""
    who = words.who(str(data.get("by") or "?"))
    text = " · ".join(put_right(words, data, limit=_TITLES_LIMIT))
    return message(words.say("history.notice.corrected", who=who, text=text))


def details_said(voice: Voice, result: PutRight) -> str:
    """Answer the person who has corrected the title or the start."""
    changes = " · ".join(put_right(voice, result.facts, limit=_TITLES_LIMIT))
    return voice.say("editing.said.done", label=result.incident.label, changes=changes)


def _impact(words: Wording, data: Mapping[str, object]) -> str:
    """Return the line about a corrected impact; empty when the impact was not corrected."""
    if "impact" not in data:
        return ""
    before, now = (
        inert(str(data.get(key) or ""), limit=_IMPACT_LIMIT) for key in ("impact_before", "impact")
    )
    shown = [f"~~{before}~~"] if before else []
    return words.say(
        "updates.post.impact", impact=" ".join([*shown, now or words.say("history.fact.no_impact")])
    )


def _clock(words: Wording, incident: Incident, moment: object) -> str:
    return words.clock(datetime.fromisoformat(str(moment)), on=incident.triggered_at)
