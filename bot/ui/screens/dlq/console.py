"""`/dlq`: the runbook's three questions as screens. What was stored is shown inert: it came from anywhere."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from discord import ButtonStyle, SelectOption, ui

from bot.domain.charts import Bar, BarChart, DrawnChart
from bot.domain.dlq.failures import (
    COUNTED_BY_STATUS,
    DlqEntry,
    DlqPage,
    MostSevere,
    StatusCount,
    StatusCounts,
    short_id,
)
from bot.domain.dlq.table import DlqColumn
from bot.domain.dlq.views import NO_ANSWER, DlqFilter, DlqView, written
from bot.ui.components import Row, Screen, button, row, select_row, text
from bot.ui.pictures import Picture, gallery
from bot.ui.posts.dlq import answer, where
from bot.ui.words.inert import inert, plain
from bot.ui.words.voice import Voice

#: Characters that a button of the console has for its view; a longer view is kept in the database.
HANDLE_ROOM: Final = 80

#: Ids that a button can carry. A longer one, or one with a line break, is opened by `/dlq show`.
PRESSABLE: Final = re.compile(r"[^\r\n]{1,80}")

_RED = 0xED4245
_GREEN = 0x3BA55D
_LINES_BUDGET = 3_400
_CHOICE_LIMIT: Final = 100  # Discord: the name of a choice
_SELECT_OPTIONS = 25  # Discord: options of a select
_STATUSES: Final = 40
_BARS: Final = 12  # of a picture
_FEWEST_BARS: Final = 2
_BAR: Final = 12  # signs of the longest bar: a phone's line

#: The columns without which something is off.
_NEEDS: Final[Mapping[str, frozenset[DlqColumn]]] = {
    "p0_email": frozenset({DlqColumn.SEVERITY, DlqColumn.FALLBACK_EMAIL_SENT}),
    "by_status": frozenset({DlqColumn.HTTP_STATUS}),
    "replay": frozenset({DlqColumn.PAYLOAD}),
}


@dataclass(frozen=True, slots=True)
class PageLinks:
    """The views that a page's buttons lead to, each as `DlqConsole.handles` gives it.

    Attributes:
        here: The filter, from its newest failure on.
        newer, older: The pages beside this one; None: there is none.
    """

    here: str
    newer: str | None = None
    older: str | None = None


def recent_screen(voice: Voice, page: DlqPage, links: PageLinks) -> Screen:
    """Show 直近で配信失敗した通知."""
    only = " ".join(narrowed(voice, page.filter))
    body = list(_lines(voice, page.entries)) or [voice.say("consoles.dlq.none")]
    return Screen(
        text(
            _title_of(voice, page),
            voice.say("consoles.dlq.filtered", what=only) if only else "",
        ),
        ui.Separator(),
        text(*body, switched_off(voice, page.missing)),
        rows=[
            _open(voice, page.entries),
            _tabs(voice, page.missing, links.here, current="recent"),
            _around(voice, links, has_entries=bool(page.entries)),
        ],
        colour=_RED if page.entries else _GREEN,
    )


def p0_screen(voice: Voice, found: MostSevere) -> Screen:
    """Show P0 で email backup が送られたか."""
    entries = found.entries
    emailed = sum(entry.fallback_email_sent is True for entry in entries)
    body = list(_lines(voice, entries, email=True)) or [voice.say("consoles.dlq.none_p0")]
    shown = voice.say("consoles.dlq.latest_only", count=len(entries)) if found.is_more else ""
    return Screen(
        text(voice.say("consoles.dlq.title_p0", total=len(entries), emailed=emailed), shown),
        ui.Separator(),
        text(*body, switched_off(voice, found.missing)),
        rows=[_open(voice, entries), _tabs(voice, found.missing, written(DlqView()), current="p0_email")],
        colour=_RED if emailed < len(entries) else _GREEN,
    )


def status_picture(voice: Voice, found: StatusCounts) -> Picture | None:
    """Return the counts as a chart; None if there is nothing to compare."""
    shown = found.counts[:_BARS]
    if len(shown) < _FEWEST_BARS:
        return None
    bars = tuple(Bar(label=_http(voice, each.http_status), count=each.count) for each in shown)
    title = voice.say("consoles.dlq.chart", hours=found.hours)
    told = voice.listed(f"{bar.label}: {bar.count:,}" for bar in bars)
    return Picture("statuses.png", BarChart(title=title, bars=bars), f"{title}: {told}")


def status_screen(voice: Voice, found: StatusCounts, picture: DrawnChart | None = None) -> Screen:
    """Show how many failures ended with which HTTP status: Discord 自体の障害を疑うとき."""
    most = max((each.count for each in found.counts), default=0)
    lines = [_bar(voice, each, most=most) for each in found.counts[:_STATUSES]]
    cut_off = voice.say("consoles.dlq.latest_only", count=f"{COUNTED_BY_STATUS:,}") if found.is_cut else ""
    return Screen(
        text(
            voice.say("consoles.dlq.title_status", hours=found.hours, total=f"{found.total:,}"),
            cut_off,
            *(lines or [voice.say("consoles.dlq.none")]),
            voice.say("consoles.dlq.discord_down") if lines else "",
            switched_off(voice, found.missing),
        ),
        *([] if picture is None else [gallery([picture])]),
        rows=[_tabs(voice, found.missing, written(DlqView()), current="by_status")],
        colour=_RED if found.total else _GREEN,
    )


def narrowed(voice: Voice, asked: DlqFilter) -> Iterator[str]:
    """Yield what a filter asks for besides its period, in words."""
    for value in (asked.severity, asked.status):
        if value is not None:
            yield f"`{inert(value, limit=40)}`"
    if asked.channel is not None:
        yield f"#{inert(asked.channel, limit=100)}"
    if asked.http_status is not None:
        yield _http(voice, None if asked.http_status == NO_ANSWER else asked.http_status)
    if asked.text is not None:
        yield voice.say("consoles.dlq.with_text", text=inert(asked.text, limit=100))


def switched_off(voice: Voice, missing: frozenset[DlqColumn]) -> str:
    """Say which columns the table lacks, and what is off therefore; nothing if nothing is."""
    if not missing:
        return ""
    columns = voice.listed(f"`{column}`" for column in DlqColumn if column in missing)
    needs = [voice.say(f"consoles.dlq.needs.{name}") for name, needed in _NEEDS.items() if missing & needed]
    if not needs:
        return voice.say("consoles.dlq.missing", columns=columns)
    return voice.say(
        "consoles.dlq.missing_off", columns=columns, what=voice.say("consoles.dlq.and").join(needs)
    )


def _title_of(voice: Voice, page: DlqPage) -> str:
    asked = page.filter
    total = voice.say("consoles.dlq.uncounted")
    if page.total is not None:
        total = f"{page.total:,}{'+' if page.is_more else ''}"
    if asked.since is None:
        return voice.say("consoles.dlq.title_recent", hours=asked.hours, total=total)
    since = voice.moment(asked.since)
    if asked.until is None:
        return voice.say("consoles.dlq.title_since", since=since, total=total)
    return voice.say("consoles.dlq.title_between", since=since, until=voice.moment(asked.until), total=total)


def _bar(voice: Voice, each: StatusCount, *, most: int) -> str:
    """Return `HTTP 503` ██████ 12, as long as it is frequent."""
    length = max(round(_BAR * each.count / most), 1)
    return f"`{_http(voice, each.http_status)}` {'█' * length} {_times(voice, each.count)}"


def _lines(voice: Voice, entries: Sequence[DlqEntry], *, email: bool = False) -> Iterator[str]:
    """Yield two lines per failure, in room that all of them share, with an empty line between failures."""
    budget = _LINES_BUDGET // max(len(entries), 1)
    for number, entry in enumerate(entries):
        told = _two_lines(voice, entry, email=email, budget=min(budget, 400))
        yield f"\n{told}" if number else told


def _two_lines(voice: Voice, entry: DlqEntry, *, email: bool, budget: int) -> str:
    """Say which failure, how bad, what and where; then in small print when and why.

    `a1f3c2` 🔴 **P0 決済 API が 5xx** → #p0-alerts
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
    what = f"{severity} {title}"
    if entry.severity == voice.policy.dlq.table.most_severe:  # they stand out among the others
        what = f"🔴 **{what}**"
    return f"{head} {what} → {place}\n-# {tail}" + (f" · {error}" if error else "")


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
            value=entry.id,
        )
        for entry in entries[:_SELECT_OPTIONS]
        if PRESSABLE.fullmatch(entry.id)
    ]
    return select_row("dlq:v1:open", voice.say("consoles.dlq.open"), options)


