"""What a triage leaves on the timeline, in words."""

from datetime import timedelta

import pytest

from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import Line
from bot.domain.triage.session import Evidence
from bot.services.timeline.timelines import History
from bot.ui.screens.timeline import markdown
from bot.ui.words.timeline import facts
from bot.ui.words.triage_words import question_words
from bot.ui.words.wording import Wording
from tests.unit.ui.samples import AT, EN, JA, PLACED, entry_line

LATER = AT + timedelta(seconds=75)


def entry(kind: TimelineKind, **data: object) -> TimelineEntry:
    """An entry with these data."""
    return TimelineEntry(kind, AT, data=data)


def triage_history(words: Wording, told: TimelineEntry, *, limit: int = 1_000) -> list[str]:
    """The details of an entry."""
    return facts(words, told, limit=limit)


def given(question: str, answer: str, **more: object) -> dict[str, object]:
    """An answer as it is kept there."""
    return {"question": question, "answer": answer, "by": "responder", "at": AT.isoformat(), **more}


def test_every_answer_is_told() -> None:
    """The history has each answer with who gave it and when, also if it was unsure or withdrawn.

    A severity that was chosen by hand comes first. A withdrawn answer comes last, with who
    withdrew it and when.
    """
    answers = [
        given("large_impact", "no", withdrawn=LATER.isoformat(), withdrawn_by="primary"),
        given("users_affected", "yes", unsure=True),
    ]
    last, first, second = triage_history(JA, entry(TimelineKind.TRIAGED, answers=answers, chosen="SEV3"))
    assert first == (
        "2026-11-24 14:07:00 JST @responder 「本番ユーザーに影響がありますか？」 → "
        "わからない (安全側で「はい」)"
    )
    assert second.startswith("2026-11-24 14:07:00 JST @responder 「影響は大きいですか？")
    assert second.endswith("」 → いいえ · 2026-11-24 14:08:15 JST に @primary が取り消し")
    assert last == "重大度は手動で SEV3 を選択"


def test_questions_that_the_policy_has_dropped_are_told_by_their_id() -> None:
    """A question or an answer that the policy has dropped is named by its id, as history does not change."""
    answers = [given("was_it_dns", "of_course"), given("users_affected", "perhaps")]
    told = triage_history(EN, entry(TimelineKind.TRIAGED, answers=answers))
    assert told[0].endswith("“was\\_it\\_dns” → of\\_course")
    assert told[1].endswith("“Are production users affected?” → perhaps")


def test_the_message_it_began_with() -> None:
    """The history of a triage quotes the message it began with, escaped and cut to fit.

    The quote has author, time and link; a message without text is said to have none.
    """
    evidence = Evidence(
        text="@everyone " + "x" * 4_000,
        author_id=9,
        author_name="shop-api",
        url="https://discord.com/channels/7/1/2",
        at=AT,
    )
    (told,) = triage_history(JA, entry(TimelineKind.EVIDENCE, **evidence.to_json()), limit=50)
    assert told.startswith("@shop-api の発言 (2026-11-24 14:07:00 JST)：＠everyone x")
    assert told.endswith("… https://discord.com/channels/7/1/2")
    wordless = Evidence(text="", author_id=9, author_name="shop-api", url=evidence.url, at=AT)
    (bare,) = triage_history(EN, entry(TimelineKind.EVIDENCE, **wordless.to_json()))
    assert "(no text)" in bare


def test_why_it_was_raised_by_itself() -> None:
    """The entry of an unanswered re-evaluation says who asked for it and when people were asked, if known."""
    data = {"triage": 5, "triaged_by": "responder", "asked_at": AT.isoformat()}
    assert triage_history(JA, entry(TimelineKind.PROMOTED, **data)) == [
        "@responder が再評価に回し、2026-11-24 14:07:00 JST に確認を求めたが、期限までに誰も答えなかった"
    ]
    assert triage_history(EN, entry(TimelineKind.PROMOTED, triage=5)) == ["Nobody answered the re-evaluation"]


