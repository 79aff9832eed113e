"""`/incident timeline`: a page with what can be put right on it, and the whole as a Markdown file."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import discord
from discord import ButtonStyle, SelectOption, ui

from bot.domain.incident.incident import ByPerson, Incident
from bot.domain.timeline.lines import FoldedLines, Line, TimelineRow, folded
from bot.services.timeline.timelines import CORRECTION_LIMIT, History, TimelinePage
from bot.ui.components import TEXT_LIMIT, Row, Screen, button, buttons_view, row, select_row, text
from bot.ui.posts.bodies import colour_of
from bot.ui.words.inert import plain
from bot.ui.words.summary import summary
from bot.ui.words.timeline import (
    beside,
    corrected_by,
    facts,
    kind_words,
    offset,
    quoted,
    recorded,
    source_url,
    spoken,
    told_rows,
    words_of_kind,
)
from bot.ui.words.wording import Voice, Wording

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
    title = voice.say("history.page.title", label=incident.label, summary=summary(voice, incident))
    turned = voice.say("history.page.number", number=page.number + 1, pages=page.pages)
    number = turned if page.pages > 1 else ""
    budget = TEXT_LIMIT - len(title) - len(number) - 2  # and the breaks before and after the lines
    lines = told_rows(voice, page.rows, since=incident.started_at, limit=budget)
    correct = select_row(
        f"inc:v1:timeline-correct:{incident.id}:{_page_name(page)}",
        voice.say("history.page.correct"),
        [_option(voice, row) for row in page.rows if isinstance(row, Line) and row.can_be_corrected],
    )
    return Screen(
        text(title, *(lines or [voice.say("history.page.empty")]), number),
        rows=[correct, _buttons(voice, page)],
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


def _option(voice: Voice, line: Line) -> SelectOption:
    entry = line.entry
    who = "" if entry.actor_name is None else f" · @{entry.actor_name}"
    label = f"{voice.exact(line.at)} · {kind_words(voice, entry)}{who}"
    return SelectOption(
        label=plain(label, limit=_OPTION_LIMIT),
        description=plain(line.said or line.impact, limit=_OPTION_LIMIT) or None,
        value=str(entry.id),
    )


# People's text cannot break its table: `inert` escapes everything with a meaning in Markdown, the pipe
# included, and a line break becomes a ``<br>``.

_COLUMNS: Final = ("at", "what", "who", "facts", "source")
#: The fields that a person wrote; every sign of them is escaped.
_WORDS_LIMIT: Final = 2 * CORRECTION_LIMIT


def timeline_file(words: Wording, history: History, *, whole: bool = False) -> discord.File:
    """Return INC-42-timeline.md, in the language of *words*; *whole* as in `markdown`."""
    text = markdown(words, history, whole=whole)
    return discord.File(io.BytesIO(text.encode()), filename=f"{history.incident.label}-timeline.md")


def markdown(words: Wording, history: History, *, whole: bool = False) -> str:
    """Return the file's text: the facts of the incident, then a row for each entry, oldest first.

    Args:
        whole: Give each message that the bot has sent a row, instead of one for each minute.
    """
    incident = history.incident
    title = words.say("history.file.title", label=incident.label, title=words.title(incident))
    head = [f"- **{words.say(f'history.file.{name}')}**: {fact}" for name, fact in _facts(words, incident)]
    shown: Sequence[TimelineRow] = history.lines if whole else folded(history.lines)
    rows = list(_rows(words, shown, since=incident.started_at))
    columns = [words.say(f"history.file.{name}") for name in _COLUMNS]
    return "\n".join([f"# {title}", "", *head, "", _row(columns), _row(["---"] * len(columns)), *rows, ""])


def _facts(words: Wording, incident: Incident) -> Iterator[tuple[str, str]]:
    yield "severity", f"{incident.severity} / {incident.priority}"
    yield "state", words.state(incident)
    yield "started", words.full(incident.started_at)
    yield "triggered", words.full(incident.triggered_at)
    yield "acknowledged", _moment(words, incident, incident.acknowledged)
    if incident.reopened is not None:
        yield "reopened", _moment(words, incident, incident.reopened)
    yield "ended", _moment(words, incident, incident.ended)
    held = [
        words.say("history.file.held", role=words.say(f"roles.name.{role.value}"), who=words.who(holder.name))
        for role, holder in incident.roles.items()
    ]
    yield "roles", words.listed(held) or words.say("history.file.none")


def _moment(words: Wording, incident: Incident, act: ByPerson | None) -> str:
    if act is None:
        return words.say("history.file.none")
    span = words.span(act.at - incident.triggered_at)
    return words.say("history.file.took", at=words.full(act.at), who=words.who(act.name), span=span)


def _rows(words: Wording, rows: Iterable[TimelineRow], *, since: datetime) -> Iterator[str]:
    """Yield a row for each of *rows*, and one with the date before the first of each day."""
    day = ""
    for each in rows:
        if words.whole_day(each.at) != day:
            day = words.whole_day(each.at)
            yield _row([f"**{day}**", *[""] * (len(_COLUMNS) - 1)])
        if isinstance(each, FoldedLines):
            yield _row(_folded(words, each, since=since))
        else:
            yield _row(_entry(words, each, since=since))


def _folded(words: Wording, row: FoldedLines, *, since: datetime) -> list[str]:
    """Return a row for several messages, with how many there are of each kind."""
    kinds = (
        words.say("history.file.of_kind", kind=words_of_kind(words, kind.value), count=count)
        for kind, count in row.kinds.items()
    )
    what = words.say("history.folded", count=len(row.lines))
    return [_at(words, row.at, since=since), what, "", words.listed(kinds), ""]


def _at(words: Wording, at: datetime, *, since: datetime) -> str:
    return f"{words.time_of_day(at, seconds=True)} {offset(at, since=since)}"


def _entry(words: Wording, line: Line, *, since: datetime) -> Iterator[str]:
    entry = line.entry
    earlier = (f"~~{words.full(at)}~~" for at in line.earlier_moments)
    yield "\n".join([*earlier, _at(words, line.at, since=since)])
    yield kind_words(words, entry)
    yield "" if entry.actor_name is None else words.who(entry.actor_name)
    yield "\n".join(_said(words, line))
    url = source_url(line)
    yield "" if url is None else f"[{words.say('history.fact.source')}]({url})"


def _said(words: Wording, line: Line) -> Iterator[str]:
    """Yield every version, the earlier ones struck through; then when a late entry was written down."""
    entry = line.entry
    if line.corrections:
        for version in spoken(line, line.versions):
            shown = quoted(words, version, version.said, limit=_WORDS_LIMIT, multiline=True)
            yield from (f"~~{part.strip()}~~" for part in shown.split("\n") if part.strip())
        last = line.corrections[-1]
        for one in spoken(line, [last]):
            yield quoted(words, one, one.said, limit=_WORDS_LIMIT, multiline=True)
        yield from (f"({corrected_by(words, fix)})" for fix in line.corrections)
        yield from beside(words, line, limit=_WORDS_LIMIT * (len(line.corrections) + 1))
    else:
        yield from facts(words, entry, limit=_WORDS_LIMIT, multiline=True)
    if late := recorded(words, replace(entry, at=line.at)):
        yield f"({late})"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("\n", "<br>") for cell in cells) + " |"
