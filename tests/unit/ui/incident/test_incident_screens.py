"""`/incident`: what its screens say, and that they always fit."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from discord.ui import Button, Container
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.escalation.ladder import Step, plan
from bot.domain.incident import transitions
from bot.domain.incident.incident import (
    ByPerson,
    EndedAck,
    Incident,
    IncidentKind,
    PersonRef,
    Phase,
    Role,
    Status,
    StatusUpdate,
)
from bot.domain.incident.parts import CallPage, Calls, CallStep, OutsideCall
from bot.domain.incident.transitions import Acknowledgement, AckOutcome
from bot.domain.paging import Also
from bot.domain.severity import LadderStep, SeverityChange
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import lines_of
from bot.runbook import default_policy_text, parse_policy
from bot.services.escalation.passing_on import PassedOn
from bot.services.escalation.release import Released, ReleaseOutcome
from bot.services.incidents.lifecycle import Merged
from bot.services.incidents.queries import IncidentView
from bot.services.incidents.roles import Assigned
from bot.services.incidents.severity_change import Regraded
from bot.ui.components import GREY
from bot.ui.forms.incident import SEVERITY_FORM, severity_form
from bot.ui.posts.bodies import SEVERITY_COLOURS
from bot.ui.posts.incident import roles
from bot.ui.posts.incident.alert import impact as words_of_impact
from bot.ui.screens import incident_answers as answers
from bot.ui.screens import incident_console as console
from bot.ui.screens.incident_list import (
    PAGE,
    PAGE_SIZE,
    WHICH,
    WORDS_LIMIT,
    IncidentListQuestion,
    list_screen,
    which_screen,
)
from bot.ui.screens.sheets import first_response_screen
from bot.ui.words.summary import summary
from bot.ui.words.wording import Voice
from tests.by_person import time_of
from tests.services.desk import PRIMARY
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    MERGED,
    PLACED,
    POLICY,
    REOPENED,
    RESOLVED,
    TEXTS,
    TRIGGERED,
)
from tests.unit.ui.screens import EN, JA, VOICES, labels, modal_faults, over_limits, presses, words

COMING = Calls(steps=(CallStep(due_at=AT + timedelta(minutes=30), mention="here"),))
EVIL = st.text(st.sampled_from("a*_`~|<@>#[]()\\/.:{}\n 決😀"), max_size=200)
VOICE = st.sampled_from(VOICES)


def view_of(incident: Incident, *entries: TimelineEntry, **more: Any) -> IncidentView:
    """What `/incident show` is given."""
    severity = POLICY.severities[incident.severity]
    ladder = plan(severity.ladder, incident_id=42, starts_at=AT, ack_due_at=incident.ack_due_at)
    return IncidentView(incident, lines_of(entries), ladder, AT, **more)


def test_show_says_how_the_next_step_leaves_discord() -> None:
    """The incident's screen says by which ways outside Discord the next step pages.

    Only ways that the step has and the bot is set up for are named, and none of them for a drill.
    """
    view = view_of(PLACED)
    pending = [replace(step, rung=replace(step.rung, also=(Also.PAGERDUTY,))) for step in view.ladder]
    ringing = replace(view, ladder=tuple(pending))
    for voice, way in ((JA, "DM、PagerDuty"), (EN, "PagerDuty")):
        assert way in words(console.show_screen(voice, ringing))
        assert "PagerDuty" not in words(console.show_screen(replace(voice, ways=frozenset()), ringing))
        assert "PagerDuty" not in words(console.show_screen(voice, view))
        drill = replace(ringing, incident=replace(PLACED, is_drill=True))
        assert "PagerDuty" not in words(console.show_screen(voice, drill))


def test_show_tells_how_bad_by_when_and_what_is_next() -> None:
    """The three questions within one glance."""
    opened = TimelineEntry(TimelineKind.OPENED, AT, actor_id=103, actor_name="responder")
    screen = console.show_screen(JA, view_of(PLACED, opened))
    told = words(screen)
    assert told.splitlines()[:2] == [summary(JA, PLACED), "影響：エラー率上昇 · 本番影響あり → 影響大"]
    assert "ack 14:22 まで" in summary(JA, PLACED)
    for part in (
        "**INC-42** · P0 · 開始：11/24 14:05 JST",
        "報告：@responder",
        "対象：api.parky.co.jp",
        "次：11/24 14:07 JST",
        "11/24 14:07:00 JST · 発報 · @responder",
    ):
        assert part in told
    assert labels(screen) == ["ack", "対応できない", "その他…"]
    assert told.endswith(
        "[アラートを開く](https://discord.com/channels/7/301/900) · [スレッドへ](https://discord.com/channels/7/900)"
    )


def test_show_says_who_was_called_by_which_ways_with_what_result() -> None:
    """Until a person acknowledges, the incident's screen says who was called, by which ways and the result.

    Ways that page no named person have a line of their own.
    """
    page = CallPage(who="@primary", asked_at=AT, sent_at=AT)
    outside = (
        OutsideCall(way="ntfy", who="@primary"),
        OutsideCall(way="pushover", who="@primary", sent_at=AT),
        OutsideCall(way="pagerduty", sent_at=AT),
        OutsideCall(way="webhook"),
    )
    called = replace(PLACED, calls=Calls(pages=(page,), outside=outside))
    told = words(console.show_screen(JA, view_of(called))).splitlines()
    assert "📟 @primary：DM 14:07、プッシュ (ntfy) ⚠️ 届かず、プッシュ (Pushover) 送信済み" in told
    assert "📟 PagerDuty 送信済み、webhook ⚠️ 届かず" in told
    over = replace(called, status=Status.ACKNOWLEDGED)
    assert "📟" not in words(console.show_screen(JA, view_of(over)))


def test_show_offers_what_makes_sense_now() -> None:
    """An acknowledged incident offers to update and to resolve, and a resolved one to reopen."""
    assert labels(console.show_screen(JA, view_of(ACKNOWLEDGED))) == ["更新", "解決", "その他…"]
    resolved = console.show_screen(JA, view_of(RESOLVED))
    assert presses(resolved)[0] == "inc:v1:reopen:42"
    assert presses(resolved)[-1] == "inc:v1:others:42"
    assert "最初の ack：@primary 14:09 JST (2 分)\n発報から 45 分で終了" in words(resolved)


def test_show_and_list_say_the_phase() -> None:
    """Both the screen and the list say an acknowledged incident's phase in the place of who is on it.

    An incident that waits for an acknowledge is told as unacknowledged instead.
    """
    taken = replace(ACKNOWLEDGED, phase=Phase.MONITORING)
    assert "**監視中 · @primary (14:09 から)**" in words(console.show_screen(JA, view_of(taken)))
    shown = words(list_screen(EN, [replace(PLACED, phase=Phase.MONITORING), taken], IncidentListQuestion()))
    assert "🔴 SEV1 · 決済 API が 5xx · **unacknowledged** · ack by 14:22 · " in shown
    assert "🟠 SEV1 · 決済 API が 5xx · **Monitoring · @primary since 14:09** · " in shown


def test_show_says_the_impact_as_the_last_update_does() -> None:
    """The impact that a person wrote replaces the answers of the triage, but no other fact."""
    said = StatusUpdate("調査中", "2 階で決済できません", AT, "primary")
    told = replace(ACKNOWLEDGED, updates=replace(ACKNOWLEDGED.updates, last=said))
    lines = words(console.show_screen(JA, view_of(told))).splitlines()
    assert lines[1] == "2 階で決済できません"
    assert not any("本番影響あり" in line for line in lines)
    named = replace(told, updates=replace(told.updates, last=replace(said, impact="api.parky.co.jp は無事")))
    assert "対象：api.parky.co.jp" in words(console.show_screen(JA, view_of(named)))
    assert any(
        "本番影響あり" in line for line in words(console.show_screen(JA, view_of(PLACED))).splitlines()
    )


def test_show_names_who_opened_it_again() -> None:
    """Beside who was first, until it is over again."""
    people = (PersonRef(101, "primary"), PersonRef(102, "secondary"), PersonRef(103, "responder"))
    told = words(console.show_screen(JA, view_of(REOPENED, responders=people)))
    assert "最初の ack：@primary 14:09 JST (2 分)\n🔄 @secondary が 16:07 JST に再開" in told
    assert "参加：@primary、@responder" in told
    never = replace(REOPENED, acknowledged=None)
    told = words(console.show_screen(EN, view_of(never)))
    assert "🔄 @secondary reopened it at 16:07 JST" in told
    assert "ack due" not in told, "nobody is waited for"
    over = transitions.resolve(REOPENED, by=PRIMARY, at=AT + timedelta(hours=3))
    told = words(console.show_screen(JA, view_of(over, responders=people)))
    assert "再開" not in told.split("直近の記録")[0]
    assert "@secondary" in told


def test_which_one_is_asked_with_as_many_as_discord_lets_choose() -> None:
    """Twenty-five, and a button to the pages of all; with none open it says where the others are."""
    many = [replace(PLACED, id=number) for number in range(1, 40)]
    for voice in VOICES:
        screen = which_screen(voice, many)
        assert over_limits(screen) == []
        select, more = presses(screen)
        assert select == "inc:v1:open"
        led_to = re.fullmatch(PAGE, more)
        assert led_to is not None
        assert IncidentListQuestion.of(led_to.groupdict()) == IncidentListQuestion("open")
        assert "39" in labels(screen)[0]
        assert presses(which_screen(voice, many[:25])) == ["inc:v1:open"]
    assert "No incident is open. To see ended ones, use `/incident list`." in words(which_screen(EN, []))
    assert presses(which_screen(EN, [])) == []


def test_show_keeps_to_the_last_entries_and_their_words() -> None:
    """Notes are shown, cut; older entries are in the thread."""
    notes = [
        TimelineEntry(
            TimelineKind.NOTE, AT, actor_id=1, actor_name="a", data={"text": f"note {n} " + "x" * 999}
        )
        for n in range(9)
    ]
    told = words(console.show_screen(EN, view_of(PLACED, *notes)))
    assert "note 3" not in told
    assert "note 4" in told
    assert "note 8" in told


@given(title=EVIL.filter(str.strip), name=EVIL, which=st.sampled_from([*WHICH]), voice=VOICE)
def test_incident_screens_keep_within_discords_limits(
    title: str, name: str, which: str, voice: Voice
) -> None:
    """The longest titles and names, ten to a page."""
    asked = IncidentListQuestion(
        which, "SEVERITY_NINE-16", mine=True, days=999, page=999_998, words=title[:WORDS_LIMIT]
    )
    everybody = tuple(PersonRef(number, name) for number in range(30))
    told = StatusUpdate(title * 5, "", AT, name)
    for sample in (TRIGGERED, PLACED, ACKNOWLEDGED, RESOLVED, MERGED, REOPENED):
        incident = replace(
            sample,
            title=title,
            reported_by=PersonRef(103, name),
            targets=("x" * 80,) * 25,
            roles={role: PersonRef(1, name) for role in Role},
            updates=replace(sample.updates, last=told, due_at=AT + timedelta(hours=1)),
        )
        related = tuple(replace(incident, id=10**17 + number) for number in range(9))
        note = TimelineEntry(TimelineKind.NOTE, AT, actor_id=1, actor_name=name, data={"text": title * 5})
        many = [replace(incident, id=10**17 + number) for number in range(PAGE_SIZE + 1)]
        for screen in (
            list_screen(voice, many, asked),
            console.show_screen(voice, view_of(incident, *[note] * 9, responders=everybody, related=related)),
            *([] if incident.is_open else [answers.ended_screen(voice, incident)]),
            answers.reopened_screen(voice, incident),
            answers.regraded_screen(voice, Regraded(incident, "SEV3", reposts=True)),
        ):
            assert over_limits(screen) == []


def test_an_empty_list_says_so() -> None:
    """An empty list repeats the question and has no select."""
    screen = list_screen(
        JA, [], IncidentListQuestion("resolved", severity="SEV1", words="決済", mine=True, days=7)
    )
    assert words(screen).splitlines() == [
        "**インシデント** 解決 · SEV1 · 「決済」 · 自分 · 7 日以内",
        "該当するインシデントはありません。",
    ]
    assert presses(screen) == []


@pytest.mark.parametrize(
    ("asked", "open_count", "listed"),
    [
        (IncidentListQuestion(), 1, 4),
        (IncidentListQuestion(), 7, PAGE_SIZE),
        (IncidentListQuestion(), 9, PAGE_SIZE),
        (IncidentListQuestion(), 0, PAGE_SIZE),
        (IncidentListQuestion(page=1), 1, PAGE_SIZE),
        (IncidentListQuestion(days=7), 1, PAGE_SIZE),
        (IncidentListQuestion(words="決済"), 1, PAGE_SIZE),
    ],
)
def test_everything_has_few_ended_ones_below_open_ones(
    asked: IncidentListQuestion, open_count: int, listed: int
) -> None:
    """The first page of the list of all incidents shows at most three ended ones below open ones.

    The page then says where the others are. A page without open incidents, a further page and a filtered list
    are full.
    """
    ended = [replace(RESOLVED, id=100 + number) for number in range(PAGE_SIZE + 1 - open_count)]
    given = [*(replace(PLACED, id=number) for number in range(open_count)), *ended]
    for voice in VOICES:
        screen = list_screen(voice, given, asked)
        assert words(screen).count("INC-") == listed
        assert ("次のページ" in words(screen) or "next page" in words(screen)) is (listed < PAGE_SIZE)
        assert presses(screen)[-1] == replace(asked, page=asked.page + 1).custom_id


@pytest.mark.parametrize(
    ("voice", "owner", "over", "on_call"),
    [
        (JA, "**未対応** · ack 14:22 まで", "**@primary が解決 (14:52)**", "当番："),
        (EN, "**unacknowledged** · ack by 14:22", "**resolved by @primary at 14:52**", "On call: "),
    ],
)
def test_the_list_says_how_bad_it_is_and_what_is_due(
    voice: Voice, owner: str, over: str, on_call: str
) -> None:
    """The first line is the one that every post has; below it how bad it is, and whose turn it is.

    An ended one has its date.
    """
    urgent = replace(PLACED, status=Status.TRIGGERED, title="決済 API が 5xx")
    ended = replace(RESOLVED, title="検索が遅い")
    count, first, impact, small, last = words(
        list_screen(voice, [urgent, ended], IncidentListQuestion())
    ).splitlines()[1:]
    assert re.fullmatch(r"🚨 \*\*.*1.*\*\* · .*", count)
    assert first == f"🔴 SEV1 · 決済 API が 5xx · {owner} · [INC-42](https://discord.com/channels/7/900)"
    assert impact == words_of_impact(voice, urgent) != ""
    age = f"<t:{int(urgent.started_at.timestamp())}:R>"
    assert re.fullmatch(rf"-# {on_call}.*@primary · .*{age}", small)
    assert last.startswith(f"🟢 SEV1 · 検索が遅い · {over} · ")
    assert ":R>" not in last
    assert voice.moment(ended.started_at) in last


def test_the_list_says_who_is_on_it_and_when_the_next_update_is_due() -> None:
    """A deadline that an acknowledge has met is not told, even once the acknowledge has ended.

    The impact is a person's sentence as soon as there is one.

    What waits for a person is counted: an acknowledge, or an update that a reminder has asked for.
    """
    said = StatusUpdate("調査中", "2 階で決済できません", AT, "primary")
    due_at = AT + timedelta(hours=1)
    promised = replace(ACKNOWLEDGED, updates=replace(ACKNOWLEDGED.updates, last=said, due_at=due_at))
    _, count, first, impact, small = words(list_screen(JA, [promised], IncidentListQuestion())).splitlines()
    assert count == "✅ いま対応待ちはありません"
    assert "**@primary が対応中 (14:09 から)** · 次の更新 15:07 まで" in first
    assert impact == "2 階で決済できません"
    assert "@primary" not in small
    late = replace(promised, updates=replace(promised.updates, reminders=1))
    _, count, first, _, otherwise, _ = words(list_screen(JA, [late], IncidentListQuestion())).splitlines()
    assert count == "🚨 **対応待ち 1 件** · 下のメニューから選んで開く"
    assert "**@primary が対応中 (14:09 から)** · 更新期限切れ 15:07" in first
    assert otherwise.startswith("更新しないと：")
    waiting = replace(PLACED, ack_ended=EndedAck("primary", AT + timedelta(hours=1), lapsed=True))
    assert "14:22" not in words(list_screen(JA, [waiting], IncidentListQuestion()))
    assert "誰も取らないと：14:37 @here" in words(
        list_screen(JA, [replace(PLACED, calls=COMING)], IncidentListQuestion())
    )


def test_the_list_offers_to_acknowledge_the_first_that_waits() -> None:
    """The list offers to acknowledge the first incident that waits, only to a person who may.

    Only with several does the text point to the menu.
    """
    second = replace(PLACED, id=43)
    for voice, label in ((JA, "INC-42 を ack"), (EN, "Ack INC-42")):
        screen = list_screen(voice, [PLACED, second], IncidentListQuestion("open"), may_ack=True)
        assert presses(screen) == ["inc:v1:ack:42", "inc:v1:open"]
        assert labels(screen)[0] == label
        assert over_limits(screen) == []
    alone, both = (
        words(list_screen(JA, ones, IncidentListQuestion(), may_ack=True))
        for ones in ([PLACED], [PLACED, second])
    )
    assert "下のメニュー" not in alone
    assert "対応待ち 2 件** · 下のメニューから選んで開く" in both
    assert presses(list_screen(JA, [PLACED, second], IncidentListQuestion("open"))) == ["inc:v1:open"]
    assert presses(list_screen(JA, [ACKNOWLEDGED], IncidentListQuestion("open"), may_ack=True)) == [
        "inc:v1:open"
    ]


@pytest.mark.parametrize(
    ("incident", "colour"),
    [
        (PLACED, SEVERITY_COLOURS[0]),
        (replace(PLACED, severity="SEV2"), SEVERITY_COLOURS[1]),
        (replace(PLACED, is_drill=True), GREY),
        (ACKNOWLEDGED, GREY),
    ],
)
def test_the_list_has_the_colour_of_the_worst_that_waits(incident: Incident, colour: int) -> None:
    """The list has the colour of the most severe incident that waits, whatever comes before it on the page.

    A drill or an acknowledged incident leaves the list grey.
    """
    mild = replace(PLACED, id=43, severity="SEV3")
    shown = [mild, incident] if colour != GREY else [incident]
    [frame] = [
        one for one in list_screen(JA, shown, IncidentListQuestion()).children if isinstance(one, Container)
    ]
    assert getattr(frame.accent_colour, "value", frame.accent_colour) == colour


def test_the_list_of_open_ones_says_so_in_its_heading() -> None:
    """The heading of the list says that it is of open incidents, and what other filters were chosen."""
    assert words(list_screen(JA, [PLACED], IncidentListQuestion("open"))).startswith(
        "**未解決のインシデント**\n"
    )
    told = words(list_screen(EN, [PLACED], IncidentListQuestion("open", mine=True)))
    assert told.startswith("**Open incidents** mine\n")


def test_the_list_turns_both_ways_and_keeps_the_filter() -> None:
    """◀ and ▶ only where there is something; each carries what was asked for."""
    asked = IncidentListQuestion("open", severity="SEV1", mine=True, days=7, page=1, words="a:b 決済")
    ids = presses(list_screen(JA, [PLACED] * 11, asked))
    assert ids == [
        "inc:v1:open",
        "inc:v1:list:open:SEV1:m:7:0:a:b 決済",
        "inc:v1:list:open:SEV1:m:7:2:a:b 決済",
    ]
    assert presses(list_screen(JA, [PLACED], IncidentListQuestion())) == ["inc:v1:open"]
    found = re.fullmatch(PAGE, ids[2])
    assert found is not None
    assert IncidentListQuestion.of(found.groupdict()) == replace(asked, page=2)


def test_the_list_of_a_team_turns_unless_its_words_leave_no_room() -> None:
    """The button carries the team; where Discord's limit for a custom id is passed, there is none."""
    asked = IncidentListQuestion("open", team="payments", page=1, words="決済")
    ids = presses(list_screen(JA, [PLACED] * 11, asked))
    assert ids[2] == "inc:v1:list:open@payments:-:-:0:2:決済"
    found = re.fullmatch(PAGE, ids[2])
    assert found is not None
    assert IncidentListQuestion.of(found.groupdict()) == replace(asked, page=2)
    long = replace(asked, which="acknowledged", team="t" * 24, words="x" * 40, severity="S" * 16)
    assert presses(list_screen(JA, [PLACED] * 11, long)) == ["inc:v1:open"]


