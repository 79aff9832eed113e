"""What is shown of a status update once somebody has put it right."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.delivery import Delivery, DeliveryKind, DeliveryStatus
from bot.domain.incident import Incident, StatusUpdate
from bot.domain.privacy import SETTLED
from bot.domain.timeline import TimelineEntry, TimelineKind, lines_of
from bot.domain.told import put_right
from tests.unit.domain.test_incident import T0, incident

FIRST = TimelineEntry(TimelineKind.UPDATED, T0, data={"known": "調査中"}, id=1)
LAST = TimelineEntry(TimelineKind.UPDATED, T0 + timedelta(minutes=1), data={"known": "DB"}, id=2)
IMPACT = TimelineEntry(
    TimelineKind.UPDATED, T0 + timedelta(minutes=2), data={"known": "", "impact": "全員"}, id=3
)
ENTRIES = (FIRST, LAST, IMPACT)
LINE = Delivery(
    id=1,
    kind=DeliveryKind.NOTICE,
    to="incident",
    key="inc:42:note:k",
    guild_id=7,
    incident_id=42,
    data={},
    priority=0,
    status=DeliveryStatus.SENT,
    nonce="n",
    attempts=0,
    created_at=T0,
    channel_id=300,
    message_id=301,
)


def told() -> Incident:
    """The words of the second update and the impact of the third."""
    return replace(incident(), last_update=StatusUpdate("DB", "全員", T0, "primary"))


def test_the_words_that_are_shown_are_put_right() -> None:
    """They may be older than the impact that is shown with them; the rest stays."""
    before = told()
    after = put_right(before, ENTRIES, entry_id=2, words="DNS")
    assert after.last_update == StatusUpdate("DNS", "全員", T0, "primary")
    assert after.version == before.version + 1


def test_words_that_nobody_sees_any_more_change_nothing() -> None:
    """An earlier update, an entry of another kind, an incident that shows none."""
    before = told()
    assert put_right(before, ENTRIES, entry_id=1, words="DNS") is before
    assert put_right(before, (), entry_id=2, words="DNS") is before
    bare = incident()
    assert put_right(bare, ENTRIES, entry_id=2, words="DNS") is bare


def test_an_entry_leads_to_the_line_that_told_of_it() -> None:
    """The last one, should it have been said again; no other kind of post, and none that was emptied."""
    note = TimelineEntry(TimelineKind.NOTE, T0, data={"text": "x", "line": "note:k"}, id=4)
    again = replace(LINE, key="inc:42:note:k:again", message_id=302)
    cases: list[tuple[list[Delivery], tuple[int, int, int] | None]] = [
        ([], None),
        ([LINE], (7, 300, 301)),
        ([LINE, again], (7, 300, 302)),
        ([replace(LINE, key="inc:42:note:other")], None),
        ([replace(LINE, kind=DeliveryKind.PAGE)], None),
        ([replace(LINE, shown_version=SETTLED)], None),
        ([replace(LINE, message_id=None)], None),
    ]
    for posts, where in cases:
        assert [line.where for line in lines_of([note, FIRST], posts)] == [where, None]
