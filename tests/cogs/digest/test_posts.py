"""The week in words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain.action_items import ActionItem, ActionSource, OpenAction
from bot.domain.delivery.delivery import FileRef
from bot.domain.dlq import DlqCounts, StatusCount
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.incident.parts import Postmortem, PostmortemState
from bot.domain.oncall.people import OnCallPerson
from bot.domain.postmortems import OwedPostmortem
from bot.domain.statistics.figures import (
    AlertCounts,
    AlertQuality,
    AlertSource,
    Deadlines,
    DrillFigures,
    Durations,
    ExampleOf,
    Examples,
    IncidentFigures,
    NoisyAlert,
    SetAside,
    SeverityFigures,
    TargetCount,
    TeamFigures,
    UnownedIncident,
    UnownedTime,
)
from bot.domain.statistics.load import PageCounts, PersonLoad
from bot.domain.statistics.period import IsoWeek
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from cogs.digest.posts import (
    digest,
    digest_details,
    digest_text,
    verdict_buttons,
    verdict_question,
)
from cogs.digest.rules import (
    AlertVerdict,
    AskedAlerts,
    Digest,
    DigestData,
    DigestDelivery,
    DigestPart,
    Verdict,
    actions_due,
)
from tests.cogs.actions.test_posts import ITEM
from tests.unit.ui.samples import EN, JA, PLACED, POLICY, RESOLVED, TEXTS, buttons_of, delivery

NO_FAILURES = DlqCounts(0, (), 0, 0)
NOTHING = IncidentFigures((SeverityFigures("SEV1"), SeverityFigures("SEV2")))
QUIET = Digest(
    week=IsoWeek(2026, 47),
    figures=NOTHING,
    before=NOTHING,
    dlq=NO_FAILURES,
    previous_dlq=0,
    today=date(2026, 11, 23),
)
OWED = OwedPostmortem(
    RESOLVED,
    Postmortem(state=PostmortemState.OWED, owner_id=1, owner_name="primary", due_on=date(2026, 11, 20)),
)
SEV1 = SeverityFigures(
    "SEV1",
    1,
    acknowledge=Durations(1, 130.0, 130.0),
    resolve=Durations(1, 2_700.0, 2_700.0),
    ack_deadlines=Deadlines(met=0, missed=1),
)
SEV2 = SeverityFigures("SEV2", 2, acknowledge=Durations(2, 3_600.0, 7_200.0))
BUSY = replace(
    QUIET,
    figures=IncidentFigures((SEV1, SEV2, SeverityFigures("SEV3"))),
    before=IncidentFigures((SeverityFigures("SEV1", 5, ack_deadlines=Deadlines(met=3, missed=2)),)),
    missed=(PLACED,),
    open=(PLACED,),
    postmortems=(OWED,),
    dlq=DlqCounts(
        18,
        (("p1-ops", 16), ("p0-alerts", 2)),
        2,
        2,
        (("failed", 17), ("resolved", 1)),
        {"p1-ops": (StatusCount(429, 15), StatusCount(None, 1))},
    ),
    previous_dlq=9,
)
IN_TIME = IncidentFigures((replace(SEV1, ack_deadlines=Deadlines(met=1)), SEV2))


POSTED = DigestData(week="2026-W47").to_json()


def posted(words: Wording, week: Digest) -> Any:
    """The post of a week."""
    return render(words, delivery(DigestDelivery.POST, data=POSTED), week)


def fields(week: Digest) -> dict[str, str]:
    """Heading -> figures, as [くわしく] shows them."""
    made: Any = digest_details(JA, week)[-1]["fields"]
    return {field["name"]: field["value"] for field in made}


def part(week: Digest, heading: str) -> str:
    """The figures below the heading that begins so."""
    (found,) = [value for name, value in fields(week).items() if name.startswith(heading)]
    return found


def told(week: Digest, words: Wording = JA) -> list[str]:
    """The headline, and the lines of what the week did to people."""
    return str(posted(words, week)["content"]).splitlines()


def headline(week: Digest) -> str:
    """The first line."""
    return told(week)[0]


def left(week: Digest, words: Wording = JA) -> list[str]:
    """The lines below the chart."""
    return [line for one in posted(words, week)["embeds"] for line in one.get("description", "").splitlines()]


def test_a_quiet_week_is_one_friendly_line() -> None:
    """The digest of a quiet week is one friendly line without any figures."""
    body = posted(JA, QUIET)
    assert body["content"] == (
        "先週 (11/16 – 11/22) は静かでした。インシデントも、届かなかった通知もありません。"
    )
    assert (body["embeds"], body["components"]) == ([], [])


def test_a_quiet_week_does_not_hide_that_the_dlq_was_away() -> None:
    """The digest of a quiet week says if the DLQ could not be read, as unknown failures are not none."""
    assert "DLQ は確認できませんでした" in headline(replace(QUIET, dlq=None))
    assert digest_text(QUIET, texts=TEXTS, policy=POLICY) == headline(QUIET)


LOAD = (PersonLoad(OnCallPerson("102", "佐藤"), PageCounts(day=3, night=4, asleep=4)),)
CALM = (PersonLoad(OnCallPerson("102", "佐藤"), PageCounts(day=9)),)
UNOWNED = UnownedTime({"SEV1": 345_600.0}, (UnownedIncident(PLACED, 300_000.0),))
LINK = "[INC-42](https://discord.com/channels/7/900)"


def test_harm_comes_first_each_beside_the_week_before() -> None:
    """The headline says in what the week was worse; then each harm has a line."""
    week = replace(BUSY, figures=replace(BUSY.figures, unowned=UNOWNED), load=LOAD, load_before=CALM)
    assert told(week) == [
        "**先週 (11/16 – 11/22) は前週より悪化：夜間の呼び出し 0 → 4 回**",
        "呼び出し **7 回** (前週 9) · うち夜間 **4** (前週 0)",
        f"担当なしの時間 **4 日** (前週 なし) · 最長 {LINK}",
        "ack 期限切れ **1 件** (前週 2)",
        "インシデント **3 件** (前週 5)：SEV1 1 · SEV2 2",
        "届かなかった通知 **18 件** (前週 9) · 89% が #p1-ops (主に HTTP 429)",
    ]
    assert told(week, EN)[:4] == [
        "**Last week (11/16 – 11/22) was worse than the week before: pages at night 0 → 4**",
        "Pages: **7** (before: 9) · at night **4** (before: 0)",
        f"Time with nobody on it: **4 d** (before: none) · longest: {LINK}",
        "Missed ack deadlines: **1** (before: 2)",
    ]


def test_a_week_that_was_better_says_in_what() -> None:
    """Nothing was worse; acks in time are praised, and what there was none of has no line."""
    week = replace(BUSY, figures=IN_TIME, before=BUSY.before, dlq=NO_FAILURES, previous_dlq=0)
    better = replace(
        week,
        before=IncidentFigures((replace(SEV1, incidents=2), replace(SEV2, incidents=2))),
        load_before=CALM,
    )
    assert told(better) == [
        "**先週 (11/16 – 11/22) は前週より改善：ack 期限切れ 1 → 0 件**",
        "呼び出し **0 回** (前週 9)",
        "ack は全件期限内 (前週 1)",
        "インシデント **3 件** (前週 4)：SEV1 1 · SEV2 2",
    ]


def test_a_week_in_which_everything_arrived() -> None:
    """A week without a failure, after one with some, has that line, without a channel."""
    assert "届かなかった通知 **0 件** (前週 9)" in told(replace(BUSY, dlq=NO_FAILURES))[-1]


def test_without_earlier_weeks_nothing_is_compared() -> None:
    """The bot may just have come."""
    first = replace(BUSY, before=NOTHING, previous_dlq=0, dlq=NO_FAILURES)
    assert told(first) == [
        "**先週 (11/16 – 11/22) は次のとおりでした**",
        "ack 期限切れ **1 件**",
        "インシデント **3 件**：SEV1 1 · SEV2 2",
    ]


def test_what_is_left_has_one_name_each() -> None:
    """Late postmortems, overdue actions, open incidents with who has them: three lines, and the question."""
    actions = actions_due(
        [action(1, date(2026, 11, 20)), action(2, date(2026, 11, 21))], {}, today=BUSY.today
    )
    week = replace(BUSY, actions=actions, asked_alerts=AskedAlerts((NOISY,)))
    assert left(week) == [
        f"📝 postmortem の期限超過 1 件：{LINK} 決済 API が 5xx · primary · 期限 11/20 (金)",
        "☑️ アクションの期限超過 2 件：AI-1 リトライ上限を 3 回にする · 佐藤 · 期限 11/20 (金) ほか 1 件",
        f"🔥 未解決 1 件：{LINK} 決済 API が 5xx · **未対応**",
        "🔔 よく鳴ったアラート：① [INC-77](https://discord.com/channels/7/900) CPU 使用率",
    ]
    due = f"{LINK} 決済 API が 5xx · primary · due Fri 11/20"
    assert left(week, EN)[0] == f"📝 Overdue postmortems (1): {due}"


def test_what_is_private_is_counted_and_not_named() -> None:
    """Everybody reads the post."""
    hidden = replace(PLACED, is_private=True)
    week = replace(BUSY, open=(hidden,), postmortems=(replace(OWED, incident=hidden),))
    assert left(week) == ["📝 postmortem の期限超過 1 件：非公開", "🔥 未解決 1 件：非公開"]
    late = [action(1, date(2026, 11, 20), private=True), action(2, BUSY.today, private=True)]
    (line, _) = left(replace(QUIET, open=(hidden,), actions=actions_due(late, {}, today=BUSY.today)))
    assert line == "☑️ アクションの期限超過 1 件：非公開"


@pytest.mark.parametrize("words", [JA, EN])
def test_the_post_has_less_than_twelve_lines_whatever_happened(words: Wording) -> None:
    """One screen of a phone; the rest is behind [くわしく], which stands first."""
    late = actions_due([action(1, date(2026, 11, 20))], {}, today=BUSY.today)
    week = replace(
        everything(), load=LOAD, load_before=CALM, actions=late, missing=frozenset({DigestPart.TREND})
    )
    week = replace(week, figures=replace(BUSY.figures, unowned=UNOWNED))
    assert len(told(week, words) + left(week, words)) == 11
    first, asked = buttons_of(posted(words, week))
    assert (first["custom_id"], asked["custom_id"]) == ("dig:v1:more:202647", "alv:v1:ask:77")
    assert "fields" not in str(posted(words, week)["embeds"])


def footer(week: Digest) -> str:
    """Return the text below the figures."""
    note: Any = digest_details(JA, week)[-1]["footer"]
    return str(note["text"])


def test_the_note_says_what_is_counted_and_where_to_look() -> None:
    """The span of the week; what a page is, and what is of today, only where there is any."""
    loaded = replace(BUSY, load=(PersonLoad(OnCallPerson("102", "佐藤"), PageCounts(day=1)),))
    assert footer(loaded).split("\n") == [
        "11/16 0:00 – 11/22 24:00 JST に発報した件を数えています",
        "未解決、postmortem、アクションは 11/23 (月) 現在",
        "呼び出しは届いた DM の数、夜と就寝時間は 22:00–07:00",
        "内訳：/stats show、/incident list、/dlq recent、/action list",
    ]
    past = replace(BUSY, open=(), postmortems=())
    assert "現在" not in footer(past)
    assert "呼び出し" not in footer(past)
    assert "11/23 (月) 現在" in digest_text(BUSY, texts=TEXTS, policy=POLICY)


def test_the_share_of_a_channel_is_rounded_as_by_hand() -> None:
    """5 of 8 are 62.5%: 63%, not the even 62%; and without failures nothing is said of emails."""
    five = DlqCounts(8, (("p1-ops", 5), ("p0-alerts", 3)), 0, 0)
    assert "63% が #p1-ops" in told(replace(BUSY, dlq=five))[-1]
    assert "メール" not in part(replace(BUSY, dlq=five), "DLQ")
    assert part(replace(BUSY, dlq=NO_FAILURES), "DLQ") == "届かなかった通知はありません"


def test_a_week_without_incidents_may_still_owe_something() -> None:
    """If an earlier incident is still open, a week without incidents is not called quiet, and names it."""
    week = replace(QUIET, open=(PLACED,))
    assert told(week) == ["先週 (11/16 – 11/22) はインシデントがありませんでした"]
    assert f"{LINK} SEV1 決済 API が 5xx" in part(week, "未解決 1 件")


def test_failures_spread_over_channels_name_none() -> None:
    """If failed deliveries are spread evenly over the channels, no channel's share is given."""
    spread = DlqCounts(9, (("a", 3), ("b", 3), ("c", 3)), 0, 0)
    assert "%" not in told(replace(BUSY, dlq=spread))[-1]


