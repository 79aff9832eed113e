"""The small print below the figures of a digest: what they count, and where each can be looked up."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from bot.domain.digest import Digest
from bot.domain.statistics.load import NO_SLEEP
from bot.ui.words.days import due_day
from bot.ui.words.wording import Wording


def notes(words: Wording, week: Digest) -> tuple[str, ...]:
    """Return the lines: the span, the day of what is not of the week, what a page is, where to look."""
    return tuple(_notes(words, week))


def _notes(words: Wording, week: Digest) -> Iterator[str]:
    monday, zone = week.week.monday, words.policy.timezone
    yield words.say(
        "digest.note.counted",
        start=f"{monday:%m/%d}",
        end=f"{monday + timedelta(days=6):%m/%d}",
        zone=f"{datetime.combine(monday, time(), zone):%Z}",
    )
    if week.open or week.postmortems or week.actions.waiting:
        yield words.say("digest.note.as_of", today=due_day(words, week.today))
    if any(one.pages.total for one in week.load):
        yield _pages(words)
    if not words.command_ids:  # else each line leads there
        yield words.say("digest.note.more")


def _pages(words: Wording) -> str:
    sleep = words.policy.figures.sleep
    if sleep == NO_SLEEP:
        return words.say("digest.note.pages_no_sleep")
    return words.say("digest.note.pages", start=f"{sleep.start:%H:%M}", end=f"{sleep.end:%H:%M}")