def test_a_list_is_read_back_from_any_of_its_buttons() -> None:
    """No filter at all reads back as well; a state of another version means all."""
    found = re.fullmatch(PAGE, IncidentListQuestion().custom_id)
    assert found is not None
    assert IncidentListQuestion.of(found.groupdict()) == IncidentListQuestion()
    assert IncidentListQuestion.of({**found.groupdict(), "which": "gone"}) == IncidentListQuestion()
    wanted = IncidentListQuestion("ended", days=2, mine=True, words="x").wanted(by=7, now=AT)
    assert wanted.statuses == {Status.RESOLVED, Status.CANCELLED, Status.MERGED}
    assert (wanted.since, wanted.involves, wanted.words) == (AT - timedelta(days=2), 7, "x")


def test_show_names_the_people_and_what_is_due() -> None:
    """The screen shows roles, the other responders, the last update and when the next one is due."""
    incident = replace(
        ACKNOWLEDGED,
        roles={Role.COMMANDER: PersonRef(101, "primary")},
        updates=replace(
            ACKNOWLEDGED.updates,
            last=StatusUpdate("rollback 中\n詳しくは後で", "", AT + timedelta(minutes=3), "primary"),
            due_at=AT + timedelta(minutes=30),
        ),
    )
    people = (PersonRef(101, "primary"), PersonRef(102, "secondary"))
    related = (replace(RESOLVED, id=41, title="前触れ"),)
    told = words(console.show_screen(JA, view_of(incident, responders=people, related=related)))
    for part in (
        "指揮：@primary",
        "参加：@secondary",
        "✏️ 14:10 JST (<t:1795497000:R>) rollback 中",
        "次の更新 14:37 まで",
        "🔗 [INC-41](https://discord.com/channels/7/900) 🟢 解決 SEV1 · 前触れ",
    ):
        assert part in told
    assert "詳しくは後で" not in told


