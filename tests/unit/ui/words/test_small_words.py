"""The small words: unknown people, up and down, sentences in a row, refusals that read as sentences."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import InvalidTransition, NotPermitted, UserError
from bot.domain.escalation.ladder import Step
from bot.domain.severity import LadderStep
from bot.services.escalation.passing_on import PassedOn
from bot.services.incidents.severity_change import Regraded
from bot.ui.buttons import IncidentVerb
from bot.ui.errors import describe
from bot.ui.posts.renderer import render
from bot.ui.screens import incident_answers as answers
from bot.ui.screens.incident_list import IncidentListQuestion, list_screen
from bot.ui.words.wording import Voice, Wording
from tests.unit.ui import samples, screens
from tests.unit.ui.samples import ACKNOWLEDGED, AT, PLACED, delivery
from tests.unit.ui.screens import words


def test_nobody_is_called_none() -> None:
    """A refusal calls the person who ended an incident "somebody" if the person is not known."""
    unknown = InvalidTransition("already_resolved", incident="INC-10", by=None)
    assert describe(screens.JA, unknown).startswith("INC-10 は 誰か が解決済みです。")
    assert describe(screens.EN, unknown).startswith("INC-10 was already resolved by somebody.")


@pytest.mark.parametrize(
    ("key", "field"), [("already_resolved", "by"), ("role_held_by_other", "who"), ("oncall_for_bot", "who")]
)
def test_refusals_name_people_as_everything_else_does(key: str, field: str) -> None:
    """A refusal names people with @, escaped and without a mention."""
    said = describe(screens.EN, UserError(key, **{"incident": "INC-10", field: "sec*ondary"}))
    assert "@sec\\*ondary" in said


@pytest.mark.parametrize(("voice", "comma"), [(screens.JA, "、"), (screens.EN, ", ")])
def test_a_list_is_joined_as_its_language_does(voice: Voice, comma: str) -> None:
    """A list is joined with 「、」 in Japanese and with a comma in English.

    This goes for systems, for people, and for the known values that a refusal names.
    """
    targets = ["api.parky.co.jp", "admin.parky.co.jp"]
    whole = comma.join(targets)
    assert voice.targets(targets, limit=200) == voice.listed(targets) == whole
    assert voice.on_call(["primary", "secondary"]) == f"@primary{comma}@secondary"
    assert whole in describe(voice, UserError("sheet_target_unknown", value="x", known=targets))


def test_a_single_role_is_no_choice_of_roles() -> None:
    """If a single role suffices, the refusal asks for that role and offers no choice, in both languages."""
    only = NotPermitted(action="audit", roles=("admin",))
    assert "には @admin のロールが必要です" in describe(screens.JA, only)
    assert "needs the role @admin. Ask" in describe(screens.EN, only)


@pytest.mark.parametrize("action", ["private", "drill", "triage", "acknowledge", "severity"])
def test_a_refusal_is_a_sentence(action: str) -> None:
    """A refusal for want of a role names the act by a word in "-ing", with which "needs" agrees."""
    said = describe(screens.EN, NotPermitted(action=action, roles=("admin",)))
    assert said.split(" needs ")[0].split()[0].endswith("ing"), said


@pytest.mark.parametrize(("before", "after", "sign"), [("SEV3", "SEV1", "⏫"), ("SEV1", "SEV3", "⏬")])
def test_a_change_of_severity_shows_its_direction(before: str, after: str, sign: str) -> None:
    """The answer and the thread's line show whether the severity rose or fell."""
    incident = replace(PLACED, severity=after)
    screen = answers.regraded_screen(screens.JA, Regraded(incident, before, reposts=True))
    assert words(screen).startswith(f"{sign} **INC-42** {before} → **{after}")
    data = {"notice": "severity_changed", "before": before, "after": after, "by": "primary"}
    line = render(samples.JA, delivery(DeliveryKind.NOTICE, data=data), incident)
    assert str(line["content"]).startswith(f"{sign} **INC-42** ")


