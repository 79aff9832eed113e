"""`/dlq`: what the screens say, and that they always fit."""

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery.delivery import Posted
from bot.domain.dlq import (
    PAYLOAD_LIMIT,
    DlqColumn,
    DlqEntry,
    DlqFilter,
    DlqPage,
    MostSevere,
    StatusCount,
    StatusCounts,
)
from bot.ui.components import Screen
from bot.ui.words.wording import Voice
from cogs.dlq import replay_screens
from cogs.dlq import screens as dlq_screens
from cogs.dlq.entries import PAGE_SIZE, EntryView
from cogs.dlq.replays import ReplayPreview
from cogs.dlq.rules import ReplayRecord, ReplayTarget, prepared
from cogs.dlq.screens import PageLinks
from tests.unit.ui.samples import AT
from tests.unit.ui.screens import EN, JA, VOICES, labels, over_limits, pieces, presses, words

EVIL = st.text(st.sampled_from("a*_`~|<@>#[]()\\/.:{}\n 決😀"), max_size=200)
VOICE = st.sampled_from(VOICES)
ENTRY = DlqEntry(
    id=str(UUID(int=1)),
    attempted_at=AT,
    channel="p0-alerts",
    severity="P0",
    title="決済 API が 5xx",
    http_status=503,
    retry_count=3,
    error_message="upstream timeout",
    status="failed",
    fallback_email_sent=True,
    payload={"content": "@here 決済", "embeds": [{"title": "詳細", "fields": [{"name": "a", "value": "b"}]}]},
    stored="{}",
)
ALL = frozenset(DlqColumn)
REPLAY = ReplayRecord(ENTRY.id, 101, "primary", AT, "p0-alerts")


LINKS = PageLinks("h24")


def page_of(*entries: DlqEntry, **asked: Any) -> DlqPage:
    """A page of `/dlq recent`."""
    return DlqPage(entries, DlqFilter(**asked), total=len(entries))


def listed(voice: Voice, *entries: DlqEntry, **asked: Any) -> Screen:
    """The screen of such a page, without another one beside it."""
    return dlq_screens.recent_screen(voice, page_of(*entries, **asked), LINKS)


def test_a_failure_reads_as_two_lines_with_space_between_failures() -> None:
    """A DLQ entry in a list takes two lines, with an empty line between entries.

    The first line has the short id, the priority, the title and the channel, the second when and why.
    """
    screen = listed(JA, ENTRY, ENTRY, severity="P0", channel="p0-alerts")
    lines = [
        "`000001` 🔴 **P0 決済 API が 5xx** → #p0-alerts",
        "-# 11/24 14:07 JST · HTTP 503 · 再試行 3 · upstream timeout",
    ]
    assert words(screen).splitlines() == [
        "**通知 DLQ** 直近 24 時間 · 失敗 2",
        "絞り込み：`P0` #p0-alerts",
        *lines,
        "",
        *lines,
    ]


def test_a_failure_of_the_most_severe_priority_stands_out_among_the_others() -> None:
    """In a list, a DLQ entry of the most severe priority has a red sign and is bold; others have neither."""
    said = words(listed(EN, replace(ENTRY, severity="P2"), ENTRY)).splitlines()
    assert said[1] == "`000001` P2 決済 API が 5xx → #p0-alerts"
    assert said[-2] == "`000001` 🔴 **P0 決済 API が 5xx** → #p0-alerts"


def test_the_current_view_is_marked() -> None:
    """The button of the current DLQ view, and no other, is marked by a dot and not by colour alone."""
    views = (
        listed(JA, ENTRY),
        dlq_screens.p0_screen(JA, MostSevere((ENTRY,)), window="h24"),
        dlq_screens.status_screen(JA, StatusCounts((StatusCount(429, 1),), hours=1)),
    )
    marked = [[label for label in labels(screen) if label.startswith("●")] for screen in views]
    assert marked == [["● 直近"], ["● P0 メール"], ["● HTTP 別"]]


def test_what_has_arrived_since_says_so() -> None:
    """A failure that has arrived since is marked in a list, and a list of nothing else is green."""
    other = replace(ENTRY, id=str(UUID(int=9)), title="検索が遅い")
    page = replace(page_of(ENTRY, other), arrived=frozenset({other.id}))
    screen = dlq_screens.recent_screen(JA, page, LINKS)
    marked = [line for line in words(screen).splitlines() if "✅ その後届いています" in line]
    assert marked == ["-# 11/24 14:07 JST · HTTP 503 · 再試行 3 · ✅ その後届いています · upstream timeout"]
    both = replace(page, arrived=frozenset({ENTRY.id, other.id}))
    screens = [dlq_screens.recent_screen(JA, one, LINKS) for one in (page, both)]
    frames = [piece["accent_color"] for one in screens for piece in pieces(one) if "accent_color" in piece]
    assert frames == [0xED4245, 0x3BA55D]


