"""What the charts look like. Runs in the worker's process only: it imports matplotlib.

A picture is opaque, so it reads the same on a dark and on a light Discord. No fact is shown by colour alone.
"""

import re
from collections.abc import Sequence
from functools import cache, singledispatch
from io import BytesIO
from typing import Final

import matplotlib as mpl
import matplotlib_fontja
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font

from bot.domain.charts import BarChart, Chart, SeverityChart, SeverityTimes, TimesChart, TimesPanel

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

_DPI: Final = 100
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
    figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=GROUND)
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
            shown(chart.title), color=INK, fontsize=_LARGE, x=_PADDING_IN * _DPI / WIDTH, ha="left"
        )
        figure.savefig(out, format="png", pil_kwargs={"optimize": True})
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
