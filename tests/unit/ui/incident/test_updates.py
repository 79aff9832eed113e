"""Status updates as people read and write them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UserError
from bot.domain.incident import transitions
from bot.domain.incident.forms import Shown
from bot.domain.incident.incident import (
    ByPerson,
    Incident,
    PersonRef,
    Phase,
    Role,
    StatusUpdate,
    UsersAffected,
)
from bot.domain.incident.records import UpdatedNotice
from bot.domain.severity import NEXT_BUSINESS_DAY, Deadline
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from bot.services.incidents.updates import NewUpdate, UpdateResult
from bot.ui.buttons import IncidentVerb, custom_id
from bot.ui.forms.fields import Submitted
from bot.ui.forms.update import UPDATE_FORM, update_form, update_of
from bot.ui.posts.incident.updates import told, updated
from bot.ui.posts.renderer import render
from bot.ui.screens.incident_answers import ack_view
from bot.ui.screens.sheets import first_response_screen
from bot.ui.words.wording import Voice
from tests.unit.ui import screens
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    EN,
    JA,
    PLACED,
    POLICY,
    TEXTS,
    TRIGGERED,
    delivery,
    description_of,
    over_limits,
    presses_of,
)

HALF_HOUR = timedelta(minutes=30)
NASTY = "*_`<@1> @everyone\n# " * 50
LAST = StatusUpdate("rollback 中", "決済の 3 割", AT + timedelta(minutes=25), "primary")
TOLD = replace(
    ACKNOWLEDGED, updates=replace(ACKNOWLEDGED.updates, last=LAST, due_at=AT + timedelta(minutes=55))
)
#: Of a `/sev1`: no triage says whether users are affected.
UNSAID = replace(TOLD, path=())


def notice(incident: Incident, words: Any = JA, **data: object) -> Mapping[str, object]:
    """One line in the thread."""
    return render(words, delivery(DeliveryKind.NOTICE, data=data), incident)


def posted(incident: Incident = TOLD, words: Any = JA, **facts: object) -> Mapping[str, object]:
    """The post of an update."""
    return notice(
        incident, words, **{"notice": "updated", "at": LAST.at.isoformat(), "by": "primary", **facts}
    )


def reminder(incident: Incident) -> Mapping[str, object]:
    """The line that asks for one."""
    data = {"notice": "update_due", "due_at": (AT + HALF_HOUR).isoformat(), "reminder": 1, "lead": "x"}
    return notice(incident, **data)


def test_an_update_reads_at_a_glance() -> None:
    """A status update says when, by whom, what is known, the impact, and when the next update is due."""
    body = posted(
        known="戻した。\n様子を見ています", impact="決済の 3 割", next_at=(AT + HALF_HOUR).isoformat()
    )
    assert str(body["content"]).splitlines() == [
        "✏️ **更新 14:32 JST** · @primary",
        "戻した。",
        "様子を見ています",
        "**影響：** 決済の 3 割",
        "**次の更新：** 14:37 JST (<t:1795498620:R>)",
    ]
    assert body["allowed_mentions"] == {"parse": []}


def test_an_update_leaves_out_what_was_not_said() -> None:
    """A status update has no line about what is known, or about the impact, if nothing was said about it.

    An impact that was taken back is shown as none.
    """
    assert str(posted(known="", impact="なし?", next_at=None)["content"]).splitlines()[1:] == [
        "**影響：** なし?",
        "**次の更新：** 予定なし",
    ]
    assert "**影響：** なし" in str(posted(known="", impact="", next_at=None)["content"])
    assert str(posted(next_at=None)["content"]).splitlines()[1:] == ["**次の更新：** 予定なし"]


@pytest.mark.parametrize("words", [JA, EN])
def test_nothing_of_a_hostile_update_is_lost_or_pings(words: Any) -> None:
    """1,000 characters that all need an escape do not fit a message: the embed has the room."""
    for known in ("*" * 1_000, NASTY[:1_000], "あ" * 1_000):
        body = posted(words=words, known=known, impact="`" * 300, next_at=AT.isoformat(), by=NASTY)
        assert over_limits(body) == []
        assert "@everyone" not in str(body)
        assert "<@1>" not in str(body)
        assert "…" not in str(body["embeds"])
    assert description_of(posted(known="*" * 1_000, impact="", next_at=None)).count("\\*") == 1_000


def test_a_reminder_pings_whoever_leads() -> None:
    """A reminder pings the owner of the incident, also when another person has taken command."""
    body = reminder(ACKNOWLEDGED)
    assert body["content"] == (
        "🔔 <@101> INC-42 の状況を知らせてください。期限 14:37 JST (<t:1795498620:R>) を過ぎました。\n"
        "まだ更新がありません。✏️ 更新 で書けます。"
    )
    assert body["allowed_mentions"] == {"parse": [], "users": ["101"]}
    assert presses_of(body) == ["inc:v1:details:42", "inc:v1:why:42"]
    led = reminder(transitions.assign(TOLD, Role.COMMANDER, PersonRef(102, "secondary")))
    assert led["allowed_mentions"] == {"parse": [], "users": ["101"]}
    assert "前回の更新 14:32 JST (<t:1795498320:R>)" in str(led["content"])


def test_a_reminder_passes_over_who_has_left() -> None:
    """A reminder skips people who have left: then it asks the commander, and nobody if none is left."""
    led = transitions.assign(ACKNOWLEDGED, Role.COMMANDER, PersonRef(102, "secondary"))
    data = {"notice": "update_due", "due_at": (AT + timedelta(minutes=30)).isoformat()}
    for gone, asked in (([], ["101"]), ([101], ["102"]), ([101, 102], None)):
        body = render(JA, delivery(DeliveryKind.NOTICE, data={**data, "gone": gone}), led)
        assert body["allowed_mentions"] == {"parse": [], **({} if asked is None else {"users": asked})}
    assert str(body["content"]).startswith("🔔 INC-42 の状況を知らせてください。")


def test_a_reminder_in_a_private_thread_mentions_only_whom_it_was_decided_for() -> None:
    """In a private thread, a reminder mentions only the person it was queued for: a mention adds people."""
    secret = replace(ACKNOWLEDGED, is_private=True)
    data = {"notice": "update_due", "due_at": AT.isoformat()}
    for facts, asked in (({"lead_id": 101}, {"users": ["101"]}), ({"lead_id": 102}, {}), ({}, {})):
        body = render(JA, delivery(DeliveryKind.NOTICE, data={**data, **facts}), secret)
        assert body["allowed_mentions"] == {"parse": [], **asked}
        assert ("<@101>" in str(body["content"])) is bool(asked)


def test_a_reminder_names_as_text_who_has_no_id() -> None:
    """A person who acknowledged by email without a known id is named as text."""
    body = reminder(replace(ACKNOWLEDGED, acknowledged=ByPerson(-5, "primary", AT)))
    assert body["allowed_mentions"] == {"parse": []}
    assert "🔔 @primary INC-42" in str(body["content"])


def test_a_reminder_that_is_for_nobody_or_must_be_quiet() -> None:
    """A reminder without a responder, or in a silent drill, mentions no one."""
    alone = reminder(replace(TRIGGERED, updates=replace(TRIGGERED.updates, due_at=AT)))
    assert str(alone["content"]).startswith("🔔 INC-42 の状況を知らせてください。")
    quiet = reminder(replace(ACKNOWLEDGED, rings=False))
    assert "🔔 @primary INC-42" in str(quiet["content"])
    assert alone["allowed_mentions"] == quiet["allowed_mentions"] == {"parse": []}


def test_the_card_says_how_it_stands() -> None:
    """The thread's card has the last status update and when the next is due, and the sheet has its full text.

    Before the first update the card shows none. Text that people typed
    stays within Discord's limits and mentions nobody.
    """
    card = delivery(DeliveryKind.THREAD_CARD)
    body = render(JA, card, TOLD)
    assert str(body["content"]).endswith(" · 次の更新 15:02 まで")
    assert description_of(body).splitlines()[:2] == [
        "決済の 3 割",
        "✏️ 14:32 JST (<t:1795498320:R>) rollback 中",
    ]
    assert "✏️" not in description_of(render(JA, card, PLACED))
    more = screens.words(first_response_screen(screens.JA, TOLD))
    assert "**最新 14:32 JST** @primary rollback 中\n**影響：** 決済の 3 割" in more
    hostile = replace(
        TOLD, updates=replace(TOLD.updates, last=replace(LAST, known=NASTY, impact=NASTY, by=NASTY))
    )
    for words in (JA, EN):
        body = render(words, card, hostile)
        assert over_limits(body) == []
        assert "@everyone" not in str(body)
    for voice in screens.VOICES:
        sheet = first_response_screen(voice, hostile)
        assert screens.over_limits(sheet) == []
        assert "@everyone" not in screens.words(sheet)


@pytest.mark.parametrize("voice", screens.VOICES)
@pytest.mark.parametrize("incident", [PLACED, TOLD, replace(TOLD, id=10**18 - 1, severity="SEV9")])
def test_the_form_fits_discord(voice: Voice, incident: Incident) -> None:
    """The form of a status update has five fields at most, and its labels keep within Discord's limits."""
    form = update_form(voice, incident)
    assert screens.modal_faults(form) == []
    assert len(form.custom_id) <= 100


