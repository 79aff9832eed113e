"""`/incident timeline`: its pages, its forms, and the Markdown file; whatever people wrote."""

import re
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident.incident import Incident, PersonRef, Role
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import FoldedLines, Line, lines_of
from bot.domain.timeline.recorded import CorrectedNotice, NoteNotice
from bot.services.timeline.timelines import PAGE_SIZE, History, TimelinePage
from bot.ui.forms import update as forms
from bot.ui.posts.incident.notices import corrected, noted
from bot.ui.screens.timeline import (
    CORRECT,
    FILE,
    TURN,
    markdown,
    page_named,
    timeline_file,
    timeline_screen,
    whole_file_view,
)
from bot.ui.words.wording import Voice
from tests.unit.ui import samples
from tests.unit.ui.samples import AT, PLACED, RESOLVED
from tests.unit.ui.screens import EN, JA, VOICES, labels, modal_faults, over_limits, pieces, presses, words

EVIL = st.text(st.sampled_from("a*_`~|<@>#[]()\\/.:{}-\n\r 決😀\x00"), max_size=900)
LATER = AT + timedelta(minutes=9)
URL = "https://discord.com/channels/7/301/900"
LONG_URL = "https://discord.com/channels/1100000000000000001/1100000000000000305/1575267296585187328"
OPENED = TimelineEntry(TimelineKind.OPENED, AT, 3, "responder", {"severity": "SEV1"}, id=1, recorded_at=AT)
NOTE = TimelineEntry(TimelineKind.NOTE, AT, 3, "responder", {"text": "再起動した"}, id=2, recorded_at=AT)
PIN = TimelineEntry(
    TimelineKind.PINNED,
    AT,
    3,
    "responder",
    {"text": "一行目\n二行目", "author_name": "客", "url": URL, "message_id": 900},
    id=3,
    recorded_at=LATER,
)
FIX = TimelineEntry(
    TimelineKind.CORRECTED, LATER, 1, "primary", {"text": "停止した"}, corrects=2, id=4, recorded_at=LATER
)
SHORT, WRITTEN = "14:07 +0:02", "11/24 14:16:00 JST"
POSTED = TimelineEntry(TimelineKind.ALERT_POSTED, AT, data={"where": [7, 301, 900]})
THREAD = TimelineEntry(TimelineKind.THREAD_OPENED, AT + timedelta(seconds=1), data={"where": [7, 900]})
PAGE = TimelineEntry(TimelineKind.PAGED, AT + timedelta(seconds=2), data={"place": "primary"})
ENTRIES = (OPENED, NOTE, PIN, FIX)


def page_of(*entries: TimelineEntry, number: int = 0, pages: int = 1) -> TimelinePage:
    """A page of incident 42."""
    return TimelinePage(PLACED, lines_of(entries), number, pages)


def history_of(*entries: TimelineEntry, incident: Incident = PLACED) -> History:
    """All that happened."""
    return History(incident, lines_of(entries))


# -- the page


def test_a_page_reads_like_a_log() -> None:
    """Oldest first, exact times, both versions of what was put right, the source as a link."""
    told = words(timeline_screen(JA, page_of(*ENTRIES))).split("\n")
    assert told[0] == "**🧾 INC-42 のタイムライン** 🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:22 まで"
    assert told[1:] == [
        "**11/24 JST**",
        f"{SHORT} · 発報 · @responder · SEV1",
        f"{SHORT} · 📝 メモ · @responder · ~~再起動した~~ 停止した (訂正 @primary {WRITTEN})",
        f"{SHORT} · 📌 発言 · @responder · @客：一行目 二行目 · ({WRITTEN} に記録) · [元の投稿]({URL})",
    ]


def test_the_date_is_told_once_a_day_and_offsets_count_from_the_start() -> None:
    """The day after has its own date; a note about the time before the start has a minus."""
    before = replace(NOTE, id=5, at=PLACED.started_at - timedelta(minutes=65))
    after = replace(NOTE, id=6, at=PLACED.started_at + timedelta(hours=26, minutes=10))
    told = words(timeline_screen(JA, page_of(before, OPENED, after))).split("\n")[1:]
    assert [line.split(" · ")[0] for line in told] == [
        "**11/24 JST**",
        "13:00 -1:05",
        SHORT,
        "**11/25 JST**",
        "16:15 +26:10",
    ]


