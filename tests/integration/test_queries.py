"""Every query is sound against the migrated schema, described, and used."""

import ast
from pathlib import Path

import pytest

import bot
from bot.storage.database import sql
from bot.storage.database.sql import Sql, queries
from tests.postgres import connect

SOURCES = Path(bot.__path__[0])


async def test_every_query_can_be_prepared(database_url: str) -> None:
    """Tables, columns and types are right."""
    connection = await connect(database_url)
    failed = {}
    for name, query in queries().items():
        try:
            await connection.prepare(query.text)
        except Exception as error:  # noqa: BLE001 -- all of them are reported at once
            failed[name] = str(error)
    await connection.close()
    assert failed == {}


def test_every_query_is_used() -> None:
    """A name that no module mentions is dead; a name that a module calls exists."""
    mentioned = {
        node.value
        for source in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(queries()) - mentioned == set()


async def test_an_unknown_query_is_a_bug() -> None:
    """Loud, with its name, before anything is asked."""

    class Nobody:
        async def fetch(self, query: str, *arguments: object) -> list[sql.Row]:
            raise AssertionError(query, arguments)

    with pytest.raises(KeyError, match="no_such_query"):
        await Sql(Nobody()).all("no_such_query")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-- name: a\n-- One.\nSELECT 1;\n-- name: a\n-- Two.\nSELECT 2;\n", "two queries are named a"),
        ("-- name: a\nSELECT 1;\n", "a does not say"),
    ],
)
def test_a_faulty_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    """Two of one name, or one without a description."""
    for folder in ("tables", "database", "queue"):
        (tmp_path / folder).mkdir()
    (tmp_path / "noun.sql").write_text(text)
    monkeypatch.setattr("bot.storage.database.sql.resources.files", lambda _package: tmp_path)
    with pytest.raises(ValueError, match=says):
        queries.__wrapped__()
