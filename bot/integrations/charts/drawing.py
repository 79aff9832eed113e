"""What the charts look like. Runs in the worker's process only: it imports matplotlib.

A picture is opaque, so it reads the same on a dark and on a light Discord. No fact is shown by colour alone.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, singledispatch
from io import BytesIO
from typing import Final

import matplotlib as mpl
import matplotlib_fontja
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path
from PIL import Image

from bot.domain.charts import (
    BarChart,
    Chart,
    ChartLane,
    DayShift,
    IncidentChart,
    LaneLook,
    MonthChart,
    MonthDay,
    SeverityChart,
    SeverityTimes,
    TimesChart,
    TimesPanel,
)

#: Pixels: as wide as a phone shows sharply.
WIDTH: Final = 1000
HEIGHT: Final = 720

GROUND: Final = "#2b2d31"
INK: Final = "#f2f3f5"
FAINT_INK: Final = "#b5bac1"
LINES: Final = "#4e5058"
#: By the order of severities; the last one for all further ones.
SEVERITY_COLOURS: Final = ("#f0686a", "#f0a020", "#58a6dc")
#: The same order, so that the colours need not be told apart.
_HATCHES: Final = ("", "//", "..")
_DOTS: Final = ("o", "s", "^")
BAR: Final = "#58a6dc"

#: Of an incident's chart, which is printed as well: dark on white, in severities' order and by look.
PAPER: Final = "#ffffff"
PRINT: Final = "#1e1f22"
_FAINT_PRINT: Final = "#c4c9ce"
_SEVERITY_PRINTS: Final = ("#d83c3e", "#c2701a", "#3a7fc1")
_OWNER_PRINT: Final = "#2d7d46"
PRINTS: Final = (*_SEVERITY_PRINTS, _OWNER_PRINT)
_LANE_HEIGHT: Final = 92  # pixels, the label above it included
_MIDDLE: Final = 0.68  # of a lane, from its top
_HINTED: Final = 1.03  # letters grow and shrink in whole pixels
_HEAD, _FOOT, _SIDE = 70, 60, 24  # pixels around the lanes
_EDGE: Final = 0.08  # of the width: a label in the middle of its tick would leave the picture
_LINE_HEIGHT: Final = 34  # pixels for the label of a line
_PRINTED: Final = 20  # points: read on a phone of 390 pixels, where the picture is a third as wide

_DPI: Final = 100
_COLOURS: Final = 64
_PADDING_IN: Final = 0.15  # inches, as matplotlib counts
#: A phone shows a picture at a third of its size: 24 points are 12 of its pixels.
_SMALL: Final = 24
_LARGE: Final = 30
_LEAST: Final = 0.07  # of the height: a part of a bar that is lower has no room for its number
_ROWS: Final = 4  # the least height of a bar chart: a single bar must not fill it
_LONGEST_LABEL: Final = 18  # characters of a bar's label
_BESIDE: Final = 0.16  # of a week: the distance between severities
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe0f]")


def draw(chart: Chart) -> bytes:
    """Draw *chart* and return it as a PNG image."""
    is_printed, height = isinstance(chart, IncidentChart), HEIGHT
    if isinstance(chart, MonthChart):
        height = _Month(chart).height
    ink = PRINT if is_printed else INK
    figure = Figure(
        figsize=(WIDTH / _DPI, height / _DPI), dpi=_DPI, facecolor=PAPER if is_printed else GROUND
    )
    if not isinstance(chart, MonthChart):
        figure.set_layout_engine("constrained", w_pad=_PADDING_IN, h_pad=_PADDING_IN)
    out = BytesIO()
    with mpl.rc_context(
        {
            "font.family": "IPAexGothic",
            "font.size": _SMALL,
            "text.parse_math": False,  # titles may contain dollar signs
            "text.color": INK,
            "axes.edgecolor": LINES,
            "axes.unicode_minus": False,
            "hatch.color": GROUND,
            "hatch.linewidth": 2.0,
        }
    ):
        _drawn(chart, figure)
        figure.suptitle(
            shown(chart.title), color=ink, fontsize=_LARGE, x=_PADDING_IN * _DPI / WIDTH, ha="left"
        )
        figure.savefig(out, format="png")
    # For a phone on a slow network: a third of the bytes, and the same picture to the eye.
    small = Image.open(out).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    out = BytesIO()
    small.save(out, format="png", optimize=True)
    return out.getvalue()


def shown(text: str) -> str:
    """Return *text* with the characters that the font has; others become ``?``."""
    known = _glyphs()
    return "".join(each if ord(each) in known else "?" for each in _CONTROLS.sub("", text))


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(FT2Font(matplotlib_fontja.get_font_ttf_path()).get_charmap())


@singledispatch
def _drawn(chart: Chart, _figure: Figure) -> None:
    raise TypeError(type(chart).__name__)


@_drawn.register
def _(chart: SeverityChart, figure: Figure) -> None:
    axes = figure.subplots()
    _dress(axes, chart.weeks)
    floors = [0] * len(chart.weeks)
    highest = max(*(sum(week) for week in zip(*(one.counts for one in chart.severities), strict=True)), 3)
    for at, one in enumerate(chart.severities):
        bars = axes.bar(
            range(len(floors)),
            one.counts,
            bottom=floors,
            width=0.66,
            color=_of(SEVERITY_COLOURS, at),
            hatch=_of(_HATCHES, at),
            edgecolor=GROUND,
            label=shown(one.severity),
        )
        named = [str(count) if count >= _LEAST * highest else "" for count in one.counts]
        for text in axes.bar_label(bars, named, label_type="center", color=GROUND, fontsize=_SMALL):
            text.set_bbox({"facecolor": _of(SEVERITY_COLOURS, at), "edgecolor": "none", "pad": 1.5})
        floors = [floor + count for floor, count in zip(floors, one.counts, strict=True)]
    for week, total in enumerate(floors):
        axes.annotate(str(total), (week, total), (0, 4), textcoords="offset points", ha="center", color=INK)
    axes.set_ylim(0, highest * 1.15)
    axes.set_yticks([])
    _legend(axes, figure)


@_drawn.register
def _(chart: TimesChart, figure: Figure) -> None:
    panels = figure.subplots(len(chart.panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, panel in zip(panels, chart.panels, strict=True):
        _dress(axes, chart.weeks, words=axes is panels[-1])
        _panel(axes, chart, panel)
    panels[-1].set_xlabel(shown(chart.legend), color=FAINT_INK, fontsize=_SMALL - 4)
    _legend(panels[0], figure)


def _panel(axes: Axes, chart: TimesChart, panel: TimesPanel) -> None:
    axes.set_title(shown(panel.title), color=INK, fontsize=_SMALL, loc="left")
    for at, one in enumerate(panel.severities):
        _times(axes, one, at=at, beside=(at - (len(panel.severities) - 1) / 2) * _BESIDE)
    spans = [span for one in panel.severities for took in one.weeks for span in (took.median_s, took.p90_s)]
    values = [max(span, 1.0) for span in spans if span is not None]
    low, high = min(values, default=60.0), max(values, default=3600.0)
    marks = [mark for mark in chart.marks if low / 4 <= mark.at_s <= high * 4]
    axes.set_yscale("log")
    axes.set_ylim(max(low, 1.0) / 2, high * 2)
    axes.yaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.set_yticks([mark.at_s for mark in marks], [shown(mark.label) for mark in marks])
    axes.grid(axis="y", color=LINES, linewidth=1)


def _times(axes: Axes, one: SeverityTimes, *, at: int, beside: float) -> None:
    """Draw the dots of one severity, each with its line up to the 90th percentile."""
    there = [(week, took) for week, took in enumerate(one.weeks) if took.median_s is not None]
    colour = _of(SEVERITY_COLOURS, at)
    for week, took in there:
        low, high = max(took.median_s or 0.0, 1.0), max(took.p90_s or 0.0, took.median_s or 0.0, 1.0)
        axes.plot([week + beside] * 2, [low, high], color=colour, linewidth=6, solid_capstyle="butt")
    axes.plot(
        [week + beside for week, _ in there],
        [max(took.median_s or 0.0, 1.0) for _, took in there],
        _of(_DOTS, at),
        color=colour,
        markeredgecolor=GROUND,
        markersize=15,
        label=shown(one.severity),
    )


@_drawn.register
def _(chart: BarChart, figure: Figure) -> None:
    axes = figure.subplots()
    _dress(axes, ())
    labels = [shown(bar.label)[:_LONGEST_LABEL] for bar in chart.bars]
    bars = axes.barh(range(len(labels)), [bar.count for bar in chart.bars], color=BAR, height=0.6)
    axes.bar_label(bars, [f"{bar.count:,}" for bar in chart.bars], padding=6, color=INK, fontsize=_SMALL)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(max(len(labels), _ROWS) - 0.5, -0.5)  # the first one at the top
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_xlim(0, max((bar.count for bar in chart.bars), default=1) * 1.15 or 1)


@_drawn.register
def _(chart: IncidentChart, figure: Figure) -> None:
    lines = sorted(chart.lines, key=lambda mark: mark.at_s)
    inside = len(chart.lanes) * _LANE_HEIGHT + len(lines) * _LINE_HEIGHT
    height = _HEAD + inside + _FOOT
    figure.set_layout_engine("none")
    figure.set_size_inches(WIDTH / _DPI, height / _DPI)
    axes = figure.add_axes((_SIDE / WIDTH, _FOOT / height, 1 - 2 * _SIDE / WIDTH, inside / height))
    axes.set_facecolor(PAPER)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(PRINT)
    top, bottom = -len(lines) * _LINE_HEIGHT / _LANE_HEIGHT, len(chart.lanes)
    axes.set_xlim(0, chart.span_s)
    axes.set_ylim(bottom, top)  # the first lane at the top
    _ticks(axes, chart)
    for number, mark in enumerate(lines):
        level = top + number * _LINE_HEIGHT / _LANE_HEIGHT
        axes.plot([mark.at_s] * 2, [level, bottom], "--", color=PRINT, linewidth=1.5, zorder=2)
        is_left = mark.at_s > chart.span_s / 2  # so that no label leaves the picture
        axes.annotate(
            shown(mark.label),
            (mark.at_s, level),
            (-8 if is_left else 8, 0),
            textcoords="offset points",
            ha="right" if is_left else "left",
            va="top",
            color=PRINT,
            fontsize=_PRINTED,
        )
    for at, lane in enumerate(chart.lanes):
        axes.plot([0, chart.span_s], [at + _MIDDLE] * 2, color=_FAINT_PRINT, linewidth=1, zorder=0)
        _lane(axes, lane, at=at + _MIDDLE)
        label = axes.text(
            0, at + 0.42, shown(lane.label), color=PRINT, fontsize=_PRINTED, va="bottom", zorder=4
        )
        label.set_bbox({"facecolor": PAPER, "edgecolor": "none", "pad": 0})
        too_wide = label.get_window_extent().width / (WIDTH - 2 * _SIDE)
        label.set_fontsize(_PRINTED / max(too_wide * _HINTED, 1))


def _ticks(axes: Axes, chart: IncidentChart) -> None:
    """Name moments of the axis; a label near an edge stays within the picture."""
    axes.set_yticks([])
    axes.set_xticks([tick.at_s for tick in chart.ticks], [shown(tick.label) for tick in chart.ticks])
    axes.tick_params(colors=PRINT, labelsize=_PRINTED - 2, length=6)
    for tick, label in zip(chart.ticks, axes.get_xticklabels(), strict=True):
        share = tick.at_s / chart.span_s
        label.set_horizontalalignment("left" if share < _EDGE else "right" if share > 1 - _EDGE else "center")


def _lane(axes: Axes, lane: ChartLane, *, at: float) -> None:
    """Draw the bands and moments of one lane around the height *at*."""
    for band in lane.bands:
        match lane.look:
            case LaneLook.SEVERITY:
                colour, hatch, edge = _of(_SEVERITY_PRINTS, band.rank), _of(_HATCHES, band.rank), PAPER
            case LaneLook.NOBODY:
                colour, hatch, edge = PAPER, "//", PRINT
            case _:
                colour, hatch, edge = _OWNER_PRINT, "", PAPER
        axes.barh(
            at,
            band.end_s - band.start_s,
            left=band.start_s,
            height=0.42,
            color=colour,
            hatch=hatch,
            edgecolor=edge,
            linewidth=1.5,
            zorder=3,
        )
    sign = "o" if lane.look is LaneLook.UPDATES else "|"
    for moments, shape in ((lane.moments, sign), (lane.failed, "x")):
        axes.plot(
            moments,
            [at] * len(moments),
            shape,
            color=PRINT,
            markersize=14 if shape == "o" else 22 if shape == "|" else 16,
            markeredgewidth=3,
            clip_on=False,
            zorder=5,
        )


#: By the order of people; dark words are read on each. With more people they come again: names tell.
PEOPLE_COLOURS: Final = (
    *("#f0a020", "#6db4e8", "#8fd694", "#f29bb7"),
    *("#c3a6ff", "#f5e18b", "#7fd9d0", "#d9a77a"),
)
OFF: Final = "#ff8f90"

_MARGIN: Final = 15  # pixels beside the grid
_TOP: Final = 104  # above it: the title, the days of the week
_CELL: Final = ((WIDTH - 2 * _MARGIN) / 7, 168)  # wide, high
_DATE: Final = 36  # of a cell, above its shifts
_NAME_PT: Final = 19
_NAMES_PT: Final = (_NAME_PT, 17, 15)  # the largest that has room
_NOTE_PT: Final = 15
_LEGEND: Final = 46  # the height of its rows
_TWO_LINES: Final = 52  # the least height for a time above a name
_MOST_SHIFTS: Final = 4


@_drawn.register
def _(chart: MonthChart, figure: Figure) -> None:
    _Month(chart).draw(figure)


class _Month:
    """Draws a month in pixels from the top left corner."""

    def __init__(self, chart: MonthChart) -> None:
        self._chart = chart
        self._weeks = -(-(chart.first + len(chart.days)) // len(chart.weekdays))
        self._legend = list(self._placed())
        self._bottom = _TOP + self._weeks * _CELL[1] + 12

    @property
    def height(self) -> int:
        """Return the height of the picture."""
        return self._bottom + (self._legend[-1][1] + 1) * _LEGEND + 8

    def draw(self, figure: Figure) -> None:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(self.height, 0)
        axes.axis("off")
        for column, name in enumerate(self._chart.weekdays):
            x = _MARGIN + (column + 0.5) * _CELL[0]
            axes.text(x, _TOP - 20, shown(name), fontsize=_NOTE_PT, color=FAINT_INK, ha="center", va="center")
        for number, day in enumerate(self._chart.days, start=1):
            row, column = divmod(self._chart.first + number - 1, len(self._chart.weekdays))
            self._day(axes, number, day, x=_MARGIN + column * _CELL[0], y=_TOP + row * _CELL[1])
        for x, row, word, shift in self._legend:
            y = self._bottom + row * _LEGEND
            _box(axes, (x, y + 8), (30, 28), shift)
            axes.text(x + 38, y + 22, word, fontsize=_NOTE_PT + 1, color=INK, va="center")

    def _placed(self) -> Iterator[tuple[float, int, str, DayShift]]:
        """Yield the entries of the legend: where they begin, in which row, their words, and an example."""
        entries = [(name, DayShift(person=at)) for at, name in enumerate(self._chart.people)]
        entries += (
            [(self._chart.override, DayShift(person=-1, is_override=True))] if self._chart.override else []
        )
        entries += [(self._chart.gap, DayShift(person=-1, is_gap=True))] if self._chart.gap else []
        x, row = float(_MARGIN), 0
        for words, shift in entries:
            word = _fitted(words, WIDTH - 2 * _MARGIN - 60, size=_NOTE_PT + 1)
            width = 38 + _width(word, size=_NOTE_PT + 1) + 26
            if x > _MARGIN and x + width > WIDTH - _MARGIN:
                x, row = float(_MARGIN), row + 1
            yield x, row, word, shift
            x += width

    def _day(self, axes: Axes, number: int, day: MonthDay, *, x: float, y: float) -> None:
        frame = Rectangle(
            (x + 1, y + 1),
            _CELL[0] - 2,
            _CELL[1] - 2,
            facecolor="none",
            edgecolor=INK if day.is_today else LINES,
            linewidth=3 if day.is_today else 1,
        )
        axes.add_patch(frame)
        colour, middle = OFF if day.note else INK, y + _DATE / 2 + 2
        date = f"{number} {day.note}".strip()
        axes.text(x + 8, middle, shown(date), fontsize=_NAME_PT, color=colour, va="center")
        shifts = list(day.shifts[: _MOST_SHIFTS if len(day.shifts) <= _MOST_SHIFTS else _MOST_SHIFTS - 1])
        left_out = len(day.shifts) - len(shifts)
        height = (_CELL[1] - _DATE - 6) / (len(shifts) + bool(left_out))
        for at, shift in enumerate(shifts):
            place = (x + 5, y + _DATE + at * height)
            _box(axes, place, (_CELL[0] - 10, height - 3), shift)
            self._named(axes, shift, place, height - 3)
        if left_out:
            bottom = y + _DATE + (len(shifts) + 0.5) * height
            axes.text(x + 10, bottom, f"+{left_out}", fontsize=_NAME_PT, color=INK, va="center")

    def _named(self, axes: Axes, shift: DayShift, place: tuple[float, float], height: float) -> None:
        """Write when a shift begins, and whose it is: one below the other where there is room."""
        (x, y), room, colour = place, _CELL[0] - 22, INK if shift.is_gap else GROUND
        name, middle = shown(self._chart.people[shift.person]), y + height / 2 + 1
        if shift.at and height >= _TWO_LINES:
            axes.text(x + 6, y + 13, shift.at, fontsize=_NOTE_PT - 1, color=colour, va="center")
            middle += 9
        elif shift.at:
            axes.text(x + 6, middle, shift.at, fontsize=_NOTE_PT - 1, color=colour, va="center")
            used = _width(shift.at, size=_NOTE_PT - 1) + 6
            x, room = x + used, room - used
        sizes = (size for size in _NAMES_PT if size * _DPI / 72 < height and _width(name, size=size) <= room)
        size = next(sizes, _NAMES_PT[-1])
        word = _fitted(name, room, size=size)
        axes.text(x + 6, middle, word, fontsize=size, color=colour, va="center")


def _box(axes: Axes, place: tuple[float, float], size: tuple[float, float], shift: DayShift) -> None:
    """Draw the field of a shift: the person's colour, a frame for a stand-in, hatched for a gap."""
    colour = LINES if shift.is_gap else GROUND
    if shift.person >= 0 and not shift.is_gap:
        colour = PEOPLE_COLOURS[shift.person % len(PEOPLE_COLOURS)]
    box = Rectangle(place, *size, facecolor=colour, linewidth=0, hatch="//" if shift.is_gap else None)
    axes.add_patch(box)
    if shift.is_override:
        (x, y), (width, height) = place, size
        frame = Rectangle((x + 2, y + 2), width - 4, height - 4, facecolor="none", edgecolor=INK, linewidth=3)
        axes.add_patch(frame)


