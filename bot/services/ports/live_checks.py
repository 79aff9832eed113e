"""Live checks, each of which looks at one system."""

from collections.abc import Collection, Sequence
from typing import Protocol

from bot.domain.systems.results import CheckResult, SystemKind


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


class LiveChecks(Protocol):
    """The checks of one guild."""

    @property
    def unconfigured(self) -> Sequence[SystemKind]:
        """Return the kinds of systems that neither the policy nor the settings name."""

    @property
    def is_configured(self) -> bool:
        """Return True if the team has named a system, so that a check by itself tells something."""

    def of(self, targets: Collection[str], /) -> Sequence[LiveCheck]:
        """Return the checks of an incident of *targets*: of all targets if none of these has a check."""


class NoChecks:
    """The `LiveChecks` of a guild that has none."""

    unconfigured: Sequence[SystemKind] = ()
    is_configured: bool = False

    def of(self, _targets: Collection[str], /) -> Sequence[LiveCheck]:
        """Return no checks, whatever the targets."""
        return ()
