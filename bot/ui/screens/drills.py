"""The answers to `/drill`."""

from bot.domain.drill import Score
from bot.domain.incident.incident import Incident
from bot.ui.components import Screen, link, row, text, to_places
from bot.ui.posts.drills import score_lines
from bot.ui.words.links import thread_url
from bot.ui.words.voice import Voice


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
