"""The console of undelivered notifications: the three views, one entry, files, and the form of the filter."""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import discord
from discord import ButtonStyle, SelectOption, ui

from bot.domain.charts import Bar, BarChart, DrawnChart
from bot.domain.dlq import (
    COUNTED_BY_STATUS,
    NO_ANSWER,
    PAYLOAD_LIMIT,
    USUAL_HOURS,
    DlqColumn,
    DlqEntry,
    DlqFilter,
    DlqPage,
    DlqView,
    MostSevere,
    StatusCount,
    StatusCounts,
)
from bot.domain.text import cut, storable, storable_json
from bot.ui.components import Row, Screen, button, link, row, select_row, text
from bot.ui.forms.fields import Form, Submitted, label, text_input
from bot.ui.pictures import Picture, gallery
from bot.ui.words.inert import BYTE_ORDER_MARK, code_block, csv_line, inert, plain
from bot.ui.words.systems import answer, where
from bot.ui.words.wording import Voice, place_url
from cogs.dlq.entries import EntryView
from cogs.dlq.replay_screens import look, replayed, to_message
from cogs.dlq.rules import prepared, short_id, written_view

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

_INLINE_JSON: Final = 1_800

#: Bytes of a file: Discord takes 10 MiB with a message, whatever the server's level.
FILE_LIMIT: Final = 8_000_000
_COLUMNS: Final = tuple(column for column in DlqColumn if column is not DlqColumn.PAYLOAD)
FILTER_FORM: Final = r"dlq:v2:form"
CHANNEL: Final = "dlq_channel"
SEVERITY: Final = "dlq_severity"
STATUS: Final = "dlq_status"
TEXT: Final = "dlq_text"
PERIOD: Final = "dlq_period"

#: Characters that each field takes: a channel's name has 100 at most.
_LIMITS: Final = {CHANNEL: 100, SEVERITY: 40, STATUS: 60, TEXT: 100, PERIOD: 60}

#: The names of the fields, as texts.
INPUTS: Final = {name: f"consoles.dlq.form.{name.removeprefix('dlq_')}" for name in _LIMITS}
_HINTED: Final = frozenset({STATUS, PERIOD})


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
    body = list(_lines(voice, page.entries, arrived=page.arrived)) or [voice.say("consoles.dlq.none")]
    files = (
        button(voice.say("consoles.dlq.csv"), f"dlq:v2:csv:{links.here}", emoji="⬇"),
        button(voice.say("consoles.dlq.json"), f"dlq:v2:json:{links.here}", emoji="⬇"),
        button(voice.say("consoles.dlq.replay_all"), f"dlq:v2:all:{links.here}", emoji="🔁"),
    )
    return Screen(
        text(
            _title_of(voice, page),
            voice.say("consoles.dlq.filtered", what=only) if only else "",
        ),
        ui.Separator(),
        text(*body, switched_off(voice, page.missing)),
        rows=[
            _open(voice, page.entries),
            _tabs(voice, page.missing, links.here, window=window_of(page.filter), current="recent"),
            row(
                _turn(voice, "previous", links.newer, emoji="◀"),
                _turn(voice, "next", links.older, emoji="▶"),
                *(files if page.entries else ()),
            ),
        ],
        colour=_RED if any(one.id not in page.arrived for one in page.entries) else _GREEN,
    )


def p0_screen(voice: Voice, page: MostSevere, *, window: str) -> Screen:
    """Show P0 で email backup が送られたか.

    Args:
        window: The view that the other tabs keep: a list of some time, written.
    """
    entries = page.entries
    emailed = sum(entry.fallback_email_sent is True for entry in entries)
    lines = _lines(voice, entries, arrived=page.arrived, email=True)
    body = list(lines) or [voice.say("consoles.dlq.none_p0")]
    shown = voice.say("consoles.dlq.latest_only", count=len(entries)) if page.is_more else ""
    return Screen(
        text(voice.say("consoles.dlq.title_p0", total=len(entries), emailed=emailed), shown),
        ui.Separator(),
        text(*body, switched_off(voice, page.missing)),
        rows=[
            _open(voice, entries),
            _tabs(voice, page.missing, window, window=window, current="p0_email"),
        ],
        colour=_RED if emailed < len(entries) else _GREEN,
    )


def status_picture(voice: Voice, counts: StatusCounts) -> Picture | None:
    """Return the counts as a chart; None if there is nothing to compare."""
    shown = counts.counts[:_BARS]
    if len(shown) < _FEWEST_BARS:
        return None
    bars = tuple(Bar(label=_http(voice, each.http_status), count=each.count) for each in shown)
    title = voice.say("consoles.dlq.chart", hours=counts.hours)
    listed = voice.listed(f"{bar.label}: {bar.count:,}" for bar in bars)
    return Picture("statuses.png", BarChart(title=title, bars=bars), f"{title}: {listed}")


