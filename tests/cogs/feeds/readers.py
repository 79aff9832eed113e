"""Two readers of iCalendar that are not ours, and what they find in a calendar."""

from datetime import datetime
from typing import Any, TypeAlias

import icalendar
import vobject

#: UID, start, end, summary.
Found: TypeAlias = tuple[str, datetime, datetime, str]


def by_icalendar(data: bytes) -> list[Found]:
    """Return the events that the library icalendar finds."""
    events: Any = icalendar.Calendar.from_ical(data)
    return [
        (str(one["UID"]), one["DTSTART"].dt, one["DTEND"].dt, str(one["SUMMARY"]))
        for one in events.walk("VEVENT")
    ]


def by_vobject(data: bytes) -> list[Found]:
    """Return the events that the library vobject finds."""
    events = vobject.readOne(data.decode()).contents.get("vevent", [])
    return [(one.uid.value, one.dtstart.value, one.dtend.value, one.summary.value) for one in events]


def summaries(data: bytes) -> list[str]:
    """Return what the events are called, once both readers agree on all of them."""
    assert by_icalendar(data) == by_vobject(data)
    return [summary for *_, summary in by_icalendar(data)]
