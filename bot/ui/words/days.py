"""Days in words."""

from datetime import date
from typing import Final

from bot.domain.calendar.business_time import Weekday
from bot.ui.words.wording import Wording

_WEEKDAYS: Final = tuple(Weekday)


def due_day(words: Wording, day: date) -> str:
    """Return a day with its weekday: "12/05 (土)"."""
    weekday = words.say(f"actions.weekday.{_WEEKDAYS[day.weekday()].value}")
    return words.say("actions.day", date=f"{day:%m/%d}", weekday=weekday)
