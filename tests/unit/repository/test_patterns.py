r"""Regular expressions are for Japanese text: `\b`, `\w` and `\d` mean ASCII, or the pattern says why not.

By default Python counts Japanese as letters. Then `\bINC-\d+` does not find 「障害INC-42」.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

_ROOT: Final = Path(__file__).parents[3]
_CALLS: Final = frozenset(
    {"compile", "search", "match", "fullmatch", "split", "sub", "subn", "findall", "finditer"}
)
_WIDE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[bBwWdD]")

#: Those that count Japanese as letters on purpose.
_ON_PURPOSE: Final = {
    r"(?<!\w)_|_(?!\w)": "keeps an underscore within a Japanese name",
    r"^[\W_]+": "strips signs in front of a title, and keeps Japanese ones",
}


@pytest.mark.parametrize("package", ["bot", "cogs"])
def test_patterns_do_not_count_japanese_as_letters(package: str) -> None:
    r"""Each pattern with `\b`, `\w` or `\d` has the flag `re.ASCII`."""
    wide = [
        (path.relative_to(_ROOT).as_posix(), pattern)
        for path in sorted((_ROOT / package).rglob("*.py"))
        for pattern in wide_patterns(path.read_text(encoding="utf-8"))
        if pattern not in _ON_PURPOSE
    ]
    assert wide == []


def test_wide_patterns_are_found() -> None:
    """The check sees calls of every kind, f-strings and other flags; an escaped backslash is no class."""
    source = r"""
re.compile(r"\bINC", re.IGNORECASE)
re.sub(rf"{name}\w", "", text)
re.fullmatch(r"\d", text, re.ASCII)
re.search(r"\\d", text)
re.compile(r"[a-z]")
"""
    assert list(wide_patterns(source)) == [r"\bINC", r"\w"]


def wide_patterns(source: str) -> Iterator[str]:
    """Find the patterns of a module that use a class of signs without `re.ASCII`."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if ast.unparse(node.func.value) != "re" or node.func.attr not in _CALLS:
            continue
        parts = (one.value for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant))
        pattern = "".join(part for part in parts if isinstance(part, str))
        given = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
        if _WIDE.search(pattern) and not any("re.ASCII" in ast.unparse(one) for one in given):
            yield pattern