def test_a_merged_one_leads_on() -> None:
    """The screen of a merged incident says into which incident it went, and a button shows that incident."""
    screen = console.show_screen(JA, view_of(MERGED))
    assert "**No.41 に統合 (14:52)**" in words(screen)
    assert presses(screen)[0] == "inc:v1:view:41"
    assert len(labels(screen)) <= 5


def test_show_keeps_the_path_that_a_change_has_overruled() -> None:
    """Beside who changed the severity: the posts say that alone."""
    change = SeverityChange(before="SEV1", after="SEV3", by="primary", at=AT, reason="dev だけ")
    changed = replace(PLACED, severity="SEV3", severity_changed=change)
    told = words(console.show_screen(JA, view_of(changed))).splitlines()
    assert "判定：SEV1 → SEV3 に変更 · @primary 14:07 JST · dev だけ" in told
    assert "変更前の判定：本番影響あり → 影響大" in told
    bare = words(console.show_screen(EN, view_of(replace(changed, path=()))))
    assert "Assessed before that" not in bare


def test_a_change_of_severity_says_what_holds_now() -> None:
    """The answer to a change of severity names channel, mention and deadline, or the present responder.

    It also says if the alert mentions no one, or if no new alert is posted.
    """
    loud = words(answers.regraded_screen(JA, Regraded(PLACED, "SEV3", reposts=True)))
    for part in (
        "SEV3 → **SEV1 / P0**",
        "#p0-alerts に @here で通知",
        "15 分以内に ack (11/24 14:22 JST まで)",
    ):
        assert part in loud
    taken = words(answers.regraded_screen(JA, Regraded(ACKNOWLEDGED, "SEV3", reposts=True)))
    assert "対応する人は変えていません (@primary)。" in taken
    silent = words(answers.regraded_screen(JA, Regraded(replace(PLACED, rings=False), "SEV3", reposts=True)))
    assert "メンションなし" in silent
    edited = words(answers.regraded_screen(JA, Regraded(PLACED, "SEV3", reposts=False)))
    assert "新しい通知はしません" in edited