def test_another_week_is_told_by_its_dates() -> None:
    """The digest that `/digest week` shows of a week other than the last one begins with the week's dates."""
    body = digest(JA, BUSY, is_last=False)
    assert str(body["content"]).startswith("**11/16 – 11/22 の週は前週より悪化：SEV2 0 → 2 件**")
    quiet = digest(EN, QUIET, is_last=False)
    assert str(quiet["content"]).startswith("The week of 11/16 – 11/22 was quiet")


def test_the_figures_link_to_what_is_owed() -> None:
    """The digest links to the incidents that missed a deadline, are open or have no postmortem.

    It also shows the numbers of incidents, the times of response, and the failures in the DLQ.
    """
    shown = fields(BUSY)
    link = "[INC-42](https://discord.com/channels/7/900)"
    assert shown["インシデント 3 件 (前週 5)"] == "SEV1 1 件 · SEV2 2 件 · SEV3 0 件"
    assert part(BUSY, "対応の速さ") == (
        "SEV1：ack まで 2 分 · 解決まで 45 分\nSEV2：ack まで 1 時間 / 2 時間 · 解決まで なし"
    )
    assert shown["期限"] == f"ack：1 件中 0 件が期限内\n🔴 {link} SEV1 決済 API が 5xx · **未対応**"
    assert shown["未解決 1 件"] == f"🔴 {link} SEV1 決済 API が 5xx · **未対応**"
    assert shown["書かれていない postmortem 1 件 (期限超過 1)"] == (
        f"⏰ {link} 決済 API が 5xx · primary · 11/20 (金) 期限"
    )
    assert shown["DLQ 18 件 (前週 9)"] == (
        "P0 2 件 (メール 2/2)\n#p1-ops 16 件 (HTTP 429 × 15 · 応答なし × 1)\n#p0-alerts 2 件\n"
        "テーブルの状態：failed 17 件 · resolved 1 件"
    )