def test_an_earlier_time_of_another_day_keeps_its_date() -> None:
    """A corrected time is struck through, with its date if that is another day."""
    moved = replace(FIX, data={"text": "再起動した", "at": (AT - timedelta(days=1)).isoformat()})
    again = replace(FIX, id=6, data={"text": "再起動した", "at": (AT - timedelta(minutes=1)).isoformat()})
    (once, twice) = (
        words(timeline_screen(JA, page_of(NOTE, *fixes))).split("\n")[2] for fixes in ([moved], [again])
    )
    assert once.startswith("~~11/24 14:07 JST~~ 14:07 -23:58 · ")
    assert twice.startswith("~~14:07~~ 14:06 +0:01 · ")


def test_what_the_bot_sent_in_a_minute_is_one_line_with_a_button_to_all() -> None:
    """The button goes there and back; the file follows the page."""
    sent = (FoldedLines(lines_of([POSTED, THREAD, PAGE])), Line(NOTE))
    screen = timeline_screen(JA, TimelinePage(PLACED, sent, 0, 1, can_fold=True))
    assert words(screen).split("\n")[2] == f"{SHORT} · ⚙ 通知 3 件"
    assert labels(screen) == ["通知も表示", "Markdown"]
    assert presses(screen)[1:] == ["inc:v1:timeline-page:42:999999a", "inc:v1:timeline-file:42"]
    whole = TimelinePage(PLACED, lines_of([POSTED, PAGE, NOTE]), 1, 3, is_whole=True, can_fold=True)
    screen = timeline_screen(JA, whole)
    assert "@primary" in words(screen)
    assert presses(screen) == [
        "inc:v1:timeline-correct:42:1a",
        "inc:v1:timeline-page:42:0a",
        "inc:v1:timeline-page:42:2a",
        "inc:v1:timeline-page:42:999999",
        "inc:v1:timeline-file:42:all",
    ]
    templates = (CORRECT, TURN, TURN, TURN, FILE)
    found = [re.fullmatch(each, press) for each, press in zip(templates, presses(screen), strict=True)]
    assert [each is not None for each in found] == [True] * 5
    assert page_named("12a") == (12, True)
    assert page_named("12") == (12, False)


def test_an_empty_page_says_so() -> None:
    """An empty timeline says that there is nothing yet, and offers only the file, not a correction."""
    screen = timeline_screen(JA, page_of())
    assert "まだ何もありません" in words(screen)
    assert presses(screen) == ["inc:v1:timeline-file:42"]


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, ["次のページ", "Markdown"]),
        (1, ["前のページ", "次のページ", "Markdown"]),
        (2, ["前のページ", "Markdown"]),
    ],
)
def test_pages_are_turned(number: int, shown: list[str]) -> None:
    """A page has a button to the page before and to the page after, where there is such a page.

    The page says its number and how many pages there are.
    """
    screen = timeline_screen(JA, page_of(NOTE, number=number, pages=3))
    assert labels(screen) == shown
    turns = [re.fullmatch(TURN, press) for press in presses(screen)]
    pages = [int(turn["page"]) for turn in turns if turn]
    assert pages == [n for n in (number - 1, number + 1) if 0 <= n <= 2]
    assert f"{number + 1} / 3 ページ" in words(screen)


def test_only_what_people_wrote_is_offered_for_correction() -> None:
    """Only entries that people wrote are offered for correction, each with its current words."""
    screen = timeline_screen(JA, page_of(*ENTRIES))
    (select,) = (piece for piece in pieces(screen) if piece["type"] == 3)
    options: list[dict[str, Any]] = select["options"]
    assert [option["value"] for option in options] == ["2", "3"]
    assert options[0]["description"] == "停止した"
    assert options[0]["label"] == "11/24 14:07:00 JST · 📝 メモ · @responder"
    assert re.fullmatch(CORRECT, select["custom_id"])


