"""A folder of policies: one per guild, checked as a whole."""

from pathlib import Path
from typing import Final

import pytest

from bot.domain.errors import ConfigError
from bot.runbook import load_served
from cogs.dlq.policy import DlqRules
from tests.unit.runbook.policies import MINIMAL, PARKY

FIRST: Final = 111111111111111111
SECOND: Final = 222222222222222222
THIRD: Final = 333333333333333333


def of(guild_id: int | None, text: str = MINIMAL) -> str:
    """A policy that names its guild."""
    return text if guild_id is None else f'guild = "{guild_id}"\n{text}'


def folder(path: Path, **files: str) -> Path:
    """A folder of these policies, and something else that is none."""
    for name, text in files.items():
        (path / f"{name}.toml").write_text(text, encoding="utf-8")
    (path / "README.md").write_text("not a policy", encoding="utf-8")
    return path


def problems(path: Path | None, home: int | None = None) -> list[str]:
    """The lines that it is refused with."""
    with pytest.raises(ConfigError) as refused:
        load_served(path, home=home)
    return str(refused.value).splitlines()


def test_one_file_is_one_guild(tmp_path: Path) -> None:
    """With the default policy, the bot serves only the guild that DISCORD_GUILD_ID names.

    The people of that guild may read the DLQ by default, also with a policy file of the guild's own.
    """
    served = load_served(None, home=FIRST)
    assert (served.home, list(served.policies)) == (FIRST, [FIRST])
    assert (served.home_policy.guild_id, served.home_policy.sees_dlq) == (FIRST, True)
    (tmp_path / "own.toml").write_text(of(FIRST), encoding="utf-8")
    assert load_served(tmp_path / "own.toml", home=FIRST).home_policy.sees_dlq


def test_a_file_for_another_guild_is_refused(tmp_path: Path) -> None:
    """A policy file for a guild other than DISCORD_GUILD_ID is refused."""
    (tmp_path / "own.toml").write_text(of(SECOND), encoding="utf-8")
    [line] = problems(tmp_path / "own.toml", FIRST)
    assert line.endswith(f'guild: "{SECOND}" is not DISCORD_GUILD_ID; allowed: "{FIRST}"')
    [line] = problems(None)
    assert line.startswith("DISCORD_GUILD_ID: is not set")


def test_a_folder_is_a_guild_per_file(tmp_path: Path) -> None:
    """The first file's is home, unless DISCORD_GUILD_ID says otherwise."""
    path = folder(tmp_path, b=of(FIRST), a=of(SECOND, PARKY))
    served = load_served(path, home=None)
    assert (served.home, list(served.policies)) == (SECOND, [SECOND, FIRST])
    assert load_served(path, home=FIRST).home == FIRST
    assert list(served.policies[SECOND].severities) == ["SEV1", "SEV2", "SEV3"]
    assert list(served.policies[FIRST].severities) == ["HIGH", "LOW"]


def test_in_a_folder_the_dlq_is_for_whom_a_policy_says(tmp_path: Path) -> None:
    """The table is one organisation's: a default must not open it to another."""
    named = of(FIRST, f'{MINIMAL}\n[permissions]\ndlq = ["admin"]\n')
    served = load_served(folder(tmp_path, a=named, b=of(SECOND)), home=None)
    assert [policy.sees_dlq for policy in served.policies.values()] == [True, False]


def test_each_problem_names_its_file(tmp_path: Path) -> None:
    """All of all files at once, a syntax error with its line."""
    wrong = of(FIRST).replace('priority = "P0"', 'priority = "p0"')
    path = folder(tmp_path, a=wrong, b="[severity", c=of(None), d=of(SECOND), e=of(SECOND))
    lines = problems(path)
    assert lines[0].startswith('a.toml: severity.HIGH.priority: "p0" is not a priority')
    assert lines[1].startswith("b.toml:1: is not TOML")
    assert lines[2].startswith("c.toml: guild: is missing; allowed: the server's id")
    assert lines[3].startswith(f'e.toml: guild: "{SECOND}" is the guild of d.toml too')
    assert len(lines) == 4


@pytest.mark.parametrize("value", ['"parky"', "111111111111111111", '"42"', '"99999999999999999999"'])
def test_a_guild_is_an_id_in_quotes(tmp_path: Path, value: str) -> None:
    """A number in TOML would be one too, but no other id of the file is written so."""
    path = folder(tmp_path, a=f"guild = {value}\n{MINIMAL}")
    lines = problems(path)
    assert lines[0].startswith(f"a.toml: guild: {value} is not a server's id")


def test_home_is_among_them(tmp_path: Path) -> None:
    """A folder needs a file for DISCORD_GUILD_ID, and an empty one is refused."""
    assert problems(folder(tmp_path, a=of(FIRST)), SECOND)[0].startswith("DISCORD_GUILD_ID: no file of")
    (tmp_path / "a.toml").unlink()
    assert problems(tmp_path)[0].endswith("holds no policy; allowed: a .toml file per server")


def test_every_guild_writes_into_one_table_unless_its_file_names_another(tmp_path: Path) -> None:
    """A guild's failures go to the DLQ table of the home guild's policy, unless its own policy names one."""
    ours = '[dlq]\ntable = "ops.lost"\nreplay_at_most = 7\n'
    other = '[dlq]\ntable = "lost"\n'
    path = folder(tmp_path, a=of(FIRST, MINIMAL + ours), b=of(SECOND), c=of(THIRD, MINIMAL + other))
    policies = load_served(path, home=FIRST).policies
    tables = {guild: str(one.dlq_table) for guild, one in policies.items()}
    assert tables == {FIRST: "ops.lost", SECOND: "ops.lost", THIRD: "public.lost"}
    assert [one.of(DlqRules).replay_at_most for one in policies.values()] == [7, 7, 50], (
        "its keys belong to it"
    )
