"""Every error that a docstring names under `Raises:` exists."""

import ast
import builtins
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[3]
_PACKAGES: Final = ("bot", "cogs", "local_discord")

#: The lines below `Raises:` that are indented more than it.
_SECTION: Final = re.compile(r"^( *)Raises:((?:\n\1 +.*)+)", re.MULTILINE)
#: The names that a section lists: at its start, behind a full stop, a semicolon or a comma, or behind "or".
_LISTED: Final = re.compile(
    r"(?:^|[.;,] |\bor )((?:[A-Za-z_]\w*\.)*_?[A-Z]\w*[a-z]\w*)(?=[:;,.](?: |$)| or )"
)


@pytest.mark.parametrize("package", _PACKAGES)
def test_errors_that_are_raised_exist(package: str) -> None:
    """Each name under `Raises:` is one of our classes, a builtin, or imported in that module."""
    unknown = [
        (path.relative_to(_ROOT).as_posix(), name)
        for path in sorted((_ROOT / package).rglob("*.py"))
        for name in unknown_errors(path.read_text(encoding="utf-8"))
    ]
    assert unknown == []


def test_unknown_errors_are_found() -> None:
    """The check sees several names in a line, dotted names, and sections of methods; prose is no name."""
    section = """Do.

        Raises:
            ValueError, Nothing: Discord is away, Or not. UserError; asyncio.CancelledError: it
                ends. ConfigError or Neither: no token.

        Returns:
            NotListed: here.
        """
    source = f'import asyncpg\n\nclass One:\n    def do(self):\n        """{section}"""\n'
    assert list(unknown_errors(source)) == ["Nothing", "asyncio.CancelledError", "Neither"]
    assert list(unknown_errors(source.replace("asyncpg", "asyncio"))) == ["Nothing", "Neither"]


def unknown_errors(source: str) -> Iterator[str]:
    """Find the names in the `Raises:` sections of a module that are nowhere defined."""
    tree = ast.parse(source)
    imported = {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for section in _SECTION.finditer(ast.get_docstring(node) or ""):
            for name in _LISTED.findall(" ".join(section[2].split())):
                first = name.partition(".")[0]
                if not (first in classes() or first in imported or hasattr(builtins, first)):
                    yield name


@cache
def classes() -> frozenset[str]:
    """Collect the names of all classes of the repository."""
    return frozenset(
        node.name
        for package in _PACKAGES
        for path in (_ROOT / package).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    )
