"""`/incident timeline`: a page of it, what can be put right on it, and the way to the file."""

from typing import Final

from discord import ButtonStyle, SelectOption, ui

from bot.domain.timeline.lines import Line
from bot.services.timeline.timelines import TimelinePage
from bot.ui.components import TEXT_LIMIT, Row, Screen, button, buttons_view, row, select_row, text
from bot.ui.posts.bodies import colour_of
from bot.ui.words.inert import plain
from bot.ui.words.timeline import kind_words, told_rows
from bot.ui.words.voice import Voice

#: Custom ids; `cogs.incidents.timeline` answers them.
#: A page is its number, with an "a" if all rows are shown and nothing is folded.
TURN: Final = r"inc:v1:timeline-page:(?P<number>\d{1,18}):(?P<page>\d{1,6}a?)"
CORRECT: Final = r"inc:v1:timeline-correct:(?P<number>\d{1,18}):(?P<page>\d{1,6}a?)"
FILE: Final = r"inc:v1:timeline-file:(?P<number>\d{1,18})(?P<whole>:all)?"

_WHOLE: Final = "a"
#: Behind the last page there can be, which shows the newest.
_NEWEST: Final = 999_999
_OPTION_LIMIT = 100  # Discord: an option's label and description


def timeline_screen(voice: Voice, page: TimelinePage) -> Screen:
    """Show a page, oldest first, with what can be corrected; the newest lines are at its end.

    [◀ 前のページ] [次のページ ▶] [⚙ 通知も表示] [⬇ Markdown]
    """
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
    lines = told_rows(voice, page.rows, since=incident.started_at, limit=budget)
    return Screen(
        text(title, *(lines or [voice.say("history.page.empty")]), number),
        rows=[_correct(voice, page), _buttons(voice, page)],
        colour=colour_of(voice, incident),
    )


def page_named(text: str) -> tuple[int, bool]:
    """Return the number of the page that a custom id names, and whether nothing is folded on it."""
    return int(text.removesuffix(_WHOLE)), text.endswith(_WHOLE)


def _page_name(page: TimelinePage, *, step: int = 0) -> str:
    return f"{page.number + step}{_WHOLE if page.is_whole else ''}"


def _buttons(voice: Voice, page: TimelinePage) -> Row | None:
    number = page.incident.id
    turn = f"inc:v1:timeline-page:{number}"
    before, after = (f"{turn}:{_page_name(page, step=step)}" for step in (-1, 1))
    previous = button(voice.say("consoles.previous"), before, emoji="◀") if page.number else None
    following = button(voice.say("consoles.next"), after, emoji="▶")
    fold = None
    if page.can_fold:  # to the messages that the bot has sent, or back to one row for each minute
        key, whole = ("fold", "") if page.is_whole else ("unfold", _WHOLE)
        fold = button(voice.say(f"history.page.{key}"), f"{turn}:{_NEWEST}{whole}", emoji="⚙️")
    file = button(
        voice.say("history.page.file"),
        f"inc:v1:timeline-file:{number}{':all' if page.is_whole else ''}",
        emoji="⬇️",
        style=ButtonStyle.primary,
    )
    return row(previous, following if page.number + 1 < page.pages else None, fold, file)


def whole_file_view(voice: Voice, number: int) -> ui.View:
    """Return the button below a file in which rows are folded: to the file that has them all."""
    label = voice.say("history.page.whole_file")
    return buttons_view(button(label, f"inc:v1:timeline-file:{number}:all", emoji="⬇️"))


def _correct(voice: Voice, page: TimelinePage) -> Row | None:
    lines = [line for line in page.rows if isinstance(line, Line) and line.can_be_corrected]
    options = [_option(voice, line) for line in lines]
    custom_id = f"inc:v1:timeline-correct:{page.incident.id}:{_page_name(page)}"
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
