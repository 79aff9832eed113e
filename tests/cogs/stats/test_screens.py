"""`/stats` as people read it."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.oncall.people import OnCallPerson
from bot.domain.people import Person
from bot.domain.statistics.figures import (
    AlertCounts,
    AlertQuality,
    AlertSource,
    Deadlines,
    DrillFigures,
    Durations,
    IncidentFigures,
    NoisyAlert,
    SetAside,
    SeverityFigures,
    TargetCount,
    UnownedIncident,
    UnownedTime,
    WeekFigures,
)
from bot.domain.statistics.load import Fairness, Overload, PageCounts, PersonLoad, PlannedShift, Relief
from bot.domain.statistics.period import IsoWeek, Period
from bot.ui.words.wording import Voice
from cogs.stats.screens import SHOW, SHOW_PERSON, asked_of, fairness_screen, stats_screen
from cogs.stats.use_cases import StatisticsQuestion, StatsView
from tests.unit.ui.samples import PLACED
from tests.unit.ui.screens import EN, JA, VOICES, labels, over_limits, presses, words

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 11, 24, 14, tzinfo=TOKYO)
WEEK = Period.parse("2026-W47", today=NOW.date())
NOTHING = IncidentFigures((SeverityFigures("SEV1"), SeverityFigures("SEV2")))
AI = OnCallPerson("ai", "Ai")
BEN = OnCallPerson("123456789012345678", "ben", user_id=123456789012345678)
BUSY = IncidentFigures(
    severities=(
        SeverityFigures(
            "SEV1", 3, Durations(2, 130.0, 600.0), Durations(1, 2_700.0, 2_700.0), Deadlines(2, 1)
        ),
        SeverityFigures("SEV2"),
    ),
    updates=Deadlines(4, 1),
    unowned=UnownedTime({"SEV1": 352_800.0}, (UnownedIncident(PLACED, 345_600.0),)),
    set_aside=SetAside(false_alarms=1),
    targets=(TargetCount("api.parky.co.jp", 3),),
    drills=DrillFigures(1, Durations(1, 90.0, 90.0)),
)
EARLIER = IncidentFigures(
    (SeverityFigures("SEV1", 1, Durations(1, 300.0, 300.0)),), unowned=UnownedTime({"SEV1": 300.0})
)
QUALITY = AlertQuality(
    (AlertSource("Sentry", AlertCounts(4, 9, 3, 2, 1, 1)),),
    (NoisyAlert(PLACED, AlertCounts(3, 8, 2, 1, 1, 1)),),
)
LOAD = (
    PersonLoad(BEN, PageCounts(day=1, night=2, asleep=2), 90 * 3_600),
    PersonLoad(AI, PageCounts(), 78 * 3_600),
)


def view(**changes: Any) -> StatsView:
    """A past week in which nothing happened, but for *changes*."""
    quiet = StatsView(
        question=StatisticsQuestion(WEEK),
        now=NOW,
        goes_on=False,
        figures=NOTHING,
        before=NOTHING,
        late=(),
        load=(),
        hides_load=False,
        alerts=AlertQuality(),
        trend=(WeekFigures(IsoWeek(2026, 47), ()),),
    )
    return replace(quiet, **changes)


BUSY_WEEK = view(figures=BUSY, before=EARLIER, late=(PLACED,), load=LOAD, alerts=QUALITY)


def test_a_busy_week_in_words() -> None:
    """The statistics of a week tell each figure in words, some beside the week before.

    Incidents are listed with their links, and people with their pages and hours on call.
    """
    shown = words(stats_screen(JA, BUSY_WEEK)).splitlines()
    for line in (
        "### 📊 2026-W47 (11/16 – 11/22)",
        "-# 前の週と比べています。",
        "**インシデント 3 件** (+2)",
        "SEV1 3 件 · SEV2 0 件",
        "SEV1 中央値 2 分 (前は 5 分) · 90 パーセンタイル 10 分",
        "SEV1 45 分 (1 件)",
        "ほかに 誤報で取り消した発報 1 件",
        "**期限を守れた** ack 2/3 件 · 状況更新 4/5 件",
        "- [INC-42](https://discord.com/channels/7/900) SEV1 決済 API が 5xx",
        "**担当なし** 計 4 日 2 時間 (前は 5 分)",
        "- [INC-42](https://discord.com/channels/7/900) 決済 API が 5xx (4 日)",
        "**多い対象** api.parky.co.jp 3 件",
        "<@123456789012345678> 呼び出し 3 回 (昼 1 · 夜 2 · うち就寝時間 2) · 当番 90 時間",
        "@Ai 呼び出し 0 回 · 当番 78 時間",
        "**監視アラート 4 件**",
        "Sentry 4 件 (9 通)：ack 3 · 発報 2 · 誤報 1 · 24 時間以内に再発 1",
        "- [INC-42](https://discord.com/channels/7/900) 決済 API が 5xx (8 通)",
        "**訓練** 1 回 · ack まで 中央値 1 分",
    ):
        assert line in shown, "\n".join(shown)


def test_within_a_scope_nothing_is_told_that_lies_outside_of_it() -> None:
    """False alarms and monitoring alerts are counted over all of the period."""
    aside = "ほかに 誤報で取り消した発報 1 件"
    assert aside in words(stats_screen(JA, view(figures=BUSY)))
    assert aside not in words(stats_screen(JA, view(figures=BUSY, question=StatisticsQuestion(WEEK, "SEV1"))))


def test_a_quiet_week_is_short() -> None:
    """No heading without figures below it."""
    shown = words(stats_screen(EN, view()))
    assert "**Incidents: 0** (±0)" in shown
    assert "No pages, and nobody on call." in shown
    assert not [word for word in ("median", "In time", "Busiest", "Drills", "Noisiest") if word in shown]


def test_a_period_that_goes_on_says_what_it_is_compared_with() -> None:
    """The statistics of a week still under way are compared with an equally long part of the week before.

    No button leads to a later period.
    """
    screen = stats_screen(JA, view(goes_on=True))
    assert "-# 11/24 14:00 JST まで。前の週とは同じ長さで比べています。" in words(screen)
    assert labels(screen) == ["前へ", "当番の偏り", "インシデント一覧"]


@pytest.mark.parametrize(
    ("pattern", "asked"),
    [
        (SHOW, StatisticsQuestion(WEEK, "SEV1", "dev-*:" + "x" * 54)),
        (
            SHOW_PERSON,
            StatisticsQuestion(
                WEEK, "SEV1", "api:" + "x" * 31, Person(123456789012345678, "", username="sato")
            ),
        ),
        (SHOW_PERSON, StatisticsQuestion(WEEK, person=Person(1, name=""))),
    ],
)
def test_the_buttons_keep_the_scope(pattern: str, asked: StatisticsQuestion) -> None:
    """A custom id has room for a severity, a person and a target of ordinary length."""
    before, after, *_ = presses(stats_screen(EN, view(question=asked)))
    for custom_id, turned in ((before, WEEK.previous), (after, Period(WEEK.kind, WEEK.after))):
        found = re.fullmatch(pattern, custom_id)
        assert found is not None
        period = Period.parse(found["period"], today=NOW.date())
        assert asked_of(period, found.groupdict()) == replace(asked, period=turned)


def test_a_scope_without_room_has_no_buttons_to_turn() -> None:
    """The name of a target can be longer than a custom id."""
    asked = StatisticsQuestion(WEEK, target="x" * 80)
    assert labels(stats_screen(EN, view(question=asked))) == ["Fairness", "Incident list"]


@pytest.mark.parametrize(("pages", "said"), [(1, "1 page "), (2, "2 pages "), (0, "0 pages ")])
def test_one_page_is_no_pages(pages: int, said: str) -> None:
    """In English, one page is counted as "1 page", and none or several as "pages"."""
    load = (PersonLoad(AI, PageCounts(day=pages), 0.0),)
    assert f"@Ai {said}" in words(stats_screen(EN, view(load=load)))


def test_the_scope_is_said() -> None:
    """Statistics say by which severity, target and person they are filtered; those of all say nothing of it.

    Without figures of the on-call load, nothing is said about the load.
    """
    everything = words(stats_screen(JA, view()))
    assert "絞り込み" not in everything
    assert "負担" in everything
    asked = StatisticsQuestion(WEEK, "SEV1", "api", Person(id=9, name="ai"))
    shown = words(stats_screen(JA, view(question=asked, load=None, alerts=None)))
    assert "-# 絞り込み：SEV1 · api · <@9> が ack したもの" in shown
    assert "負担" not in shown


def test_a_private_incident_is_counted_not_named() -> None:
    """The screen of statistics counts a private incident without naming it, as others may see the screen."""
    secret = replace(PLACED, id=43, title="漏えい", is_private=True)
    shown = words(stats_screen(JA, view(late=(PLACED, secret))))
    assert "決済 API が 5xx\n- 非公開 1 件" in shown
    assert "漏えい" not in shown


def test_who_may_not_see_others_sees_their_own() -> None:
    """If the policy hides other people's load, a person sees their own and is told that more is hidden."""
    shown = words(stats_screen(EN, view(load=LOAD[:1], hides_load=True)))
    assert "**Your on-call load**" in shown
    assert "-# This server's policy hides the load of other people." in shown