def status_screen(voice: Voice, counts: StatusCounts, picture: DrawnChart | None = None) -> Screen:
    """Show how many failures ended with which HTTP status: Discord 自体の障害を疑うとき."""
    most = max((each.count for each in counts.counts), default=0)
    lines = [_bar(voice, each, most=most) for each in counts.counts[:_STATUSES]]
    cut_off = voice.say("consoles.dlq.latest_only", count=f"{COUNTED_BY_STATUS:,}") if counts.is_cut else ""
    window = window_of(DlqFilter(hours=counts.hours))
    return Screen(
        text(
            voice.say("consoles.dlq.title_status", hours=counts.hours, total=f"{counts.total:,}"),
            cut_off,
            *(lines or [voice.say("consoles.dlq.none")]),
            voice.say("consoles.dlq.discord_down") if lines else "",
            switched_off(voice, counts.missing),
        ),
        *([] if picture is None else [gallery([picture])]),
        rows=[_tabs(voice, counts.missing, window, window=window, current="by_status")],
        colour=_RED if counts.total else _GREEN,
    )


def window_of(criteria: DlqFilter) -> str:
    """Return the view of everything in the time of a filter, written: what the tabs keep."""
    return written_view(DlqView(DlqFilter(criteria.hours, since=criteria.since, until=criteria.until)))


def narrowed(voice: Voice, criteria: DlqFilter) -> Iterator[str]:
    """Yield what a filter asks for besides its period, in words."""
    for value in (criteria.severity, criteria.status):
        if value is not None:
            yield f"`{inert(value, limit=40)}`"
    if criteria.channel is not None:
        yield f"#{inert(criteria.channel, limit=100)}"
    if criteria.http_status is not None:
        yield _http(voice, None if criteria.http_status == NO_ANSWER else criteria.http_status)
    if criteria.text is not None:
        yield voice.say("consoles.dlq.with_text", text=inert(criteria.text, limit=100))


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
    criteria = page.filter
    total = voice.say("consoles.dlq.uncounted")
    if page.total is not None:
        total = f"{page.total:,}{'+' if page.is_more else ''}"
    if criteria.since is None:
        return voice.say("consoles.dlq.title_recent", hours=criteria.hours, total=total)
    since = voice.moment(criteria.since)
    if criteria.until is None:
        return voice.say("consoles.dlq.title_since", since=since, total=total)
    return voice.say(
        "consoles.dlq.title_between", since=since, until=voice.moment(criteria.until), total=total
    )


def _bar(voice: Voice, each: StatusCount, *, most: int) -> str:
    """Return `HTTP 503` ██████ 12, as long as it is frequent."""
    length = max(round(_BAR * each.count / most), 1)
    times = voice.say("consoles.dlq.times", count=each.count)
    return f"`{_http(voice, each.http_status)}` {'█' * length} {times}"


def _lines(
    voice: Voice, entries: Sequence[DlqEntry], *, arrived: frozenset[str], email: bool = False
) -> Iterator[str]:
    """Yield two lines per failure, in room that all of them share, with an empty line between failures."""
    budget = _LINES_BUDGET // max(len(entries), 1)
    for number, entry in enumerate(entries):
        told = [voice.say("consoles.dlq.arrived")] if entry.id in arrived else []
        if email:
            told.append(
                voice.say(f"consoles.dlq.{'emailed' if entry.fallback_email_sent else 'not_emailed'}")
            )
        lines = _two_lines(voice, entry, told, budget=min(budget, 400))
        yield f"\n{lines}" if number else lines


