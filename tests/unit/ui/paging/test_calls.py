"""The ladder on the alert, and who was called with what result."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.delivery.delivery import Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.incident.incident import EndedAck, Incident, IncidentKind
from bot.domain.incident.parts import CallPage, Calls, CallStep, Decline, EscalationPost, OutsideCall
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging import Way
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    EN,
    FIRST_ESCALATION,
    JA,
    PLACED,
    TRIGGERED,
    delivery,
    description_of,
)

DUE = TRIGGERED.ack_due_at
BOTH = ("primary", "secondary")
START = CallStep(due_at=AT, taken_at=AT, dm=("primary",))
DEADLINE = CallStep(due_at=DUE, mention="here", dm=BOTH)
LATER = CallStep(due_at=DUE + timedelta(minutes=15), mention="here", dm=BOTH)
LAST = CallStep(due_at=DUE + timedelta(days=1), mention="none", repeats=True)
STEPS = (START, DEADLINE, LATER, LAST)
FIRST_PAGE = CallPage(who="@primary", asked_at=AT, sent_at=AT)


def taken(step: CallStep, at: datetime = DUE) -> CallStep:
    """The step, taken then."""
    return replace(step, taken_at=at)


def called(*pages: CallPage, steps: tuple[CallStep, ...] = STEPS, declined: tuple[str, ...] = ()) -> Incident:
    """Return the incident with these pages; people in *declined* declined after the step at the deadline."""
    said = tuple(Decline(who=who, at=DUE + timedelta(minutes=1)) for who in declined)
    return replace(PLACED, calls=Calls(steps=steps, pages=pages, declined=said))


def alert(incident: Incident, words: Wording = JA) -> list[str]:
    """The lines of its alert."""
    return description_of(render(words, delivery(DeliveryKind.ALERT), incident)).splitlines()


def first_line(incident: Incident, words: Wording = JA) -> str:
    """The alert's first line, which says who has it and until when."""
    return str(render(words, delivery(DeliveryKind.ALERT), incident)["content"])


def escalation(incident: Incident, words: Wording = JA, **changes: object) -> list[str]:
    """The lines of its escalation."""
    data: Mapping[str, object] = {**FIRST_ESCALATION, **changes}
    return description_of(render(words, delivery(DeliveryKind.ESCALATION, data=data), incident)).splitlines()


OVERDUE = called(
    FIRST_PAGE,
    CallPage(who="@primary", asked_at=DUE, sent_at=DUE, is_emailed=True),
    CallPage(who="@secondary", asked_at=DUE, is_refused=True, is_emailed=True),
    CallPage(who="@third", asked_at=DUE),
    steps=(START, taken(DEADLINE), LATER),
)


def test_the_ladder_says_where_we_are_and_what_comes() -> None:
    """Right below the impact is what comes without an ack, then what was taken. No name comes twice."""
    told = alert(called(FIRST_PAGE))
    assert told[1] == (
        "誰も取らないと：14:22 @here + @primary、@secondary に通知 →\u00a014:37\u00a0再通知"
        " →\u00a011/25 14:22 チャンネルに通知、以後繰り返し"
    )
    assert told[2] == "通知済み：14:07 @primary に DM"
    assert not any(line.startswith("当番：") for line in told)
    told = alert(called(FIRST_PAGE), EN)
    assert told[1] == (
        "If nobody takes it: 14:22 alert to @here + @primary, @secondary →\u00a014:37\u00a0again"
        " →\u00a011/25 14:22 alert to the channel, then repeatedly"
    )
    assert told[2] == "Notified so far: 14:07 DM to @primary"


