"""The document of a postmortem, read by an outsider: markdown-it-py, with tables and strikethrough."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.action_items import ActionItem, ActionSource, ActionStatus
from bot.domain.delivery.delivery import Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.escalation.payloads import EscalatedEntry, LapsedEntry, ReleasedEntry
from bot.domain.incident.incident import ByPerson, PersonRef, Status, StatusUpdate
from bot.domain.incident.parts import Postmortem, PostmortemState, Resolution
from bot.domain.incident.records import (
    AcknowledgedEntry,
    JoinedEntry,
    ResolvedEntry,
    RoleChangedEntry,
    UpdatedEntry,
    UpdateDueEntry,
)
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.lines import Line, lines_of
from bot.domain.timeline.recorded import DeliveryFailedEntry, NoteEntry
from bot.ui.words.inert import document_line, document_text
from bot.ui.words.wording import Wording
from cogs.postmortem.facts import CallOutcome, PostmortemCall, called_by
from cogs.postmortem.pictures import picture_of
from cogs.postmortem.rules import VALUES, Naming
from cogs.postmortem.template_worker import environment, rendered
from cogs.postmortem.wording import worded
from cogs.postmortem.writing import standard_template, values_of
from tests.cogs.postmortem.told import (
    CALLED,
    ENTRIES,
    INCIDENT,
    MORI,
    PRIMARY,
    SATO,
    at,
    document,
    facts,
    policy,
    values,
)
from tests.unit.ui.samples import JA, TEXTS, delivery

#: A thing that people write, or paste, to break a document or to reach somebody.
HOSTILE = (
    "a | b | c",
    "| --- | --- |",
    "x\n\n# Heading\n\n- list",
    "x\n---\ny",
    "```\ncode\n```",
    "`` ` ``",
    "<script>alert(1)</script>",
    "<!-- gone -->",
    "</details>",
    "&lt;b&gt; &amp; &#35;",
    "[text](https://evil.example)",
    "![alt](https://evil.example/x.png)",
    "[ref]: https://evil.example",
    "@everyone @here <@101> <@&5> <#301>",
    "**bold** _em_ ~~gone~~ ||spoiler||",
    "1. one",
    "+ one",
    "===",
    "    indented",
    "\\",
    "\\|",
    "{{ 1 + 1 }}{% for x in y %}",
    "$x$",
)


def parsed(text: str) -> list[Token]:
    """The tokens of a document as GitHub would read it."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def headings(tokens: list[Token]) -> list[str]:
    """The headings with their level."""
    return [
        f"{each.markup} {tokens[number + 1].content}"
        for number, each in enumerate(tokens)
        if each.type == "heading_open"
    ]


def tables(tokens: list[Token]) -> list[list[list[str]]]:
    """Each table as rows of cells, as people read them."""
    found: list[list[list[str]]] = []
    for number, each in enumerate(tokens):
        match each.type:
            case "table_open":
                found.append([])
            case "tr_open":
                found[-1].append([])
            case "th_open" | "td_open":
                found[-1][-1].append(shown(tokens[number + 1]))
    return found


def shown(inline: Token) -> str:
    """What a reader sees of an inline token, with its line breaks."""
    return "".join(_shown(inline.children or []))


def _shown(tokens: list[Token]) -> Iterator[str]:
    for each in tokens:
        if each.type in ("softbreak", "hardbreak") or (each.type == "html_inline" and each.content == "<br>"):
            yield "\n"
        elif each.type in ("text", "text_special", "code_inline"):
            yield each.content
        elif each.type == "html_inline":
            raise AssertionError(f"markup got through: {each.content}")


def shape(tokens: list[Token]) -> list[str]:
    """The structure of a document without its words."""
    return [each.type for each in tokens if each.type != "html_block"]


JA_HEADINGS = [
    "## 概要",
    "## 影響",
    "## タイムライン",
    "## 検知",
    "## 対応",
    "## 通知",
    "## うまくいったこと",
    "## うまくいかなかったこと",
    "## 運がよかったこと",
    "## 要因",
    "## アクションアイテム",
]
EN_HEADINGS = [
    "## Summary",
    "## Impact",
    "## Timeline",
    "## Detection",
    "## Response",
    "## Notifications",
    "## What went well",
    "## What went badly",
    "## Where we were lucky",
    "## Contributing causes",
    "## Action items",
]