def fields(incident: Incident, voice: Voice = screens.JA) -> dict[str, dict[str, Any]]:
    """The inputs of the form by their id, as they are sent."""
    labels: Any = update_form(voice, incident).to_dict()["components"]
    return {label["component"]["custom_id"]: label["component"] for label in labels}


def chosen(select: dict[str, Any]) -> list[str]:
    """What a select shows as chosen."""
    return [option["value"] for option in select["options"] if option.get("default")]


def test_the_form_opens_with_what_is_known() -> None:
    """Impact, targets, symptoms, the severity's cadence; what is known is to be written anew."""
    shown = fields(TOLD)
    assert list(shown) == ["known", "phase", "impact", "next", "affected:2:8"]
    assert (shown["known"].get("value"), shown["impact"]["value"]) == (None, "決済の 3 割")
    assert (shown["known"]["max_length"], shown["known"]["required"]) == (1_000, False)
    where = shown["affected:2:8"]
    assert chosen(where) == ["t:api.parky.co.jp", "s:errors"]
    assert [one["label"] for one in where["options"]][4:6] == ["対象：dev-*", "症状：完全停止"]
    assert [option["label"] for option in shown["next"]["options"]] == [
        "15 分後",
        "30 分後",
        "1 時間後",
        "2 時間後",
        "翌営業日",
        "予定しない",
    ]
    assert chosen(shown["next"]) == ["1800"]
    assert chosen(fields(replace(TOLD, severity="SEV3"))["next"]) == ["next_business_day"]


