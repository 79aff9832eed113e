"""Reading who takes turns: people, layers, and what is wrong with them."""

import tomllib
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.oncall.rotation import Applies, Rotation, Unit
from bot.runbook import parse_policy
from tests.unit.runbook.policies import MINIMAL, changed, problems

CASES = tomllib.loads(Path(__file__).with_name("rotation_problems.toml").read_text(encoding="utf-8"))["case"]

ROTATION = """
[people.ai]
discord = "ai_01"
email = "ai@example.com"

[people.ben]
discord = "123456789012345678"

[people.chika]
discord = "chika"

[oncall]
handover_channel = "#ops"
check_before = "12h"
third = "chika"

[oncall.primary]
person = "chika"

[[oncall.primary.layer]]
people = ["ai", "ben"]
every = "2w"
starts_on = "2026-11-16"
handover = "09:30"
timezone = "Europe/Berlin"

[[oncall.primary.layer]]
people = ["chika"]
every = "12h"
applies = "off_hours"

[oncall.secondary]

[[oncall.secondary.layer]]
people = ["ben", "ai"]
every = "1d"
"""


def test_a_place_with_layers_of_people_who_take_turns() -> None:
    """People are named once; a place without a person falls back on the first of its first layer."""
    policy = parse_policy(changed('[oncall]\nprimary = "alice"\n', ROTATION, MINIMAL), name="p")
    assert list(policy.oncall) == ["third", "primary", "secondary"]
    assert (policy.handover.channel, policy.handover.check_before) == ("ops", timedelta(hours=12))
    primary, secondary = policy.oncall["primary"], policy.oncall["secondary"]
    assert primary.person.handle == "chika"
    assert secondary.person.user_id == 123456789012345678
    turns, nights = primary.layers
    assert turns.rotation == Rotation(
        ("ai_01", "123456789012345678"),
        2,
        Unit.WEEKS,
        date(2026, 11, 16),
        time(9, 30),
        ZoneInfo("Europe/Berlin"),
    )
    assert nights.applies is Applies.OFF_HOURS
    assert (nights.rotation.every, nights.rotation.unit) == (12, Unit.HOURS)
    assert nights.rotation.timezone == policy.timezone
    assert policy.team["ai_01"].email == "ai@example.com"
    assert "ops" in policy.channels()


@pytest.mark.parametrize("case", CASES, ids=[case["line"].split(":")[0] for case in CASES])
def test_what_is_wrong_with_a_rotation_is_one_line(case: dict[str, str]) -> None:
    """Each problem of a rotation is exactly one line, which names the layer and what is allowed."""
    rotation = changed('[oncall]\nprimary = "alice"\n', ROTATION, MINIMAL)
    assert problems(changed(case["old"], case["new"], rotation)) == [case["line"]]


def test_options_alone_are_no_place() -> None:
    """A policy needs at least one place on call."""
    assert problems(changed('primary = "alice"', 'check_before = "none"', MINIMAL)) == [
        'oncall: names no place; allowed: at least one (primary = "alice")'
    ]
