"""Delivery of events about changes of the world to listeners: gateway sessions and waiting people."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from local_discord.world.kinds import JSON
from local_discord.world.message import Message
from local_discord.world.world import Channel

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
        on_sight: The bot has gained or lost sight of *channel*, which is news only where it is obfuscated.
    """

    name: str
    data: JSON
    channel: Channel | None = None
    message: Message | None = None
    own: bool = False
    regardless: bool = False
    on_sight: bool = False


@dataclass(eq=False, slots=True)
class _Waiter(Generic[T]):
    """A caller that waits in `until`."""

    look: Callable[[], T | None]
    found: asyncio.Future[T]

    def look_again(self) -> None:
        """Wake the waiting caller if *look* now finds something or raises."""
        if self.found.done():
            return
        try:
            found = self.look()
        except Exception as error:  # noqa: BLE001 -- theirs, and raised where they wait
            self.found.set_exception(error)
        else:
            if found is not None:
                self.found.set_result(found)


class Hub:
    """Synchronous fan-out, and those who wait for something to be so.

    After each change one look is taken for everybody who waits. A hundred people who wait for their answers
    are not all woken by each thing that happens: a bot's answers would queue up behind them in this process.
    """

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._waiters: set[_Waiter[Any]] = set()
        self._will_look = False

    def subscribe(self, listener: Callable[[Event], None]) -> None:
        """Call *listener* with every later event."""
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        """Give *event* to every listener, then wake the waiters."""
        for listener in self._listeners:
            listener(event)
        self.beat()

    def beat(self) -> None:
        """Something has changed: look again for everybody in `until`, once this change is complete."""
        if self._waiters and not self._will_look:
            self._will_look = True
            asyncio.get_running_loop().call_soon(self._look_again)

    def _look_again(self) -> None:
        self._will_look = False
        for waiter in tuple(self._waiters):
            waiter.look_again()

    async def until(self, look: Callable[[], T | None], timeout_s: float) -> T | None:
        """Wait until *look* returns something other than None; None after *timeout_s* seconds."""
        if (found := look()) is not None:
            return found
        waiter: _Waiter[T] = _Waiter(look, asyncio.get_running_loop().create_future())
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                return await waiter.found
        except TimeoutError:
            return look()
        finally:
            self._waiters.discard(waiter)