def test_the_views_keep_the_time_of_the_list() -> None:
    """HTTP 別, 直近 and P0 メール are about the time of the list, without its other conditions."""
    links = PageLinks("h72;sP1")
    screen = dlq_screens.recent_screen(JA, page_of(ENTRY, hours=72, severity="P1"), links)
    ids = presses(screen)
    assert {"dlq:v2:page:h72", "dlq:v2:p0:h72", "dlq:v2:http:h72", "dlq:v2:filter:h72;sP1"} <= set(ids)
    counted = dlq_screens.status_screen(JA, StatusCounts((StatusCount(429, 1),), hours=72))
    assert "dlq:v2:page:h72" in presses(counted)
    severest = dlq_screens.p0_screen(JA, MostSevere((ENTRY,)), window="h72")
    assert "dlq:v2:http:h72" in presses(severest)


def test_a_choice_begins_with_the_short_id() -> None:
    """A DLQ entry's choice begins with its short id and keeps to Discord's limit with any title.

    So typing the short id finds the entry.
    """
    assert dlq_screens.entry_choice(JA, ENTRY).startswith("000001 · P0 · 決済 API が 5xx · 11/24 14:07 JST")
    assert len(dlq_screens.entry_choice(JA, replace(ENTRY, title="長" * 500))) <= 100


def test_p0_says_whether_the_email_went_out() -> None:
    """The screen of P0 failures says for each, and in total, whether the fallback email was sent.

    Without such failures it says that there are none.
    """
    silent = replace(ENTRY, fallback_email_sent=False, http_status=None)
    screen = dlq_screens.p0_screen(JA, MostSevere((ENTRY, silent)), window="h24")
    assert "P0 の失敗 2 · メール 1/2" in words(screen)
    assert "✉️ メール済み" in words(screen)
    assert "応答なし · 再試行 3 · ⚠️ メールなし" in words(screen)
    assert "ありません" in words(dlq_screens.p0_screen(JA, MostSevere(()), window="h24"))


def test_statuses_are_counted() -> None:
    """The runbook's third question; no answer has a word of its own."""
    counts = (StatusCount(429, 12), StatusCount(None, 3))
    told = words(dlq_screens.status_screen(EN, StatusCounts(counts, hours=1)))
    assert "failed 15" in told
    assert f"`HTTP 429` {'█' * 12} 12" in told
    assert "`no answer` ███ 3" in told
    assert "Nothing failed" in words(dlq_screens.status_screen(EN, StatusCounts((), hours=1)))
    many = StatusCounts((StatusCount(429, 100_001),), hours=720, is_cut=True)
    assert "Only the latest 100,000 are counted." in words(dlq_screens.status_screen(EN, many))


def test_a_count_is_told_as_far_as_it_goes() -> None:
    """Beyond a thousand with a plus; none, if counting would have taken too long."""
    page = replace(page_of(ENTRY), total=1_000, is_more=True)
    assert "失敗 1,000+" in words(dlq_screens.recent_screen(JA, page, LINKS))
    page = replace(page_of(ENTRY), total=None)
    assert "失敗 多数 (数えるのに時間がかかりすぎます)" in words(dlq_screens.recent_screen(JA, page, LINKS))


def test_a_filter_is_told_in_words() -> None:
    """A DLQ list says its filter in words, with the period in the title, and typed text is inert."""
    screen = listed(
        JA, severity="P0", status="failed", channel="*ops*", http_status=0, text="@here", since=AT, until=AT
    )
    title, filtered, *_ = words(screen).splitlines()
    assert title == "**通知 DLQ** 11/24 14:07 JST から 11/24 14:07 JST まで · 失敗 0"
    assert filtered == r"絞り込み：`P0` `failed` #\*ops\* 応答なし 「＠here」"


def test_the_pages_beside_this_one_and_files_have_buttons() -> None:
    """A DLQ list has buttons for the pages before and after, files and a bulk replay, each with its own id.

    An empty list has no buttons for files.
    """
    links = PageLinks("h24", newer="h24;n1.a", older="h24;o2.b")
    screen = dlq_screens.recent_screen(JA, page_of(ENTRY), links)
    assert labels(screen)[-5:] == ["前のページ", "次のページ", "CSV", "JSON", "まとめて再送"]
    assert len(set(presses(screen))) == len(presses(screen))
    assert presses(screen)[-5:] == [
        "dlq:v2:page:h24;n1.a",
        "dlq:v2:page:h24;o2.b",
        *(f"dlq:v2:{file}:h24" for file in ("csv", "json", "all")),
    ]
    assert labels(listed(JA))[-1] == "絞り込み", "there is nothing to put into a file"