def test_a_cadence_of_its_own_is_offered() -> None:
    """The form has the policy's cadence selected, be it 45 minutes, 90 seconds or none."""
    for text, value in (("45m", "2700"), ("90s", "90"), ("none", "0")):
        own = default_policy_text().replace('update_every = "30m"', f'update_every = "{text}"')
        voice = Voice.of(TEXTS, parse_policy(own, name="own.toml"), locale="ja")
        assert chosen(fields(TOLD, voice)["next"]) == [value]


@pytest.mark.parametrize(
    ("value", "span"),
    [
        ("1800", HALF_HOUR),
        ("next_business_day", NEXT_BUSINESS_DAY),
        ("0", None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 30, None),
    ],
)
def test_the_form_is_read_back(value: str, span: Deadline | None) -> None:
    """The update form is read back in full, and an unreadable time for the next update counts as none.

    A target that the policy does not have is dropped.
    """
    values = {"known": ("a",), "impact": ("b",), "next": (value,), "targets": ("gone", "parky.co.jp")}
    form = Submitted({"number": "42"}, values)
    update = update_of(form, policy=POLICY, key="k")
    assert (update.known, update.impact, update.next_in, update.key) == ("a", "b", span, "k")
    assert (update.targets, update.symptoms) == (("parky.co.jp",), ())


