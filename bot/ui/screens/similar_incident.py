"""The open incident that a triage may be about as well: on the triage's card, and once it was joined."""

from collections.abc import Iterator
from typing import Any, Final

from discord import ButtonStyle, ui

from bot.domain.incident.incident import Incident
from bot.domain.triage.session import Triage
from bot.services.triage.walk import Similar
from bot.ui.components import Screen, button, made_of, row, text, to_places
from bot.ui.posts.bodies import colour_of
from bot.ui.verbs import IncidentVerb
from bot.ui.words.links import linked_label
from bot.ui.words.voice import Voice
from bot.ui.words.wording import relative

#: The end says what the card promised: `join_up` that the incident gets the severity of the triage.
JOIN: Final = (
    r"tri:v1:(?P<way>join|join_up):(?P<number>\d{1,18}):(?P<incident>\d{1,18}):(?P<shown>[A-Za-z0-9_-]{1,16})"
)
RISES: Final = "join_up"


def similar_lines(voice: Voice, similar: Similar, severity: str) -> Iterator[str]:
    """Yield what is known of the similar incident, and what joining it would do to its severity."""
    incident = similar.incident
    yield similar_line(voice, incident)
    if similar.rises:
        yield voice.say(
            "consoles.triage.similar_rises",
            label=incident.label,
            before=incident.severity,
            after=severity,
        )
    else:
        yield voice.say("consoles.triage.similar_joins", label=incident.label)


def similar_line(voice: Voice, incident: Incident) -> str:
    """Return 似た継続中の件：INC-41 🔴 SEV1 決済 API が 5xx · 12 分前 · 🟠 対応中 @佐藤."""
    return voice.say(
        "consoles.triage.similar",
        label=linked_label(incident),
        sign=voice.severity_sign(incident.severity, is_drill=False),
        severity=incident.severity,
        title=voice.title(incident),
        ago=relative(incident.triggered_at),
        state=_state(voice, incident),
    )


def join_button(voice: Voice, triage: Triage, similar: Similar, severity: str) -> ui.Button[Any]:
    """Return [これに合流]; if the incident's severity rises by it, the label says so."""
    words, way = ("join_rises", RISES) if similar.rises else ("join", "join")
    return button(
        voice.say(f"consoles.triage.{words}", severity=severity),
        f"tri:v1:{way}:{triage.id}:{similar.incident.id}:{severity}",
        style=ButtonStyle.primary,
        emoji="🔗",
    )


def joined_card(voice: Voice, incident: Incident) -> Screen:
    """Show the incident that the report has joined, and who is on it."""
    return Screen(
        text(
            voice.say("consoles.triage.joined_incident", label=incident.label),
            f"**{incident.severity} / {incident.priority}** {voice.title(incident)}",
            _state(voice, incident),
            voice.say("consoles.triage.joined_what"),
        ),
        rows=[row(*to_places(voice, incident), made_of(voice.buttons.make(IncidentVerb.VIEW, incident.id)))],
        colour=colour_of(voice, incident),
    )


def _state(voice: Voice, incident: Incident) -> str:
    """Return the incident's state, and who is on it: "🟠 対応中 @佐藤"."""
    on_it = incident.on_it
    return voice.state(incident) if on_it is None else f"{voice.state(incident)} {voice.who(on_it.name)}"
