"""Threads that are archived: Discord takes no edits, reactions or members there."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from bot.domain.errors import DeliveryRefused
from bot.ui.discord_api.client import Payload, Rest
from bot.ui.discord_api.routes import channel_route

log = structlog.get_logger(__name__)

_ARCHIVED: Final = 50083


async def archive(rest: Rest, thread_id: int | None) -> None:
    """Put a thread to sleep; one that is gone, or that may not be archived, is passed over.

    Raises:
        UpstreamUnavailable: it may work later.
    """
    try:
        await rest.one(channel_route("PATCH", thread_id), json={"archived": True})
    except DeliveryRefused as refused:
        log.info("thread.not_archived", thread_id=thread_id, code=refused.code)


async def in_thread(
    rest: Rest, thread_id: int | None, ask: Callable[[], Awaitable[object]], *, sleeps_on: bool = True
) -> None:
    """Call *ask*; if the thread is archived, call it again while the thread is awake.

    Args:
        thread_id: The thread that *ask* is about. Elsewhere nothing is ever archived.
        sleeps_on: Put the thread back to sleep afterwards.

    Raises:
        What *ask* raises.
    """
    try:
        await ask()
    except DeliveryRefused as refused:
        if refused.code != _ARCHIVED:
            raise
        await rest.one(channel_route("PATCH", thread_id), json={"archived": False})
        await ask()
        if sleeps_on:
            await archive(rest, thread_id)


def is_archived(thread: Payload) -> bool:
    """Return whether a Channel object of Discord's is an archived thread."""
    metadata = thread.get("thread_metadata")
    return isinstance(metadata, dict) and bool(metadata.get("archived"))