ALL_WAYS = ("email", "push", "pagerduty", "webhook")
RINGING = replace(DEADLINE, also=ALL_WAYS)
WITH_PUSH = {
    "primary": OnCallPerson("primary", "Primary"),
    "secondary": OnCallPerson("secondary", "Secondary", ntfy="topic"),
}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (JA, "誰も取らないと：14:22 @here + @primary、@secondary + プッシュ + PagerDuty + webhook に通知 →"),
        (EN, "If nobody takes it: 14:22 alert to @here + @primary, @secondary + push + PagerDuty + webhook"),
    ],
)
def test_it_is_said_how_a_step_leaves_discord(words: Wording, told: str) -> None:
    """A pending step names the ways that a person has an address for; the next step does not say "again"."""
    rings = called(FIRST_PAGE, steps=(START, RINGING, LATER))
    said = replace(words, holders=WITH_PUSH)
    line = alert(rings, said)[1]
    assert line.startswith(told)
    assert line.endswith(
        ("14:37 @here + @primary、@secondary に通知", "14:37 alert to @here + @primary, @secondary")
    )
    for post in (escalation(rings, said), dm(rings, "primary", said)):
        assert any("+ PagerDuty" in line for line in post)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (JA, "Discord の外へ：PagerDuty 送信済み、webhook ⚠️ 届かず"),
        (EN, "Outside Discord: PagerDuty sent, webhook ⚠️ not delivered"),
    ],
)
def test_an_escalation_says_what_was_rung_outside(words: Wording, told: str) -> None:
    """The ways that page by themselves, below the people whom the step called."""
    went = called(FIRST_PAGE, steps=(START, taken(RINGING), LATER))
    outside = (OutsideCall(way="pagerduty", sent_at=DUE), OutsideCall(way="webhook"))
    lines = escalation(replace(went, calls=replace(went.calls, outside=outside)), words)
    assert lines.index(told) > next(at for at, line in enumerate(lines) if line.startswith("@primary"))
    assert not any(told[:7] in line for line in escalation(went, words))


@pytest.mark.parametrize(("ways", "told"), [({Way.PAGERDUTY}, "@secondary + PagerDuty"), ((), "@secondary")])
def test_a_way_that_leads_nowhere_is_not_promised(ways: Collection[Way], told: str) -> None:
    """The alert announces for the next step only ways out of Discord that are set up, and none in a drill.

    The ways of a step that was taken are not told on the alert.
    """
    words = replace(JA, holders=WITH_PUSH, ways=frozenset(ways))
    rings = called(FIRST_PAGE, steps=(START, RINGING))
    assert alert(rings, words)[1].endswith(f"、{told} に通知")
    after = called(FIRST_PAGE, steps=(START, taken(RINGING), LATER))
    for quiet in (after, replace(rings, is_drill=True, rings=False)):
        assert not any("PagerDuty" in line for line in alert(quiet, words))


def test_the_ladder_is_five_steps_around_now_at_most() -> None:
    """A phone has no room for a day of repetitions."""
    past = tuple(taken(LATER, DUE + timedelta(hours=hours)) for hours in range(6))
    coming = tuple(CallStep(due_at=DUE + timedelta(days=days)) for days in range(1, 7))
    shown = "\n".join(alert(called(steps=(*past, *coming))))
    [past_line] = [line for line in shown.splitlines() if line.startswith("通知済み：")]
    [coming_line] = [line for line in shown.splitlines() if line.startswith("誰も取らないと：")]
    assert (past_line.count("、"), coming_line.count("→")) == (1, 2)


def test_what_was_taken_names_whom_it_called_then() -> None:
    """The place may have another holder by now; steps that were taken together are one."""
    person = CallPage(who="@before", asked_at=DUE, sent_at=DUE)
    shown = called(person, steps=(taken(START, DUE), taken(DEADLINE), LATER))
    assert "通知済み：14:22 @here + @before" in alert(shown)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (JA, "通知済み：14:22 @here + @b、14:37 @here + @c、ほか 1 人"),
        (EN, "Notified so far: 14:22 @here + @b, 14:37 @here + @c, 1 more"),
    ],
)
def test_people_of_earlier_steps_are_counted(words: Wording, told: str) -> None:
    """The alert shows the last two steps, and says how many people only earlier ones have called."""
    times = (AT, DUE, LATER.due_at)
    pages = [CallPage(who=f"@{who}", asked_at=at, sent_at=at) for who, at in zip("abc", times, strict=True)]
    third = taken(LATER, LATER.due_at)
    assert told in alert(called(*pages, steps=(START, taken(DEADLINE), third, LAST)), words)
    again = replace(pages[0], asked_at=DUE)
    both = alert(called(*pages, again, steps=(START, taken(DEADLINE), third, LAST)), words)
    assert not any("ほか" in line or " more" in line for line in both), (
        "@a was called by a later step as well"
    )