@given(said=EVIL, name=EVIL, voice=st.sampled_from(VOICES))
def test_a_page_keeps_within_discords_limits(said: str, name: str, voice: Voice) -> None:
    """A page of the most entries it can hold, with long hostile texts, keeps within Discord's limits.

    Every second entry is corrected.
    """
    data = {"text": said * 4, "author_name": name, "url": URL, "message_id": 1}
    entries = [replace(PIN, id=n, actor_name=name, data=data) for n in range(1, PAGE_SIZE + 1)]
    fixes = [replace(FIX, id=100 + n, corrects=n, data={"text": said}) for n in range(1, PAGE_SIZE + 1, 2)]
    incident = replace(PLACED, title=name or "x", id=10**17)
    page = TimelinePage(incident, lines_of([*entries, *fixes]), 99_998, 100_000)
    assert over_limits(timeline_screen(voice, page)) == []


@given(japanese=st.booleans(), said=st.lists(st.integers(0, 600), min_size=1, max_size=PAGE_SIZE))
def test_a_page_of_the_longest_ids_and_title_fits(said: list[int], *, japanese: bool) -> None:
    """Ids of 19 digits, signs that all need an escape: each line keeps its time, its words and its link."""
    entries = [
        replace(
            PIN, id=n, actor_name="n" * 32, data={"text": "*" * length, "author_name": "客", "url": LONG_URL}
        )
        for n, length in enumerate(said, 1)
    ]
    fixes = [
        replace(FIX, id=100 + n, corrects=n, actor_name="n" * 32, data={"text": "~" * 400})
        for n in range(1, len(said) + 1, 3)
    ]
    incident = replace(PLACED, title="*" * 200, id=10**17, is_private=True, is_drill=True)
    page = TimelinePage(incident, lines_of([*entries, *fixes]), 99_998, 100_000)
    screen = timeline_screen(JA if japanese else EN, page)
    assert over_limits(screen) == []
    title, _day, *lines, _number = words(screen).split("\n")
    assert "\\*" * 200 in title
    assert len(lines) == len(said)
    for line, length in zip(lines, said, strict=True):
        assert line.startswith(SHORT)
        assert line.endswith(f"]({LONG_URL})")
        assert ("\\*" in line) == (length > 0)


def test_only_the_long_lines_of_a_full_page_are_cut() -> None:
    """On a full page of the timeline, the room that short lines leave goes to the long lines.

    Ten lines are thus shown just as each is shown on a page of two.
    """
    short = [replace(NOTE, id=n) for n in range(1, 6)]
    long = [replace(PIN, id=n, data={"text": "あ" * 900, "url": LONG_URL}) for n in range(6, 11)]
    told = words(timeline_screen(JA, page_of(*short, *long))).split("\n")[2:]
    alone = words(timeline_screen(JA, page_of(*short[:1], long[0]))).split("\n")[2:]
    assert told == [alone[0]] * 5 + [alone[1]] * 5
    assert len(alone[1]) > 300


# -- the forms


@pytest.mark.parametrize("voice", VOICES)
def test_forms_keep_within_discords_limits(voice: Voice) -> None:
    """The longest number and the longest words; the id is read back by its own template."""
    longest = Line(replace(PIN, id=10**17, data={"text": "x" * 5_000}))
    form = forms.correction_form(voice, 10**17, longest, page="999999a")
    assert modal_faults(form) == []
    assert re.fullmatch(forms.CORRECT_FORM, form.custom_id)
    (label,) = form.to_dict()["components"]
    assert len(label["component"]["value"]) == 4_000
    late = forms.correction_form(voice, 10**17, Line(NOTE), page="999999a")
    assert modal_faults(late) == []
    text, at = (label["component"] for label in late.to_dict()["components"])
    assert (text["value"], at["placeholder"], at["required"]) == ("再起動した", "2026-11-24 14:07", False)
    assert "value" not in at, "left empty, the time stays"
    note = forms.note_form(voice, 10**17)
    assert modal_faults(note) == []
    assert re.fullmatch(forms.NOTE_FORM, note.custom_id)


def test_a_correction_of_no_words_begins_empty() -> None:
    """The form to correct a pinned message that could not be read begins with an empty field."""
    form = forms.correction_form(JA, 42, Line(replace(PIN, data={"text": ""})), page="0")
    (label,) = form.to_dict()["components"]
    assert "value" not in label["component"]


