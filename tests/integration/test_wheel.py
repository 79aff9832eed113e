"""The wheel, installed locked in a bare environment as the Dockerfile does, works as well as the checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run to success; the output is the message when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment that holds the wheel and what the lock file says, no more."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = os.environ.get("UV") or shutil.which("uv")
    assert uv, "run the tests with `uv run --group dev pytest`"
    run(uv, "build", "--wheel", "--quiet", "--out-dir", folder, cwd=ROOT)
    locked = run(
        uv, "export", "--locked", "--no-dev", "--no-emit-project", "--no-header", "--quiet", cwd=ROOT
    )
    (folder / "requirements.txt").write_text(locked)
    run(uv, "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = folder.glob("*.whl")
    run(uv, "pip", "install", "--quiet", "--python", python, "-r", "requirements.txt", cwd=folder)
    run(uv, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel, cwd=folder)
    return folder / "venv" / "bin"


@pytest.mark.timeout(240)
def test_policy_migrations_and_tour_travel_with_it(bare: Path, tmp_path: Path) -> None:
    """The default policy prints, the migrations apply, and the tour of the runbook passes."""
    env = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path / "data"), "HOME": str(tmp_path)}
    assert 'channel = "p0-alerts"' in run(bare / "incident-bot", "runbook", "show", cwd=tmp_path, env=env)
    assert "0001_incidents" in run(bare / "incident-bot", "migrate", cwd=tmp_path, env=env)
    assert "INC-" in run(bare / "incident-bot", "demo", "--tour", cwd=tmp_path, env=env)
