"""What most readers have in common."""

from bot.domain.hooks.hook import HookRequest


class SilentReader:
    """The parts of a `bot.services.ports.hooks.HookReader` for a source without ids and answers."""

    kept: tuple[str, ...] = ()

    def is_key(self, key: str) -> bool:  # noqa: ARG002
        """Return True: any text will do."""
        return True

    def delivery_id(self, request: HookRequest) -> str | None:  # noqa: ARG002
        """Return None: nothing tells a request that is sent again from a new one."""
        return None

    def answer(self, request: HookRequest) -> bytes | None:  # noqa: ARG002
        """Return None: any 2xx will do."""
        return None