def test_a_change_of_severity_says_when_the_next_update_comes_now() -> None:
    """The line and the answer give the new time of the next update."""
    data = {"notice": "severity_changed", "before": "SEV1", "after": "SEV2", "by": "a", "reason": "一部だけ"}
    taken = replace(
        ACKNOWLEDGED,
        severity="SEV2",
        updates=replace(ACKNOWLEDGED.updates, due_at=AT + timedelta(hours=2, minutes=1)),
    )
    moved = {**data, "next_at": (AT + timedelta(hours=2, minutes=1)).isoformat()}
    line = str(render(samples.JA, delivery(DeliveryKind.NOTICE, data=moved), taken)["content"])
    assert "理由：一部だけ\n**次の更新：** 16:08 JST" in line
    none = {**data, "next_at": None}
    assert "予定なし" in str(render(samples.JA, delivery(DeliveryKind.NOTICE, data=none), taken)["content"])
    kept = str(render(samples.JA, delivery(DeliveryKind.NOTICE, data=data), taken)["content"])
    assert "次の更新" not in kept
    screen = words(answers.regraded_screen(screens.JA, Regraded(taken, "SEV1", reposts=True)))
    assert "対応する人は変えていません (@primary)。\n次の更新の期限を 16:08 JST" in screen


def test_a_merge_that_raises_names_what_it_was_merged_with() -> None:
    """A severity raised by a merge has that as its reason; a refused merge names the roles that may do it."""
    data = {"notice": "severity_changed", "before": "SEV3", "after": "SEV1", "by": "primary", "merged": 9}
    line = str(render(samples.JA, delivery(DeliveryKind.NOTICE, data=data), PLACED)["content"])
    assert line.endswith("理由：No.9 (SEV1) を統合")
    fields = {
        "incident": "INC-9",
        "severity": "SEV1",
        "other": "INC-42",
        "roles": ("lead", "123456789012345678"),
    }
    said = describe(screens.EN, UserError("merge_raises", **fields))
    assert "one of these roles: @lead / <@&123456789012345678>" in said
    assert "/incident link" in said


def test_the_button_that_changes_it_goes_both_ways() -> None:
    """The button that changes the severity shows ↕️, since ⏫ alone would promise a more severe one."""
    made = samples.JA.buttons.make(IncidentVerb.SEVERITY, PLACED.id)
    assert made["emoji"] == {"name": "↕️"}


def test_japanese_sentences_follow_each_other_without_a_blank() -> None:
    """Sentences of an answer follow each other without a blank in Japanese, and with a blank in English."""
    passed = PassedOn(PLACED, "secondary", Step(42, 1, PLACED.ack_due_at, LadderStep(after=None)))
    assert "通知しました。ack がなければ" in answers.passed_on(screens.JA, passed)
    assert "was notified. Without" in answers.passed_on(screens.EN, passed)


@pytest.mark.parametrize("voice", [samples.JA, samples.EN])
def test_a_full_stop_is_no_separator(voice: Wording) -> None:
    """A notice that ends with a person's name has no full stop before the separator.

    「未定です。 · @responder」 would be neither one sentence nor two.
    """
    facts: dict[str, object] = {
        "role": "commander",
        "holder": None,
        "former": {"id": 1, "name": "a"},
        "by": "b",
        "by_id": 2,
    }
    lines: list[dict[str, object]] = [
        {"notice": "role_changed", **facts},
        {"notice": "merged", "into": 41, "by": "b"},
    ]
    for data in lines:
        said = str(render(voice, delivery(DeliveryKind.NOTICE, data=data), PLACED)["content"])
        assert said.endswith(" · @b")
        assert "。 ·" not in said
        assert ". ·" not in said


def test_one_day_is_one_day() -> None:
    """No plural where the number is one."""
    assert (
        words(list_screen(screens.EN, [], IncidentListQuestion(days=1))).splitlines()[0].endswith("last 1 d")
    )
    assert (
        words(list_screen(screens.JA, [], IncidentListQuestion(days=1))).splitlines()[0].endswith("1 日以内")
    )
