"""`/incident similar`, and the answer to a decision on a rollback."""

from bot.domain.incident.incident import Incident
from bot.services.suspects.seen_before import SeenBeforeView
from bot.ui.components import Screen, text
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.incident.suspects import past_lines
from bot.ui.words.suspect_words import decision_key, rollback_commands
from bot.ui.words.voice import Voice


def seen_before_screen(voice: Voice, view: SeenBeforeView) -> Screen:
    """Show the past incidents like one, or say that there are none."""
    incident = view.incident
    if not view.past:
        return Screen(text(voice.say("suspects.past.none", label=incident.label)))
    title = voice.say("suspects.past.title", label=incident.label)
    lines = "\n".join(past_lines(voice, view.past))
    return Screen(text(f"**{title}**"), text(lines), colour=colour_of(voice, incident))


def rollback_said(voice: Voice, incident: Incident, *, rolls_back: bool) -> str:
    """Answer the person who decided, with the command to paste."""
    key = f"suspects.rollback.said.{decision_key(rolls_back=rolls_back)}"
    first = voice.say(key, label=incident.label)
    return "\n".join([first, *rollback_commands(voice, rolls_back=rolls_back)])
