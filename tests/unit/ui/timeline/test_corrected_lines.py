"""Test the words of corrected entries: earlier versions are struck through beside the current one."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import Line, lines_of
from bot.domain.timeline.recorded import CorrectedNotice
from bot.services.timeline.timelines import Correction, History, ShownWords, shown_words
from bot.ui.forms.fields import Form, Submitted
from bot.ui.forms.update import CORRECT_FORM, correction_form, correction_of
from bot.ui.posts.incident.notices import corrected
from bot.ui.screens.timeline import markdown
from bot.ui.words.timeline import told_line
from bot.ui.words.wording import Voice
from tests.unit.ui.samples import AT, PLACED, entry_line
from tests.unit.ui.screens import JA, VOICES, modal_faults
from tests.unit.ui.timeline.test_timeline import LATER, entry


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
    moments = "~~2026-11-24 14:07:00 JST~~<br>~~2026-11-24 14:06:00 JST~~<br>14:05:00 +0:00"
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
    """A correction of an update's words leaves its impact and the time of the next update as they were."""
    data = {"known": "調査中", "impact": "決済の 3 割", "next_at": LATER.isoformat()}
    fix = TimelineEntry(TimelineKind.CORRECTED, LATER, 1, "primary", {"text": "DB"}, corrects=8)
    (line,) = lines_of([entry(TimelineKind.UPDATED, data, id=8), fix])
    told = told_line(voice, line)
    for part in (
        "~~調査中~~ DB",
        "決済の 3 割",
        voice.say("history.fact.next_update", at="11/24 14:16 JST"),
    ):
        assert part in told


def test_a_correction_of_something_else_stands_alone() -> None:
    """A correction of an entry that is not among the lines is shown as a line of its own."""
    fix = entry(TimelineKind.CORRECTED, {"text": "x"}, corrects=99)
    assert [told_line(JA, line) for line in lines_of([fix])] == [entry_line(JA, fix)]


def update_line(data: dict[str, Any], *fixes: dict[str, Any]) -> Line:
    """A status update with what was put right in it, one correction after the other."""
    told = [
        TimelineEntry(TimelineKind.CORRECTED, LATER, 1, "primary", fix, corrects=8, recorded_at=LATER)
        for fix in fixes
    ]
    (line,) = lines_of([entry(TimelineKind.UPDATED, data, id=8), *told])
    return line


BOTH = {"known": "調査中", "impact": "全員"}
BY = "(訂正 @primary 11/24 14:16:03 JST)"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        pytest.param(
            update_line(BOTH, {"text": "調査中", "impact": "一部"}),
            f"調査中 {BY} · 影響：~~全員~~ 一部",
            id="the impact alone",
        ),
        pytest.param(
            update_line(BOTH, {"text": "DB", "impact": "一部"}),
            f"~~調査中~~ DB {BY} · 影響：~~全員~~ 一部",
            id="both",
        ),
        pytest.param(
            update_line(BOTH, {"text": "調査中", "impact": ""}),
            f"調査中 {BY} · 影響：~~全員~~ なし",
            id="there is no impact",
        ),
        pytest.param(
            update_line({"known": "", "impact": "全員"}, {"text": "", "impact": "一部"}),
            f"@responder · {BY} · 影響：~~全員~~ 一部",
            id="of an update that tells no more",
        ),
        pytest.param(
            update_line({"known": "調査中", "impact": ""}, {"text": "調査中", "impact": "一部"}),
            f"調査中 {BY} · 影響：一部",
            id="there was none",
        ),
        pytest.param(
            update_line(BOTH, {"text": "調査中", "impact": "一部"}, {"text": "DB", "impact": "一部"}),
            f"~~調査中~~ DB {BY} · 影響：~~全員~~ 一部",
            id="one after the other",
        ),
        pytest.param(
            update_line(BOTH, {"text": "", "impact": "全員"}),
            f"~~調査中~~ {BY} · 影響：全員",
            id="its words were taken out",
        ),
    ],
)
def test_a_corrected_impact_shows_both(line: Line, told: str) -> None:
    """A corrected impact is shown after the earlier one, which is struck through.

    An update whose words are empty gets no stand-in for them.
    """
    assert told_line(JA, line).endswith(told)
    assert JA.say("history.fact.no_words") not in told_line(JA, line)


@pytest.mark.parametrize("count", [1, 3, 12])
def test_the_impact_that_counts_is_not_cut_for_earlier_ones(count: int) -> None:
    """A line with a corrected impact shows the current impact uncut, however many corrections there were."""
    now = "東京と大阪の決済の 3 割が失敗している"
    earlier = [f"版 {n} の長い長い長い影響の説明" for n in range(count)]
    fixes = [{"text": "DB", "impact": impact} for impact in [*earlier[1:], now]]
    told = told_line(JA, update_line({"known": "DB", "impact": earlier[0]}, *fixes))
    assert f" {now}" in told
    assert "~~版 " in told


