"""Test the choices that an option offers while a person types."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.domain.incident.incident import Incident
from bot.runbook import load_policy
from bot.ui.choices import NAME_LIMIT, OFFERED, choices_of, named_choices, offered, severity_choices
from tests.unit.ui.samples import PLACED
from tests.unit.ui.screens import JA

POLICY = load_policy(None)


def test_choices_contain_what_was_typed_in_whichever_case() -> None:
    """The offered choices contain what was typed, in either case, keep their order, and send their values."""
    found = choices_of({7: "INC-7 Payments", 8: "INC-8 Login", 9: "INC-9 payments again"}, "PAY")
    assert [(one.value, one.name) for one in found] == [(7, "INC-7 Payments"), (9, "INC-9 payments again")]


def test_choices_are_found_in_full_width_and_in_half_width() -> None:
    """What is typed in full-width signs finds names in half-width ones, and the other way round."""
    assert [one.value for one in choices_of({42: "INC-42 決済", 4: "INC-4 決済"}, "ＩＮＣ－４２")] == [42]
    assert [one.value for one in choices_of({1: "ＤＢ の監視"}, "db")] == [1]


@pytest.mark.parametrize("typed", ["INC-42", "ALERT-42", "alert 42", "No.42", "ＩＮＣ－４２", "inc-4", "42"])
async def test_an_incident_is_found_by_whichever_word_is_before_its_number(typed: str) -> None:
    """An alert that has become an incident, or the other way round, is found by both labels."""

    async def reading() -> list[Incident]:
        return [PLACED, replace(PLACED, id=142), replace(PLACED, id=7)]

    interaction = SimpleNamespace(client=SimpleNamespace(voice=lambda _interaction: JA))
    offered_ones = await offered(cast("Any", interaction), reading(), typed)
    assert offered_ones[0].value == 42
    assert 7 not in [one.value for one in offered_ones]


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
