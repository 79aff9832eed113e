"""Public holidays, worked out beside the bot."""

import subprocess
import sys
from datetime import date

import pytest

from bot.runbook.days_off.calendar import DaysOff, public_holidays

_LOADED = "import bot.app, sys; sys.exit('holidays' in sys.modules)"


@pytest.mark.parametrize(
    ("country", "day", "is_off"),
    [
        ("JP", date(2026, 11, 23), True),
        ("JP", date(2026, 11, 24), False),
        ("JP", date(2044, 1, 1), True),
        ("JP", date(1999, 1, 1), True),
        ("US", date(2026, 7, 4), True),
        ("US-CA", date(2026, 3, 31), True),
        ("US", date(2026, 3, 31), False),
    ],
)
def test_holidays_of_any_year(country: str, day: date, is_off: bool) -> None:
    """The holidays of a country, or of a part of it such as US-CA, are known for past and future years."""
    assert (day in DaysOff(country, frozenset())) is is_off


@pytest.mark.parametrize("country", ["XX", "jp", "Japan", "US-ZZ", "JP; rm", ""])
def test_a_country_that_is_none(country: str) -> None:
    """A text that is no known country code is refused at once, not at the first business day."""
    with pytest.raises(ValueError, match=r".*"):
        public_holidays(country)


def test_the_calendars_of_the_world_stay_out_of_the_bots_process() -> None:
    """The bot does not import the package `holidays`, which takes nine megabytes for a few dozen dates."""
    assert subprocess.run([sys.executable, "-c", _LOADED], check=False).returncode == 0