@pytest.mark.parametrize(("language", "expected"), [("ja", JA_HEADINGS), ("en", EN_HEADINGS)])
def test_it_has_every_part_in_the_teams_language(language: str, expected: list[str]) -> None:
    """One title, then the parts in order."""
    found = headings(parsed(document(facts(), language=language)))
    assert found == ["# INC-42 決済 API が 5xx", *expected]


def test_the_timeline_has_exact_times_and_offsets() -> None:
    """Local times to the second, the date once a day; the notifications of a minute are a row."""
    [about, timeline, _] = tables(parsed(document(facts())))
    assert ["開始", "2026-11-24 14:05:00 JST"] in about
    rows = [(row[0], row[1], row[2]) for row in timeline[1:]]
    assert rows == [
        ("2026-11-24 14:05:00", "+0:00", "開始"),
        ("14:07:00", "+0:02", "発報"),
        ("14:07:00", "+0:02", "⚙ 通知 2 件"),
        ("14:09:00", "+0:04", "👀 ack"),
        ("14:16:00", "+0:11", "役割を変更"),
        ("14:22:00", "+0:17", "⏫ エスカレーション"),
        ("14:22:00", "+0:17", "⚙ 通知 2 件"),
        ("14:44:00", "+0:39", "状況報告を催促"),
        ("14:49:00", "+0:44", "状況報告を催促"),
        ("14:50:00", "+0:45", "✏️ 状況報告"),
        ("14:52:00", "+0:47", "📝 メモ"),
    ]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "ja",
            [
                ["2026-11-24 14:07:00", "+0:02", "primary", "DM", "届いた (2 秒)", ""],
                ["14:07:00", "+0:02", "#p0-alerts", "投稿 (＠here)", "届いた (1 秒)", "開く"],
                ["14:22:00", "+0:17", "", "PagerDuty", "届いた (3 秒)", ""],
                ["14:22:00", "+0:17", "secondary", "DM", "届かなかった (HTTP 403)", ""],
            ],
        ),
        (
            "en",
            [
                ["2026-11-24 14:07:00", "+0:02", "primary", "DM", "arrived (2 s)", ""],
                ["14:07:00", "+0:02", "#p0-alerts", "post (＠here)", "arrived (1 s)", "open"],
                ["14:22:00", "+0:17", "", "PagerDuty", "arrived (3 s)", ""],
                ["14:22:00", "+0:17", "secondary", "DM", "not delivered (HTTP 403)", ""],
            ],
        ),
    ],
)
def test_each_notification_is_told_once(language: str, expected: list[list[str]]) -> None:
    """Who was notified when, by what, and what became of it is in one table, and nowhere else.

    A page that was never sent is none.
    """
    text = document(facts(), language=language)
    [_, timeline, notified] = tables(parsed(text))
    assert notified[1:] == expected
    assert text.count("HTTP 403") == 1
    assert not [cell for row in timeline for cell in row[4:] if "primary" in cell or "secondary" in cell]


def test_the_next_day_has_its_date() -> None:
    """A time of another day than the row above has the date, in each table anew."""
    note = TimelineEntry.of(NoteEntry(text="x"), at(60 * 11), by=MORI)
    called = (*CALLED[:1], replace(CALLED[0], asked_at=at(60 * 11)))
    text = document(replace(facts(lines=lines_of((*ENTRIES, note))), called=called))
    _, timeline, notified = tables(parsed(text))
    for table in (timeline, notified):
        times = [row[0] for row in table[1:]]
        dated = [time for time in times if len(time) > len("14:05:00")]
        assert dated[0] == times[0]
        assert dated[1:] == ["2026-11-25 01:05:00"]


