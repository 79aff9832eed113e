"""Show that charts from their worker are readable, and that a failing worker does no harm."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
from fontTools.ttLib import TTFont
from matplotlib_fontja import get_font_ttf_path
from PIL import Image
from structlog.testing import capture_logs

from bot.domain.charts import (
    Bar,
    BarChart,
    Chart,
    ChartBand,
    ChartLane,
    DayShift,
    IncidentChart,
    LaneLook,
    Mark,
    MonthChart,
    MonthDay,
    SeverityChart,
    SeverityCounts,
    SeverityTimes,
    TimesChart,
    TimesPanel,
    WeekTimes,
)
from bot.integrations.charts import drawing
from bot.integrations.charts.process import WorkerCharts
from tests.patience import PATIENCE_S

WITHIN_S: Final = 60.0  # on a busy machine

WEEKS: Final = ("10/5", "10/12", "10/19", "10/26", "11/2", "11/9", "11/16", "11/23")
COUNTS: Final = SeverityChart(
    title="重大度別のインシデント 直近 8 週",
    weeks=WEEKS,
    severities=(
        SeverityCounts(severity="SEV1", counts=(0, 1, 0, 0, 2, 0, 0, 1)),
        SeverityCounts(severity="SEV2", counts=(1, 0, 3, 1, 0, 2, 1, 3)),
        SeverityCounts(severity="SEV3", counts=(4, 2, 1, 0, 5, 3, 2, 12)),
    ),
)
TIMES: Final = TimesChart(
    title="対応の速さ 直近 8 週",
    weeks=WEEKS,
    panels=tuple(
        TimesPanel(
            title=title,
            severities=tuple(
                SeverityTimes(
                    severity=f"SEV{rank}",
                    weeks=tuple(
                        WeekTimes(
                            median_s=60.0 * rank * factor * (week + 1),
                            p90_s=150.0 * rank * factor * (week + 1),
                        )
                        if (week + rank) % 3
                        else WeekTimes()
                        for week in range(8)
                    ),
                )
                for rank in (1, 2, 3)
            ),
        )
        for title, factor in (("ack まで", 1), ("解決まで", 30))
    ),
    marks=(
        Mark(at_s=60, label="1 分"),
        Mark(at_s=900, label="15 分"),
        Mark(at_s=14_400, label="4 時間"),
        Mark(at_s=86_400, label="1 日"),
    ),
    legend="点：中央値、線の上端：90 パーセンタイル",
)
STATUSES: Final = BarChart(
    title="HTTP 別の失敗",
    bars=(Bar(label="429 送りすぎ", count=1_200), Bar(label="なし (接続できない)", count=3)),
)
COURSE: Final = IncidentChart(
    title="INC-42 の経過 (JST)",
    span_s=2_820,
    lanes=(
        ChartLane(
            label="重大度：SEV3 → SEV1",
            look=LaneLook.SEVERITY,
            bands=(ChartBand(start_s=120, end_s=900, rank=2), ChartBand(start_s=900, end_s=2_820)),
        ),
        ChartLane(
            label="担当：佐藤 太郎 (18 分)",
            look=LaneLook.OWNER,
            bands=(ChartBand(start_s=720, end_s=1_500), ChartBand(start_s=1_800, end_s=2_820)),
        ),
        ChartLane(
            label=f"担当：{'とても長い表示名' * 5} (1 分)",
            look=LaneLook.OWNER,
            bands=(ChartBand(start_s=1_500, end_s=1_560),),
        ),
        ChartLane(
            label="担当なし (14 分)",
            look=LaneLook.NOBODY,
            bands=(ChartBand(start_s=120, end_s=720), ChartBand(start_s=1_560, end_s=1_800)),
        ),
        ChartLane(
            label="通知：4 件 (× は届かなかった 1 件)",
            look=LaneLook.CALLS,
            moments=(120, 900, 1_020),
            failed=(1_140,),
        ),
        ChartLane(label="状況報告：2 回", look=LaneLook.UPDATES, moments=(1_200, 2_820)),
    ),
    ticks=tuple(Mark(at_s=at_s, label=f"11/24 14:{at_s // 60 + 5:02}") for at_s in (0, 900, 1_800, 2_820)),
    lines=(Mark(at_s=120, label="発報 14:07"), Mark(at_s=2_700, label="ack 期限 14:50")),
)
MONTH: Final = MonthChart(
    title="2026 年 11 月の当番 · primary (JST)",
    weekdays=("月", "火", "水", "木", "金", "土", "日"),
    first=6,
    days=tuple(
        MonthDay(
            shifts=(
                DayShift(person=day % 3, is_gap=day % 10 == 9),
                *(DayShift(person=3, at=f"{hour}:00", is_override=True) for hour in range(10, 10 + day % 7)),
            ),
            note="休" if day % 7 in {0, 6} else "",
            is_today=day == 23,
        )
        for day in range(30)
    ),
    people=("佐藤", "secondary with a name that is too long", "鈴木", "Ito"),
    override="白枠：代理・交換",
    gap="斜線：予定なし (設定ファイルの当番)",
)
ALL: Final[tuple[Chart, ...]] = (COUNTS, TIMES, STATUSES, COURSE, MONTH)

#: What a reader's Discord is painted with.
DARK, LIGHT = "#313338", "#ffffff"


pytestmark = pytest.mark.xdist_group("charts")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[Chart, bytes]:
    """Each chart, drawn once."""
    charts = WorkerCharts(tmp_path_factory.mktemp("fonts"))
    found = asyncio.run(charts.draw(ALL, within_s=WITHIN_S))
    return {chart: png for chart, png in zip(ALL, found, strict=True) if png is not None}


def words(value: object) -> Iterator[str]:
    """Every text of a chart's JSON."""
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from words(one)
        case list():
            for one in value:
                yield from words(one)


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: type(chart).__name__)
def test_a_phone_shows_it(pictures: dict[Chart, bytes], chart: Chart) -> None:
    """Each chart is a PNG as wide as a phone and below 80 kB, for a slow network; six weeks are no square.

    The course of an incident is as high as its lanes.
    """
    image = Image.open(BytesIO(pictures[chart]))
    height = {MONTH: 1_224, COURSE: image.height}.get(chart, drawing.HEIGHT)
    assert (image.format, image.size) == ("PNG", (drawing.WIDTH, height))
    assert len(pictures[chart]) < 80_000