# -- the lines in the thread


def test_the_thread_is_told_of_a_late_note_and_of_a_correction() -> None:
    """The thread is told of a late note with its time, and of a correction with the words or time before."""
    late = {"by": "primary", "text": "再起動した", "at": AT.isoformat()}
    assert (
        noted(samples.JA, PLACED, NoteNotice.from_json(late))["content"]
        == "📝 **@primary (14:07 JST のこと)** 再起動した"
    )
    fix = {"by": "primary", "before": "@here *x*", "text": "停止した"}
    told = str(corrected(samples.JA, PLACED, CorrectedNotice.from_json(fix))["content"])
    assert told == "✏️ **@primary が訂正** ~~＠here \\*x\\*~~ 停止した"
    moved = {**fix, "before": "", "at_before": AT.isoformat(), "at": LATER.isoformat()}
    told = str(corrected(samples.JA, PLACED, CorrectedNotice.from_json(moved))["content"])
    assert told == "✏️ **@primary (14:07 JST ではなく 14:16 JST のこと) が訂正** 停止した"
    assert str(
        corrected(samples.EN, PLACED, CorrectedNotice.from_json({**fix, "before": ""}))["content"]
    ).endswith("@primary** 停止した")


@given(said=EVIL)
def test_lines_in_the_thread_are_never_too_long(said: str) -> None:
    """A line about a note or a correction fits into a message's 2,000 characters, however long the words."""
    told = {
        "by": said,
        "before": said * 5,
        "text": said * 5,
        "impact_before": said * 5,
        "impact": said * 5,
        "at": AT.isoformat(),
        "at_before": AT.isoformat(),
    }
    for body in (
        noted(samples.JA, PLACED, NoteNotice.from_json(told)),
        corrected(samples.JA, PLACED, CorrectedNotice.from_json(told)),
    ):
        assert len(str(body["content"])) <= 2_000


# -- the file


def test_the_file_begins_with_the_incident() -> None:
    """Title, severity, when it started, when it was acknowledged and ended, and the roles."""
    roles = MappingProxyType({Role.COMMANDER: PersonRef(1, "primary")})
    told = markdown(samples.JA, history_of(*ENTRIES, incident=replace(RESOLVED, roles=roles)))
    assert told.startswith(
        "# INC-42 決済 API が 5xx\n\n"
        "- **重大度**: SEV1 / P0\n"
        "- **状態**: 🟢 解決\n"
        "- **開始**: 2026-11-24 14:05:00 JST\n"
        "- **発報**: 2026-11-24 14:07:00 JST\n"
        "- **ack**: 2026-11-24 14:09:00 JST · @primary · 発報から 2 分\n"
        "- **終了**: 2026-11-24 14:52:00 JST · @primary · 発報から 45 分\n"
        "- **役割**: 指揮：@primary\n\n"
        "| 時刻 (開始からの時:分) | できごと | 誰が | 内容 | 元の投稿 |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| **2026-11-24 JST** |  |  |  |  |\n"
    )


def test_the_file_says_who_opened_it_again() -> None:
    """The file's head says between the acknowledge and the end who reopened the incident, and when."""
    told = markdown(samples.JA, history_of(*ENTRIES, incident=samples.REOPENED))
    assert (
        "- **ack**: 2026-11-24 14:09:00 JST · @primary · 発報から 2 分\n"
        "- **再開**: 2026-11-24 16:07:00 JST · @secondary · 発報から 2 時間\n"
        "- **終了**: なし\n"
    ) in told


def test_the_file_has_a_row_for_each_entry() -> None:
    """All words, both versions, late ones marked, sources as links."""
    rows = markdown(samples.JA, history_of(*ENTRIES)).split("\n")[-4:-1]
    note, pin, link = "~~再起動した~~<br>停止した", "@客：一行目<br>二行目", f"[元の投稿]({URL})"
    assert rows == [
        "| 14:07:00 +0:02 | 発報 | @responder | SEV1 |  |",
        f"| 14:07:00 +0:02 | 📝 メモ | @responder | {note}<br>(訂正 @primary {WRITTEN}) |  |",
        f"| 14:07:00 +0:02 | 📌 発言 | @responder | {pin}<br>({WRITTEN} に記録) | {link} |",
    ]