def test_a_template_from_before_has_all_its_rows() -> None:
    """A team's template may still print the calls, and each message of the bot."""
    known = values(facts())
    template = (
        "{% for each in calls %}{{ each.who }} {{ each.outcome }} {{ each.is_reached }}\n{% endfor %}"
        "{% for each in notifications %}{{ each.at }} {{ each.what }} {{ each.text }} {{ each.source }}\n"
        "{% endfor %}"
    )
    made = str(rendered(environment(), template, known)["text"])
    assert made.splitlines() == [
        "primary DM が届いた (2 秒) True",
        "secondary DM が届かなかった False",
        "primary 先に ack があり取りやめ False",
        "2026-11-24 14:07:01 通知を投稿  https://discord.com/channels/7/301/900",
        "2026-11-24 14:07:02 当番に DM primary ",
    ]


def test_the_response_has_its_figures() -> None:
    """MTTA and MTTR count from the alert, broken promises once each."""
    text = document(facts())
    assert "MTTA (発報から最初の ack まで)：2 分" in text
    assert "MTTR (発報から解決まで)：45 分" in text
    assert "ack 期限：2026-11-24 14:22:00 JST (期限内)" in text
    assert "状況報告：1 回 (催促 1 回)" in text
    assert "開始から発報まで：2 分" in text


RESOLUTION = Resolution(
    cause="DB", fix="rollback。", impact="決済 2 割が失敗。", people=1200, by_id=1, by_name="a", at=at(47)
)


JA_LASTED = "SEV1「決済 API が 5xx」が 2026-11-24 14:05 JST から 47 分続き、影響は「決済 2 割が失敗」"
EN_LASTED = "SEV1 “決済 API が 5xx” lasted 47 min from 2026-11-24 14:05 JST, its impact was “決済 2 割が失敗”"
HEADLINES = {
    "fixed": (
        f"{JA_LASTED}(1,200 人)、「rollback」で解決しました。".replace("」(", "」 ("),
        f"{EN_LASTED} (1,200 people), and it was resolved by “rollback”.",
    ),
    "resolved": (f"{JA_LASTED}、primary が解決しました。", f"{EN_LASTED}, and primary resolved it."),
    "open": (
        f"{JA_LASTED}、まだ続いています。".replace("から 47 分続き", "に始まり"),
        f"{EN_LASTED}, and it goes on.".replace("lasted 47 min from", "began"),
    ),
    "cancelled": (
        f"{JA_LASTED}、primary が誤報として取り消しました。",
        f"{EN_LASTED}, and primary cancelled it as a false alarm.",
    ),
}


@pytest.mark.parametrize("name", HEADLINES)
def test_the_headline_is_one_sentence(name: str) -> None:
    """What it was, how long it lasted, who was affected by the last words of a person, how it ended."""
    told = {
        "fixed": replace(facts(), resolution=RESOLUTION),
        "resolved": facts(),
        "open": facts(status=Status.ACKNOWLEDGED, ended=None),
        "cancelled": facts(status=Status.CANCELLED),
    }[name]
    found = tuple(values(told, language=language)["headline"] for language in ("ja", "en"))
    assert found == HEADLINES[name]
    assert f"**{found[0]}**" in document(told)


@pytest.mark.parametrize("ends", [Status.MERGED, Status.CANCELLED])
def test_the_headline_of_another_end(ends: Status) -> None:
    """A merged incident names the other one unless that is private, a drill that it is over."""
    one = facts(status=ends, is_drill=ends is Status.CANCELLED, merged_into_id=7)
    other = facts(status=ends, merged_into_id=7, merged_into_hidden=True)
    expected = {
        Status.MERGED: ("No.7 に統合しました。", "別のインシデントに統合しました。"),
        Status.CANCELLED: ("primary が訓練を終えました。", "primary が誤報として取り消しました。"),
    }[ends]
    for told, end in zip((one, other), expected, strict=True):
        assert str(values(told)["headline"]).endswith(end)


