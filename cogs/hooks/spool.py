"""Hooks on disk while the database cannot take them."""

import base64
import json
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from bot.storage.request_spool import MOST_BYTES, MOST_KEPT, RequestSpool
from cogs.hooks.rules import HookRequest, NewHook

log = structlog.get_logger(__name__)

NAME: Final = "hooks"


class HookSpool(RequestSpool[NewHook]):
    """Keeps hooks in a folder; see `RequestSpool`."""

    def __init__(self, folder: Path, *, most: int = MOST_KEPT, most_bytes: int = MOST_BYTES) -> None:
        super().__init__(folder, _encoded, _decoded, most=most, most_bytes=most_bytes)

    def _tell_unreadable(self, name: str, error: Exception) -> None:
        log.error("hooks.spool_unreadable", file=name, error=type(error).__name__)


def _encoded(hook: NewHook) -> bytes:
    kept = {
        "guild_id": hook.guild_id,
        "source": hook.source,
        "delivery_id": hook.delivery_id,
        "headers": dict(hook.request.headers),
        "body": base64.b64encode(hook.request.body).decode(),
        "priority": hook.priority,
        "at": None if hook.at is None else hook.at.isoformat(),
    }
    return json.dumps(kept).encode()


def _decoded(data: bytes) -> NewHook:
    kept = json.loads(data)
    return NewHook(
        guild_id=int(kept["guild_id"]),
        source=str(kept["source"]),
        delivery_id=kept["delivery_id"],
        request=HookRequest(dict(kept["headers"]), base64.b64decode(kept["body"])),
        priority=int(kept["priority"]),
        at=None if kept["at"] is None else datetime.fromisoformat(kept["at"]),
    )
