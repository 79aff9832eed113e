"""The wheel, installed locked in a bare environment as the Dockerfile does, works as well as the checkout."""

import asyncio
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.e2e.demo.test_demo import remains, until_nobody_works_in

ROOT = Path(__file__).parents[3]
_TOUR_S = 120  # README says a minute; a machine that runs all tests has twice as long

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


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of the bot and of the local Discord."""
    folder = tmp_path_factory.mktemp("wheels")
    for package in ("incident-bot", "local-discord"):
        uv("build", "--wheel", "--package", package, "--out-dir", folder / package)
    return folder


def install(folder: Path, wheels: Path, *packages: str, groups: tuple[str, ...] = ()) -> Path:
    """Install *packages* in a bare environment, with what the lock file says of *groups*, no more.

    Returns:
        The environment's `bin` folder.
    """
    uv("venv", "--python", sys.executable, folder / "venv")
    locked = uv("export", "--locked", "--no-default-groups", *groups, "--no-emit-workspace", "--no-header")
    (folder / "requirements.txt").write_text(locked)
    into = ("pip", "install", "--python", folder / "venv" / "bin" / "python")
    uv(*into, "-r", "requirements.txt", cwd=folder)
    uv(
        *into,
        "--no-deps",
        *(wheel for name in packages for wheel in (wheels / name).glob("*.whl")),
        cwd=folder,
    )
    lend_compiled(folder / "venv")
    return folder / "venv" / "bin"


def lend_compiled(environment: Path) -> None:
    """Copy to *environment* what is compiled of the same dependencies here: each takes seconds to compile.

    Python compiles anew whatever differs from its source in time or size, as our own modules do: those are
    compiled from the wheel.
    """
    ours = Path(sysconfig.get_path("purelib"))
    theirs = environment / ours.relative_to(sys.prefix)
    assert theirs.is_dir()
    for source in theirs.rglob("*.py"):
        compiled = Path(cache_from_source(str(ours / source.relative_to(theirs))))
        if compiled.exists():
            folder = source.parent / "__pycache__"
            folder.mkdir(exist_ok=True)
            shutil.copyfile(compiled, folder / compiled.name)


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The `bin` folder of an environment with the bot's wheel alone, as in the image."""
    return install(tmp_path_factory.mktemp("production"), wheels, "incident-bot")


@pytest.fixture(scope="module")
def with_demo(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Path:
    """The same with the extra `demo`."""
    folder = tmp_path_factory.mktemp("with-demo")
    return install(folder, wheels, "incident-bot", "local-discord", groups=("--group", "demo"))


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


def test_tour_plays_the_runbook(with_demo: Path, env: dict[str, str]) -> None:
    """Every step is seen, soon, as plain text, and nothing is left behind."""
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        folder, started = Path(name), time.monotonic()
        told = run(with_demo / "incident-bot", "demo", "--tour", cwd=folder, env={**env, "TMPDIR": name})
        assert time.monotonic() - started < _TOUR_S
        assert "✗" not in told
        assert "\x1b" not in told
        for part in ("SEV1", "SEV2", "SEV3", "再評価", "から未対応", "質問 3", "再送", "先週 (", "15. 不在"):
            assert part in told
        if sys.platform == "linux":
            asyncio.run(until_nobody_works_in(folder))
        assert remains(folder) == []