def test_prompts_are_facts_to_begin_with() -> None:
    """What went well and badly begins with what the record says, in neutral words, and is left to people."""
    ended = replace(INCIDENT.ended, at=at(90)) if INCIDENT.ended else None
    entries = (
        TimelineEntry.of(EscalatedEntry(step=1, dm=("@primary",)), at(22)),
        TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(34), by=PRIMARY),
        TimelineEntry.of(UpdateDueEntry(due_at=at(39), reminder=1, lead="primary"), at(39)),
        TimelineEntry.of(LapsedEntry(who="primary"), at(50)),
        TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(57), by=SATO),
        TimelineEntry.of(DeliveryFailedEntry(of="notice", to="incident", reason="HTTP 500"), at(60)),
        TimelineEntry.of(ResolvedEntry(), at(90), by=SATO),
    )
    called = tuple(
        PostmortemCall(who, who, at(minutes), CallOutcome.ARRIVED, at(minutes))
        for who, minutes in (("primary", 7), ("secondary", 22), ("primary", 22), ("secondary", 52))
    )
    told = facts(
        lines=lines_of(entries),
        triggered_at=at(7),
        ack_due_at=at(22),
        acknowledged=ByPerson(101, "primary", at(34)),
        ended=ended,
    )
    prompts = values(replace(told, called=called))["prompts"]
    assert prompts == {
        "well": ["発報から解決まで 1 時間 23 分"],
        "badly": [
            "開始から発報まで 7 分",
            "ack は期限の 12 分後",
            "ack のあと、担当なしが合計 7 分",
            "状況報告の催促 1 回",
            "応答のなかった呼び出し 3 件",
            "エスカレーション 1 回",
            "届かなかった通知 1 件 (DLQ)",
        ],
    }
    text = document(replace(told, called=called), language="en")
    assert "- Ack 12 min after its deadline\n" in text
    assert "<!-- Systems and circumstances, not people. Why was that so? -->" in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_picture_is_shown_below_the_timelines_heading(language: str) -> None:
    """A document links its picture as its neighbour, with a description; without one there is no link."""
    words = worded(Wording(TEXTS, policy(language)), facts())
    hostile = replace(picture_of(words, facts()), description="a ] b\n![x](https://evil.example) @everyone")
    made = rendered(environment(), standard_template(language), values_of(words, facts(), picture=hostile))
    images = [
        image
        for token in parsed(str(made["text"]))
        for image in token.children or []
        if image.type == "image"
    ]
    assert [image.attrs["src"] for image in images] == ["INC-42-timeline.png"]
    assert "@" not in str(made["text"])
    assert "![" not in document(facts(), language=language)


def test_a_calm_incident_has_no_prompts_that_say_nothing() -> None:
    """An incident that went well is told so, and nothing is told of it under what went badly."""
    entries = (
        TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(2), by=PRIMARY),
        TimelineEntry.of(UpdatedEntry(known="直した", next_at=None), at(10), by=PRIMARY),
        TimelineEntry.of(ReleasedEntry(resumed=False, to=PersonRef(102, "佐藤")), at(21), by=PRIMARY),
        TimelineEntry.of(ResolvedEntry(), at(47), by=SATO),
    )
    calm = replace(facts(lines=lines_of(entries), started_at=INCIDENT.triggered_at), called=())
    assert values(calm)["prompts"] == {
        "well": [
            "最初の ack は発報から 2 分、期限内",
            "状況報告 1 回、催促なし",
            "担当 2 人、引き継ぎの切れ目なし",
            "発報から解決まで 45 分",
        ],
        "badly": [],
    }
    assert document(calm).count("記録から：") == 1


def test_an_incident_that_nobody_took_says_so() -> None:
    """An incident without an ack has a missed deadline, and each of its calls is unanswered."""
    late = INCIDENT.ack_due_at + timedelta(minutes=5)
    told = facts(acknowledged=None, ended=ByPerson(103, "responder", late), lines=())
    badly = values(replace(told, called=CALLED[:1]))["prompts"]["badly"]  # type: ignore[index]
    assert badly == ["開始から発報まで 2 分", "ack のないまま終了", "応答のなかった呼び出し 1 件"]


def test_an_acknowledgement_that_lapsed_in_silence_was_not_in_time() -> None:
    """A press and nothing else counts here as in the statistics; late is from when the next person had it."""
    acked = TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(4), by=PRIMARY)
    silent = (acked, TimelineEntry.of(LapsedEntry(who="primary"), at(40)))
    again = (*silent, TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(42), by=SATO))
    noted = (acked, TimelineEntry.of(NoteEntry(text="見ています"), at(9), by=PRIMARY), silent[1])
    for entries, ack, said in (
        (silent, "late", "ack の期限までに対応した人なし"),
        (again, "late", "ack は期限の 25 分後"),
        (noted, "in_time", None),
    ):
        made = values(replace(facts(lines=lines_of(entries)), called=()))
        response, prompts = made["response"], made["prompts"]
        assert response["ack"] == ack  # type: ignore[index]
        assert said is None or said in prompts["badly"]  # type: ignore[index]
        assert any("期限内" in line for line in prompts["well"]) is (ack == "in_time")  # type: ignore[index]