def test_what_a_table_lacks_is_off_and_said() -> None:
    """A view that would show nothing has no button; a column that nothing needs is only named."""
    lacking = frozenset({DlqColumn.SEVERITY, DlqColumn.HTTP_STATUS, DlqColumn.RETRY_COUNT, DlqColumn.PAYLOAD})
    screen = dlq_screens.recent_screen(JA, replace(page_of(ENTRY), missing=lacking), LINKS)
    columns = "`severity`、`http_status`、`retry_count`、`payload`"
    assert f"-# この表にない列：{columns}。P0 メール・HTTP 別・再送は使えません。" in words(screen)
    assert not {"P0 メール", "HTTP 別"} & set(labels(screen))
    minor = frozenset({DlqColumn.RETRY_COUNT})
    assert "retry_count" in dlq_screens.switched_off(EN, minor)
    assert dlq_screens.switched_off(EN, frozenset()) == ""


def test_an_id_that_no_button_can_carry_is_opened_by_its_command() -> None:
    """A DLQ entry whose id is too long for a button or has a line break is not offered for opening.

    Its own screen has no buttons.
    """
    for entry_id in ("x" * 81, "a\nb"):
        entry = replace(ENTRY, id=entry_id, stored="{}")
        assert "dlq:v1:open" not in presses(listed(JA, entry))
        assert presses(dlq_screens.entry_screen(JA, EntryView(entry, None), guild_id=7)) == []


@given(title=EVIL, error=EVIL, channel=EVIL, severity=EVIL, count=st.integers(0, PAGE_SIZE), voice=VOICE)
def test_dlq_screens_keep_within_discords_limits(
    title: str, error: str, channel: str, severity: str, count: int, voice: Voice
) -> None:
    """The DLQ's screens keep within Discord's limits, whatever texts and payloads are stored."""
    entry = replace(ENTRY, title=title, error_message=error, channel=channel, severity=severity)
    entries = [replace(entry, id=str(UUID(int=number))) for number in range(count)]
    asked = {"severity": "*" * 40, "channel": "*" * 100, "status": "*" * 60, "text": "*" * 100, "since": AT}
    handle = "x" * dlq_screens.HANDLE_ROOM
    links = PageLinks(f"a{handle[1:]}", f"b{handle[1:]}", f"c{handle[1:]}")
    many = tuple(replace(entry, id=str(UUID(int=number))) for number in range(20))
    payload: dict[str, object] = {
        "content": title * 9,
        "embeds": [{"title": title, "description": error * 9}] * 10,
    }
    stored = replace(entry, payload=payload)
    made = prepared(payload | {title: 1, "tts": True})
    preview = ReplayPreview(stored, ReplayTarget(), "*" * 99, made, None)
    for screen in (
        dlq_screens.recent_screen(voice, replace(page_of(*entries, **asked), missing=ALL), links),
        dlq_screens.p0_screen(voice, MostSevere(many, is_more=True, missing=ALL), window=links.here),
        dlq_screens.entry_screen(voice, EntryView(stored, None), guild_id=7),
        replay_screens.preview_screen(voice, preview, guild_id=7),
    ):
        assert over_limits(screen) == []


@pytest.mark.parametrize("voice", [JA, EN])
def test_an_entry_that_could_not_be_sent_again_fits(voice: Voice) -> None:
    """The longest of everything, eighty lines of it quoted, and why Discord refused the replay."""
    said = ("a" * 29 + "\n") * 200
    payload: dict[str, object] = {"content": said, "embeds": [{"description": said}] * 5}
    entry = replace(
        ENTRY, title="*" * 300, error_message="*" * 900, channel="*" * 99, severity="*" * 99, payload=payload
    )
    failed = replace(REPLAY, error="*" * 900, channel="*" * 99, http_status=401)
    assert over_limits(dlq_screens.entry_screen(voice, EntryView(entry, failed), guild_id=7)) == []


