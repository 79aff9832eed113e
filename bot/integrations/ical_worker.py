"""iCalendar in a process of its own: `python -m bot.integrations.ical_worker read | write`, JSON in and out.

A file to read may come from any computer. A few bytes of RRULE can ask for years of computing, so the caller
gives this process seconds, and it limits its own memory. The libraries stay out of the bot's own process.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

#: The property in which our own exports say who it is.
HANDLE: Final = "X-INCIDENT-BOT-PERSON"

_SECONDS: Final = 5
_BYTES: Final = 768 * 1024 * 1024
_WORDS: Final = 200  # characters of a summary, which may hold anything
_MOST_ATTENDEES: Final = 10


def main(verb: str) -> int:
    """Do what *verb* says with what comes in; 1 when it is no calendar."""
    with suppress(ImportError, ValueError, OSError):  # not every system has limits
        import resource  # noqa: PLC0415  # not on Windows

        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    request = json.load(sys.stdin)
    try:
        done = read(request) if verb == "read" else {"text": write(request)}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        sys.stderr.write(f"{type(error).__name__}\n")
        return 1
    json.dump(done, sys.stdout)
    return 0


def read(request: Mapping[str, Any]) -> dict[str, object]:
    """Return at most ``most`` events of ``text`` from ``start`` to ``end``, in order of their start.

    Times without a zone, and whole days, are those of ``timezone``.
    """
    zone = ZoneInfo(request["timezone"])
    start, end = (datetime.fromisoformat(request[name]) for name in ("start", "end"))
    calendar = icalendar.Calendar.from_ical(request["text"])
    # `after` would be lazy, and takes a second for a hundred events.
    found = recurring_ical_events.of(calendar, skip_bad_series=True).between(start, end)
    events = sorted(_events(found, zone), key=lambda event: str(event["starts"]))
    return {"events": events[: int(request["most"])]}


def _events(events: list[Any], zone: ZoneInfo) -> Iterator[dict[str, object]]:
    for event in events:
        starts, ends = _moment(event.start, zone), _moment(event.end, zone)
        if starts < ends and str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield {
                "starts": starts.isoformat(),
                "ends": ends.isoformat(),
                "summary": str(event.get("SUMMARY", ""))[:_WORDS],
                "categories": [str(each)[:_WORDS] for each in event.categories],
                "attendees": list(islice(_attendees(event), _MOST_ATTENDEES)),
                "handle": None if event.get(HANDLE) is None else str(event[HANDLE])[:_WORDS],
                "is_free": str(event.get("TRANSP", "")).upper() == "TRANSPARENT",
                "is_private": str(event.get("CLASS", "")).upper() in {"PRIVATE", "CONFIDENTIAL"},
            }


def _moment(at: date, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=zone)
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _attendees(event: Any) -> Iterator[str]:  # noqa: ANN401  # the library's own types are dynamic
    attendees = event.get("ATTENDEE", [])
    for each in attendees if isinstance(attendees, list) else [attendees]:
        address = str(each)
        yield address[len("mailto:") :] if address.lower().startswith("mailto:") else address
        with suppress(AttributeError, KeyError):
            yield str(each.params["CN"])


def write(request: Mapping[str, Any]) -> str:
    """Return a calendar of ``events``. Times are UTC: every program shows them in its reader's zone."""
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//incident-bot//on-call//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", request["name"])
    calendar.add("X-WR-TIMEZONE", request["timezone"])
    stamp = datetime.fromisoformat(request["stamp"])
    for each in request["events"]:
        event = icalendar.Event()
        event.add("UID", each["uid"])
        event.add("DTSTAMP", stamp)
        event.add("DTSTART", datetime.fromisoformat(each["starts"]).astimezone(UTC))
        event.add("DTEND", datetime.fromisoformat(each["ends"]).astimezone(UTC))
        event.add("SUMMARY", each["summary"])
        event.add("CATEGORIES", [each["place"]])
        event.add(HANDLE, each["handle"])
        calendar.add_component(event)
    return bytes(calendar.to_ical()).decode("utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
