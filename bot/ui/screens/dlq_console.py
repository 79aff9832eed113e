"""`/dlq`: the runbook's three questions as screens. What was stored is shown inert: it came from anywhere."""

from collections.abc import Iterator, Sequence
from typing import Final

from discord import ButtonStyle, SelectOption, ui

from bot.domain.dlq import DlqEntry, DlqFilter, DlqPage, StatusCount, short_id
from bot.ui.components import Row, Screen, button, row, select_row, text
from bot.ui.posts.dlq import answer, where
from bot.ui.words.inert import inert, plain
from bot.ui.words.voice import Voice

#: Characters of a channel's name that a filter takes, so that the page's custom id stays within 100.
CHANNEL_LIMIT: Final = 60
SEVERITY_LIMIT: Final = 16
LAST_PAGE: Final = 9_999

_RED = 0xED4245
_GREEN = 0x3BA55D
_LINES_BUDGET = 3_400
_CHOICE_LIMIT: Final = 100  # Discord: the name of a choice
_SELECT_OPTIONS = 25  # Discord: options of a select


def recent_screen(voice: Voice, page: DlqPage) -> Screen:
    """Show 直近で配信失敗した通知."""
    asked = page.filter
    only = [f"`{inert(asked.severity, limit=40)}`"] if asked.severity else []
    only += [f"#{inert(asked.channel, limit=120)}"] if asked.channel else []
    body = list(_lines(voice, page.entries)) or [voice.say("consoles.dlq.none")]
    return Screen(
        text(
            voice.say("consoles.dlq.title_recent", hours=asked.hours, total=page.total),
            voice.say("consoles.dlq.filtered", what=" ".join(only)) if only else "",
        ),
        ui.Separator(),
        text(
            *body,
            voice.say("consoles.dlq.pages", number=page.number, pages=page.pages) if page.pages > 1 else "",
        ),
        rows=[_open(voice, page.entries), _tabs(voice, asked.hours, *_turns(voice, page), current="recent")],
        colour=_RED if page.total else _GREEN,
    )


def p0_screen(voice: Voice, entries: Sequence[DlqEntry]) -> Screen:
    """Show P0 で email backup が送られたか."""
    emailed = sum(entry.fallback_email_sent is True for entry in entries)
    body = list(_lines(voice, entries, email=True)) or [voice.say("consoles.dlq.none_p0")]
    return Screen(
        text(voice.say("consoles.dlq.title_p0", total=len(entries), emailed=emailed)),
        ui.Separator(),
        text(*body),
        rows=[_open(voice, entries), _tabs(voice, DlqFilter().hours, current="p0_email")],
        colour=_RED if emailed < len(entries) else _GREEN,
    )


def status_screen(voice: Voice, counts: Sequence[StatusCount], *, hours: int) -> Screen:
    """Show how many failures ended with which HTTP status: Discord 自体の障害を疑うとき."""
    total = sum(each.count for each in counts)
    lines = [f"`{_http(voice, each.http_status)}` {_times(voice, each.count)}" for each in counts[:50]]
    return Screen(
        text(
            voice.say("consoles.dlq.title_status", hours=hours, total=total),
            *(lines or [voice.say("consoles.dlq.none")]),
            voice.say("consoles.dlq.discord_down") if lines else "",
        ),
        rows=[_tabs(voice, hours, current="by_status")],
        colour=_RED if total else _GREEN,
    )


def recent_id(asked: DlqFilter, *, page: int, verb: str = "recent") -> str:
    """Return the custom id of a page of `/dlq recent`: at most 100 characters, by the limits above.

    Args:
        verb: "turn" for the buttons that turn the page: on page 2 "previous" leads where the tab does, and
            Discord refuses two components with one id.
    """
    return f"dlq:v1:{verb}:{asked.hours}:{asked.severity or ''}:{asked.channel or ''}:{page}"


def _lines(voice: Voice, entries: Sequence[DlqEntry], *, email: bool = False) -> Iterator[str]:
    """Yield two lines per failure, in room that all of them share, with an empty line between failures."""
    budget = _LINES_BUDGET // max(len(entries), 1)
    for number, entry in enumerate(entries):
        told = _two_lines(voice, entry, email=email, budget=min(budget, 400))
        yield f"\n{told}" if number else told


