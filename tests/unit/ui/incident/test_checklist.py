"""The first-response sheet as people see it: on the card, in the select, in the answer to a choice."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident import transitions
from bot.domain.incident.forms import ChecklistPick, fill_in
from bot.domain.incident.incident import Check, Incident
from bot.domain.people import Person
from bot.domain.triage.tree import Text
from bot.runbook.tables import FirstResponse
from bot.services.incidents.details import ChecklistChange
from bot.ui.posts.incident.thread import STEPS, checked, pick_of
from bot.ui.posts.renderer import render
from bot.ui.screens.sheets import first_response_screen
from bot.ui.words.wording import Voice, Wording
from tests.unit.ui import screens
from tests.unit.ui.samples import (
    ACKNOWLEDGED,
    AT,
    CANCELLED,
    EN,
    JA,
    MERGED,
    PLACED,
    POLICY,
    RESOLVED,
    TEXTS,
    delivery,
    description_of,
    over_limits,
)

SHEET = POLICY.checklist("SEV1")
CARD = delivery(DeliveryKind.THREAD_CARD)
RESPONDER = Person(id=103, name="responder")


def fill(incident: Incident, chosen: AbstractSet[int], *, by: Person = RESPONDER) -> Incident:
    """*incident* with what *by* chose, who had seen nothing done."""
    pick = ChecklistPick(SHEET.edition, frozenset(), frozenset(chosen))
    return fill_in(incident, SHEET, pick, by=by, at=AT).incident


def selects(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The selects of a post."""
    return [made for row in body["components"] for made in row["components"] if "options" in made]


def with_steps(*steps: Text) -> Wording:
    """The policy with another SEV1 sheet."""
    sheets = {**POLICY.first_response, "SEV1": FirstResponse(steps)}
    return Wording(TEXTS, replace(POLICY, first_response=sheets))


def picked(body: Mapping[str, Any], values: Sequence[str]) -> ChecklistPick:
    """What the bot reads of a choice in the card's select."""
    (select,) = selects(body)
    fields = re.fullmatch(STEPS, select["custom_id"])
    assert fields is not None
    return pick_of(fields.groupdict(), [*values])


def sheet_of(incident: Incident, words: Wording = JA) -> str:
    """What 📋 shows."""
    voice = Voice.of(TEXTS, words.policy, locale=words.policy.language)
    return screens.words(first_response_screen(voice, incident))


def test_the_card_counts_what_is_done_and_names_the_next() -> None:
    """Behind 📋 is each step: open ones with an empty box; done ones with who, and when in words."""
    ticked = fill(ACKNOWLEDGED, {0})
    assert "**初動：** 1/4 · 次：2. rollback するか判断する。" in description_of(render(JA, CARD, ticked))
    assert "**First response:** 1/4 · next: 2. Decide" in description_of(render(EN, CARD, ticked))
    assert "**初動：** 4/4" in description_of(render(JA, CARD, fill(ACKNOWLEDGED, {0, 1, 2, 3}))).splitlines()
    said = sheet_of(ticked)
    assert "☑ 1. ログ (wrangler tail) と Sentry を確認する · @responder 14:07 JST" in said
    assert "☐ 2. rollback" in said
    late = replace(ACKNOWLEDGED, checks={SHEET.keys[0]: Check(1, "primary", AT + timedelta(days=1))})
    assert "· @primary 11/25 14:07 JST" in sheet_of(late)
    assert "☑ 1. Read the logs" in sheet_of(ticked, EN)


def test_the_select_has_each_step() -> None:
    """The select has each first-response step, with the done ones chosen, in a row of its own.

    None of the steps must be chosen, and all may be.
    """
    body = render(JA, CARD, fill(ACKNOWLEDGED, {1}))
    assert len(body["components"]) == 2  # type: ignore[arg-type]
    (select,) = selects(body)
    assert (select["min_values"], select["max_values"]) == (0, len(SHEET.steps))
    assert select["placeholder"] == "完了した手順を選ぶ"
    assert [option["value"] for option in select["options"]] == ["0", "1", "2", "3"]
    assert [option.get("default", False) for option in select["options"]] == [False, True, False, False]
    assert select["options"][0]["label"] == "1. ログ (wrangler tail) と Sentry を確認する"
    assert over_limits(body) == []


def test_the_id_says_what_was_shown() -> None:
    """The custom id of the select holds the ticks that were shown, for comparison."""
    for done in (set(), {0}, {1, 3}, {0, 1, 2, 3}):
        pick = picked(render(JA, CARD, fill(ACKNOWLEDGED, done)), ["0", "2"])
        assert pick == ChecklistPick(SHEET.edition, frozenset(done), frozenset({0, 2}))
    huge = replace(ACKNOWLEDGED, id=10**17)
    (select,) = selects(render(JA, CARD, huge))
    assert len(select["custom_id"]) <= 100
    assert re.fullmatch(STEPS, select["custom_id"])


def test_nonsense_is_read_as_nothing() -> None:
    """Chosen values that are not numbers, as in a forged request, are ignored."""
    pick = pick_of({"edition": SHEET.edition, "shown": "0"}, ["x", "", "-1", "1"])
    assert pick.chosen == {1}


