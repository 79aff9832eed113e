"""The screen behind 📋: first-response steps, commands for the incident's targets, and further facts."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from discord import ui

from bot.domain.incident.incident import Incident
from bot.runbook.tables import Command, FirstResponse
from bot.ui.components import Row, Screen, link, made_of, row, text, to_places
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.incident.alert import related, started
from bot.ui.posts.incident.checks import step_lines
from bot.ui.posts.incident.updates import sheet_lines
from bot.ui.verbs import IncidentVerb
from bot.ui.words.inert import code_block, joined
from bot.ui.words.voice import Voice

_SHEET_BUDGET: Final = 3_700  # of the 4,000 characters that all texts of a screen may have
_FACTS_BUDGET: Final = 1_200
_LEAST_FACTS: Final = 200  # with less room than that, no facts are shown
_LIST_BUDGET: Final = 300
_URL_LIMIT: Final = 512  # Discord: the address of a link button
_ROW_LIMIT: Final = 5
_URL: Final = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:\d{1,5})?(/[^\s<>]*)?", re.ASCII)


def first_response_screen(voice: Voice, incident: Incident) -> Screen:
    """Show what to do and what of it is done, commands to copy, links to open, and the incident's facts."""
    sheet = voice.policy.first_response.get(incident.severity, FirstResponse())
    commands = sheet.commands_for(incident.targets)
    links = [command for command in commands if _is_link(command)]
    to_copy = [_block(voice, command) for command in commands if command not in links]
    body = joined([*step_lines(voice, incident), *to_copy], separator="\n", limit=_SHEET_BUDGET, more="\n…")
    facts = _shown_facts(voice, incident, room=_SHEET_BUDGET - len(body))
    title = voice.say("consoles.incident.first_response", severity=incident.severity, label=incident.label)
    none = "" if links else voice.say("consoles.incident.no_first_response")
    below: list[ui.Item[ui.LayoutView]] = [ui.Separator(), text(facts)] if facts else []
    return Screen(
        text(title, body or none),
        *below,
        rows=[*_link_rows(voice, links), _ways_on(voice, incident)],
        colour=colour_of(voice, incident),
    )


def _is_link(command: Command) -> bool:
    return len(command.command) <= _URL_LIMIT and _URL.fullmatch(command.command) is not None


def _block(voice: Voice, command: Command) -> str:
    return f"**{voice.pick(command.label)}**\n{code_block(command.command)}"


def _link_rows(voice: Voice, links: Sequence[Command]) -> Iterator[Row | None]:
    """Yield rows of at most five link buttons; the policy allows twelve commands in all."""
    for first in range(0, len(links), _ROW_LIMIT):
        some = links[first : first + _ROW_LIMIT]
        yield row(*(link(voice.raw(command.label), command.command) for command in some))


def _ways_on(voice: Voice, incident: Incident) -> Row | None:
    """Return the row that leads on: the timeline, the alert and the thread."""
    timeline = voice.buttons.make(IncidentVerb.TIMELINE, incident.id)
    return row(made_of(timeline), *to_places(voice, incident))


def _shown_facts(voice: Voice, incident: Incident, *, room: int) -> str:
    """Return as many of the facts as there is *room* for, in characters; the commands come first."""
    if room < _LEAST_FACTS:
        return ""
    return joined(_facts(voice, incident), separator="\n", limit=min(room, _FACTS_BUDGET), more="\n…")


def _facts(voice: Voice, incident: Incident) -> Iterable[str]:
    known = {
        "targets": voice.targets(incident.targets, limit=_LIST_BUDGET),
        "symptoms": voice.symptoms(incident.symptoms, limit=_LIST_BUDGET),
        "path": voice.path(incident, limit=_LIST_BUDGET),
    }
    lines = [
        *(voice.say(f"consoles.incident.{name}", **{name: words}) for name, words in known.items() if words),
        *sheet_lines(voice, incident),
        related(voice, incident),
        started(voice, incident),
        voice.say("alert.reporter", who=voice.who(incident.reported_by.name)),
    ]
    return [line for line in lines if line]
