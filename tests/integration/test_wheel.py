"""The wheel, installed locked in a bare environment as the Dockerfile does, works as well as the checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("wheel")]


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run to success; the output is the message when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def uv(*arguments: str | Path, cwd: Path = ROOT) -> str:
    """Run uv, quietly."""
    program = os.environ.get("UV") or shutil.which("uv")
    assert program, "run the tests with `uv run --group dev pytest`"
    return run(program, *arguments, "--quiet", cwd=cwd)


def install(folder: Path, package: str, *groups: str) -> None:
    """Build the wheel of *package*, and install it with what the lock file says of *groups*, no more."""
    uv("build", "--wheel", "--package", package, "--out-dir", folder / package)
    locked = uv("export", "--locked", "--no-default-groups", *groups, "--no-emit-workspace", "--no-header")
    (folder / "requirements.txt").write_text(locked)
    (wheel,) = (folder / package).glob("*.whl")
    into = ("pip", "install", "--python", folder / "venv" / "bin" / "python")
    uv(*into, "-r", "requirements.txt", cwd=folder)
    uv(*into, "--no-deps", wheel, cwd=folder)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` folder of an environment with the bot's wheel alone, as in the image."""
    folder = tmp_path_factory.mktemp("wheel")
    uv("venv", "--python", sys.executable, folder / "venv")
    install(folder, "incident-bot")
    return folder / "venv" / "bin"


@pytest.fixture(scope="module")
def with_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the extra `demo`."""
    folder = tmp_path_factory.mktemp("wheels")
    uv("venv", "--python", sys.executable, folder / "venv")
    install(folder, "incident-bot")
    install(folder, "local-discord", "--group", "demo")
    return folder / "venv" / "bin"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment with a data folder of its own, and nothing of ours."""
    return {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path / "data"), "HOME": str(tmp_path)}


def test_policy_and_migrations_travel_with_it(production: Path, tmp_path: Path, env: dict[str, str]) -> None:
    """The default policy prints and the migrations apply."""
    assert 'channel = "p0-alerts"' in run(
        production / "incident-bot", "runbook", "show", cwd=tmp_path, env=env
    )
    assert "0001_incidents" in run(production / "incident-bot", "migrate", cwd=tmp_path, env=env)


def test_production_has_no_local_discord(production: Path, tmp_path: Path, env: dict[str, str]) -> None:
    """Everything that `run` imports is there without it, and the demo says what to install."""
    absent = "import bot.app, importlib.util; assert importlib.util.find_spec('local_discord') is None"
    run(production / "python", "-c", absent, cwd=tmp_path, env=env)
    assert "sandbox" in run(production / "incident-bot", "--help", cwd=tmp_path, env=env)
    for command in ("demo", "sandbox"):
        said = subprocess.run(
            [production / "incident-bot", command],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (said.returncode, said.stdout) == (2, "")
        assert said.stderr.startswith(
            "error: the local Discord is not installed: run this in a checkout of incident-bot, after uv sync"
        )


def test_tour_runs_with_the_extra(with_demo: Path, tmp_path: Path, env: dict[str, str]) -> None:
    """The tour of the runbook passes, and the local Discord serves its page."""
    assert "INC-" in run(with_demo / "incident-bot", "demo", "--tour", cwd=tmp_path, env=env)
