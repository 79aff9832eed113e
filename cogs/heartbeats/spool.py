"""Beats on disk while the database cannot take them."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from bot.storage.request_spool import RequestSpool
from cogs.heartbeats.rules import Beat, BeatKind

log = structlog.get_logger(__name__)

NAME: Final = "heartbeats"


class BeatSpool(RequestSpool[Beat]):
    """Keeps beats in a folder; see `RequestSpool`."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _encoded, _decoded)

    def _tell_unreadable(self, name: str, error: Exception) -> None:
        log.error("heartbeats.spool_unreadable", file=name, error=type(error).__name__)


def _encoded(beat: Beat) -> bytes:
    at = None if beat.at is None else beat.at.isoformat()
    return json.dumps({**asdict(beat), "at": at}).encode()


def _decoded(data: bytes) -> Beat:
    kept = json.loads(data)
    at = None if kept["at"] is None else datetime.fromisoformat(kept["at"])
    return Beat(**{**kept, "kind": BeatKind(kept["kind"]), "at": at})
