"""iCalendar through its worker: what is written is right, what is read may be anything."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.errors import UserError
from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.rotation import Shift
from bot.integrations.calendars import CalendarEvent
from cogs.oncall.calendars import PlacedShift, WorkerCalendars

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 10, 20, 14, tzinfo=UTC)
AI = OnCallPerson("ai_01", "ai", "ai@example.com")


def calendar(*events: str, timezone: str = "") -> bytes:
    """A calendar of events, each given by its lines."""
    body = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n{timezone}{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


async def read(
    data: bytes, *, zone: str = "Asia/Tokyo", most: int = 50, deadline_s: float = 20
) -> list[CalendarEvent]:
    """The events of thirty days."""
    calendars = WorkerCalendars(zone, deadline_s=deadline_s)
    return await calendars.read(data, start=NOW, end=NOW + timedelta(days=30), most=most)


async def test_what_is_written_is_read_back() -> None:
    """A written shift is read back with place and person, to the second, over a change of the clocks.

    The file has no email address: the handle names the person.
    """
    shift = Shift("ai_01", NOW, NOW + timedelta(days=14))
    calendars = WorkerCalendars("America/New_York", deadline_s=20)
    data = await calendars.write([PlacedShift("u1", "primary", AI, shift)], name="on-call")
    assert b"DTSTART:20261020T140000Z" in data
    [event] = await read(data, zone="America/New_York")
    assert (event.starts, event.ends) == (shift.starts, shift.ends)
    assert (event.categories, event.handle) == (("primary",), "ai_01")
    assert event.attendees == ()
    assert b"@example.com" not in data
    assert event.summary == "primary: ai"


async def test_recurring_events_are_expanded_with_their_exceptions() -> None:
    """RRULE, EXDATE, and one occurrence that was moved; times of the file's own zone."""
    weekly = (
        "UID:1\nDTSTART;TZID=America/New_York:20261020T100000\nDTEND;TZID=America/New_York:20261020T180000\n"
        "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=America/New_York:20261027T100000\nSUMMARY:ai"
    )
    moved = (
        "UID:1\nRECURRENCE-ID;TZID=America/New_York:20261103T100000\n"
        "DTSTART;TZID=America/New_York:20261104T120000\nDTEND;TZID=America/New_York:20261104T130000\nSUMMARY:ben"
    )
    found = await read(calendar(weekly, moved))
    assert [(event.starts.astimezone(NEW_YORK).isoformat()[:16], event.summary) for event in found] == [
        ("2026-10-20T10:00", "ai"),
        ("2026-11-04T12:00", "ben"),
        ("2026-11-10T10:00", "ai"),
    ]


async def test_whole_days_and_floating_times_are_the_teams() -> None:
    """A day begins at midnight where the team is; what was cancelled is left out."""
    found = await read(
        calendar(
            "UID:1\nDTSTART;VALUE=DATE:20261101\nDTEND;VALUE=DATE:20261103\nSUMMARY:day",
            "UID:2\nDTSTART:20261105T090000\nDURATION:PT8H\nSUMMARY:floating",
            "UID:3\nDTSTART:20261106T090000Z\nDURATION:PT8H\nSUMMARY:off\nSTATUS:CANCELLED",
            "UID:4\nDTSTART:20261107T090000Z\nSUMMARY:no length",
        )
    )
    assert [(event.starts.isoformat()[:16], event.summary) for event in found] == [
        ("2026-10-31T15:00", "day"),
        ("2026-11-05T00:00", "floating"),
    ]


async def test_no_more_than_was_asked_for_comes_back() -> None:
    """An hourly event of ten years is read as far as it matters."""
    hourly = "UID:1\nDTSTART:20261001T000000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY\nSUMMARY:ai"
    assert len(await read(calendar(hourly), most=7)) == 7


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\xff\xfe\x00",
        b"BEGIN:VCALENDAR\r\n" * 2000,
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:soon\r\n",
        calendar()[:-20],
    ],
    ids=["empty", "words", "bytes", "nested", "cut off", "no end"],
)
async def test_what_is_no_calendar_is_refused_with_words(data: bytes) -> None:
    """A file that is not a whole calendar is refused with an error that the person can read."""
    with pytest.raises(UserError) as refused:
        await read(data)
    assert refused.value.key == "oncall_file_unreadable"


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=31"])
async def test_a_rule_that_would_take_years_is_given_up(rule: str) -> None:
    """The worker is killed, and says why."""
    bomb = f"UID:1\nDTSTART:19700101T000000Z\nDURATION:PT1S\nRRULE:{rule}\nSUMMARY:ai"
    with pytest.raises(UserError) as refused:
        await read(calendar(bomb), deadline_s=2)
    assert refused.value.key == "oncall_file_slow"


async def test_a_handle_that_nobody_could_have_is_no_handle() -> None:
    """The property of our own exports may be written by anybody."""
    own = "UID:1\nDTSTART:20261105T090000Z\nDURATION:PT8H\nSUMMARY:x\nX-INCIDENT-BOT-PERSON:"
    found = await read(calendar(f"{own}@everyone", f"{own}ben".replace("UID:1", "UID:2")))
    assert [event.handle for event in found] == [None, "ben"]
