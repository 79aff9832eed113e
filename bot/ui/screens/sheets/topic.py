"""`/runbook`: one topic's commands, filled in; or the topics that there are."""

from typing import Any

from discord import ui

from bot.domain.incident.incident import Incident
from bot.domain.sheets.sheet import Affected, FilledSheet
from bot.ui.components import GREY, Row, Screen, button, row, text
from bot.ui.posts.bodies import colour_of
from bot.ui.screens.sheets.parts import (
    blocks,
    incident_topics_id,
    link_rows,
    target_topics_id,
    topic_select,
)
from bot.ui.words.commands import block, choices_lines
from bot.ui.words.inert import inert
from bot.ui.words.voice import Voice

_BUDGET = 3_500  # of the 4,000 characters that all texts of a screen may have
_NOTE_LIMIT = 400
_TARGETS_LIMIT = 200


def topic_screen(
    voice: Voice, filled: FilledSheet, affected: Affected, *, incident: Incident | None = None
) -> Screen:
    """Show the commands of one topic to copy, links to open, and the other topics.

    Args:
        incident: The one that it is for; with it, output can be pasted to its timeline.
    """
    commands, is_whole = blocks([block(voice, one) for one in filled.to_copy], budget=_BUDGET)
    below = [*choices_lines(voice, filled.left), "" if is_whole else voice.say("sheets.cut")]
    body: list[ui.Item[Any]] = [text(*_head(voice, filled, affected)), *commands]
    if any(below):
        body.append(text(*below))
    links = [(one.label, one.command) for one in filled.links]
    others = topic_select(voice, _topics_id(affected, incident), but=filled.sheet.topic)
    return Screen(
        *body,
        rows=[*link_rows(voice, links), others, _paste(voice, filled, incident)],
        colour=GREY if incident is None else colour_of(voice, incident),
    )


def topics_screen(voice: Voice, affected: Affected, *, incident: Incident | None = None) -> Screen:
    """Ask for a topic."""
    select = topic_select(voice, _topics_id(affected, incident), label="choose")
    if select is None:
        return Screen(text(voice.say("sheets.none")))
    shown = voice.targets(affected.targets, limit=_TARGETS_LIMIT)
    return Screen(text(voice.say("sheets.which"), shown), rows=[select])


def _head(voice: Voice, filled: FilledSheet, affected: Affected) -> list[str]:
    sheet = filled.sheet
    where = [voice.targets(affected.targets, limit=_TARGETS_LIMIT), *affected.given.values()]
    title = voice.say("sheets.title", title=voice.pick(sheet.title))
    about = " · ".join(part for part in where if part)
    note = "" if sheet.note is None else inert(voice.raw(sheet.note), limit=_NOTE_LIMIT)
    return [title + (f" · {about}" if about else ""), voice.say("sheets.note", note=note) if note else ""]


def _topics_id(affected: Affected, incident: Incident | None) -> str:
    if incident is not None:
        return incident_topics_id(incident.id)
    target = affected.targets[0] if affected.targets else None
    return target_topics_id(target, affected.given.get("env"))


def _paste(voice: Voice, filled: FilledSheet, incident: Incident | None) -> Row | None:
    """Return the button that puts output of this topic on the timeline of *incident*."""
    if incident is None:
        return None
    custom_id = f"inc:v1:paste:{incident.id}:{filled.sheet.topic}"
    return row(button(voice.say("buttons.paste"), custom_id, emoji="📥"))
