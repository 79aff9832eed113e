"""docs/operations.md has a line for each alarm that the bot raises, and for none that it does not."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
#: What the log says when; `exception` is an error with its traceback.
LEVELS: Final = {"info": "info", "warning": "warning", "error": "error", "exception": "error"}
ALARMS: Final = frozenset({"warning", "error"})
#: Where the level is chosen before the call, so that the event is not beside it: file -> event.
CHOSEN: Final = {"bot/services/outage/emergency.py": "database.not_writable"}
_ROW: Final = re.compile(r"\| (?P<events>`[^|]+) \| (?P<levels>[a-z, ]+) \|")


def calls(path: Path) -> Iterator[tuple[str, str]]:
    """Each event that a module logs, with its level."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="log"), attr=method) if method in LEVELS:
                call = called.get(id(node))
                events = [CHOSEN[path.relative_to(ROOT).as_posix()]] if call is None else words(call.args[0])
                yield from ((event, LEVELS[method]) for event in events)


def words(event: ast.expr) -> Iterator[str]:
    """What an event is called; several where an expression decides."""
    for node in ast.walk(event):
        match node:
            case ast.Constant(value=str(word)) if "." in word:
                yield word


@cache
def logged() -> frozenset[tuple[str, str]]:
    """Every event with its level, of the bot and its cogs."""
    files = [path for folder in ("bot", "cogs") for path in (ROOT / folder).rglob("*.py")]
    return frozenset(found for path in files for found in calls(path))


def explained() -> set[tuple[str, str]]:
    """Every event with its level, of the page's table."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.partition("| Log event | Level |")[2].partition("\n\n")[0]
    return {
        (event, level)
        for row in map(_ROW.match, table.splitlines())
        if row is not None
        for event in re.findall(r"`([a-z_.]+)`", row["events"])
        for level in row["levels"].split(", ")
    }


def test_each_alarm_is_explained() -> None:
    """The operations guide explains each event that is logged as a warning or an error."""
    alarms = {(event, level) for event, level in logged() if level in ALARMS}
    assert len(alarms) > len(CHOSEN), "the log's calls are found"
    assert sorted(alarms - explained()) == []


def test_nothing_is_explained_that_is_not_logged() -> None:
    """A renamed event takes its line along."""
    assert sorted(explained() - logged()) == []
