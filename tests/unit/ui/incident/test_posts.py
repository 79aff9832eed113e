"""The alert, the thread and its notices, as people read them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident import transitions
from bot.domain.incident.forms import form_digest
from bot.domain.incident.incident import ByPerson, IncidentKind, PersonRef, Phase, Role, StatusUpdate
from bot.domain.incident.parts import Aftermath, Resolution
from bot.domain.severity import SeverityChange
from bot.domain.triage.tree import BY_HAND, UNANSWERED
from bot.runbook import default_policy_text, parse_policy
from bot.ui.posts.alerts import tracked
from bot.ui.posts.renderer import render
from bot.ui.screens.sheets import first_response_screen
from bot.ui.words.summary import summary
from bot.ui.words.wording import Wording
from cogs.postmortem.posts import postmortem_path
from tests.unit.ui import screens
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    CANCELLED,
    EN,
    FIRST_ESCALATION,
    JA,
    MERGED,
    PLACED,
    POLICY,
    REOPENED,
    RESOLVED,
    TEXTS,
    TRIGGERED,
    delivery,
    description_of,
    presses_of,
)

ALERT = delivery(DeliveryKind.ALERT)
X = "x"
THREAD_LINK = "https://discord.com/channels/7/900"


@pytest.mark.parametrize(
    ("words", "phase", "state"),
    [
        (JA, Phase.INVESTIGATING, "調査中"),
        (JA, Phase.IDENTIFIED, "原因特定"),
        (JA, Phase.MONITORING, "監視中"),
        (EN, Phase.INVESTIGATING, "Investigating"),
        (EN, Phase.IDENTIFIED, "Identified"),
        (EN, Phase.MONITORING, "Monitoring"),
    ],
)
def test_posts_say_the_phase_while_a_responder_is_on_it(words: Wording, phase: Phase, state: str) -> None:
    """Posts of an acknowledged incident show its phase instead of 対応中.

    Before an acknowledge and after the end, the phase changes nothing in the alert's first line.
    """
    taken = replace(ACKNOWLEDGED, phase=phase)
    for kind in (DeliveryKind.ALERT, DeliveryKind.THREAD_CARD):
        content = str(render(words, delivery(kind), taken)["content"])
        assert content.startswith(f"🟠 SEV1 · 決済 API が 5xx · **{state} · @primary")
    answer = tracked(words, replace(taken, kind=IncidentKind.ALERT), rings=False)
    assert str(answer["content"]).startswith(summary(words, replace(taken, kind=IncidentKind.ALERT)))
    for other in (PLACED, RESOLVED, CANCELLED, MERGED):
        assert (
            render(words, ALERT, replace(other, phase=phase))["content"]
            == render(words, ALERT, other)["content"]
        )


def test_a_target_that_the_title_names_is_not_repeated() -> None:
    """A part of a longer name is another target."""
    down = replace(TRIGGERED, title="api.parky.co.jp がダウン：HTTP 503")
    assert "-# 開始 11/24" in description_of(render(JA, ALERT, down))
    other = replace(down, targets=("parky.co.jp",))
    assert "-# parky.co.jp · 開始 11/24" in description_of(render(JA, ALERT, other))


def test_alert_rings_and_says_how_bad_what_and_by_when() -> None:
    """The alert's first line, which a lock screen shows, has ping, severity, title, owner and deadline.

    Below it, an ordinary SEV1 has at most six lines, and no fact of the first one.
    """
    body = render(JA, ALERT, TRIGGERED)
    assert body["content"] == "@here 🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:22 まで"
    assert body["allowed_mentions"] == {"parse": ["everyone"]}
    assert description_of(body).splitlines() == [
        "影響：エラー率上昇 · 本番影響あり → 影響大",
        "当番：@primary",
        "-# api.parky.co.jp · 開始 11/24 14:05 JST · 報告 @responder · INC-42 · 👀 1 は bot",
    ]
    assert presses_of(body) == ["inc:v1:ack:42", "inc:v1:decline:42", "inc:v1:others:42"]


def test_alert_of_a_quiet_severity_pings_nobody() -> None:
    """The alert of a SEV2 mentions no one: it has no @here, and mentions in its title have no effect."""
    body = render(JA, ALERT, replace(TRIGGERED, severity="SEV2", title="@here @everyone"))
    assert body["content"] == "🟠 SEV2 · ＠here ＠everyone · **未対応** · ack 14:22 まで"
    assert body["allowed_mentions"] == {"parse": []}


def test_acknowledged_alert_names_who_is_on_it() -> None:
    """The deadline is gone, and so is the ping; who has it is said once."""
    body = render(JA, ALERT, ACKNOWLEDGED)
    assert body["content"] == "🟠 SEV1 · 決済 API が 5xx · **@primary が対応中 (14:09 から)**"
    assert body["allowed_mentions"] == {"parse": []}
    assert "@primary" not in description_of(body)
    assert "期限" not in description_of(body)
    assert presses_of(body) == [
        f"inc:v1:details:42:{form_digest(ACKNOWLEDGED)}",
        f"inc:v1:resolve:42:{form_digest(ACKNOWLEDGED)}",
        "inc:v1:others:42",
    ]
    assert "スレッド" not in description_of(body), "it hangs on this post"


def test_resolved_alert_offers_only_what_makes_sense() -> None:
    """The alert of a resolved incident says how long the incident took, and has no button to acknowledge."""
    body = render(JA, ALERT, RESOLVED)
    assert body["content"] == "🟢 SEV1 · 決済 API が 5xx · **@primary が解決 (14:52)**"
    small = (
        "-# api.parky.co.jp · 開始 11/24 14:05 JST · 所要 45 分 · 報告 @responder · INC-42"
        " · 👀 @primary 14:09 JST (2 分で ack)"
    )
    assert description_of(body).splitlines() == [
        "影響：エラー率上昇 · 本番影響あり → 影響大",
        small,
    ]
    assert presses_of(body)[:1] + presses_of(body)[2:] == ["inc:v1:reopen:42", "inc:v1:others:42"]
    told = Resolution(duration_s=45 * 60, by_id=101, by_name="primary", at=AT)
    said = description_of(render(JA, ALERT, replace(RESOLVED, aftermath=Aftermath(resolution=told))))
    assert ("影響した時間：45 分" in said, "所要" in said) == (True, False), "one length is enough"


def test_what_was_no_incident_reads_so_at_a_glance() -> None:
    """A false alarm, and a duplicate with the way to the other one."""
    false_alarm = render(JA, ALERT, CANCELLED)
    assert false_alarm["content"] == "⚪ SEV1 · 決済 API が 5xx · **@primary が取消 (14:52)**"
    small = "-# api.parky.co.jp · 開始 11/24 14:05 JST · 報告 @responder · INC-42"
    assert description_of(false_alarm) == small
    duplicate = render(JA, ALERT, MERGED)
    assert duplicate["content"] == "⚪ SEV1 · 決済 API が 5xx · **No.41 に統合 (14:52)**"
    assert description_of(duplicate) == small
    assert presses_of(duplicate) == ["inc:v1:view:41", "inc:v1:reopen:42", "inc:v1:others:42"]


def test_what_a_duplicate_went_on_in_is_not_told_once_that_is_private() -> None:
    """The alert of a merged incident does not tell in which one it went on, if that is hidden.

    It has neither the number of that incident nor a button that leads to it.
    """
    hidden = replace(MERGED, merged_into_hidden=True)
    for words, told in ((JA, "**統合 (14:52)**"), (EN, "**merged at 14:52**")):
        duplicate = render(words, ALERT, hidden)
        assert str(duplicate["content"]).endswith(told)
        assert "41" not in str(duplicate["content"]) + description_of(duplicate)
        assert presses_of(duplicate) == ["inc:v1:reopen:42", "inc:v1:note:42", "inc:v1:others:42"]


def test_a_reopened_alert_names_who_says_that_it_is_not_over() -> None:
    """A reopened alert names who has it since the reopening, its first acknowledge, and the next update."""
    body = render(JA, ALERT, REOPENED)
    assert str(body["content"]).endswith("**@secondary が対応中 (16:07 から)** · 次の更新 16:37 まで")
    small = description_of(body).splitlines()[-1]
    assert small.endswith("INC-42 · 👀 @primary 14:09 JST (2 分で ack) · 🔄 再開 16:07 JST")
    milder = description_of(render(EN, ALERT, replace(REOPENED, severity="SEV2"))).splitlines()
    assert milder[1] == "If you don't: a reminder in the thread"
    nobody = replace(REOPENED, acknowledged=None)
    assert "ack" not in description_of(render(JA, ALERT, nobody))
    assert description_of(render(EN, ALERT, nobody)).endswith("INC-42 · 🔄 reopened 16:07 JST")


def test_a_promise_that_was_not_kept_reads_so() -> None:
    """After a reminder, the alert and the thread's card say since when the status update is overdue."""
    silent = transitions.remind(REOPENED, again_at=AT + timedelta(hours=3, minutes=30))
    for words, told in ((JA, " · 更新期限切れ 16:37"), (EN, " · update overdue since 16:37")):
        for kind in (DeliveryKind.ALERT, DeliveryKind.THREAD_CARD):
            assert str(render(words, delivery(kind), silent)["content"]).endswith(told)


