"""A drill in Discord: what appears in its thread, how it went, and the answers to `/drill`."""

from collections.abc import Iterator
from typing import Final

from bot.domain.incident.incident import Incident
from bot.ui.components import Screen, link, row, text, to_places
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, NoticeLook, NoticeLooks, message
from bot.ui.words.inert import inert_lines
from bot.ui.words.timeline_details import EntryLook
from bot.ui.words.wording import Voice, Wording, thread_url
from cogs.drill.rules import DrillScoredEntry, DrillScoredNotice, InjectNotice, Missed, Score

_TEXT_LIMIT = CONTENT_LIMIT - 100


def inject(words: Wording, _incident: Incident, notice: InjectNotice) -> Body:
    """Compose a line of the drill's script as if a person had reported it."""
    return message(words.say("drill.inject", text=inert_lines(notice.text, limit=_TEXT_LIMIT)))


def drill_scored(words: Wording, incident: Incident, notice: DrillScoredNotice) -> Body:
    """Compose the drill's score: times, what was done, what was missed, and what to do next."""
    return message("\n".join(score_lines(words, incident, notice.score)))


def score_lines(words: Wording, incident: Incident, score: Score) -> Iterator[str]:
    """Yield the score, for the thread and for the person who stopped the drill."""
    yield words.say("drill.over", label=incident.label, severity=incident.severity)
    within = words.span(score.ack_within_s)
    if score.ack_s is None:
        yield words.say("drill.ack_none", within=within)
    else:
        key = "drill.ack_late" if Missed.ACK_LATE in score.missed else "drill.ack"
        yield words.say(key, took=words.span(score.ack_s), within=within, who=words.who(score.ack_by))
    if score.commander_s is None:
        yield words.say("drill.commander_none")
    else:
        took = words.span(score.commander_s)
        yield words.say("drill.commander", who=words.who(score.commander), took=took)
    if score.steps:
        yield words.say("drill.steps", done=score.steps_done, steps=score.steps)
    yield _at(words, "update", score.update_s)
    yield words.say("drill.kept", notes=score.notes, pins=score.pins)
    yield _at(words, "resolved", score.took_s)
    yield words.say("drill.some_missed" if score.missed else "drill.nothing_missed")
    for step in score.missed:
        yield words.say("drill.step", step=words.say(f"drill.missed.{step.value}"))
    yield words.say("drill.next")


def _at(words: Wording, what: str, seconds: float | None) -> str:
    """Return when a step of the drill was done, or that it was not."""
    if seconds is None:
        return words.say(f"drill.none.{what}")
    return words.say(f"drill.at.{what}", took=words.span(seconds))


def _scored_details(words: Wording, data: DrillScoredEntry, _limit: int) -> Iterator[str]:
    """Yield how many steps were missed."""
    yield words.say("history.fact.missed", count=len(data.score.missed))


def drill_started_screen(voice: Voice, incident: Incident) -> Screen:
    """Show 始めました, where the drill is, and whether it rings."""
    rings = voice.say("drill.rings" if incident.rings else "drill.silent")
    return Screen(
        text(
            voice.say("drill.started", label=incident.label, severity=incident.severity),
            voice.title(incident),
            rings,
        ),
        rows=[row(*to_places(voice, incident))],
    )


def drill_stopped_screen(voice: Voice, incident: Incident, score: Score) -> Screen:
    """Show the score to the person who stopped the drill; the thread has it too."""
    return Screen(
        text(*score_lines(voice, incident, score)),
        rows=[row(link(voice.say("buttons.to_thread"), thread_url(incident)))],
    )


ENTRIES: Final = (EntryLook(DrillScoredEntry, _scored_details),)

NOTICES: Final[NoticeLooks] = (NoticeLook(InjectNotice, inject), NoticeLook(DrillScoredNotice, drill_scored))
