"""The demo's queries, named and described in .sql files beside this one, as in `bot.storage`."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def queries(file: str) -> Mapping[str, str]:
    """The queries of *file* by name."""
    _, *parts = _NAME.split(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))
