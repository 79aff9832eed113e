"""What doctor says of the maintenance that the policy plans."""

from datetime import UTC, datetime

import pytest

from bot.doctor.finding import State
from bot.runbook import default_policy_text, parse_policy
from cogs.maintenance.doctor import findings

NOW = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


def said(*entries: str) -> list[tuple[State, str, str]]:
    """The findings about a policy with these entries."""
    text = "".join(f"\n[[maintenance]]\n{entry}\n" for entry in entries)
    policy = parse_policy(default_policy_text() + text, name="policy.toml")
    return [(one.state, one.what, one.said) for one in findings(policy, now=NOW)]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('targets = ["api.praky.jp"]\nevery = "sunday 02:00"\nfor = "2h"', "no such target"),
        ('targets = ["api.parky.co.jp"]\nat = "2026-11-24 13:59"\nfor = "2h"', "never comes any more"),
        (
            'targets = ["api.parky.co.jp"]\nevery = "FREQ=DAILY;BYHOUR=2;UNTIL=20261101T000000"\nfor = "2h"',
            "never comes any more",
        ),
    ],
)
def test_an_entry_that_does_nothing_is_named(entry: str, words: str) -> None:
    """A target that the policy does not name, and times that are all over, are one warning each."""
    [(state, what, line)] = said(entry)
    assert (state, what.startswith("maintenance of api.")) == (State.WARN, True)
    assert words in line


def test_entries_that_are_right_are_counted() -> None:
    """A part of a target and a time to come are fine; without entries nothing is said."""
    right = 'targets = ["*.parky.co.jp", "API.parky.co.jp"]\nat = "2026-11-24 14:01"\nfor = "2h"'
    assert said(right) == [(State.OK, "maintenance", "2 planned by the policy")]
    assert said() == []