def test_a_severity_without_times_has_none() -> None:
    """A severity of which nothing was acknowledged has a count and no times.

    If the DLQ could not be read, the digest has no field about the DLQ.
    """
    untouched = IncidentFigures((SeverityFigures("SEV1", 3),))
    shown = fields(replace(BUSY, figures=untouched, dlq=None))
    assert shown["インシデント 3 件 (前週 5)"] == "SEV1 3 件"
    assert not [heading for heading in shown if heading.startswith(("DLQ", "対応の速さ"))]


def test_what_the_week_cost_people() -> None:
    """The pages of each person by the time of day; who had none is not named."""
    load = (
        PersonLoad(OnCallPerson("sato", "佐藤"), PageCounts(day=3, night=2, weekend=1, holiday=1, asleep=3)),
        PersonLoad(OnCallPerson("suzuki", "suzuki", user_id=102), PageCounts(day=1)),
        PersonLoad(OnCallPerson("tanaka", "田中"), oncall_s=3_600.0),
    )
    assert fields(replace(BUSY, load=load))["呼び出し 8 回"] == (
        "佐藤：7 回 (昼 3 · 夜 2 · 週末 1 · 祝日 1 · うち就寝時間 3)\n<@102>：1 回 (昼 1)"
    )
    assert "  suzuki：1 回 (昼 1)" in digest_text(replace(BUSY, load=load), texts=TEXTS, policy=POLICY)