def test_who_was_asked_last_is_named_though_no_step_called_them() -> None:
    """After a hand-back a person is asked beside the ladder: they are shown, and an earlier one counted."""
    later = DUE + timedelta(minutes=4)
    pages = [
        CallPage(who=f"@{who}", asked_at=at, sent_at=at)
        for who, at in zip("abc", (AT, DUE, later), strict=True)
    ]
    told = alert(called(*pages, steps=(START, taken(DEADLINE), LATER)))
    assert "通知済み：14:22 @here + @b、14:26 @c に DM、ほか 1 人" in told


@pytest.mark.parametrize(("words", "more"), [(JA, "ほか {} 人"), (EN, "{} more")])
def test_people_for_whom_there_is_no_room_are_counted(words: Wording, more: str) -> None:
    """Of sixty people the posts name as many as there is room for, and say how many the others are."""
    people = [f"@person-with-a-long-name-{number:02}" for number in range(60)]
    pages = [CallPage(who=who, asked_at=AT, sent_at=AT) for who in people]
    many = called(*pages, steps=(START, taken(DEADLINE), LATER))
    [tried] = [line for line in alert(many, words) if line.startswith(("通知の結果", "Tried"))]
    for text in (tried, "\n".join(escalation(many, words)), "\n".join(dm(many, "secondary", words))):
        named = sum(who in text for who in people)
        assert 0 < named < len(people)
        assert more.format(len(people) - named) in text


def dm(incident: Incident, reader: str, words: Wording = JA, **changes: object) -> list[str]:
    """The lines of the DM to *reader*, of the step at the deadline."""
    data: Mapping[str, object] = {**FIRST_ESCALATION, **changes}
    asked = delivery(DeliveryKind.PAGE, to="person:x", data=data)
    asked = replace(asked, request=Request(Action.MESSAGE, 1, None, {}, reader))
    return description_of(render(words, asked, incident)).splitlines()


TWICE = called(
    FIRST_PAGE,
    CallPage(who="@primary", asked_at=DUE, sent_at=DUE),
    CallPage(who="@secondary", asked_at=DUE, sent_at=DUE),
    steps=(START, taken(DEADLINE), LATER),
)


def test_the_second_in_line_hears_who_did_not_answer_and_how_often() -> None:
    """The DM lists earlier pages to others, without its reader and without those of the same step."""
    assert dm(TWICE, "secondary")[:4] == [
        "影響：エラー率上昇 · 本番影響あり → 影響大",
        "⏰ ack 期限切れ：14:22 JST (<t:1795497720:R>)。**今すぐ 👀 ack を押して対応を始める**",
        "誰も取らないと：14:37 JST @here + @primary、@secondary に通知",
        "@primary：DM 14:07、応答なし、DM 14:22",
    ]
    assert dm(TWICE, "secondary", EN)[3] == "@primary: DM 14:07, no answer, DM 14:22"
    assert not any("応答なし" in line for line in dm(TWICE, "primary"))
    refused = called(CallPage(who="@primary", asked_at=AT, is_refused=True), *TWICE.calls.pages[2:])
    assert not any("@primary：" in line for line in dm(refused, "secondary")), "no DM has reached them"
    at_once = called(FIRST_PAGE, CallPage(who="@secondary", asked_at=AT, sent_at=AT))
    assert not any("@primary：" in line for line in dm(at_once, "secondary", step=0, waited_s=0.0))


def test_of_a_ladder_that_repeats_for_days_the_first_and_the_last_times_are_shown() -> None:
    """Of hundreds of DMs to a person, the escalation and a DM show only the first and the last times.

    This leaves room for what happens next.
    """
    hours = [DUE + timedelta(hours=number) for number in range(400)]
    pages = [CallPage(who="@primary", asked_at=at, sent_at=at) for at in hours]
    for_days = called(FIRST_PAGE, *pages, steps=(START, taken(DEADLINE), LATER))
    told = "@primary：DM 14:07、…、12/11 04:22、12/11 05:22"
    assert told in escalation(for_days)
    lines = dm(for_days, "secondary", waited_s=400 * 3_600.0)
    assert lines[2].startswith("誰も取らないと：")
    assert lines[3] == f"{told}、応答なし"


