"""The timeline in words: every kind, in both languages, whatever people wrote."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident import relations
from bot.domain.incident.transitions import AckVia
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import lines_of
from bot.domain.triage.session import Evidence
from bot.ui.words.timeline import LINE_LIMIT, told_line
from bot.ui.words.wording import Voice
from tests.unit.ui.samples import AT, TEXTS, entry_line
from tests.unit.ui.screens import EN, JA, VOICES

EVIL = st.text(st.sampled_from("a*_`~|<@>#[]()\\/.:{}\n 決😀\x00"), max_size=400)
LATER = AT + timedelta(minutes=9, seconds=3)
URL = "https://discord.com/channels/7/301/900"
ANSWER = {
    "question": "users_affected",
    "answer": "yes",
    "unsure": True,
    "by": "responder",
    "at": AT.isoformat(),
}
EVIDENCE = Evidence(text="決済が落ちています", author_id=5, author_name="客", url=URL, at=AT)
#: What each kind carries, and the words that it must say.
CARRIED: dict[TimelineKind, tuple[dict[str, Any], tuple[str, ...]]] = {
    TimelineKind.OPENED: ({"severity": "SEV1", "path": []}, ("発報", "SEV1")),
    TimelineKind.EVIDENCE: (EVIDENCE.to_json(), ("@客", "決済が落ちています", URL)),
    TimelineKind.TRIAGED: (
        {"answers": [ANSWER, {**ANSWER, "question": "gone_<@1>", "answer": "x`"}]},
        ("判定", "14:07:00 JST", "はい", "gone\\_\\<＠1>", "x\\`"),
    ),
    TimelineKind.PROMOTED: ({"asked_at": AT.isoformat(), "triaged_by": "primary"}, ("昇格", "@primary")),
    TimelineKind.REPEATED: ({"count": 3, "url": URL}, ("3 回目", URL)),
    TimelineKind.ALERT_POSTED: ({"where": [7, 301, 900]}, (URL,)),
    TimelineKind.THREAD_OPENED: ({"where": [7, 900]}, ("(https://discord.com/channels/7/900)",)),
    TimelineKind.PAGED: ({"place": "primary"}, ("当番に DM", "@primary")),
    TimelineKind.ACKNOWLEDGED: ({"via": "button"}, ("👀 ack", "ボタン")),
    TimelineKind.JOINED: ({"via": "telepathy"}, ("参加", "telepathy")),
    TimelineKind.RELEASED: (
        {"resumed": True, "asked": [{"id": 1, "name": "a<@1>"}, {"id": 2, "name": "b"}]},
        ("手を離した", "担当なし", "@a\\<＠1>、@b に打診"),
    ),
    TimelineKind.LAPSED: (
        {"who": "primary", "asked": [{"id": 1, "name": "a"}]},
        ("ack が失効", "@primary", "@a に打診"),
    ),
    TimelineKind.DECLINED: ({"place": "primary", "to": "secondary"}, ("@secondary へ",)),
    TimelineKind.ESCALATED: (
        {"step": 3, "dm": ["primary", "secondary"], "overdue": [AT.isoformat(), LATER.isoformat()]},
        ("@primary、@secondary に DM", "送れなかった 2 回分を含む"),
    ),
    TimelineKind.DELIVERY_FAILED: (
        {"kind": "page", "to": "person:primary", "reason": "HTTP 403 <@1>"},
        ("配信に失敗", "page", "@primary", "HTTP 403 \\<＠1>"),
    ),
    TimelineKind.PAGED_OUTSIDE: ({"way": "ntfy", "who": "@primary"}, ("プッシュ (ntfy)", "@primary")),
    TimelineKind.EMAILED: ({"recipients": 2}, ("2 人",)),
    TimelineKind.DETAILS_CHANGED: (
        {
            "targets": ["api.parky.co.jp"],
            "symptoms": ["errors", "gone"],
            "title": {"before": "決裁", "after": "決済 <@1>"},
            "started_at": {"before": LATER.isoformat(), "after": AT.isoformat()},
        },
        (
            "対象：api.parky.co.jp",
            "症状：エラー率上昇、gone",
            "件名：決裁 → 決済 \\<＠1>",
            "開始：11/24 14:16:03 JST → 11/24 14:07:00 JST",
        ),
    ),
    TimelineKind.SEVERITY_CHANGED: (
        {"before": "SEV2", "after": "SEV1", "merged": 41, "reason": "全員に影響"},
        ("SEV2 → SEV1", "No.41 (SEV1) を統合", "理由：全員に影響"),
    ),
    TimelineKind.ROLE_CHANGED: (
        {
            "role": "commander",
            "holder": {"id": 1, "name": "primary"},
            "former": {"id": 2, "name": "secondary"},
        },
        ("指揮 → @primary", "前は @secondary"),
    ),
    TimelineKind.STEP_DONE: (
        {"severity": "SEV1", "number": 2, "words": {"ja": "rollback | *判断*", "en": "roll back"}},
        ("☑ 初動を実施", "SEV1 2. rollback \\| \\*判断\\*"),
    ),
    TimelineKind.STEP_UNDONE: ({"number": 1, "words": {"ja": "ログ"}}, ("☐ 初動の完了を取り消し", "1. ログ")),
    TimelineKind.UPDATED: (
        {"known": "復旧作業中", "impact": "決済", "next_at": LATER.isoformat()},
        ("状況報告", "復旧作業中", "影響：決済", "次の更新：11/24 14:16 JST"),
    ),
    TimelineKind.UPDATE_DUE: (
        {"lead": "primary", "due_at": AT.isoformat()},
        ("@primary", "期限：11/24 14:07 JST"),
    ),
    TimelineKind.NOTE: ({"text": "rollback を始めた"}, ("メモ", "rollback を始めた")),
    TimelineKind.PINNED: (EVIDENCE.to_json(), ("📌", "@客：決済が落ちています", URL)),
    TimelineKind.PIN_EDITED: (
        {**EVIDENCE.to_json(), "text": "", "is_readable": False},
        ("本文は読めません",),
    ),
    TimelineKind.CORRECTED: ({"text": "14:12 だった"}, ("訂正", "14:12 だった")),
    TimelineKind.VOICE_JOINED: ({"channel": "war-room"}, ("🔊", "war-room")),
    TimelineKind.LINKED: ({"with": 41}, ("No.41 と",)),
    TimelineKind.UNMERGED: ({"with": 41}, ("統合を取り消し", "No.41 は別のインシデントとして再開")),
    TimelineKind.MEMBER_ADDED: ({"name": "observer"}, ("@observer",)),
    TimelineKind.CANCELLED: ({"reason": "監視の設定"}, ("取消", "理由：監視の設定")),
    TimelineKind.MERGED: ({"into": 41}, ("続きは No.41",)),
    TimelineKind.REOPENED: ({"reason": "再発"}, ("再開", "理由：再発")),
}


def entry(kind: TimelineKind, data: dict[str, Any] | None = None, **more: Any) -> TimelineEntry:
    """An entry of @responder."""
    return TimelineEntry(kind, AT, actor_id=3, actor_name="responder", data=data, **more)


@pytest.mark.parametrize("kind", TimelineKind)
def test_no_kind_tells_whom_it_must_not_of_another_incident(kind: TimelineKind) -> None:
    """Whichever other incident a line names, it names it no more to who may not see that one."""
    told = entry(kind, CARRIED.get(kind, ({}, ()))[0])
    hidden = {int(number) for number in re.findall(r"No\.(\d+)", entry_line(JA, told))}
    assert "No." not in entry_line(JA, relations.readable(told, hidden))


@pytest.mark.parametrize("kind", TimelineKind)
@pytest.mark.parametrize("voice", VOICES)
def test_every_kind_has_its_words(kind: TimelineKind, voice: Voice) -> None:
    """Each kind of entry says what happened, exactly when and who did it, even if the entry has no data."""
    assert f"history.kind.{kind.value}" in TEXTS
    line = entry_line(voice, entry(kind))
    assert line.startswith(f"11/24 14:07:00 JST · {voice.say(f'history.kind.{kind.value}')}")
    assert "@responder" in line


def test_a_deleted_message_that_nobody_could_read() -> None:
    """The entry of a deleted message does not say that its words stay if the bot never could read them."""
    read = entry_line(JA, entry(TimelineKind.PIN_DELETED, {"author_name": "olive", "text": "落ちた"}))
    unread = entry_line(JA, entry(TimelineKind.PIN_DELETED, {"author_name": "olive", "text": ""}))
    assert "本文は上に残っています" in read
    assert "本文は読めていませんでした" in unread
    assert "@olive" in unread


@pytest.mark.parametrize("kind", CARRIED)
def test_each_kind_says_what_it_carries(kind: TimelineKind) -> None:
    """Each kind of entry shows its facts, with people's text made inert."""
    data, told = CARRIED[kind]
    line = entry_line(JA, entry(kind, data))
    for part in told:
        assert part in line
    entry_line(EN, entry(kind, data))