def test_the_posts_say_what_it_has_to_do_with() -> None:
    """The alert names related incidents by number alone, each once, and those that were merged come first."""
    related = replace(ACKNOWLEDGED, duplicates=(43,), linked=(41, 43))
    assert "関連：No.43 (同じもの)、No.41" in description_of(render(JA, ALERT, related)).splitlines()
    assert "Related: No.43 (the same), No.41" in description_of(render(EN, ALERT, related))
    assert "関連" not in description_of(render(JA, ALERT, ACKNOWLEDGED))


def test_an_alert_in_progress_says_who_does_what_and_by_when() -> None:
    """Impact, the first line of the last update, what happens without one, roles: each once."""
    told = StatusUpdate("\n@here rollback 中\n詳細", "", AT + timedelta(minutes=5), "primary")
    incident = replace(
        ACKNOWLEDGED,
        roles={Role.COMMANDER: PersonRef(101, "primary"), Role.SCRIBE: PersonRef(103, "responder")},
        updates=replace(ACKNOWLEDGED.updates, last=told, due_at=AT + timedelta(minutes=32)),
    )
    body = render(JA, ALERT, incident)
    assert str(body["content"]).endswith("**@primary が対応中 (14:09 から)** · 次の更新 14:39 まで")
    assert description_of(body).splitlines() == [
        "影響：エラー率上昇 · 本番影響あり → 影響大",
        "✏️ 14:12 JST (<t:1795497120:R>) ＠here rollback 中",
        "更新しないと：催促、15 分応答がなければ次の人へ",
        "指揮：@primary · 記録：@responder",
        "-# api.parky.co.jp · 開始 11/24 14:05 JST · 報告 @responder · INC-42",
    ]
    promised = replace(incident, updates=replace(incident.updates, last=replace(told, known="")))
    assert "✏️" not in description_of(render(JA, ALERT, promised))


