"""CI has an Alertmanager, and says so when it has none."""

import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.hooks import alertmanager

ROOT: Final = Path(__file__).parents[3]
APT: Final = (
    "env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends"
    " prometheus-alertmanager"
)


@pytest.mark.parametrize(
    ("release", "user", "done"),
    [
        ("ID=debian", "0", ["apt-get update -qq", APT]),
        ("ID=ubuntu\nID_LIKE=debian", "1001", ["sudo -n apt-get update -qq", f"sudo -n {APT}"]),
        ('ID=fedora\nID_LIKE="rhel"', "0", []),
    ],
)
def test_ci_installs_an_alertmanager(tmp_path: Path, release: str, user: str, done: list[str]) -> None:
    """CI's script installs an Alertmanager with apt-get on Debian and its relatives, with sudo unless root.

    The script installs nothing on another system, or if there is an Alertmanager already.
    """
    os_release, calls, tools = tmp_path / "os-release", tmp_path / "calls", tmp_path / "bin"
    os_release.write_text(f"NAME=x\n{release}\n")
    calls.touch()
    tools.mkdir()
    for name in ("apt-get", "sudo", "env"):
        _write_tool(tools / name, f'echo "{name} $*" >> {calls}')
    _write_tool(tools / "systemctl", "exit 1")  # no service manager in a container
    _write_tool(tools / "id", f"echo {user}")
    program = tmp_path / "prometheus-alertmanager"
    env = {"PATH": f"{tools}:/usr/bin:/bin", "OS_RELEASE": str(os_release), "ALERTMANAGER": str(program)}
    _install(env)
    assert [line for line in calls.read_text().splitlines() if "systemctl" not in line] == done
    _write_tool(program, "")
    _install(env)
    assert [line for line in calls.read_text().splitlines() if "systemctl" not in line] == done


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_one_fails_in_ci_and_is_skipped_elsewhere(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    """A test that needs an Alertmanager fails in CI if there is none, and is skipped elsewhere.

    So a green run in CI means that the real Alertmanager was used.
    """
    monkeypatch.setattr(alertmanager, "PROGRAM", Path("/nowhere/prometheus-alertmanager"))
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match=r"bash \.ci/alertmanager"):
        alertmanager.require_alertmanager()


def test_ci_runs_it() -> None:
    """CI installs Alertmanager before it runs the tests."""
    steps = (ROOT / ".ci" / "run").read_text()
    assert 0 < steps.index("bash .ci/alertmanager") < steps.index("uv run --group dev pytest")


def _write_tool(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/bash\n{line}\n")
    path.chmod(0o755)


def _install(env: dict[str, str]) -> None:
    subprocess.run(["/bin/bash", str(ROOT / ".ci" / "alertmanager")], env=env, timeout=20, check=True)