@pytest.mark.parametrize("via", AckVia)
def test_each_way_of_acknowledging_has_its_words(via: AckVia) -> None:
    """A new one would be shown by its id."""
    assert f"history.fact.via_{via.value}" in TEXTS


def test_a_severity_that_was_raised_by_a_merge_says_with_what() -> None:
    """A severity raised by a merge names the merged incident."""
    line = entry_line(
        EN, entry(TimelineKind.SEVERITY_CHANGED, {"before": "SEV3", "after": "SEV1", "merged": 41})
    )
    assert "SEV3 → SEV1" in line
    assert "merged with No.41, SEV1" in line


def test_a_role_of_somebody_who_has_left_says_why_it_is_vacant() -> None:
    """A role vacated because its holder left the server says so, and names no actor."""
    data = {"role": "commander", "holder": None, "former": {"id": 2, "name": "secondary"}, "gone": True}
    line = entry_line(JA, TimelineEntry(TimelineKind.ROLE_CHANGED, AT, data=data))
    assert line.endswith("指揮 → 未定 · 前は @secondary · サーバーを退出")


def test_a_drill_that_was_stopped_was_no_false_alarm() -> None:
    """The kind is the same, the words are not."""
    over = entry(TimelineKind.CANCELLED, {"reason": "", "drill": True})
    assert "🏁 訓練終了 · @responder" in entry_line(JA, over)
    assert "誤報" not in entry_line(JA, over)
    assert "🏁 drill over" in entry_line(EN, over)


