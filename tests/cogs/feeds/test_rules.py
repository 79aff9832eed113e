"""What a feed has in it, as two readers understand it that are not ours."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from bot.domain.oncall.book import Book, Rosters, rosters
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.oncall.rotation import Layer, Rotation, Unit
from cogs.feeds.rules import Feed, FeedEvent, calendar_text, hash_of, new_secret, shifts_of, span_of
from tests.cogs.feeds.readers import by_icalendar, by_vobject
from tests.unit.domain.oncall.test_roster import HOURS, TOKYO, override

NOW = datetime(2026, 11, 25, 1, tzinfo=UTC)
AI = OnCallPerson("ai", "Ai, 藍; \\ \n", user_id=None)
BEN = OnCallPerson("ben", "Ben")
OWN = Feed(7, 2, "", "Ben", "ben", NOW)


def by_weeks(book: Book | None = None) -> Rosters:
    """Ai and Ben take turns at the primary; Ben is always the secondary."""
    turns = Layer(Rotation(("ai", "ben"), 1, Unit.WEEKS, date(2026, 1, 5), time(10), TOKYO))
    places = {"primary": (AI, [turns]), "secondary": (BEN, [])}
    return rosters(places, [AI, BEN], book or Book(), hours=HOURS)


def test_own_shifts_are_those_of_every_place() -> None:
    """A feed of one's own has the person's shifts alone; that of a place has everybody's."""
    span = span_of(NOW, timezone=TOKYO)
    assert (span.start, span.end) == (datetime(2026, 10, 1, tzinfo=TOKYO), datetime(2027, 3, 1, tzinfo=TOKYO))
    own = shifts_of(by_weeks(), OWN, span)
    assert {one.person.handle for one in own} == {"ben"}
    assert {one.place for one in own} == {"primary", "secondary"}
    of_place = shifts_of(by_weeks(), replace(OWN, place="primary"), span)
    assert {one.person.handle for one in of_place} == {"ai", "ben"}
    assert all(one.shift.ends == other.shift.starts for one, other in pairwise(of_place))


def test_a_shift_keeps_its_uid_from_month_to_month() -> None:
    """A month later the same shift has the same UID; a stand-in changes only the shifts that it cuts."""
    place = replace(OWN, place="primary")
    now, later = (
        {one.shift.starts: one.uid for one in shifts_of(by_weeks(), place, span_of(at, timezone=TOKYO))}
        for at in (NOW, NOW + timedelta(days=31))
    )
    common = now.keys() & later.keys()
    assert len(common) > 10
    assert all(now[starts] == later[starts] for starts in common)
    at = datetime(2026, 12, 9, 21, tzinfo=TOKYO)
    book = Book([override(1, Who(9, "cho", "Cho"), at, at + timedelta(hours=12))])
    covered = {one.uid for one in shifts_of(by_weeks(book), place, span_of(NOW, timezone=TOKYO))}
    assert set(now.values()) <= covered
    assert len(covered) == len(now) + 2
    always = [
        shifts_of(by_weeks(), OWN, span_of(NOW + timedelta(days=days), timezone=TOKYO)) for days in (0, 31)
    ]
    assert len({one.uid for shifts in always for one in shifts if one.place == "secondary"}) == 1


def test_two_readers_understand_it() -> None:
    """Both icalendar and vobject find the same events, with the words as they are."""
    events = [
        FeedEvent(one.uid, one.shift.starts, one.shift.ends, one.person.name, one.place)
        for one in shifts_of(by_weeks(), replace(OWN, place="primary"), span_of(NOW, timezone=TOKYO))
    ]
    data = calendar_text(events, name="当番：primary" * 10, timezone="Asia/Tokyo", stamp=NOW)
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    expected = [(one.uid, one.starts, one.ends, one.summary.replace("\n", "")) for one in events]
    assert by_icalendar(data) == by_vobject(data) == expected
    head = Calendar.from_ical(data)
    assert str(head["X-WR-CALNAME"]) == "当番：primary" * 10
    assert head.decoded("REFRESH-INTERVAL") == timedelta(minutes=15)


@given(words=st.text(max_size=200))
def test_no_words_break_out_of_their_line(words: str) -> None:
    """Whatever a person is called, there is one event, and its summary is the printable part of the name."""
    event = FeedEvent("u@x", NOW, NOW + timedelta(hours=1), words, "primary")
    data = calendar_text([event], name=words, timezone="Asia/Tokyo", stamp=NOW)
    [(*_, summary)] = by_icalendar(data)
    assert summary == "".join(sign for sign in words if sign.isprintable())


def test_a_secret_is_long_and_only_its_hash_is_kept() -> None:
    """Two are never the same; 43 characters carry 256 bits."""
    one, other = new_secret(), new_secret()
    assert len(one) == 43
    assert hash_of(one) != hash_of(other)
    assert len(hash_of(one)) == 32
