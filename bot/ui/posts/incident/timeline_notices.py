"""The lines in the thread that tell of what people write on the timeline, and correct."""

from datetime import datetime
from typing import Final

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.incident.records import DetailsChangedNotice
from bot.domain.timeline.recorded import CorrectedNotice, NoteNotice
from bot.services.incidents.details import CorrectedDetails
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, Renderers, alone, by
from bot.ui.words.detail_words import title_and_start_changes
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.voice import Voice
from bot.ui.words.wording import Wording

_BEFORE_LIMIT = 600
_IMPACT_LIMIT = 300
_TITLES_LIMIT = 840  # both, each of 200 characters as typed, escaped


def noted(words: Wording, incident: Incident, notice: NoteNotice) -> Body:
    """Compose a note; one that was added late says what time it is about."""
    who = by(words, notice)
    if notice.at is not None:
        who = words.say("history.notice.at", who=who, at=_clock(words, incident, notice.at))
    text = inert_lines(notice.text, limit=CONTENT_LIMIT - len(who) - 20)
    return message(words.say("thread.notice.note", who=who, text=text))


def corrected(words: Wording, incident: Incident, notice: CorrectedNotice) -> Body:
    """Compose the line about a corrected entry: the old words struck through, the new ones, time, impact."""
    who = by(words, notice)
    if notice.at is not None and notice.at_before is not None:
        at, was = (_clock(words, incident, moment) for moment in (notice.at, notice.at_before))
        who = words.say("history.notice.moved", who=who, at=at, before=was)
    before, impact = inert(notice.before or "", limit=_BEFORE_LIMIT), _impact(words, notice)
    budget = CONTENT_LIMIT - len(who) - len(before) - len(impact) - 40
    text = inert_lines(notice.text or "", limit=budget)
    struck = f"~~{before}~~ " if before else ""
    said = "\n".join(part for part in (struck + text, impact) if part)
    return message(words.say("history.notice.corrected", who=who, text=said))


def details_changed(words: Wording, _incident: Incident, notice: DetailsChangedNotice) -> Body:
    """Compose the line about a corrected title or start, before and after."""
    text = " · ".join(title_and_start_changes(words, notice.title, notice.started_at, limit=_TITLES_LIMIT))
    return message(words.say("history.notice.corrected", who=by(words, notice), text=text))


def details_said(voice: Voice, result: CorrectedDetails) -> str:
    """Answer the person who has corrected the title or the start."""
    said = result.corrected
    changes = " · ".join(title_and_start_changes(voice, said.title, said.started_at, limit=_TITLES_LIMIT))
    return voice.say("editing.said.done", label=result.incident.label, changes=changes)


def _impact(words: Wording, notice: CorrectedNotice) -> str:
    """Return the line about a corrected impact; empty when the impact was not corrected."""
    if notice.impact is None:
        return ""
    before, now = (inert(one or "", limit=_IMPACT_LIMIT) for one in (notice.impact_before, notice.impact))
    shown = [f"~~{before}~~"] if before else []
    return words.say(
        "updates.post.impact", impact=" ".join([*shown, now or words.say("history.fact.no_impact")])
    )


def _clock(words: Wording, incident: Incident, moment: datetime) -> str:
    return words.clock(moment, on=incident.triggered_at)


NOTICES: Final[NoticeLooks] = (
    NoticeLook(NoteNotice, noted),
    NoticeLook(CorrectedNotice, corrected),
    NoticeLook(DetailsChangedNotice, details_changed),
)

RENDERERS: Final[Renderers] = {DeliveryKind.PIN_SEEN: alone(lambda _words, _delivery: {"emoji": "✅"})}
