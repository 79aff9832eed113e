"""Prepare PostgreSQL's data folder once for all workers, while they start: the tests' servers run on copies.

Making one takes a second of processor time, migrations included; copying it takes a tenth.
"""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from bot.storage.embedded import EmbeddedPostgres, launched
from tests.postgres import cluster_folder, make_standing_template, make_template, start_sweeper
from tests.tiers import is_ruled_out, tier_of_path

#: The tiers whose tests have a database.
_TIERS: Final = frozenset({"services", "cogs", "integration", "browser", "e2e", "faults"})
_ROOT: Final = Path(__file__).parents[1]
_MAKING: Final = "making"
_LOCK: Final = "owner.lock"
_NAME: Final = "prepared"  # of the folder, in what xdist's workers are told
_FOLDER: Final = pytest.StashKey[Path]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell the worker *node* which folder is prepared; with the first worker, begin to prepare it."""
    config: pytest.Config = node.config
    if _FOLDER not in config.stash and is_wanted(config.args, config.option.markexpr):
        stack = ExitStack()
        config.add_cleanup(stack.close)
        config.stash[_FOLDER] = stack.enter_context(preparing())
    if _FOLDER in config.stash:
        node.workerinput[_NAME] = str(config.stash[_FOLDER])


def is_wanted(arguments: list[str], expression: str) -> bool:
    """Return True if a run with these *arguments* and this ``-m`` may select tests that have a database."""
    paths = [Path(each.partition("::")[0]).absolute() for each in arguments]
    tiers = {tier_of_path(each.relative_to(_ROOT).parts) for each in paths if each.is_relative_to(_ROOT)}
    chosen = _TIERS if None in tiers else _TIERS & tiers
    return not all(is_ruled_out(tier, expression) for tier in chosen)


@pytest.fixture(scope="session")
def prepared(request: pytest.FixtureRequest) -> Iterator[Path]:
    """Yield a data folder with the templates, to be copied: this run's, or else one that is made here."""
    folder = getattr(request.config, "workerinput", {}).get(_NAME)
    if folder is not None and (data := finished(Path(folder))):
        yield data
        return
    with _folder() as made:
        yield prepare(made)


@contextmanager
def preparing() -> Iterator[Path]:
    """Let another process prepare a folder meanwhile, see `finished`; it is removed after the block.

    If it fails, stderr says why.
    """
    with _folder() as folder:
        with (folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = subprocess.Popen(
                launched(sys.executable, "-m", "tests.prepared", str(folder)),
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=(lock.fileno(),),  # the folder is locked until the process has ended
                start_new_session=True,
            )
        with process:
            yield folder


def finished(folder: Path) -> Path | None:
    """Wait until *folder* is prepared, and return the data folder within; None if that has failed."""
    with (folder / _LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
    data = folder / "data"
    return data if data.exists() else None


def prepare(folder: Path) -> Path:
    """Make a data folder with the templates below *folder*, whose server has been shut down."""
    making = folder / _MAKING
    with EmbeddedPostgres(making, durable=False) as server:
        make_template(server)
        make_standing_template(server)
    return (making / "data").rename(folder / "data")


@contextmanager
def _folder() -> Iterator[Path]:
    folder = cluster_folder()
    making = folder / _MAKING
    making.mkdir(mode=0o700)
    with start_sweeper(making, folder):
        yield folder


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
