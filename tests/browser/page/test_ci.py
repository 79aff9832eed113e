"""CI has a browser, and says so when it has none; no browser needed."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.browser.conftest import INSTALL, first_there

ROOT: Final = Path(__file__).parents[3]
APT: Final = (
    "env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
    " fonts-noto-cjk fonts-noto-color-emoji"
)
ONE: Final = "tests/browser/messages/test_typing.py::test_typing_ends_by_itself"
NOWHERE: Final = "/nowhere/chromium"


def test_a_missing_browser_fails_in_ci(tmp_path: Path) -> None:
    """In CI a test that finds no browser fails, and says how to install a browser."""
    env = os.environ | {"CI": "true", "CHROMIUM": NOWHERE, "PLAYWRIGHT_BROWSERS_PATH": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", ONE]
    ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 1, ran.stdout
    assert re.search(r"1 error", ran.stdout.splitlines()[-1])
    assert "bash .ci/browser" in ran.stdout


def test_a_missing_browser_is_skipped_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside CI a test that finds no browser is skipped, and says how to install a browser."""
    monkeypatch.setenv("CI", "")
    with pytest.raises(pytest.skip.Exception, match=INSTALL):
        first_there(NOWHERE)


@pytest.mark.parametrize(
    ("system", "user", "done"),
    [
        ("debian", "0", ["apt-get update -qq", f"{APT} chromium-headless-shell"]),
        (
            "ubuntu",
            "1001",
            [
                "sudo -n apt-get update -qq",
                f"sudo -n {APT}",
                "uv run playwright install --with-deps chromium",
            ],
        ),
    ],
)
def test_ci_installs_a_browser(tmp_path: Path, system: str, user: str, done: list[str]) -> None:
    """CI's script installs a browser, as root or with sudo, and does nothing if a browser is there."""
    release, calls, tools = tmp_path / "os-release", tmp_path / "calls", tmp_path / "bin"
    release.write_text(f"NAME=x\nID={system}\n")
    tools.mkdir()
    for name in ("apt-get", "sudo", "uv", "env"):
        write_tool(tools / name, f'echo "{name} $*" >> {calls}')
    write_tool(tools / "id", f"echo {user}")
    chromium = tmp_path / "chromium"
    env = {"PATH": f"{tools}:/usr/bin:/bin", "OS_RELEASE": str(release), "CHROMIUM": str(chromium)}
    install(env)
    assert calls.read_text().splitlines() == done
    write_tool(chromium, "")
    install(env)
    assert calls.read_text().splitlines() == done


@pytest.mark.parametrize("has_whole_one", [True, False])
def test_the_whole_chromium_will_do_where_nothing_can_be_installed(
    tmp_path: Path, *, has_whole_one: bool
) -> None:
    """CI goes on with the Chromium that is there, and fails without any."""
    release, tools, whole = tmp_path / "os-release", tmp_path / "bin", tmp_path / "chromium"
    release.write_text("ID=debian\n")
    tools.mkdir()
    write_tool(tools / "apt-get", "exit 100")
    write_tool(tools / "id", "echo 0")
    if has_whole_one:
        write_tool(whole, "")
    env = {
        "PATH": f"{tools}:/usr/bin:/bin",
        "OS_RELEASE": str(release),
        "CHROMIUM": str(tmp_path / "chromium-headless-shell"),
        "WHOLE_CHROMIUM": str(whole),
    }
    command = ["/bin/bash", str(ROOT / ".ci" / "browser")]
    ran = subprocess.run(command, env=env, timeout=20, check=False)
    assert (ran.returncode == 0) == has_whole_one


def write_tool(path: Path, line: str) -> None:
    """A command that does *line*."""
    path.write_text(f"#!/bin/bash\n{line}\n")
    path.chmod(0o755)


def install(env: dict[str, str]) -> None:
    """Run what CI runs."""
    subprocess.run(["/bin/bash", str(ROOT / ".ci" / "browser")], env=env, timeout=20, check=True)


def test_ci_runs_it() -> None:
    """CI installs the browser before it runs the tests."""
    steps = (ROOT / ".ci" / "run").read_text()
    assert 0 < steps.index("bash .ci/browser") < steps.index("uv run --group dev pytest")
    assert "bash .ci/run" in (ROOT / ".github" / "workflows" / "ci.yml").read_text()
