"""Provide a clock that is stopped until a test moves it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

#: 14:05 JST on Tuesday, 24 November 2026.
START: Final = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)


@dataclass(slots=True)
class StandingClock:
    """The time of a test's database; `Database.move_to` sets both."""

    time: datetime = START
