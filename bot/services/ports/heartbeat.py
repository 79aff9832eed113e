"""Who is told that all is well."""

from typing import Protocol


class Heartbeat(Protocol):
    """Somebody outside who raises the alarm when nothing comes."""

    async def ping(self) -> None:
        """Say that all is well.

        Raises:
            UpstreamUnavailable: nobody has taken it.
        """
        ...