def sent(
    incident: Incident,
    *,
    policy: Policy = POLICY,
    opened: Voice = screens.JA,
    **changed: str | tuple[str, ...],
) -> NewUpdate:
    """The form of *incident* sent as it opened, but for *changed*."""
    form = update_form(opened, incident)
    found = re.fullmatch(UPDATE_FORM, form.custom_id)
    assert found is not None, form.custom_id
    inputs = fields(incident, opened)
    values = {name: tuple(chosen(each)) for name, each in inputs.items() if "options" in each}
    typed: dict[str, tuple[str, ...]] = {"impact": (inputs["impact"].get("value") or "",), "known": ("",)}
    typed |= {name: (text,) if isinstance(text, str) else text for name, text in changed.items()}
    return update_of(Submitted(found.groupdict(), {**values, **typed}), policy=policy, key="k")


@pytest.mark.parametrize("voice", screens.VOICES)
@pytest.mark.parametrize("incident", [PLACED, TOLD, replace(TOLD, targets=(), symptoms=())])
def test_a_form_sent_as_it_opened_changes_nothing(voice: Voice, incident: Incident) -> None:
    """An update form that is sent as it opened changes neither the impact nor the targets and symptoms.

    The form's custom id says what the form showed.
    """
    update = sent(incident, opened=voice)
    assert update.impact is None
    assert update.shown == Shown(frozenset(update.targets), frozenset(update.symptoms))
    assert update.shown.targets == set(incident.targets)


def test_the_impact_counts_when_it_was_changed() -> None:
    """Written, or taken back; not when a client sends the same words with other blanks."""
    lines = replace(TOLD, updates=replace(TOLD.updates, last=replace(LAST, impact="決済の 3 割\n海外だけ")))
    assert sent(TOLD, impact="全員").impact == "全員"
    assert sent(TOLD, impact="").impact == ""
    assert sent(PLACED, impact="全員").impact == "全員"
    assert sent(lines, impact="決済の 3 割\r\n海外だけ ").impact is None
    assert sent(TOLD, impact="\ud800").impact == "\ud800"


def test_another_list_of_the_policy_makes_what_was_shown_unknown() -> None:
    """After the policy's targets change, a submitted form counts as a full choice."""
    edited = replace(POLICY, targets=POLICY.targets[1:])
    assert sent(TOLD, policy=edited).shown is None
    assert sent(TOLD, policy=replace(POLICY, targets=POLICY.targets[::-1])).shown is None
    assert sent(TOLD, policy=edited).impact is None


def test_a_form_that_an_older_version_has_opened() -> None:
    """A form of an older version, whose custom id has the number alone, counts as a full choice."""
    found = re.fullmatch(UPDATE_FORM, "inc:v1:update-form:42")
    assert found is not None
    form = Submitted(found.groupdict(), {"impact": ("",), "targets": ("parky.co.jp",)})
    update = update_of(form, policy=POLICY, key="k")
    assert (form.number, update.impact, update.targets, update.shown) == (42, "", ("parky.co.jp",), None)


