"""Live checks, each of which looks at one system."""

from typing import Protocol

from bot.domain.systems import CheckResult, SystemKind


class LiveCheck(Protocol):
    """Looks at one system without changing anything there."""

    @property
    def system(self) -> SystemKind:
        """Return the kind of system."""

    @property
    def name(self) -> str:
        """Return which one of its kind; "" if there is only one."""

    async def look(self) -> CheckResult:
        """Return the state of the system.

        Raises:
            UpstreamUnavailable, StorageUnavailable: it could not be looked at.
        """
