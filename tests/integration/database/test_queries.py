"""Every query is sound against the migrated schema, described, and used."""

import ast
from pathlib import Path

import pytest

import bot
import cogs
from bot.storage.database import sql
from bot.storage.database.sql import Sql, composed, queries
from tests.postgres import connect

SOURCES = (Path(bot.__path__[0]), Path(cogs.__path__[0]))


async def test_every_query_can_be_prepared(database_url: str) -> None:
    """PostgreSQL prepares every query, so the tables, columns and types in them are right."""
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
        for folder in SOURCES
        for source in folder.rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(queries()) - mentioned == set()


async def test_an_unknown_query_is_a_bug() -> None:
    """An unknown query raises a KeyError with its name before the database is asked."""

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
        ("-- part: a\n-- One.\nx\n-- name: a\n-- Two.\nSELECT 2;\n", "two queries are named a"),
    ],
)
def test_a_faulty_file_is_refused(text: str, says: str) -> None:
    """Two of one name, or one without a description."""
    with pytest.raises(ValueError, match=says):
        composed([text])


def test_a_query_takes_parts_and_other_queries() -> None:
    """A query may use parts and other queries of any file; their descriptions are left out."""
    first = "-- name: a\n-- One.\n-- More.\nWITH b AS ({b}) {c};\n-- part: c\n-- Three.\nSELECT :x, '{}'\n"
    second = "-- name: b\n-- Two.\nDELETE FROM t WHERE x = :x;\n"
    found = composed([first, second])
    assert set(found) == {"a", "b"}
    statement = "WITH b AS (DELETE FROM t WHERE x = $1) SELECT $1, '{}';"
    assert found["a"].text == f"-- One.\n-- More.\n{statement}"
