"""The service that the bot tells that all is well."""

from typing import Protocol


class Heartbeat(Protocol):
    """An external service that raises the alarm when no ping comes."""

    async def ping(self) -> None:
        """Say that all is well.

        Raises:
            UpstreamUnavailable: the service has not accepted it.
        """