def test_a_page_with_a_reason_of_its_own_repeats_nobody() -> None:
    """A page that says who cannot respond or be reached does not list that person's DMs as well."""
    for why in ({"declined_by": "primary"}, {"why": {"kind": "unreached", "who": "@primary"}}):
        assert not any("@primary：" in line for line in dm(TWICE, "secondary", **why))


@pytest.mark.parametrize(
    ("words", "said", "next_one"),
    [
        (JA, "**対応できないと伝えました。ほかの当番に引き継いでいます。**", "@secondary：DM 14:22"),
        (EN, "**You said that you cannot respond. It was passed on.**", "@secondary: DM 14:22"),
    ],
)
def test_whoever_declined_reads_to_whom_it_went_and_when(words: Wording, said: str, next_one: str) -> None:
    """The DM of a person who declined says so, and whom the page went to and when.

    The DM no longer says what to do, and other people's DMs do not begin with that line.
    """
    passed = called(*TWICE.calls.pages, declined=("@primary",))
    lines = dm(passed, "primary", words)
    assert lines[1:3] == [said, next_one]
    assert not any(line.endswith(("対応を始める**", "to take it**")) for line in lines)
    assert said not in dm(passed, "secondary", words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (JA, "**対応できないと伝えました。ほかに対応できる当番はいません。**"),
        (EN, "**You said that you cannot respond. Nobody else on call is left.**"),
    ],
)
@pytest.mark.parametrize(
    "second", [None, CallPage(who="@secondary", asked_at=DUE, is_refused=True), TWICE.calls.pages[2]]
)
def test_the_last_one_to_decline_does_not_read_that_others_have_it(
    words: Wording, said: str, second: CallPage | None
) -> None:
    """The last person to decline reads that no one else on call is left."""
    pages = [FIRST_PAGE, *([] if second is None else [second])]
    declined = ("@primary", "@secondary") if second is TWICE.calls.pages[2] else ("@primary",)
    assert dm(called(*pages, declined=declined), "primary", words)[1] == said


def test_whoever_declined_is_asked_anew_by_a_later_step() -> None:
    """A person who declined is asked again by a later step's DM, which says what was missed.

    Only the earlier DM says that the person declined.
    """
    early = Decline(who="@primary", at=AT + timedelta(minutes=1))
    anew = replace(TWICE, calls=replace(TWICE.calls, declined=(early,)))
    assert dm(anew, "primary")[1].startswith("⏰ ack 期限切れ：14:22 JST (<t:1795497720:R>)。")
    passed = replace(anew, calls=replace(anew.calls, pages=(FIRST_PAGE, TWICE.calls.pages[2])))
    first = dm(passed, "primary", step=0, waited_s=0.0)
    assert first[1] == "**対応できないと伝えました。ほかの当番に引き継いでいます。**"


def test_an_escalation_says_who_has_declined() -> None:
    """An escalation says which person has declined, beside the times of the DMs that reached them."""
    passed = called(*TWICE.calls.pages, declined=("@primary",))
    assert "@primary：DM 14:07、14:22、対応できない" in escalation(passed)
    assert "@primary: DM 14:07, 14:22, cannot respond" in escalation(passed, EN)


def test_a_monitors_alert_says_who_has_declined() -> None:
    """A monitor's alert names the person who declined as long as the alert waits for an acknowledgement."""
    passed = replace(called(FIRST_PAGE, declined=("@primary",)), kind=IncidentKind.ALERT)
    said = str(render(JA, delivery(DeliveryKind.ALERT), passed)["content"])
    assert "🙅 @primary は今は対応できません" in said.splitlines()
    taken_by = replace(passed, status=ACKNOWLEDGED.status, acknowledged=ACKNOWLEDGED.acknowledged)
    assert "🙅" not in str(render(JA, delivery(DeliveryKind.ALERT), taken_by)["content"])


