"""What the bot has sent within a minute is one row of the timeline."""

from datetime import UTC, datetime, timedelta

from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import FoldedLines, Line, folded

AT = datetime(2026, 11, 24, 5, 7, tzinfo=UTC)


def line(kind: TimelineKind, second: int) -> Line:
    """An entry so many seconds after 05:07."""
    return Line(TimelineEntry(kind, AT + timedelta(seconds=second)))


def test_several_of_a_minute_are_one_row_where_the_first_was() -> None:
    """What the bot posts within a minute is one row, which stands at the place and time of the first post.

    The row counts its posts by kind. An acknowledge in between stays a row of its own.
    """
    posted, paged = line(TimelineKind.ALERT_POSTED, 1), line(TimelineKind.PAGED, 30)
    opened, acked = line(TimelineKind.OPENED, 0), line(TimelineKind.ACKNOWLEDGED, 20)
    rows = folded([opened, posted, acked, paged])
    assert rows == (opened, FoldedLines((posted, paged)), acked)
    assert rows[1].at == posted.at
    assert FoldedLines((posted, paged, paged)).kinds == {TimelineKind.ALERT_POSTED: 1, TimelineKind.PAGED: 2}


def test_a_single_one_and_those_of_another_minute_stay() -> None:
    """A minute is one of the clock, not sixty seconds."""
    rows = [line(TimelineKind.PAGED, second) for second in (59, 60, 61)]
    assert folded(rows) == (rows[0], FoldedLines((rows[1], rows[2])))


def test_what_needs_a_look_is_never_folded() -> None:
    """An escalation, a message that Discord refused, and whatever people did."""
    kinds = set(TimelineKind) - {
        TimelineKind.ALERT_POSTED,
        TimelineKind.THREAD_OPENED,
        TimelineKind.PAGED,
        TimelineKind.PAGED_OUTSIDE,
        TimelineKind.EMAILED,
    }
    rows = [line(kind, 0) for kind in sorted(kinds) for _ in range(2)]
    assert folded(rows) == tuple(rows)