def test_an_alert_raised_in_a_hurry_asks_for_the_rest() -> None:
    """The alert of a `/sev1`, which knows neither target nor symptom, points to ✏️ 更新 for the rest."""
    bare = replace(TRIGGERED, targets=(), symptoms=(), path=())
    body = render(JA, ALERT, bare)
    assert body["content"] == "@here 🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:22 まで"
    assert "✏️ 更新" in description_of(body)
    assert "判定" not in description_of(body)


def test_the_impact_is_a_persons_sentence_as_soon_as_there_is_one() -> None:
    """Alert, thread card, the post of the thread, DM and escalation say who cannot do what.

    That is in the place of the triage's answers. It stays once the incident is over, unless the resolution
    says it.
    """
    said = StatusUpdate("調査中", "2 階で\n*カード*決済ができません", AT + timedelta(minutes=5), "primary")
    told = replace(ACKNOWLEDGED, updates=replace(ACKNOWLEDGED.updates, last=said))
    sentence = "2 階で \\*カード\\*決済ができません"
    for incident in (told, replace(told, status=TRIGGERED.status)):
        for kind in (DeliveryKind.ALERT, DeliveryKind.THREAD_CARD, DeliveryKind.THREAD_ROOT):
            lines = description_of(render(JA, delivery(kind), incident)).splitlines()
            assert lines[0] == sentence
            assert "本番影響あり" not in "\n".join(lines)
    waiting = replace(PLACED, updates=told.updates)
    page, step = delivery(DeliveryKind.PAGE, to="person:primary"), DeliveryKind.ESCALATION
    for post in (page, delivery(step, data=FIRST_ESCALATION)):
        assert sentence in description_of(render(JA, post, waiting)).splitlines()
    ended = replace(RESOLVED, updates=told.updates)
    assert description_of(render(JA, ALERT, ended)).startswith(sentence)
    resolution = Resolution(impact="決済 120 件", by_id=101, by_name="primary", at=AT)
    closed = replace(ended, aftermath=Aftermath(resolution=resolution))
    assert description_of(render(JA, ALERT, closed)).splitlines()[0] == "影響範囲：決済 120 件"