@pytest.mark.parametrize(
    ("voice", "severity", "told", "button"),
    [
        (JA, "SEV2", "次の更新の約束 14:50 JST", "次の更新を2 時間後にする"),
        (JA, "SEV3", "次の更新の約束 14:50 JST", "次の更新を翌営業日にする"),
        (
            EN,
            "SEV2",
            "The next update stayed at 14:50 JST",
            "Move the next update to 2 h from now",
        ),
        (EN, "SEV3", "as promised", "Move the next update to the next business day"),
    ],
)
def test_a_lower_severity_leaves_the_promise_to_the_person(
    voice: Voice, severity: str, told: str, button: str
) -> None:
    """The answer says that it stays, and offers what the severity asks for."""
    due_at = AT + timedelta(minutes=43)
    updates = replace(ACKNOWLEDGED.updates, due_at=due_at)
    lowered = Regraded(
        replace(ACKNOWLEDGED, severity=severity, updates=updates), "SEV1", reposts=True, promised=due_at
    )
    screen = answers.regraded_screen(voice, lowered)
    assert told in words(screen)
    assert labels(screen)[0] == button
    assert presses(screen)[0] == f"inc:v1:next-update:42:{severity}"


def test_a_severity_without_updates_offers_to_plan_none() -> None:
    """After a change to a severity without updates, the promised next update stays, and may be dropped."""
    severity = replace(JA.policy.severities["SEV2"], update_every=None)
    policy = replace(JA.policy, severities={**JA.policy.severities, "SEV2": severity})
    updates = replace(ACKNOWLEDGED.updates, due_at=AT)
    lowered = Regraded(replace(ACKNOWLEDGED, severity="SEV2", updates=updates), "SEV1", True, promised=AT)
    screen = answers.regraded_screen(replace(JA, policy=policy), lowered)
    assert "次の更新の約束 14:07 JST は変えていません" in words(screen)
    assert (labels(screen)[0], presses(screen)[0]) == ("次の更新をなくす", "inc:v1:next-update:42:SEV2")


