"""Which texts the code names: by whole keys, and by f-strings that compute a part of one."""

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")
_COMPUTED = "[a-z0-9_.]+"


@dataclass(frozen=True, slots=True)
class KeysInCode:
    """Keys as written in the code, and patterns of computed keys, with their places."""

    literal: dict[str, str]
    patterns: dict[str, str]

    def names(self, key: str) -> bool:
        """Whether the code may say *key*."""
        return key in self.literal or any(re.fullmatch(pattern, key) for pattern in self.patterns)

    def lacking(self, known: Collection[str]) -> list[str]:
        """Keys and patterns that no known text answers to, with their places."""
        whole = [f"{where}: {key}" for key, where in self.literal.items() if key not in known]
        computed = [
            f"{where}: {pattern}"
            for pattern, where in self.patterns.items()
            if not any(re.fullmatch(pattern, key) for key in known)
        ]
        return whole + computed


def keys_in_code(*folders: Path, areas: Collection[str]) -> KeysInCode:
    """Read every module of *folders*.

    What looks like a key of one of *areas* is one, except the names of log events. A sentence does not.
    """
    literal: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for path in (found for folder in folders for found in folder.rglob("*.py")):
        for node in _strings(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.name}:{node.lineno}"
            if isinstance(node, ast.JoinedStr):
                pattern = _pattern(node)
                if pattern.partition(r"\.")[0] in areas and r"\." in pattern and " " not in pattern:
                    patterns[pattern] = where
            elif _KEY.fullmatch(str(node.value)) and str(node.value).partition(".")[0] in areas:
                literal[str(node.value)] = where
    return KeysInCode(literal, patterns)


def _strings(tree: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """Strings and f-strings, without those of log calls and without the parts of f-strings."""
    if isinstance(tree, ast.JoinedStr):
        yield tree
        return
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree
    for child in ast.iter_child_nodes(tree):
        if not _is_log_call(child):
            yield from _strings(child)


def _is_log_call(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
    )


def _pattern(node: ast.JoinedStr) -> str:
    parts = (
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else _COMPUTED for part in node.values
    )
    return "".join(parts)