@pytest.mark.parametrize(
    ("words", "path", "told"),
    [
        (JA, ("users_affected", "yes?"), "影響：エラー率上昇 · 本番影響は不明 (安全側で「はい」) → 影響大"),
        (
            EN,
            ("users_affected", "yes?"),
            "Impact: Rising error rate · Production affected: not sure (treated as “Yes”) → Large impact",
        ),
        (
            JA,
            ("dev_only", "no?"),
            "影響：エラー率上昇 · dev / 監視のみかは不明 (安全側で「いいえ」) → 影響大",
        ),
        (JA, ("q", "a?"), "影響：エラー率上昇 · q=a (不明のため安全側) → 影響大"),
        (EN, ("q", "a?"), "Impact: Rising error rate · q=a (not sure, to be safe) → Large impact"),
    ],
)
def test_what_nobody_knew_is_not_told_as_known(words: Wording, path: tuple[str, str], told: str) -> None:
    """The alert says so; also when the policy no longer has the question."""
    unsure = replace(TRIGGERED, path=(path, ("large_impact", "yes")))
    assert told in description_of(render(words, ALERT, unsure)).splitlines()


def test_a_question_without_words_for_it_marks_its_answer() -> None:
    """A policy file of before: the answer's own words, and that they are a guess."""
    question = replace(POLICY.tree.questions["users_affected"], about=None)
    tree = replace(POLICY.tree, questions={**POLICY.tree.questions, "users_affected": question})
    words = Wording(TEXTS, replace(POLICY, tree=tree))
    unsure = replace(TRIGGERED, path=(("users_affected", "yes?"),))
    bare = replace(unsure, symptoms=())
    for incident, told in ((unsure, "影響：エラー率上昇 · "), (bare, "判定：")):
        lines = description_of(render(words, ALERT, incident)).splitlines()
        assert f"{told}本番影響あり (不明のため安全側)" in lines


@pytest.mark.parametrize(
    ("words", "reason", "merged", "told"),
    [
        (JA, "監視の誤検知", None, "判定：SEV1 → SEV3 に変更 · @primary 14:12 JST · 監視の誤検知"),
        (EN, "noise", None, "Assessed: changed from SEV1 to SEV3 · @primary 14:12 JST · noise"),
        (JA, "", None, "判定：SEV1 → SEV3 に変更 · @primary 14:12 JST"),
        (JA, None, 41, "判定：SEV1 → SEV3 · No.41 を統合"),
        (EN, None, 41, "Assessed: SEV1 to SEV3 · merged with No.41"),
    ],
)
def test_a_changed_severity_is_not_explained_by_the_path_of_another(
    words: Wording, reason: str | None, merged: int | None, told: str
) -> None:
    """The alert says who changed it, when and why; no post goes on saying that the impact is large."""
    change = SeverityChange(
        before="SEV1", after="SEV3", by="primary", at=AT + timedelta(minutes=5), reason=reason, merged=merged
    )
    known = () if merged is None else (merged,)
    changed = replace(ACKNOWLEDGED, severity="SEV3", severity_changed=change, duplicates=known)
    assert told in description_of(render(words, ALERT, changed)).splitlines()
    for kind in (DeliveryKind.ALERT, DeliveryKind.THREAD_CARD):
        shown = str(render(words, delivery(kind), changed))
        assert "影響大" not in shown
        assert "Large impact" not in shown
    by_an_older_version = replace(changed, severity="SEV2")
    assert "影響大" in description_of(render(JA, ALERT, by_an_older_version))