def test_targets_updates_and_drills() -> None:
    """The digest says which targets had most incidents, whether updates were in time, and how drills went."""
    figures = replace(
        BUSY.figures,
        updates=Deadlines(met=8, missed=1),
        targets=(TargetCount("api.parky.co.jp", 2), TargetCount("admin.parky.co.jp", 1)),
        drills=DrillFigures(2, Durations(2, 95.0, 100.0)),
    )
    shown = fields(replace(BUSY, figures=figures))
    assert shown["インシデントの多い対象"] == "api.parky.co.jp 2 件\nadmin.parky.co.jp 1 件"
    assert "状況更新：9 回中 8 回が約束どおり" in shown["期限"]
    assert shown["訓練"] == "2 回 · ack まで 1 分 (中央値)"


def test_each_line_leads_to_an_incident() -> None:
    """The slowest of a severity, the latest of others. A terminal has the number; a channel its address."""
    names = {
        ExampleOf.SEVERITY: "SEV1",
        ExampleOf.TARGET: "api.parky.co.jp",
        ExampleOf.READER: "sato",
        ExampleOf.SENDER: "Grafana",
        ExampleOf.LATE_UPDATE: "",
        ExampleOf.DRILL: "",
    }
    figures = replace(
        BUSY.figures,
        updates=Deadlines(met=8, missed=1),
        targets=(TargetCount("api.parky.co.jp", 2),),
        drills=DrillFigures(2, Durations(2, 95.0, 100.0)),
    )
    week = replace(
        BUSY,
        figures=figures,
        load=(PersonLoad(OnCallPerson("sato", "佐藤"), PageCounts(day=1)),),
        alerts=ALERTS,
        examples=Examples(dict.fromkeys(names.items(), PLACED)),
    )
    link = "[INC-42](https://discord.com/channels/7/900)"
    assert part(week, "対応の速さ").splitlines()[0].endswith(f" · 最長 {link}")
    assert part(week, "期限").endswith(f"8 回が約束どおり · 遅れ {link}")
    assert part(week, "インシデントの多い") == f"api.parky.co.jp 2 件 · 最新 {link}"
    assert part(week, "呼び出し") == f"佐藤：1 回 (昼 1) · 最新 {link}"
    assert part(week, "監視アラート").endswith(f" · 最新 {link}")
    assert part(week, "訓練").endswith(f" · {link}")
    assert "  佐藤：1 回 (昼 1) · 最新 INC-42" in digest_text(week, texts=TEXTS, policy=POLICY)
    url = "https://discord.com/channels/7/301"
    assert f"[#p1-ops]({url}) 16 件" in str(digest_details(replace(JA, channel_urls={"p1-ops": url}), BUSY))