def test_a_higher_severity_says_that_the_update_is_due_earlier() -> None:
    """The answer to a higher severity says whether the next update is due earlier."""
    due_at = AT + timedelta(minutes=32)
    raised = replace(ACKNOWLEDGED, updates=replace(ACKNOWLEDGED.updates, due_at=due_at))
    for before, told in (
        (AT + timedelta(hours=2), "に早めました"),
        (due_at, "は変えていません"),
        (None, "にしました。"),
    ):
        screen = answers.regraded_screen(
            JA, Regraded(raised, "SEV3", reposts=True, promised=before, is_more_severe=True)
        )
        assert told in words(screen)
        assert "inc:v1:next-update" not in str(presses(screen))


def test_the_moved_update_is_told() -> None:
    """The answer to a moved status update says when the next is due, or that none is planned."""
    incident = replace(ACKNOWLEDGED, updates=replace(ACKNOWLEDGED.updates, due_at=AT + timedelta(hours=2)))
    assert answers.moved(JA, incident).startswith("次の更新の期限を 16:07 JST")
    assert answers.moved(EN, ACKNOWLEDGED) == "No further update was planned."


def test_a_merge_says_when_it_has_raised_the_other_one() -> None:
    """The answer to a merge says what ended and, if the other incident became more severe, what now holds."""
    raised = Regraded(PLACED, "SEV3", reposts=True)
    told = words(answers.merged_screen(JA, Merged(MERGED, raised)))
    for part in ("INC-42 を No.41 に統合しました", "SEV3 → **SEV1 / P0**", "#p0-alerts に @here で通知"):
        assert part in told
    assert "→ **SEV1" not in words(answers.merged_screen(JA, Merged(MERGED)))