def test_people_have_their_names() -> None:
    """By default the document names people as they were called when they acted.

    A role that changed hands has both holders. The document has no @, so nobody is mentioned.
    """
    text = document(facts())
    rows = tables(parsed(text))[1]
    assert [row[3] for row in rows[2:] if row[3]] == ["responder", "primary", "佐藤", "佐藤", "responder"]
    [role] = [row[4] for row in rows if row[2] == "役割を変更"]
    assert role == "指揮：未定 → 佐藤"
    assert "| 指揮 | 佐藤 |" in text
    assert "@" not in text


def test_a_role_and_a_release_say_from_whom_to_whom() -> None:
    """A role that another person takes over names both, in both languages; so does a release."""
    taken = TimelineEntry.of(
        RoleChangedEntry(role="commander", holder=PersonRef(103, "responder"), former=PersonRef(102, "佐藤")),
        at(20),
        by=MORI,
    )
    handed = TimelineEntry.of(ReleasedEntry(resumed=False, to=PersonRef(102, "佐藤")), at(21), by=PRIMARY)
    let_go = TimelineEntry.of(ReleasedEntry(resumed=True), at(22), by=SATO)
    told = facts(lines=lines_of((taken, handed, let_go)))
    for language, naming, expected in (
        ("ja", Naming.NAMES, ["指揮：佐藤 → responder", "佐藤 が引き継ぎ", "担当なし"]),
        ("en", Naming.NAMES, ["Commander: 佐藤 → responder", "佐藤 took over", "nobody on it"]),
        ("ja", Naming.ROLES, ["指揮：対応者 2 → 対応者 1", "指揮 が引き継ぎ", "担当なし"]),
    ):
        rows = tables(parsed(document(told, language=language, naming=naming)))[1]
        assert [row[4] for row in rows[1:] if row[4]] == expected


def test_a_template_may_list_who_had_it() -> None:
    """Each stretch has its person, times and length; a stretch without an owner has no name."""
    entries = (
        TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(4), by=PRIMARY),
        TimelineEntry.of(LapsedEntry(who="primary"), at(20)),
    )
    open_ = facts(lines=lines_of(entries), status=Status.TRIGGERED, ended=None)
    times = [f"2026-11-24 14:{minute:02}:00 JST" for minute in (7, 9, 25)]
    assert values(open_)["owners"] == [
        {"who": "", "since": times[0], "until": times[1], "took": "2 分"},
        {"who": "primary", "since": times[1], "until": times[2], "took": "16 分"},
        {"who": "", "since": times[2], "until": "", "took": "0 秒"},
    ]


def test_a_role_is_one_row() -> None:
    """A person who joins by taking a role has one row, that of the role."""
    entries = (
        TimelineEntry.of(JoinedEntry(via="role"), at(11), by=SATO),
        TimelineEntry.of(
            RoleChangedEntry(role="scribe", holder=PersonRef(102, "佐藤"), former=None), at(11), by=SATO
        ),
        TimelineEntry.of(JoinedEntry(via="button"), at(12), by=MORI),
    )
    rows = tables(parsed(document(facts(lines=lines_of(entries)))))[1]
    assert [row[2:4] for row in rows if row[3]][1:] == [["役割を変更", "佐藤"], ["参加", "responder"]]


def test_a_person_who_was_called_is_named_though_the_schedule_knows_only_an_id() -> None:
    """A handle that is a Discord id is shown as the name under which its person acted, else as the place."""
    known, unknown = "100000000000000102", "100000000000000999"
    called = [
        PostmortemCall(place, handle, at(2), CallOutcome.ARRIVED, at(2))
        for place, handle in (("primary", known), ("secondary", unknown))
    ]
    note = TimelineEntry.of(NoteEntry(text="x"), at(3), by=replace(SATO, id=int(known)))
    words = worded(JA, replace(facts(lines=lines_of((note,))), called=tuple(called)))
    assert words.on_call([one.who for one in called]) == "佐藤、当番 (secondary)"


