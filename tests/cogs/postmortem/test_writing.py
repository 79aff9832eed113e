"""The document of a postmortem, read by an outsider: markdown-it-py, with tables and strikethrough."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.domain.action_items import ActionItem, ActionSource, ActionStatus
from bot.domain.incident.incident import ByPerson, PersonRef, Status, StatusUpdate
from bot.domain.incident.parts import Postmortem, PostmortemState, Resolution
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.lines import Line, lines_of
from bot.domain.timeline.recorded import NoteEntry
from bot.ui.words.inert import document_line, document_text
from cogs.postmortem.rules import VALUES, Naming
from cogs.postmortem.writing import worded
from tests.cogs.postmortem.told import ENTRIES, INCIDENT, MORI, at, document, facts, values
from tests.unit.ui.samples import JA

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
    """Local times to the second, from the start of the trouble; machine rows are folded away."""
    [about, timeline, machine, calls] = tables(parsed(document(facts())))
    assert ["開始", "2026-11-24 14:05:00 JST"] in about
    rows = [(row[0], row[1], row[2]) for row in timeline[1:]]
    assert rows == [
        ("2026-11-24 14:05:00", "+0:00", "開始"),
        ("2026-11-24 14:07:00", "+0:02", "発報"),
        ("2026-11-24 14:14:07", "+0:09", "👀 ack"),
        ("2026-11-24 14:16:00", "+0:11", "役割を変更"),
        ("2026-11-24 14:22:00", "+0:17", "⏫ エスカレーション"),
        ("2026-11-24 14:44:00", "+0:39", "状況報告を催促"),
        ("2026-11-24 14:49:00", "+0:44", "状況報告を催促"),
        ("2026-11-24 14:50:00", "+0:45", "✏️ 状況報告"),
        ("2026-11-24 14:52:00", "+0:47", "📝 メモ"),
    ]
    assert [row[0] for row in machine[1:]] == ["2026-11-24 14:07:01", "2026-11-24 14:07:02"]
    assert calls[1:] == [
        ["2026-11-24 14:07:00", "+0:02", "当番 (primary)", "DM が届いた (2 秒)"],
        ["2026-11-24 14:22:00", "+0:17", "当番 (secondary)", "DM が届かなかった"],
    ]


def test_machine_rows_are_in_details_that_close() -> None:
    """A table inside needs blank lines around it; GitHub shows it only then."""
    text = document(facts())
    before, _, inside = text.partition("<details>\n<summary>bot の通知 2 件</summary>\n\n")
    table, _, after = inside.partition("\n\n</details>\n")
    assert before.count("<details>") == 0
    assert table.startswith("| 時刻 |")
    assert "## 検知" in after
    source = [
        each
        for each in parsed(text)
        if each.type == "inline" and "discord.com/channels/7/301/900" in each.content
    ]
    assert len(source) == 1


def test_the_response_has_its_figures() -> None:
    """MTTA and MTTR count from the alert, broken promises once each."""
    text = document(facts())
    assert "MTTA (発報から最初の ack まで)：2 分" in text
    assert "MTTR (発報から解決まで)：45 分" in text
    assert "ack 期限：2026-11-24 14:22:00 JST (期限内)" in text
    assert "状況報告：1 回 (催促 1 回)" in text
    assert "開始から発報まで：2 分" in text


def test_people_are_named_by_their_parts() -> None:
    """Blameless: no name in what the bot writes; the words that people wrote stay theirs."""
    text = document(facts())
    assert "@" not in text
    assert "佐藤" not in text
    rows = tables(parsed(text))[1]
    assert [row[3] for row in rows[2:]] == [
        "対応者 1",
        "当番 (primary)",
        "指揮",
        "",
        "",
        "",
        "指揮",
        "対応者 1",
    ]
    assert rows[4][4] == "指揮 → 指揮"


def test_an_owner_who_played_no_other_part_is_called_that() -> None:
    """A document calls the postmortem's owner that, not by name, if they played no other part.

    Anybody else without a part is called another person.
    """
    owed = Postmortem(state=PostmortemState.OWED, owner_id=9, owner_name="高橋", due_on=date(2026, 12, 1))
    words = worded(JA, replace(facts(), postmortem=owed))
    assert (words.who("高橋"), words.who("伊東")) == ("書く人", "関係者")


def test_people_are_named_where_the_policy_says_so() -> None:
    """Under the policy's choice of names, people have in the document the names with which they acted.

    The document has no @, so nobody is mentioned.
    """
    rows = tables(parsed(document(facts(), naming=Naming.NAMES)))
    assert [row[3] for row in rows[1][2:]] == [
        "responder",
        "primary",
        "佐藤",
        "",
        "",
        "",
        "佐藤",
        "responder",
    ]
    assert "@" not in document(facts(), naming=Naming.NAMES)


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
    """Action items are a table in the document, with the owner's name even where people go by roles.

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