@pytest.mark.parametrize("voice", VOICES)
def test_the_form_of_a_severity_shows_the_current_one(voice: Voice) -> None:
    """The form of a severity has the current one chosen, and each option says where its alerts go.

    For a severity that the policy no longer knows none is chosen, and the form keeps within Discord's limits.
    """
    form = severity_form(voice, PLACED)
    assert modal_faults(form) == []
    (select, _reason) = (label["component"] for label in form.to_dict()["components"])
    assert [one["value"] for one in select["options"] if one.get("default")] == ["SEV1"]
    for option, severity in zip(select["options"], POLICY.severities.values(), strict=True):
        assert f"#{severity.channel.removeprefix('#')}" in option["description"]
    for name in ("GONE", "S" * 41, "S" * 200):
        odd = severity_form(voice, replace(PLACED, severity=name, id=10**17))
        assert modal_faults(odd) == []
        options = odd.to_dict()["components"][0]["component"]["options"]
        assert not any(one.get("default") for one in options)
        assert (fields := re.fullmatch(SEVERITY_FORM, odd.custom_id))
        assert fields["was"] == (name if len(name) <= 40 else None)


@pytest.mark.parametrize("severity", POLICY.severities)
def test_the_first_response_sheets_fit(severity: str) -> None:
    """The first-response screen of every severity fits into Discord's limits and has at least one step.

    For a severity that the policy lacks it says that none is registered.
    """
    for voice in VOICES:
        screen = first_response_screen(voice, replace(PLACED, severity=severity))
        assert over_limits(screen) == []
        assert "1. " in words(screen)
    unknown = first_response_screen(JA, replace(PLACED, severity="GONE"))
    assert "登録されていません" in words(unknown)