def test_the_end_of_the_ladder_is_said() -> None:
    """After the last step the alert says that no one else will be notified."""
    told = alert(called(FIRST_PAGE, steps=(START,)))
    assert "誰も取らないと：この先は誰にも通知しません" in told


@pytest.mark.parametrize(
    "incident", [replace(ACKNOWLEDGED, calls=Calls(steps=STEPS)), PLACED, replace(PLACED, calls=Calls())]
)
def test_no_ladder_without_steps_or_with_a_responder(incident: Incident) -> None:
    """An alert shows no ladder if the incident has no steps or somebody has acknowledged it."""
    assert not any(line.startswith(("通知済み：", "誰も取らないと：")) for line in alert(incident))


def test_a_quiet_drill_announces_no_mention() -> None:
    """A silent drill announces DMs but no mention."""
    quiet = alert(replace(called(FIRST_PAGE), is_drill=True, rings=False))
    assert any("誰も取らないと：14:22 @primary、@secondary に DM" in line for line in quiet)
    assert not any("@here" in line for line in quiet)


def test_a_private_incident_announces_the_roles_that_it_pings() -> None:
    """A private incident announces the roles that it mentions instead of @here."""
    private = replace(TWICE, is_private=True)
    roles = "、".join(f"@{role}" for role in JA.policy.permissions.private)
    people = f"{roles} + @primary、@secondary"
    assert f"誰も取らないと：14:37 JST {people} に通知" in dm(private, "secondary")
    assert f"誰も取らないと：14:37 JST {people} に通知" in escalation(private)
    assert f"誰も取らないと：14:37 {people} に通知" in alert(private)
    assert not any("@here" in line for line in (*dm(private, "secondary"), *alert(private)))


def test_after_the_deadline_the_alert_says_overdue_and_who_was_tried() -> None:
    """After the deadline, the alert says since when the acknowledge is overdue, and who was tried and how.

    A person whom no DM reached is not named a second time for that.
    """
    said = alert(OVERDUE)
    assert said[2] == f"⏰ ack 期限切れ：14:22 JST (<t:{int(DUE.timestamp())}:R>)"
    assert len(said) == 6
    assert "通知の結果：@primary (DM 2 回、メール、応答なし)、@secondary (DM 届かず、メール)" in said
    assert "Tried: @primary (2 DMs, email, no answer), @secondary (DM not delivered, email)" in alert(
        OVERDUE, EN
    )
    unreached = alert(replace(OVERDUE, unreached=("@secondary",)))
    assert sum("@secondary" in line and "届" in line for line in unreached) == 1, "no fact twice"


def test_whom_the_last_step_was_the_first_to_call_has_not_failed_to_answer() -> None:
    """A person whom the latest step was the first to call is not said to have given no answer.

    Once a later step is taken, the alert says so of that person as well.
    """
    second = CallPage(who="@secondary", asked_at=DUE, sent_at=DUE, is_emailed=True)
    now = called(FIRST_PAGE, second, steps=(START, taken(DEADLINE), LATER))
    assert "通知の結果：@primary (DM 1 回、応答なし)、@secondary (DM 14:22、メール)" in alert(now)
    assert "Tried: @primary (1 DM, no answer), @secondary (DM 14:22, email)" in alert(now, EN)
    later = replace(now, calls=replace(now.calls, steps=(START, taken(DEADLINE), taken(LATER, LATER.due_at))))
    assert "通知の結果：@primary (DM 1 回、応答なし)、@secondary (DM 1 回、メール、応答なし)" in alert(later)


def test_a_dm_that_is_on_its_way_is_not_said_to_be_unanswered() -> None:
    """The silence is that of the DM before."""
    again = CallPage(who="@primary", asked_at=DUE)
    both = called(FIRST_PAGE, again, TWICE.calls.pages[2], steps=(START, taken(DEADLINE), LATER))
    assert "@primary：DM 14:07、応答なし、今 DM" in dm(both, "secondary")


