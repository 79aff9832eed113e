"""Charts with their words: drawn elsewhere, and left out where they are not ready in time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import discord
from discord import ui

from bot.domain.charts import (
    Chart,
    DrawnChart,
    Mark,
    SeverityChart,
    SeverityCounts,
    SeverityTimes,
    TimesChart,
    TimesPanel,
    WeekTimes,
)
from bot.domain.statistics.figures import Durations, SeverityFigures, WeekFigures
from bot.domain.text import cut
from bot.services.ports.systems import PATIENCE_S, Charts
from bot.ui.words.inert import plain
from bot.ui.words.wording import Wording

_DESCRIPTION_LIMIT = 1_024  # Discord: the description of a file


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart for a message; the attributes are those of `DrawnChart`."""

    filename: str
    chart: Chart
    description: str


async def drawn(
    charts: Charts, pictures: Sequence[Picture], *, within_s: float = PATIENCE_S
) -> list[DrawnChart]:
    """Draw *pictures*, and leave out those that failed or were not ready *within_s*."""
    if not pictures:
        return []
    found = await charts.draw([picture.chart for picture in pictures], within_s=within_s)
    return [
        DrawnChart(picture.filename, cut(picture.description, limit=_DESCRIPTION_LIMIT), png)
        for picture, png in zip(pictures, found, strict=True)
        if png is not None
    ]


def gallery(pictures: Sequence[DrawnChart]) -> ui.MediaGallery[Any]:
    """Show *pictures* within a screen that is sent with them as files."""
    return ui.MediaGallery(
        *(
            discord.MediaGalleryItem(f"attachment://{one.filename}", description=one.description)
            for one in pictures
        )
    )


def as_files(pictures: Iterable[DrawnChart]) -> list[discord.File]:
    """Return *pictures* for an answer to a person."""
    return [
        discord.File(BytesIO(one.png), filename=one.filename, description=one.description) for one in pictures
    ]


_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400

#: The times that the axis may name.
_MARKS_S: Final = (
    *(_MINUTE_S, 5 * _MINUTE_S, 15 * _MINUTE_S),
    *(_HOUR_S, 4 * _HOUR_S),
    *(_DAY_S, 3 * _DAY_S, 7 * _DAY_S, 30 * _DAY_S),
)
_SEVERITY_LIMIT: Final = 20


def trend_pictures(words: Wording, weeks: Sequence[WeekFigures]) -> Iterator[Picture]:
    """Yield the charts of several weeks, the earliest first: incidents, and times if there are any."""
    yield from incidents_picture(words, weeks)
    yield from times_picture(words, weeks)


def incidents_picture(words: Wording, weeks: Sequence[WeekFigures]) -> Iterator[Picture]:
    """Yield the chart of the incidents of several weeks, the earliest first; none without any."""
    if not any(week.incidents for week in weeks):
        return
    chart = SeverityChart(
        title=words.say("figures.chart.incidents", weeks=len(weeks)),
        weeks=_labels(weeks),
        severities=tuple(
            SeverityCounts(severity=_name(each[0]), counts=tuple(one.incidents for one in each))
            for each in _by_severity(weeks)
        ),
    )
    yield Picture("incidents.png", chart, _incidents_told(words, weeks))


def times_picture(words: Wording, weeks: Sequence[WeekFigures]) -> Iterator[Picture]:
    """Yield the chart of the response times of several weeks, the earliest first; none without any."""
    figures = [one for week in weeks for one in week.severities]
    if any(one.acknowledge.count or one.resolve.count for one in figures):
        yield Picture("response-times.png", _times(words, weeks), _times_told(words, weeks[-1]))


def _incidents_told(words: Wording, weeks: Sequence[WeekFigures]) -> str:
    lines = (
        words.say(
            "figures.chart.counts",
            severity=_name(each[0]),
            counts=words.listed(str(one.incidents) for one in each),
        )
        for each in _by_severity(weeks)
    )
    first, last = weeks[0].week.monday, weeks[-1].week.monday
    span = words.say("figures.chart.weeks", first=f"{first:%m/%d}", last=f"{last:%m/%d}")
    return "\n".join([span, *lines])


def _times(words: Wording, weeks: Sequence[WeekFigures]) -> TimesChart:
    by_severity = list(_by_severity(weeks))
    return TimesChart(
        title=words.say("figures.chart.times", weeks=len(weeks)),
        weeks=_labels(weeks),
        panels=(
            TimesPanel(
                title=words.say("figures.chart.acknowledge"),
                severities=tuple(_took(each, [one.acknowledge for one in each]) for each in by_severity),
            ),
            TimesPanel(
                title=words.say("figures.chart.resolve"),
                severities=tuple(_took(each, [one.resolve for one in each]) for each in by_severity),
            ),
        ),
        marks=tuple(Mark(at_s=at_s, label=words.span(at_s)) for at_s in _MARKS_S),
        legend=words.say("figures.chart.legend"),
    )


def _took(figures: Sequence[SeverityFigures], times: Sequence[Durations]) -> SeverityTimes:
    weeks = tuple(WeekTimes(median_s=each.median_s, p90_s=each.p90_s) for each in times)
    return SeverityTimes(severity=_name(figures[0]), weeks=weeks)


def _times_told(words: Wording, week: WeekFigures) -> str:
    """Tell the last week's times: those of eight weeks would be a table that no one listens to."""
    lines = [
        times_line(words, one, name=_name(one))
        for one in week.severities
        if one.acknowledge.count or one.resolve.count
    ]
    last = words.say("figures.chart.last_week", week=week.week)
    return "\n".join([last, *(lines or [words.say("figures.chart.no_times")])])


def times_line(words: Wording, one: SeverityFigures, *, name: str) -> str:
    """Tell the median and the 90th percentile of a severity's times; *name* is safe to show."""
    return words.say(
        "figures.times.line",
        severity=name,
        acknowledge=_durations(words, one.acknowledge),
        resolve=_durations(words, one.resolve),
    )


def _durations(words: Wording, took: Durations) -> str:
    if took.median_s is None or took.p90_s is None:
        return words.say("figures.times.none")
    if took.count == 1:
        return words.span(took.median_s)
    return words.say("figures.times.spread", median=words.span(took.median_s), p90=words.span(took.p90_s))


def _by_severity(weeks: Sequence[WeekFigures]) -> Iterator[tuple[SeverityFigures, ...]]:
    """Yield the figures of each severity, one per week; every week has the same severities."""
    return zip(*(week.severities for week in weeks), strict=True)


def _labels(weeks: Sequence[WeekFigures]) -> tuple[str, ...]:
    return tuple(f"{day.month}/{day.day}" for day in (week.week.monday for week in weeks))


def _name(one: SeverityFigures) -> str:
    return plain(one.severity, limit=_SEVERITY_LIMIT)