def _two_lines(voice: Voice, entry: DlqEntry, told: Sequence[str], *, budget: int) -> str:
    """Say which failure, how bad, what and where; then in small print what else is *told*, when and why.

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
        *told,
    ]
    tail = " · ".join(ended)
    left = max(budget - len(head) - len(severity) - len(place) - len(tail) - 20, 20)
    title = inert(_title(voice, entry), limit=left // 2)
    error = inert(entry.error_message or "", limit=left // 2)
    what = f"{severity} {title}"
    if entry.severity == voice.policy.dlq_table.most_severe:  # they stand out among the others
        what = f"🔴 **{what}**"
    return f"{head} {what} → {place}\n-# {tail}" + (f" · {error}" if error else "")


def entry_choice(voice: Voice, entry: DlqEntry) -> str:
    """Return a failure for a list of choices, in plain words, its short id first."""
    words = (short_id(entry.id), entry.severity or "-", _title(voice, entry), _tried(voice, entry))
    return plain(" · ".join(words), limit=_CHOICE_LIMIT)


def _title(voice: Voice, entry: DlqEntry) -> str:
    return entry.title or voice.say("consoles.dlq.untitled")


def _tried(voice: Voice, entry: DlqEntry) -> str:
    return f"{voice.moment(entry.attempted_at)} {answer(voice, entry.http_status, entry.error_message)}"


def _http(voice: Voice, status: int | None) -> str:
    return voice.say("consoles.dlq.no_answer") if status is None else f"HTTP {status}"


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


def _tabs(voice: Voice, missing: frozenset[DlqColumn], here: str, *, window: str, current: str) -> Row | None:
    """Return the buttons to the views that the table allows; the *current* one has a dot and a colour.

    Args:
        here: The view that the filter's form begins with.
        window: The same time without its other conditions, which the other views keep.
    """
    views = {
        "recent": f"dlq:v2:page:{window}",
        "p0_email": f"dlq:v2:p0:{window}",
        "by_status": f"dlq:v2:http:{window}",
    }
    tabs = []
    for view, custom_id in views.items():
        label = voice.say(f"consoles.dlq.{view}")
        if view == current:
            words = voice.say("consoles.dlq.current", view=label)
            tabs.append(button(words, custom_id, style=ButtonStyle.primary))
        elif not missing & _NEEDS.get(view, frozenset()):
            tabs.append(button(label, custom_id))
    return row(
        *tabs,
        button(voice.say("consoles.dlq.narrow"), f"dlq:v2:filter:{here}", emoji="🔎"),
    )


def _turn(voice: Voice, direction: str, handle: str | None, *, emoji: str) -> ui.Button[ui.LayoutView] | None:
    if handle is None:
        return None
    return button(voice.say(f"consoles.{direction}"), f"dlq:v2:page:{handle}", emoji=emoji)


def entry_screen(voice: Voice, view: EntryView, *, guild_id: int) -> Screen:
    """Show what failed and why, then the message as it would have looked."""
    entry, replay, delivered = view.entry, view.replay, view.delivered
    made = prepared(entry.payload)
    is_owed = delivered is None and (replay is None or replay.may_be_repeated)
    can_replay = view.may_replay and is_owed and not made.is_empty
    is_pressable = PRESSABLE.fullmatch(entry.id) is not None
    can_replay, has_raw = can_replay and is_pressable, bool(entry.stored) and is_pressable
    url = None if delivered is None else place_url(guild_id, delivered.channel_id, delivered.message_id)
    return Screen(
        text(
            *_facts(voice, entry),
            voice.say("consoles.dlq.delivered_since") if delivered else "",
            replayed(voice, replay) if replay else "",
        ),
        ui.Separator(),
        text(*look(voice, made.body), _odd(voice, entry)),
        rows=[
            row(
                button(voice.say("consoles.dlq.raw"), f"dlq:v1:json:{entry.id}") if has_raw else None,
                button(voice.say("consoles.dlq.replay"), f"dlq:v1:preview:{entry.id}", emoji="🔁")
                if can_replay
                else None,
                None if url is None else link(voice.say("consoles.dlq.to_delivered"), url),
                to_message(voice, replay, guild_id=guild_id),
            )
        ],
        colour=_GREEN if delivered else _RED,
    )


def raw_json(voice: Voice, entry: DlqEntry) -> tuple[str, discord.File | None]:
    """Return the stored payload: in a code block when it is short, else as a file."""
    title = voice.say("consoles.dlq.raw_of", id=entry.id)
    stored = entry.stored or ""
    is_json = entry.payload is not None
    written = json.dumps(entry.payload, ensure_ascii=False, indent=2) if is_json else stored
    if len(written) <= _INLINE_JSON and "```" not in written:
        return f"{title}\n{code_block(written)}", None
    name = f"dlq-{short_id(entry.id)}.{'json' if is_json else 'txt'}"
    return title, discord.File(io.BytesIO(written.encode(errors="replace")), filename=name)


def _odd(voice: Voice, entry: DlqEntry) -> str:
    """Say what is wrong with a stored payload that is no message."""
    if entry.stored is None or entry.payload is not None:
        return ""
    if len(entry.stored) > PAYLOAD_LIMIT:
        return voice.say("consoles.dlq.too_long", limit=f"{PAYLOAD_LIMIT:,}")
    return voice.say("consoles.dlq.no_object")


def _facts(voice: Voice, entry: DlqEntry) -> Iterator[str]:
    yield voice.say("consoles.dlq.title_entry", id=f"`{entry.id}`")
    yield f"**{inert(entry.title or voice.say('consoles.dlq.untitled'), limit=420)}**"
    http = answer(voice, entry.http_status, entry.error_message)
    priority = voice.policy.dlq_table.most_severe
    email = "emailed" if entry.fallback_email_sent else "not_emailed" if entry.severity == priority else ""
    yield " · ".join(
        [
            voice.moment(entry.attempted_at),
            inert(entry.severity or "-", limit=20),
            where(entry.channel),
            http,
            voice.say("consoles.dlq.retries", count=entry.retry_count or 0),
            *([voice.say(f"consoles.dlq.{email}")] if email else []),
        ]
    )
    if entry.error_message:
        yield f"> {inert(entry.error_message, limit=400)}"
    for name, value in entry.extra:
        yield f"-# {inert(name, limit=40)}：{inert(value, limit=60)}"


class EntryFile(Protocol):
    """A file of DLQ entries that are added one by one."""

    name: str
    count: int

    def add(self, entry: DlqEntry) -> bool:
        """Take an entry; False if it has no room, and the file ends before it."""

    def content(self) -> bytes:
        """Return the bytes of the whole file."""


class CsvFile:
    """RFC 4180, in UTF-8 with the mark by which Excel knows it. Text cannot become a formula; no payloads."""

    name = "dlq.csv"

    def __init__(self) -> None:
        self.count = 0
        self._written = bytearray(BYTE_ORDER_MARK.encode())
        self._write([*_COLUMNS])

    def add(self, entry: DlqEntry) -> bool:
        row = list(_cells(entry))
        if not self._write(row):
            return False
        self.count += 1
        return True

    def content(self) -> bytes:
        return bytes(self._written)

    def _write(self, row: Sequence[str]) -> bool:
        encoded = csv_line(row).encode()
        if len(self._written) + len(encoded) > FILE_LIMIT:
            return False
        self._written += encoded
        return True


class JsonFile:
    """An array of objects with the runbook's names, the payload and the table's other columns included."""

    name = "dlq.json"

    def __init__(self) -> None:
        self.count = 0
        self._written = bytearray(b"[")

    def add(self, entry: DlqEntry) -> bool:
        named: dict[str, object] = {column.value: getattr(entry, column) for column in DlqColumn}
        named["attempted_at"] = entry.attempted_at.isoformat()
        if entry.payload is None and entry.stored is not None:
            named["payload"] = entry.stored  # no object: as it is stored
        named["extra"] = dict(entry.extra)
        text = json.dumps(storable_json(named), ensure_ascii=False)
        encoded = f"{',' if self.count else ''}\n{text}".encode()
        if len(self._written) + len(encoded) > FILE_LIMIT:
            return False
        self._written += encoded
        self.count += 1
        return True

    def content(self) -> bytes:
        return bytes(self._written + b"\n]\n")


def _cells(entry: DlqEntry) -> Iterator[str]:
    for column in _COLUMNS:
        value = getattr(entry, column)
        if column is DlqColumn.ATTEMPTED_AT:
            yield value.isoformat()
        elif isinstance(value, str):
            yield storable(value)
        else:
            yield "" if value is None else str(value).lower()


@dataclass(frozen=True, slots=True)
class TypedFilter:
    """What the form asks for: a filter without period and status, and these two as they were typed."""

    filter: DlqFilter
    period: str
    status: str


def filter_form(voice: Voice, criteria: DlqFilter) -> Form:
    """Build the form with what is listed now."""
    shown = {
        CHANNEL: criteria.channel or "",
        SEVERITY: criteria.severity or "",
        STATUS: _status(voice, criteria),
        TEXT: criteria.text or "",
        PERIOD: _period(voice, criteria),
    }
    fields = [
        label(
            voice.say(INPUTS[name]),
            text_input(name, limit=limit, required=False, value=cut(shown[name], limit=limit)),
            hint=voice.say(f"{INPUTS[name]}_hint") if name in _HINTED else None,
        )
        for name, limit in _LIMITS.items()
    ]
    return Form(voice.say("consoles.dlq.form.title"), "dlq:v2:form", fields)


def typed_filter(form: Submitted) -> TypedFilter:
    """Read the filter, period and status that a person sent."""
    criteria = DlqFilter(
        severity=form.text(SEVERITY).strip() or None,
        channel=form.text(CHANNEL).strip().lstrip("#") or None,
        text=form.text(TEXT).strip() or None,
    )
    return TypedFilter(criteria, form.text(PERIOD), form.text(STATUS))


def _status(voice: Voice, criteria: DlqFilter) -> str:
    if criteria.http_status is None:
        return criteria.status or ""
    answer = (
        voice.say("consoles.dlq.no_answer")
        if criteria.http_status == NO_ANSWER
        else str(criteria.http_status)
    )
    return f"{answer} {criteria.status or ''}".strip()


def _period(voice: Voice, criteria: DlqFilter) -> str:
    if criteria.since is None:
        return "" if criteria.hours == USUAL_HOURS else f"{criteria.hours}h"
    until = "" if criteria.until is None else _moment(voice, criteria.until)
    return f"{_moment(voice, criteria.since)}〜{until}"


def _moment(voice: Voice, at: datetime) -> str:
    return f"{at.astimezone(voice.policy.timezone):%Y-%m-%d %H:%M}"