IDS = {"stats": 81, "incident": 82, "alerts": 83, "dlq": 84, "action": 85}
UNTOLD = SeverityFigures("SEV2", 2, acknowledge=Durations(2, 60.0, 60.0), ack_deadlines=Deadlines(met=2))


def everything() -> Digest:
    """Return a week with each kind of line, whose figures have no incident to link to."""
    senders = [AlertSource(f"monitor {number}", AlertCounts(9 - number, 9)) for number in range(7)]
    items = [replace(ITEM, incident_id=None, id=day, due_on=date(2026, 11, day)) for day in (20, 30)]
    actions = [OpenAction(item, is_private=False, is_drill=False) for item in items]
    hidden = replace(PLACED, id=43, is_private=True)
    figures = IncidentFigures(
        (UNTOLD,),
        set_aside=SetAside(false_alarms=1, duplicates=1),
        updates=Deadlines(met=8, missed=1),
        targets=(TargetCount("api.parky.co.jp", 2),),
        drills=DrillFigures(1, Durations(1, 95.0, 95.0)),
    )
    return replace(
        BUSY,
        figures=figures,
        open=(PLACED, hidden),
        missed=(),
        load=(PersonLoad(OnCallPerson("102", "佐藤"), PageCounts(day=1)),),
        alerts=AlertQuality(sources=tuple(senders)),
        asked_alerts=AskedAlerts((NOISY,)),
        postmortems=(OWED, replace(OWED, incident=hidden)),
        actions=actions_due(actions, {}, today=date(2026, 11, 23)),
    )


@pytest.mark.parametrize("words", [JA, EN])
def test_each_line_leads_to_an_incident_or_to_a_command(words: Wording) -> None:
    """A command can be pressed where its id is known; then the small print need not list them."""
    made: dict[str, Any] = digest_details(replace(words, command_ids=IDS), everything())[-1]
    lines = [line for field in made["fields"] for line in field["value"].splitlines()]
    assert [line for line in lines if "](https://" not in line and "</" not in line] == []
    for command in (
        "stats show:81",
        "incident list:82",
        "alerts recent:83",
        "dlq recent:84",
        "dlq p0-email:84",
    ):
        assert f"</{command}>" in str(made)
    assert "/stats show" not in made["footer"]["text"]
    typed: dict[str, Any] = digest_details(words, everything())[-1]
    assert "/stats show" in typed["footer"]["text"]
    assert "</" not in str(typed)


NOISY = replace(PLACED, id=77, title="CPU 使用率", tracked=replace(PLACED.tracked, fingerprint="f"))
MUTED = AlertVerdict(
    guild_id=7,
    fingerprint="f",
    incident_id=77,
    verdict=Verdict.MUTE,
    severity="SEV2",
    by_id=1,
    by_name="佐藤",
    at=datetime(2026, 11, 24, 9, tzinfo=UTC),
    holds_until=datetime(2026, 12, 1, 9, tzinfo=UTC),
)
ALERTS = AlertQuality(
    sources=(AlertSource("Grafana", AlertCounts(24, 90, acknowledged=3, acted_on=2, false=1, again=6)),),
    noisiest=(NoisyAlert(NOISY, AlertCounts(20, 61)),),
)


