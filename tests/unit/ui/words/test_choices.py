"""Test the choices that an option offers while a person types."""

from bot.runbook import load_policy
from bot.ui.choices import NAME_LIMIT, OFFERED, choices_of, named_choices, severity_choices

POLICY = load_policy(None)


def test_choices_contain_what_was_typed_in_whichever_case() -> None:
    """The offered choices contain what was typed, in either case, keep their order, and send their values."""
    found = choices_of({7: "INC-7 Payments", 8: "INC-8 Login", 9: "INC-9 payments again"}, "PAY")
    assert [(one.value, one.name) for one in found] == [(7, "INC-7 Payments"), (9, "INC-9 payments again")]


def test_choices_are_found_in_full_width_and_in_half_width() -> None:
    """What is typed in full-width signs finds names in half-width ones, and the other way round."""
    assert [one.value for one in choices_of({42: "INC-42 決済", 4: "INC-4 決済"}, "ＩＮＣ－４２")] == [42]
    assert [one.value for one in choices_of({1: "ＤＢ の監視"}, "db")] == [1]


def test_choices_keep_to_the_limits_of_discord() -> None:
    """At most 25 choices are offered, with names of at most 100 characters: Discord refuses a longer list."""
    found = named_choices([f"{number} {'x' * NAME_LIMIT}" for number in range(OFFERED + 1)], "")
    assert len(found) == OFFERED
    assert {len(one.name) for one in found} == {NAME_LIMIT}


def test_severities_are_found_by_name_and_by_priority() -> None:
    """Severities are found by name or by priority; with nothing typed, the most severe comes first."""
    assert [one.value for one in severity_choices(POLICY, "")] == ["SEV1", "SEV2", "SEV3"]
    assert [one.name for one in severity_choices(POLICY, "p1")] == ["SEV2 / P1"]
    assert [one.value for one in severity_choices(POLICY, "sev3")] == ["SEV3"]