def test_a_person_who_was_called_has_the_name_under_which_they_acted() -> None:
    """A username of the policy is nobody's shown name: the account that the DM went to tells it."""
    sent = replace(
        delivery(DeliveryKind.PAGE, to="person:primary"),
        request=Request(Action.MESSAGE, 5, None, {}, "sato.t", SATO.id),
    )
    note = TimelineEntry.of(NoteEntry(text="x"), at(3), by=SATO)
    words = worded(JA, replace(facts(lines=lines_of((note,))), called=called_by([sent])))
    assert words.on_call(["@sato.t"]) == "佐藤"


def test_people_are_named_by_their_parts_where_the_policy_says_so() -> None:
    """With `names = "roles"` there is no name in what the bot writes; the words of people stay theirs."""
    text = document(facts(), naming=Naming.ROLES)
    assert "@" not in text
    assert "佐藤" not in text
    rows = tables(parsed(text))[1]
    who = [row[3] for row in rows[2:] if row[3]]
    assert who == ["対応者 1", "当番 (primary)", "指揮", "指揮", "対応者 1"]
    assert [row[4] for row in rows if row[2] == "役割を変更"] == ["指揮：未定 → 対応者 2"]
    assert "| 指揮 | 対応者 2 |" in text


def test_an_owner_who_played_no_other_part_is_called_that() -> None:
    """A document by roles calls the postmortem's owner that, not by name, if they played no other part.

    Anybody else without a part is called another person.
    """
    owed = Postmortem(state=PostmortemState.OWED, owner_id=9, owner_name="高橋", due_on=date(2026, 12, 1))
    by_roles = Wording(TEXTS, policy(naming=Naming.ROLES))
    words = worded(by_roles, replace(facts(), postmortem=owed))
    assert (words.who("高橋"), words.who("伊東")) == ("書く人", "関係者")


def test_the_same_facts_make_the_same_bytes() -> None:
    """The same facts give the same document, whenever they were read."""
    first, later = facts(), replace(facts(), read_at=at(600))
    assert document(first) == document(later)


def test_a_drill_says_that_it_is_one() -> None:
    """The document of a drill says that it was a drill in a block below the title, in both languages."""
    for language, words in (("ja", "訓練の記録です"), ("en", "This was a drill")):
        tokens = parsed(document(facts(is_drill=True), language=language))
        kinds = [each.type for each in tokens]
        assert kinds[3] == "blockquote_open"
        assert words in tokens[5].content


def test_a_private_one_says_where_it_may_be_kept() -> None:
    """The document of a private incident says that only people who may see the incident may read it."""
    for language, words in (
        ("ja", "🔒 非公開のインシデントです。見てよい人だけの場所に置いてください。"),
        ("en", "Keep the document where only people who may see it can read it."),
    ):
        assert words in document(facts(is_private=True), language=language)
        assert "🔒" not in document(facts(), language=language)


def test_an_open_incident_has_no_end() -> None:
    """The document of an open incident says that it has no ack and no end yet.

    People begin to write a postmortem before the incident is over.
    """
    text = document(facts(status=Status.TRIGGERED, acknowledged=None, ended=None))
    assert "| ack | なし |" in text
    assert "| 終了 | まだ |" in text
    assert "(まだ ack なし)" in text
    assert "未解決" in text


def test_the_last_known_impact_is_filled_in() -> None:
    """The last status update has it."""
    last = StatusUpdate("直した", "決済の 2 割", at(45), "佐藤")
    text = document(facts(updates=replace(INCIDENT.updates, last=last)))
    assert "- 影響：決済の 2 割\n" in text


def test_what_was_said_at_the_resolve_is_filled_in() -> None:
    """Cause, what ended it, impact, in people and time; its lines stay lines."""
    said = Resolution(
        cause="接続プール\nの枯渇",
        fix="rollback",
        impact="決済",
        people=1200,
        duration_s=1800,
        by_id=1,
        by_name="a",
        at=at(47),
    )
    text = document(replace(facts(), resolution=said))
    for line in (
        "- 原因：接続プール<br>の枯渇",
        "- 何で収まったか：rollback",
        "- 影響：決済",
        "1,200 人",
        "30 分",
    ):
        assert line in text


