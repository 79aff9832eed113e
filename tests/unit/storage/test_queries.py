"""Parameters of queries have names: how they become positions, and what a wrong name says."""

import ast
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Final

import pytest

import bot.storage
import cogs
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.storage.database.sql import Query, Row, Sql, many, queries
from bot.storage.transaction import Begun, TransactionSql
from tests.fakes.clock import START

ROOTS: Final = [Path(root.__path__[0]) for root in (bot.storage, cogs)]


class Recorded:
    """A connection that keeps what it was asked for."""

    def __init__(self, *rows: Row) -> None:
        self._rows = list(rows)
        self.asked: list[tuple[str, tuple[object, ...]]] = []

    async def fetch(self, query: str, *arguments: object) -> list[Row]:
        self.asked.append((query, arguments))
        return self._rows


def test_positions_follow_the_first_use_of_each_name() -> None:
    """A name that is used twice is one position."""
    query = Query.parsed("q", "SELECT :b WHERE x = :a AND y = :b AND z = :a1")
    assert query.text == "SELECT $1 WHERE x = $2 AND y = $1 AND z = $3"
    assert query.positions == {"b": 1, "a": 2, "a1": 3}


@pytest.mark.parametrize(
    ("text", "numbered"),
    [
        ("SELECT :a::bigint, b::text[]", "SELECT $1::bigint, b::text[]"),
        ("SELECT ':b', :a", "SELECT ':b', $1"),
        ("SELECT 'it''s :b', :a", "SELECT 'it''s :b', $1"),
        (r"SELECT E'it\'s :b', :a", r"SELECT E'it\'s :b', $1"),
        ("SELECT $$ :b $$, $x$ :b $$ $x$, :a", "SELECT $$ :b $$, $x$ :b $$ $x$, $1"),
        ('SELECT ":b", :a', 'SELECT ":b", $1'),
        ("SELECT :a -- not :b, that's :c\n, :a", "SELECT $1 -- not :b, that's :c\n, $1"),
        ("SELECT /* ':b */ :a", "SELECT /* ':b */ $1"),
        ("SELECT f(x := :a, y:=:a)", "SELECT f(x := $1, y:=$1)"),
        (
            "SELECT a[1:2], a[low:high], a[f(x):g(y)], a[b[1]:c], :a",
            "SELECT a[1:2], a[low:high], a[f(x):g(y)], a[b[1]:c], $1",
        ),
        ("SELECT a[:a]", "SELECT a[$1]"),
        ("SELECT j @? '$.x ? (@ like_regex \":b\")', :a", "SELECT j @? '$.x ? (@ like_regex \":b\")', $1"),
        ("SELECT to_char(at, 'HH24:MI:SS'), :a", "SELECT to_char(at, 'HH24:MI:SS'), $1"),
        ("SELECT (:a), ARRAY[:a,:a]", "SELECT ($1), ARRAY[$1,$1]"),
    ],
)
def test_only_parameters_are_replaced(text: str, numbered: str) -> None:
    """Casts, literals, quoted names, comments, named arguments and array slices keep their colons."""
    query = Query.parsed("q", text)
    assert (query.text, query.positions) == (numbered, {"a": 1})


def test_identifiers_are_those_of_the_statement() -> None:
    """A table that only a comment, a literal or a parameter names is not used."""
    query = Query.parsed("q", "-- timeline\nSELECT 'audit' FROM Incidents JOIN \"steps\" ON id = :deliveries")
    assert query.identifiers() == {"select", "from", "incidents", "join", "steps", "on", "id"}


async def test_values_are_passed_by_name() -> None:
    """A query's values are given by name and sent in the query's own order of positions.

    A parameter may be called `name`.
    """
    connection = Recorded()
    await Sql(connection).all("add_member", by_id=3, by_name="b", name="a", user_id=2, incident_id=1)
    assert connection.asked == [(queries()["add_member"].text, (1, 2, "a", 3, "b"))]