@pytest.mark.parametrize("incident", [RESOLVED, CANCELLED, MERGED])
def test_an_ended_one_keeps_its_checks_and_has_no_select(incident: Incident) -> None:
    """An ended incident's first-response sheet shows its ticks and has no select.

    After the incident is opened again, the select is back.
    """
    ended = replace(incident, checks=fill(ACKNOWLEDGED, {0}).checks)
    body = render(JA, CARD, ended)
    assert selects(body) == []
    assert "**初動：** 1/4" in description_of(body).splitlines()
    again = transitions.reopen(ended, by=RESPONDER, at=AT, next_update_at=None)
    assert len(selects(render(JA, CARD, again))) == 1


def test_no_steps_no_select() -> None:
    """A severity without first-response steps, or one that the policy no longer knows, has no select.

    Discord refuses a select without options.
    """
    for words, incident in ((with_steps(), PLACED), (JA, replace(PLACED, severity="GONE"))):
        body = render(words, CARD, incident)
        assert selects(body) == []
        assert "初動" not in description_of(body)


def test_another_severity_shows_its_own_steps() -> None:
    """A tick of the old one shows on none of them, nor in the select."""
    lesser = replace(fill(ACKNOWLEDGED, {0, 1, 2, 3}), severity="SEV2")
    body = render(JA, CARD, lesser)
    assert "**初動：** 0/3" in description_of(body)
    assert not any(option.get("default") for option in selects(body)[0]["options"])


def test_long_steps_and_the_same_ones_fit() -> None:
    """The longest possible sheet fits into Discord's limits."""
    steps = [Text("*" * 300, "x" * 300)] * 2 + [Text(f"@everyone {n}" + "あ" * 280, "y") for n in range(8)]
    words = with_steps(*steps)
    keys = words.policy.checklist("SEV1").keys
    body = render(words, CARD, replace(PLACED, checks={key: Check(1, "*" * 32, AT) for key in keys}))
    assert over_limits(body) == []
    (select,) = selects(body)
    assert [len(option["label"]) for option in select["options"]] == [100] * 10
    assert len({option["value"] for option in select["options"]}) == 10
    assert "@everyone" not in description_of(body)
    assert picked(body, []).shown == frozenset(range(10))


def test_a_name_is_inert() -> None:
    """On the first-response sheet a person's name is escaped, so that it is neither a mention nor markup."""
    said = sheet_of(fill(ACKNOWLEDGED, {0}, by=Person(id=1, name="**@here**")))
    assert "@\\*\\*＠here\\*\\* 14:07 JST" in said


def test_the_sheet_for_one_person_says_the_same() -> None:
    """The sheet that one person opens shows, in their language, which steps are done, by whom and when."""
    shown = screens.words(first_response_screen(screens.EN, fill(ACKNOWLEDGED, {0})))
    assert "☑ 1. Read the logs (wrangler tail) and Sentry · @responder 14:07 JST" in shown
    assert "☐ 2. Decide whether to roll back" in shown


def answer(chosen: AbstractSet[int], *, shown: AbstractSet[int] = frozenset()) -> str:
    """Return the answer to a person who chose *chosen*."""
    pick = ChecklistPick(SHEET.edition, frozenset(shown), frozenset(chosen))
    filled = fill_in(fill(ACKNOWLEDGED, shown), SHEET, pick, by=RESPONDER, at=AT)
    return checked(screens.JA, ChecklistChange(filled, SHEET))


def test_the_answer_says_what_changed_and_what_is_next() -> None:
    """The step that is open first."""
    said = answer({0, 2}, shown={1, 2}).split("\n")
    assert said[0] == "INC-42 の初動を記録しました。"
    assert said[1].startswith("☑ 1. ログ")
    assert said[2].startswith("☐ 2. rollback")
    assert said[3].startswith("次の手順：2. rollback")
    assert answer({0, 1, 2, 3}).endswith("すべて完了しました。")


def test_the_other_answers() -> None:
    """A pick that changes nothing, or is of an outdated sheet, is answered so in both languages."""
    filled = fill_in(
        ACKNOWLEDGED, SHEET, ChecklistPick(SHEET.edition, frozenset(), frozenset()), by=RESPONDER, at=AT
    )
    for voice, same, changed in (
        (screens.JA, "に変更はありません", "手順が更新された"),
        (screens.EN, "nothing to change", "the steps have changed"),
    ):
        assert same in checked(voice, ChecklistChange(filled, SHEET))
        assert changed in checked(voice, ChecklistChange(filled, SHEET, is_outdated=True))


def test_the_answer_fits_a_message() -> None:
    """The answer to nine long ticked steps fits into one message and ends with the step that comes next."""
    words = with_steps(*[Text(f"{n}" + "*" * 299, f"{n}" + "*" * 299) for n in range(10)])
    sheet = words.policy.checklist("SEV1")
    pick = ChecklistPick(sheet.edition, frozenset(), frozenset(range(9)))
    filled = fill_in(PLACED, sheet, pick, by=Person(id=1, name="*" * 32), at=AT)
    voice = Voice.of(TEXTS, words.policy, locale="ja")
    said = checked(voice, ChecklistChange(filled, sheet))
    assert len(said) <= 2_000
    assert said.split("\n")[-1].startswith("次の手順：10. ")
