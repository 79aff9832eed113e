"""A new version starts, and migrates, while the one before still runs: what that asks and writes goes on
working.
"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from bot.domain.errors import StorageUnavailable
from bot.i18n import Texts
from bot.runbook import load_policy
from bot.storage.database.migrate import migrations_dir
from bot.storage.database.sql import Query, composed_all
from bot.storage.store import Store
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.timeline import TimelineRows
from bot.ui.words.timeline import kind_words
from bot.ui.words.wording import Wording
from tests.integration.storage.examples import open_incident
from tests.postgres import connect, open_patient_pool
from tests.unit.storage.test_migrations import FIRST

ROOT = Path(__file__).parents[3]
SQL = ("bot/storage/", "cogs/")
#: Queries that are composed for a table when they run: of another program, or each of ours in turn.
OTHERS = ("bot/storage/dlq/", "bot/storage/records/")
#: The queries of earlier versions that fit; most are the same in the next one.
FITTING: Final = set[str]()
LATER = sorted(path.stem for path in migrations_dir().glob("*.sql") if path.stem not in FIRST)


#: Four migrations were changed after they had come, the last one here: no release had to survive it yet.
FROZEN_SINCE: Final = "d22a6272f6b8f298b6dce3ac7aa1ca025377a95b"


def git(*arguments: str, root: Path = ROOT) -> str:
    """What git says; nothing when it cannot."""
    done = subprocess.run(("git", *arguments), cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def version_before(migration: str) -> str | None:
    """The commit that was the present one when *migration* came; None: there is no history here."""
    added = git("log", "--diff-filter=A", "--format=%H", "-1", "--", f"migrations/{migration}.sql")
    return git("rev-parse", "--verify", f"{added}^") or None if added else None


def queries_of(commit: str) -> dict[str, Query]:
    """Its queries of our own tables by name, without `OTHERS`."""
    files = git("ls-tree", "-r", "--name-only", commit, *SQL).splitlines()
    ours = [file for file in files if file.endswith(".sql") and not file.startswith(OTHERS)]
    return composed_all(list(contents([f"{commit}:{file}" for file in ours])))


def contents(objects: Sequence[str]) -> Iterator[str]:
    """The texts of these objects of git, by one process for all of them."""
    asked = "".join(f"{each}\n" for each in objects).encode()
    said = subprocess.run(
        ("git", "cat-file", "--batch"), cwd=ROOT, input=asked, capture_output=True, check=True
    )
    rest = said.stdout
    for _ in objects:
        head, _, rest = rest.partition(b"\n")
        size = int(head.split()[2])
        yield rest[:size].decode()
        rest = rest[size + 1 :]


def landed(root: Path = ROOT, *, since: str = FROZEN_SINCE) -> dict[str, str]:
    """Every migration that has ever come, by path, with the blob that it was then or at *since*."""
    listed = git("ls-tree", "-r", since, "--", "migrations/", root=root).splitlines()
    added = ("--reverse", "--no-renames", "--diff-filter=A", "--raw", "--no-abbrev", "--format=")
    later = git("log", *added, f"{since}..HEAD", "--", "migrations/", root=root).splitlines()
    found: dict[str, str] = {}
    for line, blob in [*((each, 2) for each in listed), *((each, 3) for each in later if each)]:
        facts, _, path = line.partition("\t")
        found.setdefault(path, facts.split()[blob])
    return found


def unlike(was: dict[str, str], root: Path = ROOT) -> list[str]:
    """The paths of *was* that are gone, or that have other words now, committed or not."""
    now = {path: git("hash-object", path, root=root) for path in was}
    return [path for path, blob in was.items() if blob != now[path]]


def test_a_migration_that_has_landed_stays_as_it_is() -> None:
    """No migration that has landed is changed or renamed, as databases have applied it by its name.

    A change has to come in a new migration.
    """
    was = landed()
    if not was:
        pytest.skip("needs the history of the repository")
    assert unlike(was) == []


def test_what_touches_a_landed_migration_is_found(tmp_path: Path) -> None:
    """Changed, renamed, deleted, in a commit or not yet; one that is new may still change."""
    folder = tmp_path / "migrations"
    folder.mkdir()

    def commit() -> str:
        who = ("-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false")
        git("add", "--all", root=tmp_path)
        git(*who, "commit", "--message=x", root=tmp_path)
        return git("rev-parse", "HEAD", root=tmp_path)

    git("init", root=tmp_path)
    (folder / "0001.sql").write_text("before")
    since = commit()
    for number in range(2, 6):
        (folder / f"000{number}.sql").write_text(f"as it came {number}")
    commit()
    assert unlike(landed(tmp_path, since=since), tmp_path) == []
    (folder / "0001.sql").write_text("changed")
    (folder / "0002.sql").write_text("changed")
    (folder / "0003.sql").rename(folder / "0006.sql")
    commit()
    (folder / "0004.sql").unlink()
    (folder / "0005.sql").write_text("changed, and not committed")
    (folder / "0007.sql").write_text("new")
    found = unlike(landed(tmp_path, since=since), tmp_path)
    assert found == [f"migrations/000{number}.sql" for number in range(1, 6)]
    assert landed(tmp_path, since="0" * 40) == {}


@pytest.mark.parametrize("migration", LATER)
async def test_the_version_before_still_asks(database_url: str, migration: str) -> None:
    """Every query of the version that knew nothing of *migration* fits the schema of today."""
    commit = version_before(migration)
    if commit is None:
        pytest.skip("needs the history of the repository")
    queries = queries_of(commit)
    assert queries
    connection = await connect(database_url)
    failed = {}
    for name, query in queries.items():
        if query.text in FITTING:
            continue
        try:
            await connection.prepare(query.text)
        except asyncpg.PostgresError as error:
            failed[name] = str(error)
        else:
            FITTING.add(query.text)
    await connection.close()
    assert failed == {}


async def test_a_column_is_added_under_a_running_process(database_url: str) -> None:
    """A prepared `SELECT *` that has grown is refused: told as "try again", and the next try works."""
    pool = await open_patient_pool(database_url, max_size=3)
    store = Store(pool)
    incident = await open_incident(store)

    async def read() -> str:
        async with store.transaction() as tx:
            return (await IncidentWrites(tx.sql).incident(incident.id, lock=True)).title

    title = await read()
    connection = await connect(database_url)
    await connection.execute("ALTER TABLE incidents ADD COLUMN of_the_next_version text")
    await connection.close()
    with pytest.raises(StorageUnavailable):
        await read()
    assert [await read() for _ in range(5)] == [title] * 5
    await pool.close()


async def test_what_only_the_next_version_can_read(database_url: str) -> None:
    """A kind of entry that nothing here knows is shown by its name: the incident goes on."""
    pool = await open_patient_pool(database_url, max_size=2)
    store = Store(pool)
    incident = await open_incident(store)
    known = await TimelineRows(store.sql).timeline(incident.id)
    await pool.execute(
        "INSERT INTO timeline (incident_id, at, kind, data) VALUES ($1, now(), 'of_the_next_version', '{}')",
        incident.id,
    )
    *before, unknown = await TimelineRows(store.sql).timeline(incident.id)
    assert before == known
    assert kind_words(Wording(Texts.load(), load_policy(None)), unknown) == "`of_the_next_version`"
    async with store.transaction() as tx:
        assert await TimelineRows(tx.sql).timeline(incident.id) == [*known, unknown]
    await pool.close()
