"""Show that a run's PostgreSQL data folder is made once beside its start, and removed at its end."""

from pathlib import Path

import asyncpg
import pytest

from bot.storage.database.migrate import migrate
from tests.fakes.clock import START
from tests.postgres import STANDING_TEMPLATE, TEMPLATE, connect, server_of_its_own
from tests.prepared import finished, is_wanted, preparing


async def _now(dsn: str) -> object:
    connection: asyncpg.Connection = await connect(dsn)
    try:
        return await connection.fetchval("SELECT now()")
    finally:
        await connection.close()


async def test_a_server_on_a_copy_has_both_templates() -> None:
    """A server on a copy has both migrated templates; the clock of one of them stands still."""
    with preparing() as folder:
        data = finished(folder)
        assert data is not None
        with server_of_its_own(data) as server:
            assert migrate(server.dsn(TEMPLATE)) == []
            assert migrate(server.dsn(STANDING_TEMPLATE)) == []
            assert await _now(server.dsn(TEMPLATE)) != START
            assert await _now(server.dsn(STANDING_TEMPLATE)) == START
        assert not (data / "postmaster.pid").exists(), "the copy's server left the original alone"
    assert not folder.exists()


def test_what_fails_to_prepare_says_why(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A failed preparation ends the wait for its folder, prints the reason and leaves nothing behind."""
    monkeypatch.setenv("PYTHONHOME", str(tmp_path))  # no Python starts
    with preparing() as folder:
        assert finished(folder) is None
    assert not folder.exists()
    assert "Fatal Python error" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expression", "wanted"),
    [
        (["tests", "local_discord/tests"], "(not slow) and not slow", True),
        (["tests"], "unit and not slow", False),
        (["tests"], "(unit or e2e) and not slow", True),
        (["tests/unit/repository", "local_discord/tests/test_x.py::test_y"], "", False),
        (["tests/unit", "tests/services/paging/test_pages_out.py::test_x"], "not slow", True),
        (["tests/services"], "unit", False),
        (["tests/corpus"], "", False),
    ],
)
def test_a_run_without_databases_prepares_none(
    arguments: list[str], expression: str, wanted: bool, request: pytest.FixtureRequest
) -> None:
    """Only a run whose paths and tiers include tests with a database prepares a folder."""
    root = request.config.rootpath
    assert is_wanted([str(root / each) for each in arguments], expression) is wanted
