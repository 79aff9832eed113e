"""Policy files for the tests of this folder, and what they are refused with."""

import re
from pathlib import Path

import pytest

from bot.domain.errors import ConfigError
from bot.runbook import default_policy_text, parse_policy

DOC = Path(__file__).parents[3] / "docs" / "runbook-file.md"
MINIMAL = re.findall(r"```toml\n(.*?)```", DOC.read_text(encoding="utf-8"), re.DOTALL)[0]
PARKY = default_policy_text()


def changed(old: str, new: str, text: str = PARKY) -> str:
    """A policy file with one thing changed."""
    assert old in text
    return text.replace(old, new, 1)


def problems(text: str) -> list[str]:
    """The lines that a wrong file is refused with."""
    with pytest.raises(ConfigError) as refused:
        parse_policy(text, name="policy.toml")
    return str(refused.value).splitlines()
