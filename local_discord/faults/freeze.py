"""A freeze of the server: the API and the gateway answer nothing, and every socket stays open."""

import asyncio


class Freezer:
    """Frozen for a time or until thawed. The human side goes on, so that it can be thawed.

    Attributes:
        thawed_at: When it was last thawed (the event loop's time), for what must not count frozen time.
    """

    def __init__(self) -> None:
        self._gate: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.thawed_at = 0.0

    @property
    def frozen(self) -> bool:
        """True while nothing is answered."""
        return self._gate is not None

    def freeze(self, seconds: float | None = None) -> None:
        """Stop answering for *seconds* (None: until `thaw`); a second call sets the time anew."""
        self._gate = self._gate or asyncio.Event()
        self._stop_timer()
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self.thaw)

    def thaw(self) -> None:
        """Go on; nothing happens when not frozen."""
        self._stop_timer()
        if self._gate is None:
            return
        self.thawed_at = asyncio.get_running_loop().time()
        self._gate.set()
        self._gate = None

    async def passed(self) -> None:
        """Return at once, or when thawed."""
        while self._gate is not None:
            await self._gate.wait()

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