def test_before_the_deadline_nothing_is_overdue() -> None:
    """A step that was taken early is none that was missed."""
    early = alert(
        called(FIRST_PAGE, steps=(START, taken(CallStep(due_at=AT + timedelta(minutes=1))), DEADLINE))
    )
    assert not any("期限切れ" in line or "通知の結果" in line for line in early)


def test_whoever_cannot_respond_has_answered() -> None:
    """An alert says at once who cannot respond, and later counts that as an answer instead of as silence."""
    declined = called(FIRST_PAGE, steps=(START, taken(DEADLINE)), declined=("@primary",))
    assert "🙅 @primary は今は対応できません" in alert(declined)
    assert "通知の結果：@primary (DM 1 回、対応できない)" in alert(declined)
    assert "🙅 @primary は今は対応できません" in alert(called(FIRST_PAGE, declined=("@primary",)))


def test_the_alert_says_who_is_asked_instead_of_who_cannot_respond() -> None:
    """The DM that the decline itself has queued, whether it has arrived or not; of each their own."""
    at = DUE + timedelta(minutes=1)
    sent = CallPage(who="@secondary", asked_at=at, sent_at=at)
    told = called(*TWICE.calls.pages, sent, declined=("@primary",))
    assert "🙅 @primary は今は対応できません → @secondary：DM 14:23" in alert(told)
    assert "🙅 @primary cannot respond → @secondary: DM 14:23" in alert(told, EN)
    waiting = called(FIRST_PAGE, CallPage(who="secondary", asked_at=at), declined=("@primary",))
    assert "🙅 @primary は今は対応できません → @secondary：今 DM" in alert(waiting)
    last = Decline(who="@secondary", at=at + timedelta(minutes=1))
    both = replace(told, calls=replace(told.calls, declined=(*told.calls.declined, last)))
    lines = alert(both)
    first = lines.index("🙅 @primary は今は対応できません → @secondary：DM 14:23")
    assert lines[first + 1] == "🙅 @secondary は今は対応できません"


def test_an_acknowledge_that_ended_has_no_deadline_any_more() -> None:
    """After an acknowledge expired or was handed back, the alert says how it ended and that nobody is on it.

    Until when is that of the ladder's next step; once the ladder is over, there is none.
    """
    ended = EndedAck(who="primary", at=DUE + timedelta(hours=1), lapsed=True)
    again = replace(OVERDUE, acknowledged=ACKNOWLEDGED.acknowledged, ack_ended=ended)
    assert first_line(again).endswith("**15:22 から担当なし** · 次の通知 14:37")
    assert first_line(again, EN).endswith("**nobody on it since 15:22** · next escalation 14:37")
    assert "⌛ @primary の ack は失効しました (更新なし)" in alert(again)
    assert "⌛ @primary's ack expired (no update)" in alert(again, EN)
    handed_back = replace(again, ack_ended=replace(ended, lapsed=False))
    assert "🙌 @primary が手を離しました" in alert(handed_back)
    assert "🙌 @primary handed it back" in alert(handed_back, EN)
    over = replace(again, calls=replace(again.calls, steps=(START, taken(DEADLINE))))
    assert first_line(over).endswith("**15:22 から担当なし**")
    early = replace(called(FIRST_PAGE), ack_ended=replace(ended, at=AT + timedelta(minutes=5)))
    assert first_line(early).endswith("**14:12 から担当なし** · ack 14:22 まで")