def test_a_line_of_the_timeline_has_room_for_the_answers_that_count() -> None:
    """The line has the answers that count, even after many withdrawn ones."""
    back = {"withdrawn": LATER.isoformat(), "withdrawn_by": "primary"}
    answers = [given("users_affected", "no", **back), given("dev_only", "no", **back)] * 3
    answers += [given("users_affected", "yes"), given("large_impact", "yes")]
    line = entry_line(JA, entry(TimelineKind.TRIAGED, answers=answers))
    assert line.endswith(" …")
    for question in ("users_affected", "large_impact"):
        asked = question_words(JA, question)
        assert f"「{asked}」 → はい" in line


def test_a_page_repeats_neither_date_nor_name_in_the_answers() -> None:
    """One answer a line; another person and another day are said, and the file has all of it."""
    answers = [
        given("users_affected", "yes"),
        {**given("large_impact", "no"), "by": "primary", "at": (AT + timedelta(days=1)).isoformat()},
    ]
    told = TimelineEntry(TimelineKind.TRIAGED, AT, 3, "responder", data={"answers": answers})
    head, first, second = entry_line(JA, told).splitlines()
    assert head.endswith("判定 · @responder")
    assert first == "- 14:07 「本番ユーザーに影響がありますか？」 → はい"
    assert second.startswith("- 11/25 14:07 JST @primary 「影響は大きいですか？")
    file = markdown(JA, History(PLACED, (Line(told),)))
    assert "2026-11-24 14:07:00 JST @responder 「本番ユーザーに影響がありますか？」" in file


def made(proposed: str | None, **more: object) -> dict[str, object]:
    """A choice of a severity as it is kept there."""
    at = AT.isoformat()
    return {"proposed": proposed, "severity": "SEV3", "by": "primary", "at": at, "counts": True, **more}


@pytest.mark.parametrize(
    ("proposed", "ja", "en"),
    [
        (
            "SEV1",
            "判定フローの SEV1 ではなく SEV3 を手動で選択",
            "chose SEV3 by hand instead of the tree's SEV1",
        ),
        (
            "reevaluate",
            "判定フローの 再評価 ではなく SEV3 を手動で選択",
            "chose SEV3 by hand instead of the tree's re-evaluation",
        ),
        ("SEV3", "判定フローと同じ SEV3 を手動で選択", "chose SEV3 by hand, as the tree had"),
        (None, "判定フローの途中で SEV3 を手動で選択", "chose SEV3 by hand before the tree was finished"),
    ],
)
def test_who_overruled_the_tree_comes_first(proposed: str | None, ja: str, en: str) -> None:
    """The history begins with who chose a severity by hand, when, and what the tree had.

    A timeline page and the file say so too, however many answers there are.
    """
    given_answers = [given("users_affected", "yes")] * 9
    told = entry(TimelineKind.TRIAGED, answers=given_answers, chosen="SEV3", choices=[made(proposed)])
    for words, line in ((JA, ja), (EN, en)):
        said = f"2026-11-24 14:07:00 JST @primary {line}"
        assert triage_history(words, told)[0] == said
        assert f"\n- 14:07 @primary {line}\n" in entry_line(words, told)
        assert said in markdown(words, History(PLACED, (Line(told),)))


def test_who_overruled_the_tree_and_was_overruled_comes_last() -> None:
    """A severity chosen by hand and then withdrawn comes last, with who withdrew it and when.

    A choice that an older version stored without its person comes first.
    """
    back = {"counts": False, "withdrawn": LATER.isoformat(), "withdrawn_by": "responder"}
    told = entry(
        TimelineKind.TRIAGED,
        answers=[given("users_affected", "yes")],
        chosen="SEV2",
        choices=[made("SEV1", **back)],
    )
    first, _, last = triage_history(JA, told)
    assert first == "重大度は手動で SEV2 を選択"
    assert last.endswith("SEV3 を手動で選択 · 2026-11-24 14:08:15 JST に @responder が取り消し")
