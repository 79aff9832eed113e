"""Carries events from whatever changed the world to whoever listens: gateway sessions and waiting people."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from bot.sandbox.kinds import JSON
from bot.sandbox.world import Channel, Message

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """A gateway event before filtering.

    Attributes:
        name: E.g. ``MESSAGE_CREATE``.
        data: The event's data.
        channel: Where it happened; only who may view that channel gets it.
        message: The message it carries, for events whose content depends on privileged intents.
        own: True when it is about the bot's own member, which needs no intent.
        regardless: Sent even when the bot may not view *channel*: channels are no secret, threads are.
    """

    name: str
    data: JSON
    channel: Channel | None = None
    message: Message | None = None
    own: bool = False
    regardless: bool = False


class Hub:
    """Synchronous fan-out, plus a pulse that waiters sleep on."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._pulse = asyncio.Event()

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        """Call *listener* with every later event."""
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        """Give *event* to every listener, then wake the waiters."""
        for listener in self._listeners:
            listener(event)
        self.beat()

    def beat(self) -> None:
        """Wake everybody in `until` to look again."""
        self._pulse.set()
        self._pulse = asyncio.Event()

    async def until(self, look: Callable[[], T | None], timeout_s: float) -> T | None:
        """Wait until *look* returns something other than None; None after *timeout_s* seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while (found := look()) is None:
            left_s = deadline - loop.time()
            if left_s <= 0:
                return None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._pulse.wait(), left_s)
        return found