def test_ack_and_passing_on_have_their_words() -> None:
    """Each outcome of an acknowledge has its own words in both languages.

    The answer to passing on says who was asked or told, and what happens without an acknowledge.
    """
    for voice in VOICES:
        told = {
            answers.acknowledged(voice, Acknowledgement(ACKNOWLEDGED, outcome, PRIMARY, AT))
            for outcome in AckOutcome
        }
        assert len(told) == len(AckOutcome)
    again_at = time_of(ACKNOWLEDGED.acknowledged)
    assert again_at is not None
    for at, is_told_as_first in ((again_at, True), (again_at + timedelta(hours=1), False)):
        taken = replace(ACKNOWLEDGED, taken=ByPerson(PRIMARY.id, PRIMARY.name, at))
        told_of = answers.acknowledged(JA, Acknowledgement(taken, AckOutcome.FIRST, PRIMARY, at))
        assert ("(2 分)" in told_of) is is_told_as_first, (
            "reopened without an acknowledge, then taken; taken again"
        )
    following = Step(42, 1, PLACED.ack_due_at, LadderStep(after=None))
    said = answers.passed_on(JA, PassedOn(PLACED, "secondary", following))
    assert "@secondary" in said
    assert "ack がなければ 14:22 JST に #p0-alerts で呼びかけます" in said
    passed = PassedOn(PLACED, "secondary", None, told_at=AT)
    assert answers.passed_on(JA, passed) == "🙅 INC-42 を @secondary に引き継ぎました (14:07 JST に DM)。"
    assert answers.passed_on(EN, passed) == "🙅 Passed INC-42 on to @secondary, who got a DM at 14:07 JST."
    assert "さらに次へ通知しました" in answers.passed_on(JA, replace(passed, told_at=None, is_refused=True))
    again = answers.passed_on(JA, PassedOn(PLACED, None, following))
    assert again.endswith("ack がなければ 14:22 JST に #p0-alerts でもう一度呼びかけます。")
    assert "相手がほかにいないため、#p0-alerts で" in answers.passed_on(JA, PassedOn(PLACED, None, None))
    assert "何も変えていません" in words(answers.quit_screen(JA))