LAPSED_AT = DUE + timedelta(hours=1)
AGAIN_AT = LAPSED_AT + timedelta(minutes=15)
#: The ack lapsed: a step was taken at once, the next one is the deadline now.
LAPSED = replace(
    called(
        FIRST_PAGE,
        CallPage(who="@primary", asked_at=LAPSED_AT, sent_at=LAPSED_AT),
        CallPage(who="@secondary", asked_at=LAPSED_AT, sent_at=LAPSED_AT),
        steps=(
            START,
            CallStep(due_at=LAPSED_AT, taken_at=LAPSED_AT, mention="here", dm=BOTH),
            CallStep(due_at=AGAIN_AT, mention="here", dm=BOTH),
            LAST,
        ),
    ),
    acknowledged=ACKNOWLEDGED.acknowledged,
    ack_ended=EndedAck(who="primary", at=LAPSED_AT, lapsed=True),
)
OVERDUE_AGAIN = replace(
    LAPSED,
    calls=replace(
        LAPSED.calls,
        steps=tuple(taken(one, AGAIN_AT) if one.due_at == AGAIN_AT else one for one in LAPSED.calls.steps),
        pages=(
            *LAPSED.calls.pages,
            CallPage(who="@primary", asked_at=AGAIN_AT, sent_at=AGAIN_AT),
            CallPage(who="@secondary", asked_at=AGAIN_AT, is_refused=True),
        ),
    ),
)
#: Since the alert, of the step at the deadline after the lapse.
AGAIN: Mapping[str, object] = {"step": 3, "waited_s": (AGAIN_AT - AT).total_seconds()}


@pytest.mark.parametrize("lapsed", [True, False])
def test_after_a_lapse_the_next_deadline_passes_as_the_first_one_does(lapsed: bool) -> None:
    """The alert says since when it is overdue, and who was called since the lapse with what result.

    The DM from before the acknowledge was answered by it.
    """
    ended = EndedAck(who="primary", at=LAPSED_AT, lapsed=lapsed)
    said = alert(replace(OVERDUE_AGAIN, ack_ended=ended))
    assert said[2] == f"⏰ ack 期限切れ：15:37 JST (<t:{int(AGAIN_AT.timestamp())}:R>)"
    assert "通知の結果：@primary (DM 2 回、応答なし)、@secondary (DM 1 回、応答なし)" in said
    before = alert(replace(LAPSED, ack_ended=ended))
    assert first_line(replace(LAPSED, ack_ended=ended)).endswith("**15:22 から担当なし** · 次の通知 15:37")
    assert not any(line.startswith("⏰") for line in before)
    assert not any(line.startswith("通知の結果：") for line in before)


@pytest.mark.parametrize(
    ("words", "line", "missed"),
    [
        (JA, "**15:22 から担当なし** · 次の通知 11/25 14:22", "⏰ ack 期限切れ：15:37 JST ("),
        (
            EN,
            "**nobody on it since 15:22** · next escalation 11/25 14:22",
            "⏰ ack overdue since 15:37 JST (",
        ),
    ],
)
def test_after_a_lapse_a_step_says_since_when_nobody_is_on_it(words: Wording, line: str, missed: str) -> None:
    """The message counts from the end of the acknowledge, not from the alert."""
    data = {**FIRST_ESCALATION, **AGAIN}
    body = render(words, delivery(DeliveryKind.ESCALATION, data=data), OVERDUE_AGAIN)
    assert str(body["content"]).endswith(line)
    shown = dm(OVERDUE_AGAIN, "secondary", words, **AGAIN)
    assert shown[1].startswith(missed)
    assert any(told.startswith(("@primary：DM 15:22", "@primary: DM 15:22")) for told in shown)


@pytest.mark.parametrize(
    ("words", "newer"),
    [
        (JA, "このあと新しい DM を送っています。今の状況はそちらにあります。"),
        (EN, "A newer DM was sent after this one. It shows the current state."),
    ],
)
def test_a_dm_that_a_later_one_has_followed_promises_nothing_more(words: Wording, newer: str) -> None:
    """A DM that a newer one to the same person followed points to that one, without a task or a next step.

    The newest DM points to no newer DM, and neither does a DM whose successor Discord refused.
    """
    lines = dm(TWICE, "primary", words, step=0, waited_s=0.0)
    assert newer in lines
    assert not any(
        part in line for line in lines for part in ("やること", "取らないと", "Do now", "If nobody")
    )
    assert newer not in dm(TWICE, "primary", words)
    refused = called(FIRST_PAGE, replace(TWICE.calls.pages[1], sent_at=None, is_refused=True))
    assert newer not in dm(refused, "primary", words, step=0, waited_s=0.0), "it has no newer one"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (JA, "⏫ INC-42 · 14:22 に通知 → [最新の通知](https://discord.com/channels/7/301/990)"),
        (EN, "⏫ INC-42 · escalated at 14:22 → [latest](https://discord.com/channels/7/301/990)"),
    ],
)
@pytest.mark.parametrize("incident", [OVERDUE, ACKNOWLEDGED])
def test_an_older_escalation_is_one_line_that_points_to_the_newest(
    words: Wording, says: str, incident: Incident
) -> None:
    """An escalation that a newer one has followed has no embed and no buttons, before and after an ack."""
    newest = EscalationPost(channel_id=301, message_id=990, version=5)
    after = replace(incident, escalation=newest, version=7)
    older = replace(delivery(DeliveryKind.ESCALATION, data=FIRST_ESCALATION), message_id=980)
    body = render(words, older, after)
    assert (body["content"], body["embeds"], body["components"]) == (says, [], [])
    assert render(words, replace(older, message_id=990), after)["embeds"]


