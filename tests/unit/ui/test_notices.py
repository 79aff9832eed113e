"""The lines in the thread as earlier versions have stored them: each is still read, and reads as it did."""

from dataclasses import replace

import pytest

from bot.capability import installed
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.payloads import Json
from bot.ui.posts.incident.notices import looks
from bot.ui.posts.renderer import is_refreshed, render
from tests.unit.ui import samples

AT = "2026-11-24T05:14:00+00:00"

PERSON = {"id": 2, "name": "b"}
SAID = {
    "cause": "*DB*",
    "impact": "決済",
    "people": 1200,
    "duration_s": 2700,
    "by_id": 1,
    "by_name": "a",
    "at": AT,
}

#: Rows of every version, by notice; what each has to say, at least.
ROWS: dict[str, list[tuple[Json, str]]] = {
    "note": [
        ({"by": "primary", "text": "戻した"}, "戻した"),
        ({"by": "primary", "text": "戻した", "at": AT}, "14:14 JST"),
        ({"text": "戻した"}, "?"),
    ],
    "corrected": [
        ({"by": "a", "before": "DB", "text": "DNS"}, "~~DB~~ DNS"),
        ({"by": "a", "before": "", "text": "DNS", "at": AT, "at_before": AT}, "14:14 JST"),
        ({"by": "a", "impact_before": "全員", "impact": ""}, "~~全員~~"),
    ],
    "postmortem_undrafted": [({}, "下書きをまだ作れていません")],
    "details_changed": [
        ({"by": "a", "title": {"before": "x", "after": "y"}}, "x → y"),
        ({"by": "a", "started_at": {"before": AT, "after": AT}}, "14:14:00 JST"),
    ],
    "declined": [
        ({"by": "primary", "to": "secondary"}, "@secondary"),
        ({"by": "primary", "to": None}, "@primary"),
        ({"by": "primary"}, "@primary"),
    ],
    "rollback_decided": [
        ({"by": "a", "rolls_back": True, "reason": "*12:00*"}, "scripts/deploy/rollback.sh"),
        ({"by": "a", "rolls_back": False, "reason": "DB"}, "戻さない"),
    ],
    "announced": [
        ({"by": "a", "said": {"number": 1, "texts": {"x": {"ja": "*復旧*", "en": "b"}}}}, r"> \\*復旧\\*"),
        (
            {"by": "a", "said": {"number": 1, "state": "resolved", "via": "webhook", "texts": {}}},
            "復旧 · webhook で公開",
        ),
    ],
    "announcement_failed": [({"by": "a", "number": 1, "reason": "HTTP 403"}, "HTTP 403")],
    "follow_up": [
        ({"state": "identified"}, "いまは「原因特定」です"),
        ({"told": "monitoring"}, "「監視中」と知らせたままです。終わったことを"),
    ],
    "unreached": [({"who": "primary", "to": "secondary"}, "@secondary"), ({"who": "@x", "to": None}, "@x")],
    "released": [
        ({"by": "primary"}, "@primary"),
        ({"by": "primary", "asked": [{"id": 3, "name": "responder"}]}, "@responder"),
    ],
    "lapsed": [
        ({"by": "primary"}, "@primary"),
        ({"by": "primary", "asked": [{"id": 3, "name": "responder"}]}, "@responder"),
    ],
    "offer_declined": [({"by": "responder"}, "@responder")],
    "taken_over": [
        ({"by": "a", "to": "secondary", "to_id": 102}, "<@102>"),
        ({"by": "a", "to": "secondary"}, "@secondary"),
    ],
    "resolved": [
        ({"by": "primary"}, "@primary"),
        ({"by": "primary", "at": AT}, "14:14 JST"),
        ({"by": "monitor", "at": AT, "url": "https://discord.com/channels/7/1/2"}, "@monitor"),
        ({"by": "a", "at": AT, "said": SAID, "key": "k"}, r"原因：\\*DB"),
        ({"by": "a", "at": AT, "owner": PERSON, "due_on": "2026-12-01"}, "担当：@b · 期限：12/01 (火)"),
    ],
    "resolution_corrected": [({"by": "a", "said": SAID}, "影響範囲：決済 · 1,200 人 · 45 分")],
    "postmortem_owner": [
        (
            {"by": "a", "owner": PERSON, "former": {"id": 3, "name": "c"}, "due_on": "2026-12-01"},
            "@c から @b",
        ),
        (
            {
                "by": "a",
                "owner": PERSON,
                "former": PERSON,
                "due_on": "2026-12-10",
                "due_before": "2026-12-01",
            },
            "12/01 (火) から 12/10 (木) に",
        ),
    ],
    "postmortem_done": [({"by": "a"}, "@a"), ({"by": "x", "merged": "https://x.example/1"}, "x.example/1")],
    "postmortem_owed": [({"by": "a", "owner": PERSON, "due_on": "2026-12-01"}, "12/01 (火)")],
    "postmortem_due": [
        ({"why": "overdue", "owner": PERSON, "due_on": "2026-12-01"}, "<@2> INC-42"),
        ({"why": "undelivered", "owner": PERSON, "due_on": "2026-12-01"}, "DM が届きません"),
        (
            {"why": "gone", "owner": PERSON, "due_on": "2026-12-01", "lead": {"id": 3, "name": "c"}},
            "<@3> INC-42",
        ),
        ({"why": "hidden", "owner": PERSON, "due_on": "2026-12-01", "asks": "primary"}, "@b は"),
    ],
    "cancelled": [
        ({"by": "a", "reason": "誤報"}, "誤報"),
        ({"by": "a", "reason": "", "at": AT}, "@a"),
        ({}, "?"),
    ],
    "merged": [({"by": "a", "into": 41}, "No.41"), ({"by": "a", "into": 41, "at": AT}, "No.41")],
    "merged_here": [({"by": "a", "number": 9}, "No.9")],
    "unmerged": [({"by": "a", "number": 9}, "No.9")],
    "linked": [({"by": "a", "number": 9}, "No.9")],
    "unlinked": [({"by": "a", "number": 9}, "No.9")],
    "raised_again": [({"by": "a", "number": 9}, "No.9")],
    "triaged_here": [({"by": "a", "severity": "SEV1"}, "SEV1"), ({"by": "a"}, "@a")],
    "report_joined": [
        (
            {
                "by": "a",
                "report": {
                    "title": "*決済* が 5xx",
                    "targets": ["api.parky.co.jp"],
                    "symptoms": ["errors"],
                    "started_at": AT,
                    "by": "reporter",
                    "severity": "SEV1",
                    "path": [{"question": "users_affected", "answer": "yes"}],
                    "url": "https://discord.com/channels/7/1/2",
                },
            },
            r"**\\*決済\\* が 5xx** · @reporter\n開始：11/24 14:14 JST · api.parky.co.jp · エラー率上昇\n",
        ),
        (
            {"report": {"title": "x", "started_at": AT, "by": "b", "severity": "SEV2"}},
            r"**x** · @b\n開始：11/24 14:14 JST\n判定：SEV2'",
        ),
    ],
    "action_added": [
        (
            {"by": "a", "item": 7, "what": "*x*", "owner": "b", "due_on": "2026-12-04", "verification": "y"},
            r"**AI-7** \\*x\\*\n担当：@b · 期限：12/04 (金)\n検証：y\n-# @a が追加",
        )
    ],
    "action_edited": [
        (
            {"by": "a", "item": 7, "what": "x", "owner": "b", "due_on": "2026-12-04", "verification": "y"},
            "@a が変更",
        )
    ],
    "action_done": [
        ({"by": "a", "item": 7, "what": "x"}, "**AI-7 完了** x · @a"),
        ({"by": "a", "item": 7, "what": "x", "watched_until": AT}, "11/24 14:14 JST まで"),
    ],
    "action_dropped": [({"by": "a", "item": 7, "what": "x", "reason": "z"}, r"@a\n理由：z")],
    "action_reopened": [
        ({"by": "a", "item": 7, "what": "x", "owner": "b", "reason": "z"}, "**AI-7 再開** x · @a"),
        ({"item": 7, "what": "x", "owner": "b", "fired": True}, "同じアラートが鳴りました。担当：@b"),
        ({"item": 7, "what": "x", "owner": "b", "fired": True, "number": 41}, "(INC-41)"),
    ],
    "action_verified": [({"item": 7, "what": "x"}, "**AI-7 検証済み** x")],
    "action_due": [
        ({"item": 7, "what": "x", "owner": "b", "due_on": "2026-12-04", "lead_id": 5}, "<@5> **AI-7** x"),
        (
            {
                "item": 7,
                "what": "x",
                "owner": "b",
                "due_on": "2026-12-04",
                "lead_id": 5,
                "is_overdue": False,
                "refused": True,
            },
            "@b に DM が届かないため",
        ),
        ({"item": 7, "what": "x", "owner": "b", "due_on": "2026-12-04"}, "ほかの人にも"),
    ],
    "reopened": [({"by": "a", "reason": "再発"}, "再発"), ({"by": "a"}, "@a")],
    "recovered": [({"by": "Sentry", "url": "https://discord.com/channels/7/1/2"}, "Sentry")],
    "fires_again": [
        ({"by": "Sentry", "url": "https://discord.com/channels/7/1/2"}, "Sentry"),
        ({"by": "Sentry", "url": "https://discord.com/channels/7/1/2", "count": 3}, "Sentry"),
    ],
    "severity_changed": [
        ({"by": "a", "before": "SEV2", "after": "SEV1", "reason": "全断"}, "全断"),
        ({"by": "a", "before": "SEV2", "after": "SEV1", "reason": "", "next_at": AT}, "次の更新"),
        ({"by": "a", "before": "SEV2", "after": "SEV1", "merged": 9, "next_at": None}, "No.9"),
        ({"before": "SEV2", "after": "SEV1"}, "SEV2 → **SEV1**"),
    ],
    "thread_moved": [({}, "INC-42")],
    "inject": [({"text": "DB の CPU が 100%"}, "DB の CPU が 100%")],
    "drill_scored": [
        (
            {
                "ack_s": 120.0,
                "ack_within_s": 900.0,
                "ack_by": "primary",
                "commander": None,
                "commander_s": None,
                "update_s": None,
                "notes": 0,
                "pins": 0,
                "took_s": None,
                "missed": ["commander"],
            },
            "@primary",
        ),
    ],
    "made_private": [({"by": "a"}, "@a")],
    "posts_cleared": [({}, "片付けが終わりました")],
    "still_published": [({"count": 2}, "告知 2 件")],
    "member_added": [({"by": "a", "name": "b"}, "@b")],
    "member_removed": [({"by": "a", "name": "b"}, "@b"), ({"by": "b", "name": "b", "is_own": True}, "@b")],
    "not_let_in": [({"name": "b"}, "@b"), ({"place": "primary"}, "@primary")],
    "not_taken_out": [({"name": "b"}, "@b"), ({"place": "@b"}, "?")],
    "not_redacted": [({"channel": 301, "message": 900}, "/301/900")],
    "posts_wait": [({"posts": ["301/900", "302/901"]}, "/302/901")],
    "name_waits": [
        ({"thread": 900}, "/900"),
        ({"thread": 900, "deleted_by": "a", "deleted_at": AT}, "14:14 JST"),
    ],
    "thread_left": [
        ({"thread": 900, "names": ["INC-42 決済"], "written": 3}, "INC-42 決済"),
        ({"thread": 900, "names": [], "written": 0}, "/900"),
        ({"thread": 900}, "/900"),
    ],
    "thread_not_closed": [({"thread": 900}, "/900")],
    "thread_deleted": [({"by": "a"}, "@a")],
    "role_changed": [
        ({"role": "scribe", "holder": {"id": 1, "name": "a"}, "former": None, "by": "b", "by_id": 2}, "@a"),
        ({"role": "scribe", "holder": None, "former": {"id": 1, "name": "a"}, "gone": True}, "@a"),
        ({"role": "scribe", "holder": {"id": 1, "name": "a"}, "former": None, "by": "b"}, "@b"),
    ],
    "role_undelivered": [
        ({"role": "scribe", "holder_id": 1, "holder": "a", "by": "b"}, "@a"),
        ({"role": "scribe", "holder_id": 1, "holder": "a", "by": "b", "taken_over": True}, "@a"),
        ({"holder_id": 1, "holder": "a"}, "@a"),
    ],
    "updated": [
        ({"by": "a", "at": AT, "known": "調査中", "impact": "全員", "next_at": AT, "key": "k"}, "調査中"),
        ({"by": "a", "at": AT, "next_at": None}, "@a"),
    ],
    "update_due": [
        ({"due_at": AT, "reminder": 1, "lead": "primary"}, "14:14 JST"),
        (
            {"due_at": AT, "reminder": 1, "lead": None, "gone": [101], "lead_id": None, "lapses_at": AT},
            "14:14",
        ),
    ],
    "pull_request": [({"number": 12, "url": "https://github.com/parky/ops/pull/12"}, "/pull/12")],
    "pull_request_conflict": [
        (
            {"path": "docs/a_b.md", "url": "https://github.com/parky/ops/pull/12"},
            r"docs/a\\_b.md は GitHub で編集",
        ),
        ({"path": "docs/a.md", "is_removed": True}, "docs/a.md は GitHub で削除"),
    ],
    "pull_request_closed": [({"number": 12, "url": "https://github.com/x/y/pull/12"}, "マージされずに")],
    "export_kept": [({"url": "https://github.com/x/y/issues/1"}, "https://github.com/x/y/issues/1")],
    "export_failed": [
        (
            {"problem": "token", "reason": "Bad credentials"},
            "postmortem を GitHub に出せていません。トークンが無効です",
        ),
        ({"problem": "permission", "reason": "`no` @here", "item": "AI-7"}, "AI-7 を GitHub に"),
        ({"problem": "hologram"}, "GitHub が応答しません"),
    ],
    "issue_moved": [
        (
            {"item": "AI-7", "url": "https://github.com/x/app/issues/2"},
            "AI-7 の issue は別のリポジトリに移された",
        )
    ],
    "issue_unassignable": [
        (
            {"item": "AI-7", "login": "sato-dev", "url": "https://github.com/x/y/issues/1"},
            "sato-dev には割り当て",
        )
    ],
}


