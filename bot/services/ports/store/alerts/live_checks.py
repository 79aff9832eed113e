"""Rounds of live checks."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.systems.results import CheckResult
from bot.domain.systems.rounds import CheckRound


class LiveCheckReads(Protocol):
    """Reads the rounds of live checks of incidents."""

    async def live_check(self, incident: Incident) -> CheckRound | None:
        """Return the last round of *incident*; None if there was none."""


class LiveCheckWrites(LiveCheckReads, Protocol):
    """The part of a transaction that is about rounds."""

    async def ask_live_check(
        self, incident: Incident, *, by: Person | None, target: str | None, anew: bool, pause: timedelta
    ) -> CheckRound | None:
        """Begin a round; None if the last one began less than *pause* ago.

        Args:
            by: Who asks; None: it begins by itself.
            target: The one that is asked about; None: those of the incident.
            anew: It is shown in a message of its own; else in that of the round before, about its target.
        """

    async def finish_live_check(
        self, checked: CheckRound, results: Sequence[CheckResult]
    ) -> CheckRound | None:
        """Record the results of a round; None if that was done before, or another one has begun."""