async def test_a_source_gives_what_no_keyword_gives() -> None:
    """A query takes from a source's attributes the parameters that no keyword gives, and no others.

    A parameter that neither gives is an error.
    """
    connection = Recorded()
    await Sql(connection).all("readmit", SimpleNamespace(incident_id=1, user_id=2, name="a"), user_id=3)
    assert connection.asked == [(queries()["readmit"].text, (1, 3))]
    with pytest.raises(TypeError, match="the query readmit needs user_id"):
        await Sql(connection).all("readmit", SimpleNamespace(incident_id=1))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"incident_id": 1}, "the query member needs user_id"),
        ({"incident_id": 1, "user_id": 2, "by_id": 3}, "the query member has no parameter by_id"),
        ({"incident_id": 1, "user": 2}, "the query member needs user_id and has no parameter user"),
        ({}, "the query member needs incident_id, user_id"),
    ],
)
async def test_a_wrong_name_is_an_error_at_the_call(given: dict[str, object], says: str) -> None:
    """A missing or unknown parameter is an error that names the query and the parameter.

    The database is not asked.
    """
    connection = Recorded()
    with pytest.raises(TypeError) as error:
        await Sql(connection).first("member", **given)
    assert str(error.value) == says
    assert connection.asked == []


async def test_a_row_that_should_be_there_is_named() -> None:
    """A missing row is told by the query's name and the first parameter of the call, if there is one."""
    with pytest.raises(RuntimeError, match="delivery found no row for delivery_id 7"):
        await Sql(Recorded()).one("delivery", delivery_id=7)
    with pytest.raises(RuntimeError, match=r"now found no row$"):
        await Sql(Recorded()).one("now")


def test_every_call_gives_each_parameter() -> None:
    """A wrong name is found even where no test runs the call. `**` or a source may give the rest."""
    calls = [
        node
        for root in ROOTS
        for source in root.rglob("*.py")
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
        if node.func.attr in {"all", "has", "first", "one"}
    ]
    checked = {
        name: given_wrongly(call, queries()[name])
        for call in calls
        for each in ast.walk(call.args[0])
        if isinstance(each, ast.Constant) and isinstance(name := each.value, str) and name in queries()
    }
    assert len(checked) > 300
    assert {name: wrong for name, wrong in checked.items() if wrong} == {}


def given_wrongly(call: ast.Call, query: Query) -> set[str]:
    """Return the parameters of *query* that *call* does not give, and what it gives beside them."""
    given = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    has_rest = len(call.args) > 1 or any(keyword.arg is None for keyword in call.keywords)
    missing = set() if has_rest else {*query.positions} - given
    return missing | (given - {*query.positions})


def test_no_query_has_a_parameter_without_a_name() -> None:
    """No SQL file has a numbered parameter like `$1`, neither in a statement nor in its description."""
    texts = {str(file): file.read_text() for root in ROOTS for file in root.rglob("*.sql")}
    assert len(texts) > 30
    assert {name: found for name, text in texts.items() if (found := re.findall(r"\$\d+", text))} == {}


async def test_waiting_rows_are_written_before_a_query_that_may_see_them() -> None:
    """Waiting rows are written before a query that may read or change them, and not before others.

    The order of locks and the number of round trips depend on it.
    """
    connection = Recorded()
    sql = TransactionSql(connection, guild_id=None, is_shared=False, begun=Begun())

    async def asked(name: str, **parameters: object) -> list[str]:
        before = len(connection.asked)
        sql.appends.tell(1, TimelineEntry(TimelineKind.PINNED, START))
        await sql.all(name, **parameters)
        texts = {query.text: name for name, query in queries().items()}
        return [texts[text] for text, _ in connection.asked[before:]]

    assert await asked("lock_group", group_key="1") == ["lock_group"]
    assert await asked("timeline", incident_id=1) == ["append", "timeline"]
    assert await asked("incident", incident_id=1, guild_id=None) == ["incident"]
    assert await asked("claim_step", incident_id=1, index=0) == ["append", "claim_step"]


@pytest.mark.parametrize(
    ("text", "as_text"),
    [
        ("達成 🎉 한국어", True),
        ("a \\ud83d that was typed", True),
        ("half 🎉: \ud83d", False),
        ("NUL: \0", False),
    ],
)
def test_only_rows_that_postgresql_refuses_are_cleaned_string_by_string(text: str, as_text: bool) -> None:
    """Emoji and Hangul are ordinary text: in the JSON escapes of ASCII they look like lone surrogates."""
    rows = [{"text": text}]
    given = many(rows)
    assert (given is not rows) == as_text
    assert not as_text or json.loads(str(given)) == rows