def test_there_are_rows_of_every_notice() -> None:
    """The examples in this file cover every notice of the core; a capability may have its own beside it."""
    own = {look.type.name for one in installed() for look in one.notices}
    assert set(looks()) - own <= set(ROWS) <= set(looks())


@pytest.mark.parametrize(
    ("name", "facts", "said"),
    [(name, facts, said) for name, rows in ROWS.items() for facts, said in rows],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_stored_notice_is_read(name: str, facts: Json, said: str) -> None:
    """A stored notice is shown in both languages, and is written again under the same keys and values."""
    row = {**facts, "notice": name}
    japanese, english = (
        render(words, samples.delivery(DeliveryKind.NOTICE, data=row), samples.PLACED)
        for words in (samples.JA, samples.EN)
    )
    assert said in str(japanese)
    assert english["content"] or english["embeds"]
    again = looks()[name].type.from_json(row).as_data()
    assert {key: again[key] for key in row if key in again} == {key: row[key] for key in row if key in again}
    assert set(row) <= set(again)


def test_a_notice_of_a_newer_version_is_left_as_it_is() -> None:
    """The refresh of its incident goes on."""
    line = replace(samples.delivery(DeliveryKind.NOTICE, data={"notice": "hologram"}), shown_version=0)
    assert not is_refreshed(samples.JA, line, samples.PLACED)


def test_a_line_that_only_a_newer_version_can_read_is_left_as_it_is() -> None:
    """The refresh of its incident goes on, so that its alert is edited."""
    data = {"notice": "role_changed", "role": "hologrammer", "by": "primary"}
    line = replace(samples.delivery(DeliveryKind.NOTICE, data=data), shown_version=0)
    assert not is_refreshed(samples.JA, line, samples.PLACED)