def test_action_items_are_a_table() -> None:
    """Action items are a table in the document, with the owner's name.

    A state is told with a fixed time, so that the table does not change as days pass.
    """
    item = ActionItem(
        id=7,
        guild_id=7,
        incident_id=42,
        what="リトライ上限を | 3 回に",
        owner=PersonRef(101, "佐藤"),
        due_on=date(2026, 12, 5),
        verification="負荷試験で 5xx < 0.1%",
        source=ActionSource.COMMAND,
        created=ByPerson(101, "佐藤", at(60)),
    )
    done = replace(item, id=8, status=ActionStatus.DONE, watched_until=at(600))
    table = tables(parsed(document(replace(facts(), actions=(item, done)))))[-1]
    assert table[1] == [
        "AI-7",
        "リトライ上限を | 3 回に",
        "佐藤",
        "2026-12-05",
        "負荷試験で 5xx < 0.1%",
        "🔲 未完了",
    ]
    assert table[2][5] == "🔎 完了 · 2026-11-25 00:05:00 JST まで見守り中"


def test_the_owner_of_the_postmortem_is_named() -> None:
    """The document names the postmortem's owner and due date while one is owed, and no owner otherwise."""
    owed = Postmortem(state=PostmortemState.OWED, owner_id=1, owner_name="佐藤", due_on=date(2026, 12, 1))
    assert "| 書く人 | 佐藤 (2026-12-01 まで) |" in document(replace(facts(), postmortem=owed))
    reopened = replace(owed, state=PostmortemState.NOT_OWED)
    assert "書く人" not in document(replace(facts(), postmortem=reopened))


def test_templates_are_given_what_is_promised() -> None:
    """The check of a team's template knows the same names."""
    assert tuple(sorted(values(facts()))) == tuple(sorted(VALUES))


@pytest.mark.parametrize("text", HOSTILE)
def test_what_people_write_changes_nothing_but_words(text: str) -> None:
    """A title, a name, a note: the document has the structure that it has with plain words."""
    _same_structure(text)


@given(st.text(max_size=60))
def test_no_text_changes_the_structure(text: str) -> None:
    """The document keeps its structure and lets no markup through, whatever text people type."""
    _same_structure(text)


def _same_structure(text: str) -> None:
    odd = parsed(_document_of(text))
    assert shape(odd) == _plain_shape()
    row = tables(odd)[1][-1]
    assert len(row) == 6
    for each in odd:
        assert (
            not {child.type for child in each.children or []} & {"image", "html_inline"}
            or "<br>" in each.content
        )


@cache
def _plain_shape() -> list[str]:
    return shape(parsed(_document_of("x")))


def _document_of(words: str) -> str:
    return document(facts(lines=_noted(words), title=words))


def _noted(text: str) -> tuple[Line, ...]:
    note = TimelineEntry.of(NoteEntry(text=text or "x"), at(50), by=replace(MORI, name=text or "x"))
    return lines_of((*ENTRIES, note))


@pytest.mark.parametrize("text", [each for each in HOSTILE if "http" not in each and "@" not in each])
def test_a_reader_sees_what_was_typed(text: str) -> None:
    """A reader of the document sees text that looks like markup as it was typed, line by line."""
    typed = "\n".join(line.strip() for line in text.split("\n") if line.strip())
    [_, inline, _] = parsed(document_text(text, limit=1_000))
    assert shown(inline) == typed


def test_an_at_sign_calls_nobody() -> None:
    """A line of a document has no @, so nobody is mentioned on GitHub or anywhere else that it is pasted."""
    assert "@" not in document_line("@everyone <@101>", limit=100)


def test_a_link_is_shown_whole() -> None:
    """The address that is shown is the address that it leads to."""
    [_, inline, _] = parsed(document_line("[text](https://evil.example/a)", limit=200))
    links = [str(each.attrs["href"]) for each in inline.children or [] if each.type == "link_open"]
    assert links == ["https://evil.example/a"]
    assert "https://evil.example/a" in shown(inline)