@pytest.mark.parametrize(
    ("outcome", "changes", "expected"),
    [
        (AckOutcome.FIRST, {}, ["スレッドへ", "更新", "指揮する", "手を離す"]),
        (
            AckOutcome.FIRST,
            {"roles": {Role.COMMANDER: PersonRef(PRIMARY.id, "primary")}},
            ["スレッドへ", "更新", "手を離す"],
        ),
        (AckOutcome.FIRST, {"kind": IncidentKind.ALERT}, ["スレッドへ", "手を離す"]),
        (AckOutcome.JOINED, {"acknowledged": ByPerson(77, "other", AT)}, ["スレッドへ", "手を離す"]),
    ],
    ids=["responder", "commander", "alert", "joined"],
)
def test_whoever_acknowledged_has_their_next_steps(
    outcome: AckOutcome, changes: dict[str, Any], expected: list[str]
) -> None:
    """The answer has the buttons of the DM, for those who got none, and says what was done."""
    promised = replace(ACKNOWLEDGED.updates, due_at=AT + timedelta(hours=1))
    acknowledged = ByPerson(PRIMARY.id, PRIMARY.name, AT)
    theirs = replace(ACKNOWLEDGED, updates=promised, acknowledged=acknowledged)
    result = Acknowledgement(replace(theirs, **changes), outcome, PRIMARY, AT)
    view = answers.acknowledged_view(JA, result)
    assert view is not None
    assert [cast("Button[Any]", item).label for item in view.children] == expected
    said = answers.acknowledged(JA, result)
    assert f"14:07 JST に {result.incident.label}" in said
    late = replace(result, outcome=AckOutcome.TOO_LATE, incident=RESOLVED)
    assert answers.acknowledged_view(JA, late) is None


def test_handing_back_promises_an_escalation_only_where_there_is_one() -> None:
    """A SEV3 has no ladder: it waits for the next person to take it. Who was asked is named."""
    minor = replace(PLACED, severity="SEV3", priority="P2")
    asked = (PersonRef(3, "responder"),)
    resumed = answers.released(JA, Released(PLACED, ReleaseOutcome.RESUMED, AT, asked))
    assert "エスカレーションを再開し" in resumed
    assert "@responder に引き受けられるか聞きました。" in resumed
    open_ = answers.released(JA, Released(minor, ReleaseOutcome.RESUMED, AT))
    assert "未対応に戻しました。" in open_


def told_of_acts(voice: Voice) -> list[str]:
    """Return every answer to an ack, to a hand-back and to a press for a role, done at 14:07."""
    promised = replace(ACKNOWLEDGED.updates, due_at=AT + timedelta(hours=1))
    theirs = replace(ACKNOWLEDGED, updates=promised, acknowledged=ByPerson(PRIMARY.id, PRIMARY.name, AT))
    leading = replace(theirs, roles={Role.COMMANDER: PersonRef(PRIMARY.id, "primary")})
    former = PersonRef(3, "responder")
    assigned = [
        Assigned(leading, Role.COMMANDER, before, changed, AT, acknowledged=acknowledged)
        for before, changed, acknowledged in (
            (None, True, True),
            (former, True, False),
            (former, False, False),
        )
    ]
    return [
        *(answers.acknowledged(voice, Acknowledgement(theirs, one, PRIMARY, AT)) for one in AckOutcome),
        *(answers.released(voice, Released(theirs, one, AT)) for one in ReleaseOutcome),
        *(words(roles.taken_screen(voice, one)) for one in assigned),
        *(roles.given(voice, one) for one in assigned),
        *(roles.released(voice, replace(one, incident=theirs)) for one in assigned),
        words(answers.reopened_screen(voice, replace(theirs, reopened=ByPerson(1, "primary", AT)))),
    ]


@pytest.mark.parametrize("voice", VOICES)
def test_answers_say_what_was_done_and_when(voice: Voice) -> None:
    """An answer stays where it is while the incident goes on: it promises nothing, and says no state."""
    for told in told_of_acts(voice):
        assert "14:07 JST" in told, told
        assert re.search(r"15:07|対応中です|担当です|(is|are) (on it|the) |yours", told) is None, told


def test_show_says_how_often_an_alert_came() -> None:
    """The screen of an incident that began as an alert says how often that came and when last."""
    often = replace(
        PLACED, tracked=replace(PLACED.tracked, occurrences=5, last_seen_at=AT + timedelta(minutes=5))
    )
    assert "×5 · 最終 14:12 JST" in words(console.show_screen(JA, view_of(often)))
    assert "×5 · last 14:12 JST" in words(console.show_screen(EN, view_of(often)))


def test_the_form_of_the_severity_says_where_the_team_would_hear_of_it() -> None:
    """The options name the team's channel and role; a role that is known by its id alone is left out."""
    table = '[teams.web]\nchannel = "web-alerts"\nrole = "{}"\n'
    told = []
    for role in ("web-team", "1100000000000000201"):
        policy = parse_policy(default_policy_text() + table.format(role), name="x.toml")
        form = severity_form(Voice.of(TEXTS, policy, locale="ja"), replace(PLACED, team="web"))
        told.append(str(form.to_dict()))
    assert "#web-alerts に @web-team で通知" in told[0]
    assert "#p0-alerts" not in told[0]
    assert "@here" not in told[1]
