"""The file that stands in for the database while that is away: one per guild. DATA_DIR is not shared."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

NAME: Final = "emergency"


class FileSpool:
    """Writes a new file beside the old one, through to the disk, and puts it in its place.

    Args:
        folder: Made if need be, for the owner alone: titles of incidents are nobody else's business.
    """

    def __init__(self, folder: Path, guild_id: int) -> None:
        self._path = folder / f"{NAME}-{guild_id}.json"

    @property
    def is_there(self) -> bool:
        """Whether anything was ever saved."""
        return self._path.exists()

    def load(self) -> Mapping[str, object] | None:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.error("emergency.spool_unreadable", error=type(error).__name__)  # noqa: TRY400 -- no bug of ours
            return None
        return kept if isinstance(kept, dict) else None

    def save(self, data: Mapping[str, object]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(data, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name, too
        finally:
            os.close(folder)