def _two_lines(voice: Voice, entry: DlqEntry, *, email: bool, budget: int) -> str:
    """Say which failure, how bad, what and where; then in small print when and why.

    `a1f3c2` **P0 決済 API が 5xx** → #p0-alerts
    -# 11/24 14:05 JST · HTTP 503 · 再試行 3 · upstream timeout
    """
    head = f"`{short_id(entry.id)}`"
    place = where(entry.channel, limit=30)
    severity = inert(entry.severity or "-", limit=16)
    ended = [
        voice.moment(entry.attempted_at),
        answer(voice, entry.http_status, entry.error_message),
        voice.say("consoles.dlq.retries", count=entry.retry_count or 0),
    ]
    if email:
        ended.append(voice.say(f"consoles.dlq.{'emailed' if entry.fallback_email_sent else 'not_emailed'}"))
    tail = " · ".join(ended)
    left = max(budget - len(head) - len(severity) - len(place) - len(tail) - 20, 20)
    title = inert(_title(voice, entry), limit=left // 2)
    error = inert(entry.error_message or "", limit=left // 2)
    return f"{head} **{severity} {title}** → {place}\n-# {tail}" + (f" · {error}" if error else "")


def entry_choice(voice: Voice, entry: DlqEntry) -> str:
    """Return a failure for a list of choices, in plain words, its short id first."""
    words = (short_id(entry.id), entry.severity or "-", _title(voice, entry), _tried(voice, entry))
    return plain(" · ".join(words), limit=_CHOICE_LIMIT)


def _title(voice: Voice, entry: DlqEntry) -> str:
    return entry.title or voice.say("consoles.dlq.untitled")


def _tried(voice: Voice, entry: DlqEntry) -> str:
    said = answer(voice, entry.http_status, entry.error_message)
    return f"{voice.moment(entry.attempted_at)} {said}"


def _http(voice: Voice, status: int | None) -> str:
    return voice.say("consoles.dlq.no_answer") if status is None else f"HTTP {status}"


def _times(voice: Voice, count: int) -> str:
    return voice.say("consoles.dlq.times", count=count)


def _open(voice: Voice, entries: Sequence[DlqEntry]) -> Row | None:
    options = [
        SelectOption(
            label=plain(f"{short_id(entry.id)} {_title(voice, entry)}", limit=_CHOICE_LIMIT),
            description=_tried(voice, entry),
            value=str(entry.id),
        )
        for entry in entries[:_SELECT_OPTIONS]
    ]
    return select_row("dlq:v1:open", voice.say("consoles.dlq.open"), options)


def _tabs(voice: Voice, hours: int, *more: ui.Button[ui.LayoutView] | None, current: str) -> Row | None:
    """Return the buttons to the three views; that of the *current* one is marked by a dot and its colour."""
    views = {
        "recent": recent_id(DlqFilter(hours=hours), page=1),
        "p0_email": "dlq:v1:p0",
        "by_status": "dlq:v1:http:1",
    }
    return row(*(_tab(voice, view, custom_id, current) for view, custom_id in views.items()), *more)


def _tab(voice: Voice, view: str, custom_id: str, current: str) -> ui.Button[ui.LayoutView]:
    label = voice.say(f"consoles.dlq.{view}")
    if view != current:
        return button(label, custom_id)
    return button(voice.say("consoles.dlq.current", view=label), custom_id, style=ButtonStyle.primary)


def _turns(voice: Voice, page: DlqPage) -> Iterator[ui.Button[ui.LayoutView] | None]:
    if page.number > 1:
        previous = recent_id(page.filter, page=page.number - 1, verb="turn")
        yield button(voice.say("consoles.previous"), previous, emoji="◀")
    if page.number < min(page.pages, LAST_PAGE):
        following = recent_id(page.filter, page=page.number + 1, verb="turn")
        yield button(voice.say("consoles.next"), following, emoji="▶")
