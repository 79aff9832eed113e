"""The pytest plugin with a bot that is not ours: README's bot and its test."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"

BROKEN = """
async def test_the_local_discord_fails(discord):
    discord.server.core.world.internal_errors.append("Traceback of it")
"""
STRICT = """
import sys

import pytest

def test_nothing_is_imported_without_need():
    assert "local_discord.running" not in sys.modules

@pytest.mark.asyncio
async def test_people_are_there(discord):
    said = await discord.human.say("primary", "general", "good morning")
    assert [found.id for found in await discord.human.messages("general")] == [said.id]
    assert discord.environment["DISCORD_API_BASE"] == discord.address.api_base
"""


def run_pytest(folder: Path, *options: str) -> tuple[int, str]:
    """Run the tests of *folder* in a process of their own; the exit status and what was printed.

    It has none of the options that this run was given by its environment, such as how many workers it has.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    env = {name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=100
    )
    return done.returncode, done.stdout + done.stderr


def test_the_bot_of_the_readme_passes(tmp_path: Path) -> None:
    """README's example bot passes README's two example tests, through the plugin's fixture alone."""
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README.read_text(), re.DOTALL):
        (tmp_path / name).write_text(code)
    code, said = run_pytest(tmp_path, "-o", "asyncio_mode=auto")
    assert "2 passed" in said, said
    assert code == 0


def test_the_test_of_the_readme_can_fail(tmp_path: Path) -> None:
    """The test that the README shows fails with a bot that greets with other words."""
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README.read_text(), re.DOTALL):
        (tmp_path / name).write_text(code.replace('f"Hello, {', 'f"Goodbye, {'))
    _, said = run_pytest(tmp_path, "-o", "asyncio_mode=auto", "-k", "greets")
    assert "1 failed" in said, said


def test_it_works_in_the_strict_mode(tmp_path: Path) -> None:
    """In pytest-asyncio's strict mode the fixture works, and a test without the fixture starts nothing."""
    (tmp_path / "test_strict.py").write_text(STRICT)
    code, said = run_pytest(tmp_path)
    assert (code, "2 passed" in said) == (0, True), said


def test_a_failure_of_the_local_discord_is_an_error_of_the_test(tmp_path: Path) -> None:
    """Show the failure as the local Discord's own, not as one of the tested bot."""
    (tmp_path / "test_broken.py").write_text(BROKEN)
    code, said = run_pytest(tmp_path, "-o", "asyncio_mode=auto")
    assert (code, "Traceback of it" in said) == (1, True), said
