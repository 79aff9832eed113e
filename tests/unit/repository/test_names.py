"""One name, one meaning: a class of the bot has a name that no other has."""

import ast
from collections import defaultdict
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parents[3]


def test_no_two_classes_have_the_same_name() -> None:
    """An `Outcome` is of something, and says so: `AlertOutcome`, `ReplayOutcome`."""
    places = defaultdict[str, list[str]](list)
    for package in ("bot", "cogs"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(path.relative_to(_ROOT).as_posix())
    assert len(places) > 1
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