@pytest.mark.parametrize("chart", ALL, ids=lambda chart: type(chart).__name__)
def test_it_reads_the_same_on_dark_and_on_light(pictures: dict[Chart, bytes], chart: Chart) -> None:
    """No pixel lets the page through; its ground is the drawing's, and its ink is there."""
    image = Image.open(BytesIO(pictures[chart])).convert("RGBA")
    on = [Image.new("RGBA", image.size, page) for page in (DARK, LIGHT)]
    shown = {Image.alpha_composite(page, image).tobytes() for page in on}
    assert len(shown) == 1
    pixels = image.convert("RGB").tobytes()
    counted = Counter(f"#{pixels[at : at + 3].hex()}" for at in range(0, len(pixels), 3))
    ground, ink = (drawing.PAPER, drawing.PRINT) if chart is COURSE else (drawing.GROUND, drawing.INK)
    assert counted.most_common(1)[0][0] == ground
    assert counted[ink] > 0


def test_nothing_of_an_incidents_course_leaves_the_picture(pictures: dict[Chart, bytes]) -> None:
    """The outermost pixels are paper: no name, however long, and no time at an edge is cut off."""
    image = Image.open(BytesIO(pictures[COURSE])).convert("RGB")
    width, height = image.size
    edges = [(x, y) for x in range(width) for y in (0, height - 1)]
    edges += [(x, y) for y in range(height) for x in (0, width - 1)]
    assert {image.getpixel(place) for place in edges} == {(255, 255, 255)}