def test_the_custom_id_has_room_for_25_of_each() -> None:
    """The update form's custom id has room for 25 targets and 25 symptoms, all chosen.

    The id keeps within 100 characters even with the longest incident number, and is read back. So many
    options have a select each.
    """
    targets = tuple(f"t{number}.example" for number in range(25))
    symptoms = {f"s{number}": POLICY.symptoms["errors"] for number in range(25)}
    policy = replace(POLICY, targets=targets, symptoms=symptoms)
    voice = Voice.of(TEXTS, policy, locale="ja")
    incident = replace(TOLD, id=10**18 - 1, targets=targets, symptoms=tuple(symptoms))
    assert len(update_form(voice, incident).custom_id) <= 100
    assert sent(incident, policy=policy, opened=voice).shown == Shown(frozenset(targets), frozenset(symptoms))
    assert list(fields(incident, voice)) == ["known", "impact", "next", "targets", "symptoms"]


@pytest.mark.parametrize(
    ("voice", "words", "kept"),
    [
        (
            screens.JA,
            [
                *("🟠 調査中", "🟠 原因特定", "🟠 監視中"),
                *(f"ユーザー影響：{one}" for one in ("あり", "なし", "不明")),
            ],
            "変えない (いま：🟠 原因特定 · ユーザー影響：不明)",
        ),
        (
            screens.EN,
            [
                *("🟠 Investigating", "🟠 Identified", "🟠 Monitoring"),
                *(f"Users affected: {one}" for one in ("yes", "no", "unknown")),
            ],
            "No change (now: 🟠 Identified · users affected: unknown)",
        ),
    ],
)
def test_the_form_offers_the_states(voice: Voice, words: list[str], kept: str) -> None:
    """None is chosen, so that a form that stayed open takes no later state back."""
    select = fields(replace(UNSAID, phase=Phase.IDENTIFIED), voice)["phase"]
    assert [option["label"] for option in select["options"]] == words
    assert chosen(select) == []
    assert (select["min_values"], select["required"], select["placeholder"]) == (0, False, kept)


def test_a_state_is_read_back() -> None:
    """The phase is read from the update form as it was chosen.

    Without a choice, in an older version's form, and with an unknown value, no phase is read.
    """
    assert sent(TOLD, phase="monitoring").phase is Phase.MONITORING
    assert (sent(TOLD).phase, sent(TOLD, phase="postmortem").phase) == (None, None)
    older = Submitted({"number": "42"}, {"known": ("a",), "targets": (), "symptoms": ()})
    assert update_of(older, policy=POLICY, key="k").phase is None


def test_an_older_version_takes_nothing_out() -> None:
    """The update form's own id has empty masks, so that an older version of the bot takes no target out.

    An older version looks for two selects that this form does not have, and compares them with the masks.
    """
    form = update_form(screens.JA, TOLD)
    found = re.fullmatch(UPDATE_FORM, form.custom_id)
    assert found is not None
    assert (found["targets"], found["symptoms"]) == ("0", "0")


def test_targets_and_symptoms_of_one_select_come_apart() -> None:
    """Targets and symptoms that were chosen in one select are read apart, in the policy's order.

    Values that the policy does not have count as nothing; what the form showed before is known as well.
    """
    form = update_form(screens.JA, TOLD)
    found = re.fullmatch(UPDATE_FORM, form.custom_id)
    assert found is not None
    values = {"affected:2:8": ("s:slow", "t:dev-*", "t:parky.co.jp", "t:gone", "errors")}
    update = update_of(Submitted(found.groupdict(), values), policy=POLICY, key="k")
    assert (update.targets, update.symptoms) == (("parky.co.jp", "dev-*"), ("slow",))
    assert update.shown == Shown(frozenset({"api.parky.co.jp"}), frozenset({"errors"}))


def test_a_policy_without_lists_has_no_select() -> None:
    """Without targets and symptoms in the policy, the form has no select: Discord refuses an empty select."""
    voice = Voice.of(TEXTS, replace(POLICY, targets=(), symptoms={}), locale="ja")
    assert list(fields(PLACED, voice)) == ["known", "phase", "impact", "next"]