def test_what_the_bot_did_names_nobody() -> None:
    """An entry without an actor has no "@?"."""
    assert "@" not in entry_line(JA, TimelineEntry(TimelineKind.THREAD_OPENED, AT))


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        (TimelineKind.DECLINED, {"place": "primary", "to": None}, "ほかに当番なし"),
        (TimelineKind.RELEASED, {"resumed": False, "to": {"id": 1, "name": "sato"}}, "@sato が引き継ぎ"),
        (TimelineKind.ROLE_CHANGED, {"role": "cook", "holder": None}, "cook → 未定"),
        (TimelineKind.UPDATED, {"next_at": AT.isoformat()}, "@responder · 次の更新："),
        (TimelineKind.UPDATED, {"next_at": None, "phase": "identified"}, "@responder · 🟠 原因特定"),
        (
            TimelineKind.UPDATED,
            {"next_at": None, "known": "DB", "impact": "", "phase": "monitoring"},
            "@responder · DB · 🟠 監視中",
        ),
        (
            TimelineKind.UPDATED,
            {"next_at": None, "known": "DB", "phase": "of a newer version"},
            "@responder · DB",
        ),
        (TimelineKind.LINKED, {"merged": 41}, "No.41 をここに統合"),
        (TimelineKind.DELIVERY_FAILED, {"kind": "alert", "to": "channel:p0-alerts"}, "#p0-alerts"),
        (TimelineKind.PINNED, {"author_name": "客", "text": ""}, "@客：本文なし"),
    ],
)
def test_other_ways_of_saying_it(kind: TimelineKind, data: dict[str, Any], said: str) -> None:
    """The rarer half of some kinds."""
    assert said in entry_line(JA, entry(kind, data))


def test_a_late_entry_says_when_it_was_written_down() -> None:
    """A note that was recorded minutes after its time says when it was recorded.

    A note recorded within the minute does not say so, nor does an entry about a page.
    """
    late = entry(TimelineKind.NOTE, {"text": "気付いた"}, recorded_at=LATER)
    assert "(11/24 14:16:03 JST に記録)" in entry_line(JA, late)
    assert "(recorded 11/24 14:16:03 JST)" in entry_line(EN, late)
    assert "記録" not in entry_line(JA, replace(late, recorded_at=AT + timedelta(seconds=59)))
    assert "記録" not in entry_line(JA, replace(late, kind=TimelineKind.PAGED))


def test_an_entry_links_to_the_line_that_told_of_it() -> None:
    """An entry without a message of its own links to the line in the thread that told of it."""
    line = replace(lines_of([entry(TimelineKind.NOTE, {"text": "x"})])[0], where=(7, 301, 900))
    assert told_line(JA, line).endswith(f"[元の投稿]({URL})")


@pytest.mark.parametrize("url", ["https://evil.example/channels/1/2/3", "javascript:alert(1)", 5])
def test_a_source_outside_discord_is_no_link(url: object) -> None:
    """A link says where it leads, and these say nothing of the kind."""
    assert "](" not in entry_line(JA, entry(TimelineKind.PINNED, {"text": "x", "url": url}))


@given(words=EVIL, name=EVIL, kind=st.sampled_from(list(TimelineKind)), voice=st.sampled_from(VOICES))
def test_a_line_is_one_line_and_pings_nobody(words: str, name: str, kind: TimelineKind, voice: Voice) -> None:
    """Whatever people typed, an entry of the timeline is one line of limited length that mentions nobody."""
    data = dict.fromkeys(
        ("text", "known", "impact", "reason", "before", "after", "channel", "kind", "to"), words
    )
    made = TimelineEntry(
        kind, AT, 3, name, {**data, "author_name": name, "at": AT.isoformat()}, recorded_at=LATER
    )
    if kind is TimelineKind.EVIDENCE:
        made = replace(made, data=replace(EVIDENCE, text=words, author_name=name).to_json())
    line = entry_line(voice, made)
    assert "\n" not in line
    assert len(line) <= LINE_LIMIT + 120
    assert "@here" not in line.replace(f"@{name}", "")
    assert "<@" not in line


def test_who_had_a_role_before_is_no_point_in_time() -> None:
    """A role's former holder is introduced by "was", since "before @secondary" would read like a time."""
    data, told = CARRIED[TimelineKind.ROLE_CHANGED]
    assert "@primary · was @secondary" in entry_line(EN, entry(TimelineKind.ROLE_CHANGED, data))
    assert told[1] in entry_line(JA, entry(TimelineKind.ROLE_CHANGED, data))