def test_an_incidents_course_reads_without_colours(pictures: dict[Chart, bytes]) -> None:
    """In grey, the severities differ by their hatching, and the time without an owner is hatched on white."""
    image = Image.open(BytesIO(pictures[COURSE])).convert("L")
    scale = (drawing.WIDTH - 48) / COURSE.span_s

    def shades(lane: int, start_s: int, end_s: int) -> set[int]:
        height = 70 + 2 * 34 + 92 * lane + 62
        box = (int(24 + start_s * scale) + 6, height - 12, int(24 + end_s * scale) - 6, height + 12)
        pixels = image.crop(box).tobytes()
        return {shade for shade, count in Counter(pixels).items() if count > len(pixels) / 50}

    assert len(shades(0, 900, 2_700)) == 1  # SEV1 is plain
    assert len(shades(0, 120, 900)) > 1
    assert max(shades(3, 120, 720)) == 255
    assert min(shades(3, 120, 720)) < 100


def test_words_and_marks_stand_out() -> None:
    """WCAG AA: 4.5 for text, 3 for what else must be seen; also each colour of the bars beside the next."""
    for ink in (drawing.INK, drawing.FAINT_INK):
        assert contrast(ink, drawing.GROUND) >= 4.5
    assert contrast(drawing.OFF, drawing.GROUND) >= 4.5
    for colour in (*drawing.SEVERITY_COLOURS, drawing.BAR, *drawing.PEOPLE_COLOURS):
        assert contrast(colour, drawing.GROUND) >= 4.5  # the numbers in a bar have the ground's colour
    assert contrast(drawing.PRINT, drawing.PAPER) >= 4.5
    for colour in drawing.PRINTS:
        assert contrast(colour, drawing.PAPER) >= 3


def test_every_letter_is_in_the_font() -> None:
    """Else a reader sees a box. The font's own table says so."""
    known = TTFont(get_font_ttf_path()).getBestCmap()
    texts = [text for chart in ALL for text in words(chart.to_json())]
    assert len(texts) > 30
    assert {letter for text in texts for letter in text if ord(letter) not in known} == set()


def test_other_peoples_letters_become_question_marks() -> None:
    """An emoji in a channel's name is no box, and nothing in it moves the text."""
    assert drawing.shown("p0-🔥alerts\u202e$x^2$\n") == "p0-?alerts$x^2$"


async def test_what_cannot_be_drawn_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    """One chart fails, the next comes."""
    uneven = SeverityChart(
        title="x", weeks=("a", "b"), severities=(SeverityCounts(severity="SEV1", counts=(1,)),)
    )
    with capture_logs() as logs:
        broken, whole = await WorkerCharts(tmp_path).draw([uneven, STATUSES], within_s=WITHIN_S)
    assert broken is None
    assert whole is not None
    assert [log["event"] for log in logs] == ["charts.failed"]


async def test_a_dead_worker_is_logged_once_until_it_works_again(tmp_path: Path) -> None:
    """Charts of a dead worker are missing without an error, and it is logged once until it works again."""
    charts = WorkerCharts(tmp_path, module="bot.no_such_worker")
    with capture_logs() as logs:
        assert await charts.draw(ALL, within_s=WITHIN_S) == [None] * len(ALL)
        assert await charts.draw(ALL, within_s=WITHIN_S) == [None] * len(ALL)
        charts._module = WorkerCharts(tmp_path)._module
        assert None not in await charts.draw([STATUSES], within_s=WITHIN_S)
    assert [log["event"] for log in logs] == ["charts.failed", "charts.drawn_again"]


async def test_a_slow_worker_is_killed_at_its_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words go out without the picture, and no process stays behind."""
    slow = tmp_path / "python"
    slow.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    loop = asyncio.get_running_loop()
    began = loop.time()
    with capture_logs():
        assert await WorkerCharts(tmp_path).draw([STATUSES], within_s=1.0) == [None]
    assert 1.0 <= loop.time() - began < PATIENCE_S
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_what_was_drawn_comes_at_once(tmp_path: Path) -> None:
    """A digest's charts are drawn before the hour, and need no process then."""
    charts = WorkerCharts(tmp_path)
    first = await charts.draw([STATUSES], within_s=WITHIN_S)
    charts._module = "bot.no_such_worker"
    assert await charts.draw([STATUSES], within_s=0.0) == first


async def test_two_who_ask_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """One process at a time: the second finds the first one's picture."""
    charts = WorkerCharts(tmp_path)
    first, second = await asyncio.gather(*(charts.draw([STATUSES], within_s=WITHIN_S) for _ in range(2)))
    assert first == second
    assert None not in first
