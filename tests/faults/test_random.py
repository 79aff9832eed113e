"""The random run as CI plays it: one short seed. `tests.faults.random_run` plays more, and longer."""

import os

import pytest

from tests.e2e.conftest import Commands
from tests.faults.random_run import play
from tests.postgres import server_of_its_own

_SEED = int(os.environ.get("FAULTS_SEED", "5"))
_ROUNDS = 6


@pytest.mark.timeout(300)
async def test_nothing_is_lost_and_nothing_is_doubled(
    commands: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    """Kills, drops, 5xx and restarts of PostgreSQL with two instances; `FAULTS_SEED` plays another one."""
    print(f"seed {_SEED}")  # noqa: T201 -- a failure shows it, with everything that was done
    with server_of_its_own() as server:
        broken = await play(_SEED, rounds=_ROUNDS, server=server, commands=commands, say=print)
    assert broken == [], capsys.readouterr().out