def test_messages_sent_without_the_database_are_not_followed_by_their_own_records() -> None:
    """A message sent without the database still shows the next step after the database is back.

    The message's own step and DM, recorded only then, do not count as newer.
    """
    back = DUE + timedelta(minutes=6)
    page = CallPage(who="@primary", asked_at=back, sent_at=back)
    recorded = called(FIRST_PAGE, page, steps=(START, taken(DEADLINE, back), LATER))
    assert "誰も取らないと：14:37 JST @here + @primary、@secondary に通知" in escalation(recorded)
    own = delivery(DeliveryKind.PAGE, to="person:primary", data=FIRST_ESCALATION)
    own = replace(own, created_at=back, request=Request(Action.MESSAGE, 1, None, {}, "primary"))
    assert "誰も取らないと：14:37 JST" in description_of(render(JA, own, recorded))


def test_after_an_early_hand_back_the_deadline_stays_where_it_was() -> None:
    """An incident that was handed back early is overdue from its ack deadline on."""
    ended = EndedAck(who="primary", at=AT + timedelta(minutes=5), lapsed=False)
    early = replace(TWICE, acknowledged=ACKNOWLEDGED.acknowledged, ack_ended=ended)
    assert alert(early)[2].startswith("⏰ ack 期限切れ：14:22 JST (")
    assert dm(early, "secondary")[1].startswith("⏰ ack 期限切れ：14:22 JST (")


def test_an_escalation_lists_the_times_of_the_dms() -> None:
    """One line for each person; what is on its way is said to be."""
    assert escalation(OVERDUE)[:5] == [
        "影響：エラー率上昇 · 本番影響あり → 影響大",
        "@primary：DM 14:07、14:22",
        "@secondary：⚠️ DM 届かず",
        "@third：今 DM",
        "誰も取らないと：14:37 JST @here + @primary、@secondary に通知",
    ]
    assert escalation(OVERDUE, EN)[1:4] == [
        "@primary: DM 14:07, 14:22",
        "@secondary: ⚠️ no DM delivered",
        "@third: DM now",
    ]


def test_a_dm_that_had_no_place_to_go_counts_for_the_holder_of_its_place() -> None:
    """Discord refused before the person was known; they are one person all the same."""
    refused = CallPage(who="primary", asked_at=AT, is_refused=True)
    later = CallPage(who="@primary", asked_at=DUE, sent_at=DUE)
    both = called(refused, later, steps=(START, taken(DEADLINE)), declined=("@primary",))
    assert "通知の結果：@primary (DM 1 回、対応できない)" in alert(both)
    assert escalation(both)[1] == "@primary：DM 14:22、対応できない"


def test_what_comes_next_stays_true_when_the_ladder_goes_on() -> None:
    """The escalation and the DM were queued with the step that is past by now."""
    on = replace(OVERDUE, calls=replace(OVERDUE.calls, steps=(START, taken(DEADLINE), taken(LATER), LAST)))
    last = escalation(on, waited_s=1800.0)
    assert "誰も取らないと：11/25 14:22 JST このチャンネルに再通知" in last
    asked = delivery(DeliveryKind.PAGE, to="person:primary", data=FIRST_ESCALATION)
    assert "誰も取らないと：11/25 14:22 JST チャンネルに再通知" in description_of(render(JA, asked, on))