def fair(**changes: Any) -> Fairness:
    """Two people who carry the same, but for *changes*."""
    return replace(Fairness(NOW - timedelta(weeks=13), LOAD, 1.5, 84 * 3_600.0, ()), **changes)


def shift(person: OnCallPerson, day: int, days: int) -> PlannedShift:
    """A coming shift at the first place."""
    starts = datetime(2026, 12, day, 10, tzinfo=TOKYO)
    return PlannedShift("primary", 0, person, starts, starts + timedelta(days=days))


def overload(relief: Relief | None) -> Fairness:
    """Ben has too much."""
    return fair(overloads=(Overload(LOAD[0], in_pages=True, in_hours=False, relief=relief),))


def test_who_carries_too_much_and_whom_to_swap_with() -> None:
    """The screen says who carries too much compared with the mean, and which two shifts to swap with whom.

    The shifts are numbered, with place, person and times, for the choices of `/oncall swap`.
    """
    shown = words(fairness_screen(JA, overload(Relief(shift(BEN, 7, 7), AI, shift(AI, 14, 2))), now=NOW))
    assert "### ⚖️ 当番の偏り (08/25 – 11/24)" in shown
    assert "-# 平均：呼び出し 1.5 回 · 当番 84 時間" in shown
    assert "⚠️ **<@123456789012345678> の負担が平均の 2 倍です** (呼び出し)" in shown
    assert shown.splitlines()[-3:] == [
        "@Ai とシフトを交換すると軽くなります。`/oncall swap` でこの 2 つを選んでください：",
        "1. primary <@123456789012345678> 12/07 10:00 JST → 12/14 10:00 JST",
        "2. primary @Ai 12/14 10:00 JST → 12/16 10:00 JST",
    ]


