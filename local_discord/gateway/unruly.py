"""Faults between the hub and the sessions: events that are duplicated, delayed, reordered or lost.

Events are numbered when they are dispatched, so ``s`` increases strictly all the same.
"""

import asyncio
from collections.abc import Callable

from local_discord.core import Core
from local_discord.gateway.hub import Event


class Unruly:
    """Passes events on to *deliver*, as far as the faults in force let it."""

    def __init__(self, core: Core, deliver: Callable[[Event], None]) -> None:
        self._core = core
        self._deliver = deliver
        self._held: list[Event] = []
        self._timers: set[asyncio.TimerHandle] = set()

    def take(self, event: Event) -> None:
        """Deliver *event*: now, twice, later, after the next one, or never."""
        fault = self._core.faults.take_dispatch(event.name) if self._core.faults.dispatch else None
        if fault is None:
            self._now(event)
            return
        self._core.log.add("fault", {"gateway": fault.kind, "event": event.name, "id": fault.id})
        if fault.kind == "duplicate":
            self._now(event)
            self._deliver(event)
        elif fault.kind == "delay":
            self._later(fault.delay_s, lambda: self._deliver(event))
        elif fault.kind == "reorder":
            self._held.append(event)
            self._later(fault.delay_s, self._release)

    def stop(self) -> None:
        """Forget what is still held back."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._held.clear()

    def _now(self, event: Event) -> None:
        self._deliver(event)
        self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for event in held:
            self._deliver(event)

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        def ring() -> None:
            self._timers.discard(timer)
            action()
            self._core.hub.beat()

        timer = asyncio.get_running_loop().call_later(delay_s, ring)
        self._timers.add(timer)