def test_an_update_says_its_state() -> None:
    """An update shows the incident's state above its words, and also if it has no words."""
    data = {"at": AT.isoformat(), "next_at": None, "phase": "identified"}
    said = str(notice(TOLD, notice="updated", by="primary", known="DB", impact="", **data)["content"])
    assert said.splitlines()[1:3] == ["**状態：** 🟠 原因特定", "DB"]
    alone = str(notice(TOLD, EN, notice="updated", by="primary", **data)["content"])
    assert alone.splitlines()[1:] == ["**State:** 🟠 Identified", "**Next update:** none planned"]


def test_the_answer_says_what_has_changed() -> None:
    """Posted, and when the next is due; details; or both."""
    both = told(screens.JA, UpdateResult(TOLD, posted=True, detailed=True)).splitlines()
    assert both == [
        "✏️ INC-42 の更新をスレッドに投稿しました。",
        "次の更新の期限を 15:02 JST にしました。",
        "✏️ INC-42 の対象と症状を更新しました。",
    ]
    none_planned = told(screens.JA, UpdateResult(ACKNOWLEDGED, posted=True, detailed=False))
    assert "次の更新の期限をなくしました。" in none_planned
    assert told(screens.EN, UpdateResult(TOLD, posted=False, detailed=True)).startswith("✏️ Updated")


@pytest.mark.parametrize(
    ("voice", "lines"),
    [
        (
            screens.JA,
            [
                "⚠️ まだ ack されていません。対応中なら 👀 を押してください。",
                "状態「🟠 原因特定」は、誰かが ack すると表示されます。",
            ],
        ),
        (
            screens.EN,
            [
                "⚠️ Nobody has acknowledged this yet. If you are on it, press 👀.",
                "The state “🟠 Identified” is shown once the incident is acknowledged.",
            ],
        ),
    ],
)
def test_the_answer_to_an_update_before_an_acknowledge(voice: Voice, lines: list[str]) -> None:
    """The answer to an update before an acknowledge says that nobody has acknowledged the incident.

    The answer has the button to acknowledge, and says when a chosen phase will be shown.
    """
    phased = UpdateResult(replace(TRIGGERED, phase=Phase.IDENTIFIED), posted=True, detailed=False)
    assert told(voice, phased).splitlines()[-2:] == lines
    plain = UpdateResult(TRIGGERED, posted=True, detailed=False)
    assert told(voice, plain).splitlines()[-1] == lines[0]
    view = ack_view(voice, phased)
    assert view is not None
    assert [getattr(child, "custom_id", None) for child in view.children] == [
        custom_id(IncidentVerb.ACK, TRIGGERED.id)
    ]


@pytest.mark.parametrize(
    "result",
    [
        UpdateResult(ACKNOWLEDGED, posted=True, detailed=False),
        UpdateResult(TRIGGERED, posted=False, detailed=True),
    ],
)
def test_an_answer_that_asks_for_no_acknowledge(result: UpdateResult) -> None:
    """The answer offers no acknowledge if there is one, or if only details were corrected."""
    assert "ack" not in told(screens.JA, result)
    assert ack_view(screens.JA, result) is None


def test_whether_users_are_affected_is_read_back() -> None:
    """Beside a state or alone; an older version reads a state at most, and the form takes two at most."""
    assert fields(UNSAID, screens.JA)["phase"]["max_values"] == 2
    both = sent(UNSAID, phase=("monitoring", "users:no"))
    assert (both.phase, both.users) == (Phase.MONITORING, UsersAffected.NO)
    alone = sent(UNSAID, phase="users:yes")
    assert (alone.phase, alone.users) == (None, UsersAffected.YES)
    assert sent(UNSAID).users is None