def _tabs(voice: Voice, missing: frozenset[DlqColumn], here: str, *, current: str) -> Row | None:
    """Return the buttons to the views that the table allows; the *current* one has a dot and a colour."""
    views = {
        "recent": f"dlq:v2:page:{written(DlqView())}",
        "p0_email": "dlq:v1:p0",
        "by_status": "dlq:v1:http:1",
    }
    return row(
        *(
            _tab(voice, view, custom_id, current)
            for view, custom_id in views.items()
            if view == current or not missing & _NEEDS.get(view, frozenset())
        ),
        button(voice.say("consoles.dlq.narrow"), f"dlq:v2:filter:{here}", emoji="🔎"),
    )


def _tab(voice: Voice, view: str, custom_id: str, current: str) -> ui.Button[ui.LayoutView]:
    label = voice.say(f"consoles.dlq.{view}")
    if view != current:
        return button(label, custom_id)
    return button(voice.say("consoles.dlq.current", view=label), custom_id, style=ButtonStyle.primary)


def _around(voice: Voice, links: PageLinks, *, has_entries: bool) -> Row | None:
    """Return the buttons to the pages beside this one, and to files of what the filter matches."""
    return row(
        _turn(voice, "previous", links.newer, emoji="◀"),
        _turn(voice, "next", links.older, emoji="▶"),
        button(voice.say("consoles.dlq.csv"), f"dlq:v2:csv:{links.here}", emoji="⬇") if has_entries else None,
        button(voice.say("consoles.dlq.json"), f"dlq:v2:json:{links.here}", emoji="⬇")
        if has_entries
        else None,
        button(voice.say("consoles.dlq.replay_all"), f"dlq:v2:all:{links.here}", emoji="🔁")
        if has_entries
        else None,
    )


def _turn(voice: Voice, direction: str, handle: str | None, *, emoji: str) -> ui.Button[ui.LayoutView] | None:
    if handle is None:
        return None
    return button(voice.say(f"consoles.{direction}"), f"dlq:v2:page:{handle}", emoji=emoji)
