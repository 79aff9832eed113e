"""Public holidays of a country, and the team's own days off."""

import re
import subprocess
import sys
from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Final

#: The value of ``business_hours.holidays`` for a team that works on public holidays.
NO_HOLIDAYS = "none"

#: Run as a file: as a module it would import this package first, which takes as long again. With ``-I``:
#: else its folder comes first on sys.path, and this calendar.py hides the standard library's.
_WORKER: Final = Path(__file__).with_name("holiday_worker.py")

_CODE: Final = re.compile("[A-Z]{2}(-.*)?")

#: Years per computation, and its time limit in seconds; it takes a third of a second.
_YEARS: Final = 20
_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class DaysOff:
    """The dates without business, any year: ``day in days_off``.

    Attributes:
        country: An ISO 3166 code, with a subdivision after a dash ("JP", "US-CA"), or "none".
        extra: The team's own.
    """

    country: str
    extra: frozenset[date]

    def __contains__(self, day: object) -> bool:
        """Return True if *day* is a public holiday or one of the team's own days off."""
        return day in self.extra or (self.country != NO_HOLIDAYS and day in public_holidays(self.country))


def public_holidays(country: str) -> Container[object]:
    """Return the public holidays of a country code such as "JP" or "US-CA"; years are computed on demand.

    Raises:
        ValueError: there is no such country or subdivision.
    """
    if not _CODE.fullmatch(country):
        raise ValueError(country)  # the package would take its own class names too
    _worked_out(country, datetime.now(UTC).year // _YEARS)  # raises if there is no such country
    return _PublicHolidays(country)


@dataclass(frozen=True, slots=True)
class _PublicHolidays:
    country: str

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and day in _worked_out(self.country, day.year // _YEARS)


@cache
def _worked_out(country: str, nth: int) -> frozenset[date]:
    """Compute the holidays of the *nth* period of `_YEARS` years in a separate process, `holiday_worker`."""
    arguments = [country, str(nth * _YEARS), str((nth + 1) * _YEARS - 1)]
    done = subprocess.run(  # noqa: S603  # our own program; the country's code has been looked at
        [sys.executable, "-I", str(_WORKER), *arguments],
        env={},
        capture_output=True,
        text=True,
        check=False,
        timeout=_WITHIN_S,
    )
    if done.returncode != 0:
        raise ValueError(done.stderr.strip())
    return frozenset(date.fromisoformat(line) for line in done.stdout.split())