@pytest.mark.parametrize(
    ("path", "preset"),
    [
        (TRIGGERED.path, UsersAffected.YES),
        ((("users_affected", "no"), ("dev_only", "yes")), UsersAffected.NO),
        ((("users_affected", "yes?"), ("large_impact", "yes")), None),
        ((("gone", "yes"),), None),
        ((), None),
    ],
)
def test_what_the_triage_says_of_users_is_chosen_until_an_update_says_it(
    path: tuple[tuple[str, str], ...], preset: UsersAffected | None
) -> None:
    """An answer that nobody was sure of says nothing; another choice beside the preset replaces it."""
    incident = replace(TOLD, path=path)
    shown = fields(incident)["phase"]
    assert chosen(shown) == ([] if preset is None else [f"users:{preset.value}"])
    left = sent(incident)
    assert (left.users, left.preset) == (preset, preset)
    other = UsersAffected.UNKNOWN
    assert sent(incident, phase=(*chosen(shown), f"users:{other.value}", "monitoring")).users is other
    assert sent(incident, phase=()).users is None
    assert len(update_form(screens.EN, replace(incident, id=10**18 - 1)).custom_id) <= 100
    for known in (replace(incident, users_affected=other), replace(incident, severity="SEV3")):
        assert chosen(fields(known)["phase"]) == []
        assert sent(known).preset is None


@pytest.mark.parametrize("language", ["ja", "en"])
def test_long_lists_leave_the_question_about_users_a_place(language: str) -> None:
    """Beside the next update: both selects of where and how are needed, and Discord allows five fields."""
    policy = replace(POLICY, targets=tuple(f"t{number}.example" for number in range(25)))
    voice = Voice.of(TEXTS, policy, locale=language)
    incident = replace(UNSAID, targets=(policy.targets[0],))
    assert screens.modal_faults(update_form(voice, incident)) == []
    shown = fields(incident, voice)
    assert list(shown) == ["known", "impact", "next", "targets", "symptoms"]
    assert (shown["next"]["min_values"], shown["next"]["max_values"]) == (1, 2)
    assert chosen(shown["next"]) == ["1800"]

    def said(*values: str) -> tuple[Deadline | None, UsersAffected | None]:
        update = sent(incident, policy=policy, opened=voice, next=values)
        return update.next_in, update.users

    assert said("1800") == (HALF_HOUR, None)
    assert said("users:yes", "1800") == (HALF_HOUR, UsersAffected.YES)
    assert said("users:no") == (None, UsersAffected.NO)
    for two in (("900", "1800"), ("users:yes", "users:no")):
        with pytest.raises(UserError, match="update_chooses_two"):
            said(*two)
    private = fields(replace(incident, is_private=True), voice)["next"]
    assert (len(private["options"]), private["max_values"]) == (6, 1)
    asked = replace(incident, path=TOLD.path)
    assert chosen(fields(asked, voice)["next"]) == ["1800", "users:yes"]
    assert sent(asked, policy=policy, opened=voice).users is UsersAffected.YES


@pytest.mark.parametrize("two", [("users:yes", "users:no"), ("identified", "monitoring")])
def test_two_answers_that_contradict_each_other_are_refused(two: tuple[str, str]) -> None:
    """A status update with two answers that contradict each other is refused; neither of them is taken."""
    with pytest.raises(UserError, match="update_chooses_two"):
        sent(UNSAID, phase=two)


@pytest.mark.parametrize("changed", [{"severity": "SEV3"}, {"is_private": True}])
def test_users_are_not_asked_about_where_they_are_not_told(changed: dict[str, Any]) -> None:
    """The form does not ask whether users are affected under a severity without announcements.

    The form of a private incident does not ask either.
    """
    select = fields(replace(TOLD, **changed), screens.JA)["phase"]
    assert len(select["options"]) == 3
    assert select["max_values"] == 1


def test_an_update_that_says_that_users_are_affected_offers_to_tell_them() -> None:
    """An update that says that users are affected has the button to announce, and any other has none."""
    said = UpdatedNotice(by="a", at=AT, next_at=None, known="x", users=UsersAffected.YES)
    body = updated(JA, ACKNOWLEDGED, said)
    assert "**ユーザー影響：** あり" in str(body["content"])
    assert "inc:v1:announce:42" in str(body["components"])
    assert "announce" not in str(updated(JA, ACKNOWLEDGED, replace(said, users=UsersAffected.NO)))