def test_alerts_are_judged_by_what_became_of_them() -> None:
    """Alerts are counted by sender and outcome, and the useless ones are asked about with buttons."""
    week = replace(BUSY, alerts=ALERTS, asked_alerts=AskedAlerts((NOISY,)))
    shown = fields(week)
    assert shown["監視アラート 24 件"] == (
        "Grafana：24 件 (投稿 90) · ack 3 · 対応に進んだもの 2 · 誤報 1 · 24 時間以内に再発 6"
    )
    assert shown["よく鳴ったアラート：まだ必要ですか？"] == (
        "① [INC-77](https://discord.com/channels/7/900) CPU 使用率 · 投稿 61 回"
    )
    made = buttons_of(posted(JA, week))[1:]
    assert [(one["label"], one["custom_id"]) for one in made] == [("① まだ必要？", "alv:v1:ask:77")]
    answers = [(one["label"], one["custom_id"]) for one in verdict_buttons(JA, NOISY, None)]
    assert answers == [
        ("残す", "alv:v1:keep:77"),
        ("1 週間ミュート", "alv:v1:mute:77"),
        ("ルールをやめる", "alv:v1:drop:77"),
    ]
    assert "まだ必要ですか：[INC-77]" in verdict_question(JA, NOISY, None)


def test_an_answer_takes_the_place_of_the_question() -> None:
    """Once the question about a noisy alert is answered, the digest shows the answer instead.

    The answer says by whom and until when, and a button undoes it.
    """
    week = replace(BUSY, alerts=ALERTS, asked_alerts=AskedAlerts((NOISY,), {77: MUTED}))
    assert "· ミュート中 12/01 18:00 JST まで (佐藤)" in part(week, "よく鳴った")
    more, said = buttons_of(posted(JA, week))
    assert said["label"] == "① ミュート中 12/01 18:00 JST まで (佐藤)"
    edit = render(JA, delivery(DigestDelivery.POST, data=POSTED), week.asked_alerts)
    assert (list(edit), buttons_of(edit)) == (["components"], [more, said])  # the figures stay as they are
    (undo,) = verdict_buttons(JA, NOISY, MUTED)
    assert (undo["label"], undo["custom_id"]) == ("元に戻す", "alv:v1:withdraw:77")
    assert verdict_question(JA, NOISY, MUTED).endswith("ミュート中 12/01 18:00 JST まで (佐藤)")


def test_an_alert_that_is_private_by_now_is_not_named() -> None:
    """A noisy alert that has become private since the digest was posted is no longer named in it."""
    secret = replace(NOISY, is_private=True)
    assert "CPU" not in part(replace(BUSY, alerts=ALERTS, asked_alerts=AskedAlerts((secret,))), "よく鳴った")


def action(number: int, day: date, *, private: bool = False, drill: bool = False) -> OpenAction:
    """An open action item."""
    item = ActionItem(
        id=number,
        guild_id=7,
        incident_id=42,
        what="リトライ上限を 3 回にする",
        owner=PersonRef(1, "佐藤"),
        due_on=day,
        verification="負荷試験",
        source=ActionSource.COMMAND,
        created=ByPerson(1, "佐藤", datetime(2026, 11, 1, tzinfo=UTC)),
    )
    return OpenAction(item, is_private=private, is_drill=drill)


def test_action_items_are_told_when_their_day_is_near() -> None:
    """Overdue ones first, then this week's; of private ones and later ones the number; none of drills."""
    today = QUIET.today
    found = [
        action(1, today - timedelta(days=3)),
        action(2, today),
        action(3, today + timedelta(days=7)),
        action(4, today, private=True),
        action(5, today + timedelta(days=8)),
        action(6, today, drill=True),
    ]
    actions = actions_due(found, {42: RESOLVED}, today=today)
    link = "[INC-42](https://discord.com/channels/7/900)"
    assert part(replace(QUIET, actions=actions), "アクション 4 件 (期限超過 1)") == (
        f"⏰ AI-1 リトライ上限を 3 回にする · 佐藤 · 11/20 (金) 期限 · {link}\n"
        f"AI-2 リトライ上限を 3 回にする · 佐藤 · 11/23 (月) まで · {link}\n"
        f"AI-3 リトライ上限を 3 回にする · 佐藤 · 11/30 (月) まで · {link}\n"
        "非公開 1 件\n期限がその先のもの 1 件"
    )
    assert replace(QUIET, actions=actions_due([action(5, date(2027, 1, 1))], {}, today=today)).is_quiet


