"""Drills as people read them: the lines of the script, and the score in words."""

from dataclasses import replace

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Voice, Wording
from cogs.drill.posts import drill_started_screen, drill_stopped_screen
from cogs.drill.rules import DrillScoredNotice, Missed, Score
from tests.unit.ui import screens
from tests.unit.ui.samples import EN, JA, PLACED, delivery

PLAYED = replace(PLACED, is_drill=True, rings=False)
PERFECT = Score(
    ack_s=120,
    ack_within_s=900,
    ack_by="primary",
    commander="secondary",
    commander_s=180,
    update_s=300,
    notes=2,
    pins=1,
    took_s=720,
    missed=(),
    steps=4,
    steps_done=4,
)
NOTHING = Score(
    ack_s=None,
    ack_within_s=900,
    ack_by=None,
    commander=None,
    commander_s=None,
    update_s=None,
    notes=0,
    pins=0,
    took_s=None,
    missed=tuple(step for step in Missed if step != "ack_late"),
    steps=0,
    steps_done=0,
)


@pytest.mark.parametrize(("words", "mark"), [(JA, "【訓練】"), (EN, "[DRILL] ")])
def test_a_line_of_the_script_is_marked_and_pings_no_one(words: Wording, mark: str) -> None:
    """It reads as if a person had reported it."""
    data = {"notice": "inject", "text": "@everyone *503*"}
    body = render(words, delivery(DeliveryKind.NOTICE, data=data), PLAYED)
    assert str(body["content"]).startswith(f"{mark}🎬")
    assert "@everyone" not in str(body["content"])


def scored(words: Wording, score: Score) -> str:
    """The post that ends a drill."""
    data = DrillScoredNotice(score=score).as_data()
    return str(render(words, delivery(DeliveryKind.NOTICE, data=data), PLAYED)["content"])


def test_a_perfect_score() -> None:
    """The score of a perfect drill tells the times in words, and says that no step was missed."""
    *lines, advice = scored(JA, PERFECT).splitlines()
    assert lines == [
        "【訓練】🏁 **INC-42 訓練は終わりです** · SEV1",
        "👀 ack：2 分 (期限 15 分) · @primary",
        "🧭 指揮：@secondary (3 分後)",
        "☑ 初動の手順：4/4",
        "✏️ 最初の状況報告：5 分後",
        "📝 メモ 2 件 · 📌 1 件",
        "✅ 解決：12 分後",
        "**抜けた手順はありません。**",
    ]
    assert "`/incident timeline`" in advice


@pytest.mark.parametrize("words", [JA, EN])
def test_what_was_missed_is_named_in_words(words: Wording) -> None:
    """A line for each step, with what to do."""
    told = scored(words, NOTHING)
    assert sum(line.startswith("- ") for line in told.splitlines()) == len(NOTHING.missed)
    assert "`/incident update`" in told
    late = scored(words, replace(PERFECT, ack_s=1_000, missed=(Missed.ACK_LATE,)))
    assert sum(line.startswith("- ") for line in late.splitlines()) == 1
    assert "☑" not in told, "its severity has no first-response sheet"


@pytest.mark.parametrize("voice", screens.VOICES)
def test_answers(voice: Voice) -> None:
    """The answers about a drill name it and fit into the limits; a silent start differs from a loud one."""
    quiet, loud = (drill_started_screen(voice, replace(PLAYED, rings=rings)) for rings in (False, True))
    assert screens.words(quiet) != screens.words(loud)
    for screen in (quiet, loud, drill_stopped_screen(voice, PLAYED, NOTHING)):
        assert screens.over_limits(screen) == []
        assert "INC-42" in screens.words(screen)
