"""The screen behind 📋: first-response steps, commands for the incident's targets, and further facts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from discord import ui

from bot.domain.incident.incident import Incident
from bot.domain.sheets.sheet import Affected, FilledCommand
from bot.domain.triage.tree import Text
from bot.runbook.tables import FirstResponse
from bot.ui.components import Row, Screen, made_of, row, text, to_places
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.incident.alert import related, started
from bot.ui.posts.incident.checklist import step_lines
from bot.ui.posts.incident.updates import sheet_lines
from bot.ui.screens.sheets.parts import (
    URL_LIMIT,
    blocks,
    incident_topics_id,
    link_rows,
    topic_select,
)
from bot.ui.verbs import IncidentVerb
from bot.ui.words.commands import block, choices_lines
from bot.ui.words.inert import joined
from bot.ui.words.voice import Voice

_SHEET_BUDGET: Final = 3_700  # of the 4,000 characters that all texts of a screen may have
_MOST_LINKS: Final = 12  # with the rest of the screen, 40 components
_FACTS_BUDGET: Final = 1_200
_LEAST_FACTS: Final = 200  # with less room than that, no facts are shown
_LIST_BUDGET: Final = 300


def first_response_screen(voice: Voice, incident: Incident) -> Screen:
    """Show what to do and what of it is done, commands to copy, links to open, and the incident's facts."""
    sheets = voice.policy.sheets_for(incident.severity, Affected(incident.targets, incident.symptoms))
    plain = _plain_commands(voice, incident)
    commands = [one for sheet in sheets for one in sheet.commands] + plain
    steps = "\n".join(step_lines(voice, incident))
    title = voice.say("consoles.incident.first_response", severity=incident.severity, label=incident.label)
    to_copy = [block(voice, one) for one in commands if not _is_button(one)]
    shown, is_whole = blocks(to_copy, budget=_SHEET_BUDGET - len(steps) - len(title))
    links = [(one.label, one.command) for one in commands if _is_button(one)]
    notes = [*choices_lines(voice, [name for sheet in sheets for name in sheet.left])]
    notes += [] if is_whole else [voice.say("sheets.cut")]
    none = "" if steps or commands else voice.say("consoles.incident.no_first_response")
    body: list[ui.Item[ui.LayoutView]] = [text(title, steps or none), *shown]
    body += [text(*notes)] if notes else []
    facts = _shown_facts(voice, incident, room=_SHEET_BUDGET - sum(len(one.content) for one in _texts(body)))
    body += [ui.Separator(), text(facts)] if facts else []
    return Screen(
        *body,
        rows=[*_rows(voice, incident, links)],
        colour=colour_of(voice, incident),
    )


def _plain_commands(voice: Voice, incident: Incident) -> list[FilledCommand]:
    """Return the commands that the policy has beside its sheets; nothing fills them in."""
    first = voice.policy.first_response.get(incident.severity, FirstResponse())
    return [FilledCommand(one.label, one.command) for one in first.commands_for(incident.targets)]


def _is_button(command: FilledCommand) -> bool:
    return command.is_link and len(command.command) <= URL_LIMIT


def _texts(body: Iterable[ui.Item[ui.LayoutView]]) -> Iterator[ui.TextDisplay[ui.LayoutView]]:
    return (item for item in body if isinstance(item, ui.TextDisplay))


def _rows(voice: Voice, incident: Incident, links: Sequence[tuple[Text, str]]) -> Iterator[Row | None]:
    yield from link_rows(voice, links[:_MOST_LINKS])
    yield topic_select(voice, incident_topics_id(incident.id))
    yield _ways_on(voice, incident)


def _ways_on(voice: Voice, incident: Incident) -> Row | None:
    """Return the row that leads on: pasting output, the timeline, the alert and the thread."""
    paste, timeline = (
        voice.buttons.make(verb, incident.id) for verb in (IncidentVerb.PASTE, IncidentVerb.TIMELINE)
    )
    return row(made_of(paste), made_of(timeline), *to_places(voice, incident))


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