def test_an_alert_outlives_a_change_of_the_policy() -> None:
    """Severity, symptom and answer may be gone from the file."""
    odd = replace(
        TRIGGERED, severity="SEV9", symptoms=("melted",), path=(("q", "a"), ("users_affected", "a"))
    )
    said = description_of(render(JA, ALERT, odd))
    assert "melted" in said
    assert "q=a → users\\_affected=a" in said


def test_the_team_speaks_english() -> None:
    """An alert in English has the title, who has it, the target and the start, as in Japanese."""
    body = render(EN, ALERT, ACKNOWLEDGED)
    assert body["content"] == "🟠 SEV1 · 決済 API が 5xx · **@primary on it since 14:09**"
    small = "-# api.parky.co.jp · started 11/24 14:05 JST · reported by @responder · INC-42"
    assert description_of(body).splitlines()[-1] == small


def test_a_custom_emoji_stands_on_the_button() -> None:
    """The policy may name one of the server's own."""
    text = default_policy_text().replace('ack_emoji = "👀"', 'ack_emoji = "<:ack:123456789012345678>"')
    words = Wording(TEXTS, parse_policy(text, name="custom.toml"))
    body = render(words, ALERT, TRIGGERED)
    assert body["components"][0]["components"][0]["emoji"] == {"name": "ack", "id": "123456789012345678"}  # type: ignore[index]
    assert render(words, delivery(DeliveryKind.SEED_ACK), TRIGGERED) == {"emoji": "ack:123456789012345678"}


def test_the_person_on_call_may_be_a_user_id() -> None:
    """A person on call whom the policy gives as a user id is mentioned by that id.

    A place that the policy no longer has is shown under its own name.
    """
    text = default_policy_text().replace('discord = "primary"', 'discord = "123456789012345678"')
    words = Wording(TEXTS, parse_policy(text, name="ids.toml"))
    assert "当番：<@123456789012345678>" in description_of(render(words, ALERT, TRIGGERED))
    assert words.on_call(["secondary", "night_*"]) == "@secondary、night\\_\\*"


def test_alert_and_thread_root_link_to_each_other() -> None:
    """SEV2: the alert is in #p1-ops, its thread hangs on a quiet post in #p0-alerts."""
    incident = replace(PLACED, severity="SEV2", post=replace(PLACED.post, channel_id=302, message_id=800))
    root = render(JA, delivery(DeliveryKind.THREAD_ROOT), incident)
    assert root["content"] == "🟠 SEV2 · 決済 API が 5xx · **未対応** · ack 14:22 まで"
    assert root["allowed_mentions"] == {"parse": []}
    assert presses_of(root) == ["inc:v1:ack:42", "https://discord.com/channels/7/302/800"]
    assert "スレッド <#900>" in description_of(render(JA, ALERT, incident))
    ended = replace(RESOLVED, post=replace(RESOLVED.post, channel_id=302, message_id=800))
    assert "スレッド <#900>" not in description_of(render(JA, ALERT, ended)), "the button leads there"


def test_thread_is_named_and_begins_with_the_start_time() -> None:
    """The first message is the postmortem's origin, by itself."""
    assert render(JA, delivery(DeliveryKind.THREAD), PLACED) == {
        "name": "INC-42 🔴 決済 API が 5xx",
        "auto_archive_duration": 10_080,
    }
    start = render(JA, delivery(DeliveryKind.THREAD_START), PLACED)
    assert start["content"] == "**開始時刻 2026-11-24 14:05:00 JST**"
    assert not start["embeds"]


@pytest.mark.parametrize("title", ["", " ", "\n\r\n", "\u200b", "\u202e\x00", "a\nb"])
def test_thread_name_is_one_line_whatever_the_title_is(title: str) -> None:
    """Discord refuses a blank name: the number and the sign are always there."""
    name = str(render(JA, delivery(DeliveryKind.THREAD), replace(PLACED, title=title))["name"])
    assert name.startswith("INC-42 🔴")
    assert len(name.splitlines()) == 1
    assert name == name.strip()


def test_thread_name_fits_discord() -> None:
    """The name of a thread is cut to Discord's 100 characters if the incident's title is longer."""
    named = render(JA, delivery(DeliveryKind.THREAD), replace(PLACED, title="あ" * 200))
    assert len(str(named["name"])) == 100


