"""Entries that somebody has put right, in words: what stood before is struck through beside what counts."""

from datetime import timedelta

import pytest

from bot.domain.timeline import TimelineEntry, TimelineKind, lines_of
from bot.services.timelines import History
from bot.ui.screens.timeline_file import markdown
from bot.ui.words.timeline import entry_line, told_line
from bot.ui.words.voice import Voice
from tests.unit.ui.samples import AT, PLACED
from tests.unit.ui.screens import JA, VOICES
from tests.unit.ui.test_timeline import LATER, entry


def test_a_corrected_entry_shows_both_versions() -> None:
    """The first struck through, the last one that counts, who and when."""
    note = entry(TimelineKind.NOTE, {"text": "14:10 に再起動"}, id=8)
    fixes = [
        TimelineEntry(
            TimelineKind.CORRECTED, LATER, 1, "primary", {"text": text}, corrects=8, recorded_at=LATER
        )
        for text in ("14:11 に再起動", "14:12 に再起動")
    ]
    (line,) = lines_of([note, *fixes])
    told = told_line(JA, line)
    assert "~~14:10 に再起動~~ ~~14:11 に再起動~~ 14:12 に再起動 (訂正 @primary 11/24 14:16:03 JST)" in told
    assert line.said == "14:12 に再起動"
    assert line.can_be_corrected


def test_a_corrected_time_shows_both() -> None:
    """The one before struck through, the words as they are; in the file all of them."""
    note = entry(TimelineKind.NOTE, {"text": "再起動"}, id=8)
    fixes = [
        TimelineEntry(
            TimelineKind.CORRECTED, LATER, 1, "primary", {"text": "再起動", "at": at.isoformat()}, corrects=8
        )
        for at in (AT - timedelta(minutes=1), AT - timedelta(minutes=2))
    ]
    (once,), (twice,) = lines_of([note, fixes[0]]), lines_of([note, *fixes])
    told = told_line(JA, once)
    assert told.startswith("~~11/24 14:07:00 JST~~ 11/24 14:06:00 JST · 📝 メモ · @responder · 再起動 (訂正")
    assert told_line(JA, twice).startswith("… ~~11/24 14:06:00 JST~~ 11/24 14:05:00 JST · ")
    row = markdown(JA, History(PLACED, (twice,)))
    moments = "~~2026-11-24 14:07:00 JST~~<br>~~2026-11-24 14:06:00 JST~~<br>2026-11-24 14:05:00 JST"
    assert f"| {moments} | 📝 メモ |" in row
    assert "~~再起動~~" not in row


def test_many_versions_leave_room_for_the_one_that_counts() -> None:
    """The earliest give way: the file has all of them."""
    note = entry(TimelineKind.NOTE, {"text": "版 0 " + "あ" * 300}, id=8)
    fixes = [
        TimelineEntry(
            TimelineKind.CORRECTED, LATER, 1, "primary", {"text": f"版 {n} " + "い" * 300}, corrects=8
        )
        for n in range(1, 9)
    ]
    (line,) = lines_of([note, *fixes])
    told = told_line(JA, line)
    assert "… ~~版 4" in told
    assert "~~ 版 8" in told
    assert "(訂正 @primary" in told


@pytest.mark.parametrize("voice", VOICES)
def test_a_corrected_update_keeps_its_impact_and_its_promise(voice: Voice) -> None:
    """Only the words are put right."""
    data = {"known": "調査中", "impact": "決済の 3 割", "next_at": LATER.isoformat()}
    fix = TimelineEntry(TimelineKind.CORRECTED, LATER, 1, "primary", {"text": "DB"}, corrects=8)
    (line,) = lines_of([entry(TimelineKind.UPDATED, data, id=8), fix])
    told = told_line(voice, line)
    for part in (
        "~~調査中~~ DB",
        "決済の 3 割",
        voice.say("history.fact.next_update", at="11/24 14:16:03 JST"),
    ):
        assert part in told


def test_a_correction_of_something_else_stands_alone() -> None:
    """Nothing that was stored is left out."""
    fix = entry(TimelineKind.CORRECTED, {"text": "x"}, corrects=99)
    assert [told_line(JA, line) for line in lines_of([fix])] == [entry_line(JA, fix)]
