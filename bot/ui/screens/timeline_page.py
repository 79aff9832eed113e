"""`/incident timeline`: a page of it, what can be put right on it, and the way to the file."""

from typing import Final

from discord import ButtonStyle, SelectOption

from bot.domain.timeline.lines import Line
from bot.services.timeline.timelines import TimelinePage
from bot.ui.components import TEXT_LIMIT, Row, Screen, button, row, select_row, text
from bot.ui.posts.bodies import COLOURS
from bot.ui.words.inert import plain
from bot.ui.words.timeline import kind_words, told_lines
from bot.ui.words.voice import Voice

#: Custom ids; `cogs.incidents.timeline` answers them.
TURN: Final = r"inc:v1:timeline-page:(?P<number>\d{1,18}):(?P<page>\d{1,6})"
CORRECT: Final = r"inc:v1:timeline-correct:(?P<number>\d{1,18}):(?P<page>\d{1,6})"
FILE: Final = r"inc:v1:timeline-file:(?P<number>\d{1,18})"

_OPTION_LIMIT = 100  # Discord: an option's label and description


def timeline_screen(voice: Voice, page: TimelinePage) -> Screen:
    """Show a page, oldest first: [◀ 古い方] [新しい方 ▶] [⬇ Markdown], and what can be corrected."""
    incident = page.incident
    title = voice.say(
        "history.page.title",
        label=incident.label,
        state=voice.state(incident),
        title=voice.title(incident),
    )
    turned = voice.say("history.page.number", number=page.number + 1, pages=page.pages)
    number = turned if page.pages > 1 else ""
    budget = TEXT_LIMIT - len(title) - len(number) - 2  # and the breaks before and after the lines
    lines = told_lines(voice, page.lines, limit=budget) or [voice.say("history.page.empty")]
    return Screen(
        text(title, *lines, number),
        rows=[_correct(voice, page), _buttons(voice, page)],
        colour=COLOURS[incident.status],
    )


def _buttons(voice: Voice, page: TimelinePage) -> Row | None:
    number = page.incident.id
    turn = f"inc:v1:timeline-page:{number}"
    older = (
        button(voice.say("consoles.older"), f"{turn}:{page.number - 1}", emoji="◀") if page.number else None
    )
    newer = button(voice.say("consoles.newer"), f"{turn}:{page.number + 1}", emoji="▶")
    file = button(
        voice.say("history.page.file"),
        f"inc:v1:timeline-file:{number}",
        emoji="⬇️",
        style=ButtonStyle.primary,
    )
    return row(older, newer if page.number + 1 < page.pages else None, file)


def _correct(voice: Voice, page: TimelinePage) -> Row | None:
    options = [_option(voice, line) for line in page.lines if line.can_be_corrected]
    custom_id = f"inc:v1:timeline-correct:{page.incident.id}:{page.number}"
    return select_row(custom_id, voice.say("history.page.correct"), options)


def _option(voice: Voice, line: Line) -> SelectOption:
    entry = line.entry
    who = "" if entry.actor_name is None else f" · @{entry.actor_name}"
    label = f"{voice.exact(line.at)} · {kind_words(voice, entry)}{who}"
    return SelectOption(
        label=plain(label, limit=_OPTION_LIMIT),
        description=plain(line.said or line.impact, limit=_OPTION_LIMIT) or None,
        value=str(entry.id),
    )
