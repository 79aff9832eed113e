"""A database of the first version, with a past, taken to the present one."""

import shutil
from pathlib import Path

import pytest

from bot.storage.database import migrate as module
from bot.storage.database.migrate import migrate, migrations_dir
from tests.postgres import connect

# As the first version wrote it.
PAST = """
INSERT INTO incidents (guild_id, key, severity, priority, title, status, started_at, triggered_at, ack_due_at,
                       reported_by_id, reported_by_name)
VALUES (1, 'old', 'SEV1', 'P0', 'old', 'triggered', '2026-01-05 09:00+09', '2026-01-05 09:00+09',
        '2026-01-05 09:15+09', 1, 'responder')
RETURNING id
"""
NOTE = """
INSERT INTO timeline (incident_id, at, kind, actor_id, actor_name)
VALUES ($1, '2026-01-05 09:05+09', 'note', 1, 'a')
"""
RESOLVE = """
UPDATE incidents
   SET status = 'resolved', resolved_at = now(), resolved_by_id = 1, resolved_by_name = 'a', version = 2
 WHERE id = $1 AND version = 1
RETURNING id
"""


async def test_the_past_stays_what_it_was(
    empty_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No note seems to be written down late, and the first version still resolves what it has opened."""
    files = sorted(migrations_dir().glob("*.sql"))
    for file in files[:2]:
        shutil.copy(file, tmp_path)
    monkeypatch.setattr(module, "migrations_dir", lambda: tmp_path)
    migrate(empty_database_url)
    connection = await connect(empty_database_url)
    incident_id = await connection.fetchval(PAST)
    await connection.execute(NOTE, incident_id)
    for file in files[2:]:
        shutil.copy(file, tmp_path)
    assert migrate(empty_database_url) == [file.stem for file in files[2:]]
    assert await connection.fetchval("SELECT bool_and(recorded_at = at) FROM timeline")
    assert await connection.fetchval(RESOLVE, incident_id) == incident_id
    await connection.close()