def test_resolved_notice_asks_for_the_postmortem() -> None:
    """The notice that a SEV1 is resolved names the file of its postmortem (復旧後 postmortem 必須).

    The notice of a SEV3 does not mention a postmortem.
    """
    notice = delivery(DeliveryKind.NOTICE, data={"notice": "resolved", "by": "primary"})
    lines = str(render(JA, notice, RESOLVED)["content"]).splitlines()
    assert lines[0] == "🟢 **INC-42 解決** · @primary · 11/24 14:52 JST · 発報から 45 分"
    assert "`docs/ops/postmortems/2026-11-24-決済-api-が-5xx.md`" in lines[1]
    quiet = str(render(JA, notice, replace(RESOLVED, severity="SEV3"))["content"])
    assert "postmortem" not in quiet


def test_a_resolved_notice_rendered_anew_tells_its_own_end() -> None:
    """A notice of a resolve keeps its time and person after the incident was reopened, and resolved again."""
    data = {"notice": "resolved", "by": "primary", "at": (AT + timedelta(minutes=45)).isoformat()}
    for now in (REOPENED, replace(RESOLVED, ended=ByPerson(101, "primary", AT + timedelta(hours=9)))):
        first = str(render(JA, delivery(DeliveryKind.NOTICE, data=data), now)["content"]).splitlines()[0]
        assert first == "🟢 **INC-42 解決** · @primary · 11/24 14:52 JST · 発報から 45 分"


def test_postmortem_path_is_a_plain_file_name() -> None:
    """No slash, dot or backtick of the title gets into it; the day is the team's."""
    odd = replace(RESOLVED, title="../`rm` a//b.md", started_at=TRIGGERED.started_at + timedelta(hours=10))
    assert postmortem_path(POLICY, odd) == "docs/ops/postmortems/2026-11-25-rm-a-b-md.md"
    assert postmortem_path(POLICY, replace(odd, title="🔴")).endswith("-inc-42.md")


def test_a_note_is_shown_with_its_author_and_lines() -> None:
    """Mentions, headings and links of the note have no effect in Discord."""
    note = delivery(
        DeliveryKind.NOTICE,
        data={"notice": "note", "by": "pri*mary", "text": "戻した\n# @here https://s.example/a_b"},
    )
    body = render(JA, note, ACKNOWLEDGED)
    assert body["content"] == "📝 **@pri\\*mary** 戻した\n\\# ＠here <https://s.example/a_b>"
    assert body["allowed_mentions"] == {"parse": []}


def test_a_post_that_a_clock_has_raised_says_why_it_is_there() -> None:
    """The alert of an unanswered re-evaluation, and the first-response sheet, say that nobody answered."""
    promoted = replace(PLACED, path=(("users_affected", "no"), ("dev_only", "no"), UNANSWERED))
    assert "→ 再評価に回答なし" in description_of(render(JA, delivery(DeliveryKind.ALERT), promoted))
    assert "→ nobody answered the re-evaluation" in description_of(render(EN, ALERT, promoted))
    sheet = screens.words(first_response_screen(screens.EN, promoted))
    assert "→ nobody answered the re-evaluation" in sheet


def test_a_post_whose_severity_somebody_chose_over_the_tree_says_so() -> None:
    """Else its path would lead elsewhere; behind the card's 📋 as well."""
    chosen = replace(PLACED, path=(("users_affected", "yes"), (BY_HAND, "SEV1")))
    assert "本番影響あり → 手動で SEV1" in description_of(render(JA, delivery(DeliveryKind.ALERT), chosen))
    assert "→ SEV1 by hand" in screens.words(first_response_screen(screens.EN, chosen))


def test_an_alert_that_is_an_incident_still_counts() -> None:
    """The alert says how often its source reported the problem, and when last; nothing if only once."""
    often = replace(
        ACKNOWLEDGED,
        tracked=replace(ACKNOWLEDGED.tracked, occurrences=5, last_seen_at=AT + timedelta(minutes=5)),
    )
    assert "\n×5 · 最終 14:12 JST\n" in description_of(render(JA, delivery(DeliveryKind.ALERT), often))
    once = description_of(
        render(
            JA, delivery(DeliveryKind.ALERT), replace(often, tracked=replace(often.tracked, occurrences=1))
        )
    )
    assert "最終" not in once