def test_the_file_has_every_impact_whole() -> None:
    """The timeline's file has every earlier impact in full; the line on a page leaves out the oldest."""
    said = [f"版 {n} " + "*" * 290 for n in range(20)]
    line = update_line(
        {"known": "x", "impact": said[0]}, *({"text": "x", "impact": impact} for impact in said[1:])
    )
    row = markdown(JA, History(PLACED, (line,)))
    for n in range(19):
        assert f"~~版 {n} " + "\\*" * 290 + "~~" in row
    assert "版 19 " + "\\*" * 290 in row
    assert told_line(JA, line).count("~~") // 2 < 19
    assert "影響：… ~~版" in told_line(JA, line)


# -- the form of a correction of a status update


def sent(form: Form, **typed: str) -> Submitted:
    """The form as it comes back: as it was opened, but for what was *typed*."""
    fields = re.fullmatch(CORRECT_FORM, form.custom_id)
    assert fields
    inputs = (each["component"] for each in form.to_dict()["components"])
    opened = {one["custom_id"]: one.get("value", "") for one in inputs}
    return Submitted(fields.groupdict(), {name: (words,) for name, words in {**opened, **typed}.items()})


@pytest.mark.parametrize("voice", VOICES)
def test_the_form_about_an_update_shows_words_and_impact(voice: Voice) -> None:
    """The form to correct an update shows its current words and impact, either of which may be emptied.

    The form and its custom id stay within Discord's limits.
    """
    line = update_line(BOTH, {"text": "DB", "impact": "一部"})
    form = correction_form(voice, 10**17, replace(line, entry=replace(line.entry, id=10**17)), page="999999a")
    assert modal_faults(form) == []
    words, impact = (each["component"] for each in form.to_dict()["components"])
    assert (words["value"], impact["value"]) == ("DB", "一部")
    assert [words["required"], impact["required"]] == [False, False]
    long = update_line({"known": "x" * 4_000, "impact": "y" * 400})
    assert modal_faults(correction_form(voice, 1, long, page="0")) == []


@pytest.mark.parametrize(
    ("typed", "right"),
    [
        ({}, Correction(None)),
        ({"text": "DNS"}, Correction("DNS")),
        ({"impact": "半分"}, Correction(None, impact="半分")),
        ({"impact": ""}, Correction(None, impact="")),
        ({"text": "", "impact": "半分"}, Correction("", impact="半分")),
        ({"text": " 調査中\r\n"}, Correction(None)),
    ],
)
def test_only_what_was_changed_in_the_form_is_corrected(typed: dict[str, str], right: Correction) -> None:
    """Only fields that the person changed are corrected, compared with what the form showed."""
    line = update_line(BOTH)
    expected = replace(right, shown=shown_words(line))
    assert correction_of(sent(correction_form(JA, 42, line, page="0"), **typed)) == expected


def test_a_form_about_a_note_says_what_it_showed() -> None:
    """A form about a note in which only the time was changed leaves the note's words unchanged.

    The form knows what it showed when it was opened.
    """
    line = Line(entry(TimelineKind.NOTE, {"text": "再起動"}, id=8))
    form = correction_form(JA, 42, line, page="0")
    assert correction_of(sent(form, at="14:10")) == Correction(None, at="14:10", shown=shown_words(line))
    assert correction_of(sent(form, text="停止")) == Correction("停止", shown=shown_words(line))


def test_a_form_that_did_not_know_the_moment_yet() -> None:
    """A form of an older version, whose custom id says nothing of the time, is still read in full.

    The words and the impact that the form showed are known from its id.
    """
    fields = re.fullmatch(CORRECT_FORM, "inc:v1:correct-form:42:8:0:0123abcd:4567cdef")
    assert fields
    right = correction_of(Submitted(fields.groupdict(), {"text": ("DNS",), "at": ("14:10",)}))
    assert right == Correction("DNS", at="14:10", shown=ShownWords("0123abcd", "4567cdef"))


def test_a_form_of_an_older_version_leaves_the_impact() -> None:
    """A form of an older version, which asked for the words alone, leaves the impact unchanged."""
    fields = re.fullmatch(CORRECT_FORM, "inc:v1:correct-form:42:8:0")
    assert fields
    form = Submitted(fields.groupdict(), {"text": ("DNS",)})
    assert correction_of(form) == Correction("DNS")


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"impact_before": "*全員*", "impact": "一部"}, "**影響：** ~~\\*全員\\*~~ 一部"),
        ({"impact_before": "", "impact": "一部"}, "**影響：** 一部"),
        ({"impact_before": "全員", "impact": ""}, "**影響：** ~~全員~~ なし"),
        (
            {"before": "DB", "text": "DNS", "impact_before": "全員", "impact": "一部"},
            "~~DB~~ DNS\n**影響：** ~~全員~~ 一部",
        ),
    ],
)
def test_the_thread_is_told_of_a_corrected_impact(facts: dict[str, str], told: str) -> None:
    """The thread is told of a corrected impact with the former impact, and of words only if they changed."""
    body = corrected(JA, PLACED, CorrectedNotice.from_json({"by": "primary", **facts}))
    assert body["content"] == f"✏️ **@primary が訂正** {told}"
