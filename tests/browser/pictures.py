"""The README's pictures: taken by the tests, kept only when asked for."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.browser.visitor import Visitor

PICTURES: Final = Path(__file__).parents[2] / "docs" / "pictures"
# Windows in which the pictures begin with a whole message, below the header.
WINDOW: Final = (1200, 840)
BELOW_THE_DAY: Final = (1200, 820)
LARGE_PHONE: Final = (412, 915)
MOST_BYTES: Final = 240 * 1024


@dataclass(frozen=True, slots=True)
class Album:
    """Where this run's pictures go: `docs/pictures` with UPDATE_PICTURES=1, else a folder of the test."""

    folder: Path

    @classmethod
    def of(cls, tmp_path: Path) -> "Album":
        """The album of this run."""
        return cls(PICTURES if os.environ.get("UPDATE_PICTURES") == "1" else tmp_path)

    async def take(self, visitor: Visitor, name: str) -> None:
        """Take a picture; one that is kept and too large for a README fails the test."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.png"
        await visitor.picture(path)
        is_kept = self.folder == PICTURES
        assert not is_kept or path.stat().st_size <= MOST_BYTES, f"{path.name} is too large"
