"""The charts of several weeks: their numbers, and the same in words."""

from collections.abc import Sequence

from bot.domain.charts import Chart, SeverityChart, TimesChart, WeekTimes
from bot.domain.statistics.figures import Durations, SeverityFigures, WeekFigures
from bot.domain.statistics.period import IsoWeek
from bot.ui.pictures import drawn, trend_pictures
from tests.unit.ui.samples import EN, JA

LAST = IsoWeek(2026, 47)


def week(ago: int, sev1: SeverityFigures, sev2: SeverityFigures) -> WeekFigures:
    """The figures of a week with two severities."""
    return WeekFigures(LAST.back(ago), (sev1, sev2))


NONE = SeverityFigures("SEV2")
TREND = (
    week(2, SeverityFigures("SEV1"), NONE),
    week(1, SeverityFigures("SEV1", 3, Durations(3, 120.0, 600.0), Durations(2, 3_600.0, 7_200.0)), NONE),
    week(0, SeverityFigures("SEV1", 1, Durations(1, 60.0, 60.0)), SeverityFigures("SEV2", 2)),
)
EMPTY = tuple(week(ago, SeverityFigures("SEV1"), NONE) for ago in (1, 0))


class Studio:
    """Draws whatever it is asked for, but for the *broken* ones."""

    def __init__(self, broken: type | None = None) -> None:
        self.broken = broken

    async def draw(self, charts: Sequence[Chart], *, within_s: float = 0.0) -> list[bytes | None]:
        """Return one byte for each."""
        return [None if self.broken is type(chart) else b"." for chart in charts]


def test_each_number_is_in_its_week() -> None:
    """Weeks by their Monday, severities in the policy's order; a week without times is a gap."""
    counts, times = (picture.chart for picture in trend_pictures(JA, TREND))
    assert isinstance(counts, SeverityChart)
    assert counts.weeks == ("11/2", "11/9", "11/16")
    assert [(one.severity, one.counts) for one in counts.severities] == [
        ("SEV1", (0, 3, 1)),
        ("SEV2", (0, 0, 2)),
    ]
    assert isinstance(times, TimesChart)
    acknowledge, resolve = times.panels
    assert acknowledge.severities[0].weeks == (
        WeekTimes(),
        WeekTimes(median_s=120.0, p90_s=600.0),
        WeekTimes(median_s=60.0, p90_s=60.0),
    )
    assert resolve.severities[0].weeks == (
        WeekTimes(),
        WeekTimes(median_s=3_600.0, p90_s=7_200.0),
        WeekTimes(),
    )
    assert {mark.at_s: mark.label for mark in times.marks}[900] == "15 分"


def test_whoever_sees_no_picture_is_told_the_numbers() -> None:
    """Each chart's description has its numbers in words, and is in English for an English reader."""
    counts, times = trend_pictures(JA, TREND)
    assert counts.description == (
        "重大度別のインシデント数、11/02 から 11/16 に始まる各週：\nSEV1：0、3、1\nSEV2：0、0、2"
    )
    assert times.description == (
        "2026-W47 の対応の速さ (中央値 / 90 パーセンタイル)：\nSEV1：ack まで 1 分 · 解決まで なし"
    )
    english, _ = trend_pictures(EN, TREND)
    assert english.description.startswith("Incidents by severity in the weeks")


def test_weeks_of_nothing_have_no_chart() -> None:
    """An empty picture says less than the line about a quiet week; the same goes for times."""
    assert list(trend_pictures(JA, EMPTY)) == []
    untouched = (*EMPTY, week(0, SeverityFigures("SEV1", 2), NONE))
    assert [one.filename for one in trend_pictures(JA, untouched)] == ["incidents.png"]


async def test_a_chart_that_fails_is_left_out() -> None:
    """The other one comes, with its own name and words."""
    (made,) = await drawn(Studio(SeverityChart), list(trend_pictures(JA, TREND)))
    assert made.filename == "response-times.png"
    assert made.description.startswith("2026-W47 の対応の速さ")
    assert await drawn(Studio(), []) == []
