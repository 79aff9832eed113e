"""Public holidays of a country, and the team's own days off."""

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import date
from functools import cache

import holidays

#: The value of ``business_hours.holidays`` for a team that works on public holidays.
NO_HOLIDAYS = "none"


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
        """Whether that date is a public holiday or one of the team's own."""
        return day in self.extra or (self.country != NO_HOLIDAYS and day in public_holidays(self.country))


@cache
def public_holidays(country: str) -> Container[object]:
    """The public holidays of a country code such as "JP" or "US-CA"; years are worked out when asked for.

    Raises:
        ValueError: there is no such country or subdivision.
    """
    code, _, subdivision = country.partition("-")
    if not re.fullmatch("[A-Z]{2}", code):
        raise ValueError(country)  # the package would take its own class names too
    try:
        found: Container[object] = holidays.country_holidays(code, subdiv=subdivision or None)
    except NotImplementedError as error:
        raise ValueError(str(error)) from None
    return found
