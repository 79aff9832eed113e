"""A target's own table: ``[targets."<target>"]``."""

import pytest

from bot.runbook import parse_policy
from tests.unit.runbook.policies import MINIMAL, problems


def test_a_table_makes_a_target() -> None:
    """A target that has a table counts as a target beside `names`, with its team and what it needs."""
    own = '[targets]\nnames = ["web", "api.x"]\n[targets."api.x"]\nteam = "payments"\ndepends_on = ["db"]\n'
    policy = parse_policy(f"{MINIMAL}{own}[targets.db]\n", name="x.toml")
    assert policy.targets == ("web", "api.x", "db")
    assert policy.team_of_target == {"api.x": "payments"}
    assert policy.depends_on == {"api.x": ("db",)}


def test_tables_alone_are_all_targets() -> None:
    """Without `names`, the tables name the targets, and the default ones do not join them."""
    policy = parse_policy(f'{MINIMAL}[targets.db]\nteam = "data"\n', name="x.toml")
    assert policy.targets == ("db",)
    assert parse_policy(MINIMAL, name="x.toml").depends_on == {}


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (
            '[targets.a]\ndepends_on = ["b"]\n',
            'targets.a.depends_on: "b" is not a target; allowed: "a" (the names of [targets])',
        ),
        (
            '[targets.a]\ndepends_on = ["a"]\n',
            "targets.a.depends_on: is a cycle: a -> a; allowed: targets that do not need this one",
        ),
        (
            "".join(f'[targets.{a}]\ndepends_on = ["{b}"]\n' for a, b in ("ab", "bc", "ca")),
            "targets.a.depends_on: is a cycle: a -> b -> c -> a; allowed: targets that do not need this one",
        ),
        (
            "[targets.a]\nteem = 1\n",
            'targets.a.teem: is not a key here; did you mean "team"? allowed: team, depends_on',
        ),
        (
            '[targets]\nnamse = ["a"]\n',
            'targets.namse: is not a key here; did you mean "names"? allowed: names, values, choices',
        ),
        (
            "".join(f"[targets.t{n}]\n" for n in range(26)),
            "targets: has 26 targets; allowed: at most 25",
        ),
    ],
)
def test_problems_of_tables(tables: str, line: str) -> None:
    """Unknown targets and keys, too many targets, and each cycle once are problems of the file."""
    assert problems(MINIMAL + tables) == [line]