def test_an_entry_that_was_replayed_is_not_offered_again() -> None:
    """A replayed DLQ entry has no button to replay it, and says who replayed it, when and where to.

    Once Discord has the post, there is a link to it.
    """
    waiting = dlq_screens.entry_screen(JA, EntryView(ENTRY, REPLAY), guild_id=7)
    assert presses(waiting) == [f"dlq:v1:json:{ENTRY.id}"]
    assert "🔁 @primary が 11/24 14:07 JST に #p0-alerts へ再送しました。" in words(waiting)
    sent = replace(REPLAY, channel_id=301, message_id=900)
    assert labels(replay_screens.replayed_screen(JA, sent, guild_id=7)) == ["再送した投稿へ"]
    assert "数秒で届きます" in words(replay_screens.replayed_screen(JA, REPLAY, guild_id=7))


def test_a_second_replay_says_that_nothing_is_sent() -> None:
    """The screen of a repeated replay names who replayed it and when, and says that nothing is sent."""
    sent = replace(REPLAY, channel_id=301, message_id=900)
    again = replay_screens.preview_screen(
        JA, ReplayPreview(ENTRY, ReplayTarget(), "p0-alerts", prepared({"content": "x"}), sent), guild_id=7
    )
    assert words(again) == "@primary が 11/24 14:07 JST に再送済みです。もう一度は送っていません。"
    assert labels(again) == ["再送した投稿へ"]
    again = replay_screens.preview_screen(
        EN, ReplayPreview(ENTRY, ReplayTarget(), "p0-alerts", prepared({"content": "x"}), sent), guild_id=7
    )
    assert words(again) == "Already replayed by @primary, 11/24 14:07 JST; not sent again."


def test_a_replay_is_offered_to_those_who_may_send_it() -> None:
    """A DLQ entry has the replay button for people who may replay; others only read the entry."""
    assert "再送" in labels(dlq_screens.entry_screen(JA, EntryView(ENTRY, None), guild_id=7))
    reader = EntryView(ENTRY, None, may_replay=False)
    assert labels(dlq_screens.entry_screen(JA, reader, guild_id=7)) == ["生の JSON"]


def test_an_entry_that_arrived_since_leads_to_its_message() -> None:
    """A DLQ entry that has arrived since links to its message and has no button that would post it again."""
    shown = dlq_screens.entry_screen(JA, EntryView(ENTRY, None, Posted(301, 900)), guild_id=7)
    assert presses(shown) == [f"dlq:v1:json:{ENTRY.id}"]
    assert "その後、届いています" in words(shown)
    assert "投稿へ" in labels(shown)


@pytest.mark.parametrize(
    "payload", [None, {}, {"username": "hook"}, {"embeds": "no list"}, {"embeds": [1, {"footer": {}}]}]
)
def test_a_payload_of_any_shape_is_shown(payload: dict[str, object] | None) -> None:
    """A DLQ entry with a payload of any shape has a screen within Discord's limits."""
    screen = dlq_screens.entry_screen(JA, EntryView(replace(ENTRY, payload=payload), None), guild_id=7)
    assert over_limits(screen) == []


def test_a_payload_that_is_no_message_says_so() -> None:
    """The screen of a DLQ entry whose payload is no JSON object says so, and offers only the raw text.

    A payload of more than 2,000,000 characters is not read, and comes as a file.
    """
    odd = replace(ENTRY, payload=None, stored='["@here", "\ud83d"]')
    screen = dlq_screens.entry_screen(JA, EntryView(odd, None), guild_id=7)
    assert "JSON オブジェクトではない" in words(screen)
    assert labels(screen) == ["生の JSON"]
    text, file = dlq_screens.raw_json(JA, odd)
    assert '["@here"' in text
    assert file is None
    long = replace(odd, stored="x" * (PAYLOAD_LIMIT + 1))
    assert "2,000,000 文字を超える" in words(dlq_screens.entry_screen(JA, EntryView(long, None), guild_id=7))
    _, file = dlq_screens.raw_json(JA, long)
    assert file is not None
    assert file.filename == "dlq-000001.txt"


def test_raw_json_is_inline_when_short_and_a_file_when_long() -> None:
    """A file has no limit that matters, and no markup."""
    text, file = dlq_screens.raw_json(JA, ENTRY)
    assert '"content": "@here 決済"' in text
    assert file is None
    text, file = dlq_screens.raw_json(JA, replace(ENTRY, payload={"content": "```" + "x" * 5_000}))
    assert file is not None
    assert isinstance(file.fp, io.BytesIO)
    assert len(file.fp.read()) > 5_000
    assert len(text) < 200


def test_moments_are_told_in_the_teams_time_zone() -> None:
    """`/dlq` shows times in the team's time zone; Discord's own locale changes the words, not the clock."""
    late = replace(ENTRY, attempted_at=AT + timedelta(hours=12))
    assert "11/25 02:07 JST" in words(listed(EN, late))