def test_the_file_folds_what_the_bot_sent_unless_it_is_to_be_whole() -> None:
    """The file folds what the bot sent into one row, with how many messages of each kind there were.

    The whole file has a row for each, and is offered by a button.
    """
    history = history_of(POSTED, PAGE, replace(PAGE, data={"place": "secondary"}), NOTE)
    few = markdown(samples.JA, history).split("\n")[-3:-1]
    assert few[0] == "| 14:07:00 +0:02 | ⚙ 通知 3 件 |  | 通知を投稿 × 1、当番に DM × 2 |  |"
    assert "📝 メモ" in few[1]
    rows = markdown(samples.JA, history, whole=True).split("\n")[-5:-1]
    assert [row.split(" | ")[1] for row in rows] == ["通知を投稿", "📝 メモ", "当番に DM", "当番に DM"]
    assert history.can_fold
    assert not history_of(POSTED, NOTE).can_fold
    assert presses(whole_file_view(JA, 42)) == ["inc:v1:timeline-file:42:all"]


def test_the_file_keeps_every_version_and_the_rest_of_an_update() -> None:
    """The file has every version of an entry, and an update's impact and promise below."""
    data = {"known": "調査中", "impact": "決済の 3 割", "next_at": LATER.isoformat()}
    update = replace(NOTE, kind=TimelineKind.UPDATED, data=data)
    again = replace(FIX, id=5, data={"text": "DB"})
    line = replace(lines_of([update, FIX, again])[0], where=(7, 301, 900))
    row = markdown(samples.JA, History(PLACED, (line,))).split("\n")[-2]
    said = "~~調査中~~<br>~~停止した~~<br>DB"
    fixed = f"(訂正 @primary {WRITTEN})"
    beside = "影響：決済の 3 割<br>次の更新：11/24 14:16 JST"
    told = f"{said}<br>{fixed}<br>{fixed}<br>{beside}"
    assert row == f"| 14:07:00 +0:02 | ✏️ 状況報告 | @responder | {told} | [元の投稿]({URL}) |"


def test_an_open_incident_has_no_end() -> None:
    """The file of an open incident says none for acknowledge, end and roles."""
    told = markdown(samples.EN, history_of())
    for line in ("- **Acknowledged**: none", "- **Ended**: none", "- **Roles**: none"):
        assert line in told


def test_the_file_is_named_after_the_incident() -> None:
    """The timeline's file is an attachment in UTF-8 whose name has the incident's number."""
    file = timeline_file(samples.JA, history_of(NOTE))
    assert file.filename == "INC-42-timeline.md"
    assert "再起動した" in file.fp.read().decode()


@given(said=EVIL, name=EVIL, japanese=st.booleans())
def test_nobody_breaks_out_of_the_table(said: str, name: str, *, japanese: bool) -> None:
    """Pipes, backticks, line breaks, tags and mentions mean nothing: a row has its five cells."""
    data = {"text": said, "author_name": name, "url": URL, "message_id": 1}
    fix = replace(FIX, corrects=3, actor_name=name, data={"text": said})
    entries = (replace(OPENED, data={"severity": said}), replace(PIN, actor_name=name, data=data), fix)
    history = history_of(*entries, incident=replace(PLACED, title=name or "x"))
    told = markdown(samples.JA if japanese else samples.EN, history)
    assert "\r" not in told
    head, _, table = told.partition("| --- | --- | --- | --- | --- |\n")
    assert len(head.split("\n")) == 12
    rows = table.removesuffix("\n").split("\n")
    assert len(rows) == 3
    for row in rows:
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 6
        assert not re.search(r"(?<!\\)(?:\\\\)*`", row)
        assert set(re.findall(r"(?<!\\)(?:\\\\)*(<(?!https?://)[^>]*>)", row)) <= {"<br>"}


def test_english_readers_get_english_pages() -> None:
    """The page is theirs; the file is the team's."""
    assert "Timeline of INC-42" in words(timeline_screen(EN, page_of(NOTE)))