@pytest.mark.parametrize("missing", DigestPart)
def test_a_part_that_could_not_be_counted_says_so(missing: DigestPart) -> None:
    """The others are told; nothing pretends to be zero."""
    week = replace(BUSY, missing=frozenset({missing}))
    shown = fields(week)
    assert len(shown["集計できなかったもの"].splitlines()) == 1
    assert ("インシデント 3 件 (前週 5)" in shown) is (missing is not DigestPart.INCIDENTS)
    assert [line for line in told(week) if line.startswith("集計できなかったもの：")]
    if missing is DigestPart.INCIDENTS:
        assert headline(week) == "先週 (11/16 – 11/22) のインシデントは集計できませんでした"


def test_pictures_stand_below_headline_and_debts() -> None:
    """A digest's chart has an embed of its own below what is left, and a description in words.

    A phone shows such an embed as wide as its screen.
    """
    data = DigestData(
        week="2026-W47",
        files=(FileRef(key="k", filename="incidents.png", description="SEV1：1"),),
    )
    body = render(JA, delivery(DigestDelivery.POST, data=data.to_json()), BUSY)
    debts, picture = body["embeds"]  # type: ignore[misc]
    assert picture["image"] == {"url": "attachment://incidents.png"}  # type: ignore[has-type]
    assert "description" in debts  # type: ignore[has-type]
    assert body["attachments"] == [{"id": 0, "filename": "incidents.png", "description": "SEV1：1"}]


def test_an_incident_without_a_place_has_no_link() -> None:
    """An open incident whose alert Discord never took is listed in the digest without a link."""
    lost = replace(PLACED, post=replace(PLACED.post, message_id=None), thread=replace(PLACED.thread, id=None))
    assert fields(replace(BUSY, open=(lost,)))["未解決 1 件"] == "🔴 INC-42 SEV1 決済 API が 5xx · **未対応**"


def test_the_terminal_shows_the_same_without_markup() -> None:
    """The digest in the terminal has its heading and its incidents as plain text, without Markdown."""
    lines = digest_text(BUSY, texts=TEXTS, policy=POLICY).splitlines()
    assert lines[0] == "週報 2026-W47 (11/16 – 11/22)"
    assert "  🔴 INC-42 SEV1 決済 API が 5xx · 未対応" in lines
    assert not [line for line in lines if "](" in line or "**" in line]


def test_what_was_no_incident_stands_below_the_figures() -> None:
    """Below the incidents the digest counts false alarms and duplicates; alerts have one number elsewhere."""
    busy = replace(BUSY, figures=replace(BUSY.figures, set_aside=SetAside(false_alarms=1, duplicates=2)))
    assert (
        part(busy, "インシデント 3").splitlines()[-1]
        == "ほかに 誤報で取り消した発報 1 件 · 統合した発報 2 件"
    )
    assert "ほかに" not in part(BUSY, "インシデント 3")
    alerts = replace(BUSY, alerts=ALERTS)
    assert "監視アラート" not in part(alerts, "インシデント 3")


def test_with_teams_each_that_had_anything_has_a_line() -> None:
    """A line per team stands with the week's harm; without teams there is none."""
    teams = (TeamFigures(None, 2, 1), TeamFigures("payments", 1), TeamFigures("web"))
    assert [line for line in told(replace(BUSY, teams=teams)) if "👥" in line] == [
        "👥 既定のチーム：インシデント **2 件** · エスカレーション **1 件**",
        "👥 payments：インシデント **1 件** · エスカレーション **0 件**",
    ]
    assert [line for line in told(replace(BUSY, teams=teams), EN) if "payments" in line] == [
        "👥 payments: incidents **1** · escalated **0**"
    ]
    assert "👥" not in "".join(told(BUSY))
    many = tuple(TeamFigures(f"team_{number:019}", 1) for number in range(50))
    assert len("\n".join(told(replace(BUSY, teams=many)))) < 2_000