def _fitted(text: str, room: float, *, size: float) -> str:
    """Return as much of *text* as has room, in pixels."""
    whole = text = shown(text)
    while text and _width(text if text == whole else f"{text}…", size=size) > room:
        text = text[:-1]
    return text if text == whole else f"{text}…"


def _width(text: str, *, size: float) -> float:
    """Return how wide *text* is in pixels."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(size=size), ismath=False)
    return float(width) * _DPI / 72  # points per inch


def _dress(axes: Axes, weeks: Sequence[str], *, words: bool = True) -> None:
    axes.set_facecolor(GROUND)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(colors=INK, labelsize=_SMALL, length=0, labelbottom=words)
    if weeks:
        axes.set_xlim(-0.6, len(weeks) - 0.4)
        axes.set_xticks(range(len(weeks)), [shown(week) for week in weeks])


def _legend(axes: Axes, figure: Figure) -> None:
    _, labels = axes.get_legend_handles_labels()
    if labels:
        figure.legend(
            loc="outside lower center",
            ncols=len(labels),
            frameon=False,
            labelcolor=INK,
            fontsize=_SMALL,
            handles=axes.get_legend_handles_labels()[0],
        )


def _of(each: Sequence[str], at: int) -> str:
    return each[min(at, len(each) - 1)]