def test_who_may_stand_in_with_the_command_to_type() -> None:
    """If there is no shift to swap, the screen gives the command by which another person can stand in."""
    shown = words(fairness_screen(EN, overload(Relief(shift(BEN, 7, 7), AI, None)), now=NOW))
    assert "`/oncall override user:@Ai place:primary from:12/07 10:00 until:12/14 10:00`" in shown


def test_no_shift_to_give_away() -> None:
    """If an overloaded person has no shift to give away, the screen suggests `/oncall schedule rotate`."""
    assert "`/oncall schedule rotate`" in words(fairness_screen(EN, overload(None), now=NOW))


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (fair(), "✅ Nobody has more than 1.5 times the mean."),
        (fair(loads=LOAD[:1]), "One person is on call"),
        (fair(loads=()), "Nobody was on call or paged"),
    ],
)
def test_nothing_to_mend(found: Fairness, said: str) -> None:
    """A person alone is not unfair."""
    assert said in words(fairness_screen(EN, found, now=NOW))


@pytest.mark.parametrize("voice", VOICES)
def test_a_terrible_quarter_fits(voice: Voice) -> None:
    """The statistics and the comparison of load keep within Discord's limits in the worst of quarters.

    Such a quarter has dozens of people, severities and monitors, with the longest names.
    """
    name = "x" * 150 + "@everyone **`|~~"
    person = OnCallPerson(name, name)
    worst = view(
        question=StatisticsQuestion(WEEK, "SEV1", name[:60]),
        figures=replace(
            BUSY,
            severities=tuple(replace(BUSY.severities[0], severity=f"SEV{number}") for number in range(25)),
            targets=(TargetCount(name, 10**6),) * 5,
        ),
        late=(replace(PLACED, title=name),) * 50,
        load=(PersonLoad(person, PageCounts(10**4, 10**4, 10**4, 10**4, 10**4), 1e8),) * 60,
        alerts=AlertQuality(
            (AlertSource(name, AlertCounts(*[10**6] * 6)),) * 60,
            (NoisyAlert(replace(PLACED, title=name), AlertCounts(*[10**6] * 6)),) * 3,
        ),
    )
    assert over_limits(stats_screen(voice, worst)) == []
    planned = PlannedShift(name, 0, person, NOW, NOW + timedelta(days=9))
    bad = tuple(
        Overload(one, in_pages=True, in_hours=True, relief=Relief(planned, person, planned))
        for one in worst.load or ()
    )
    assert over_limits(fairness_screen(voice, fair(loads=worst.load, overloads=bad), now=NOW)) == []
