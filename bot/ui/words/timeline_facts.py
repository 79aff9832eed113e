"""The details of a timeline entry, and the words of a person that it may hold, with their corrections."""

from collections.abc import Iterator
from typing import Final

from bot.domain.incident.entries import (
    UpdatedEntry,
)
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import Line
from bot.domain.timeline.written import PinnedEntry
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.timeline_details import ANY, LOOKS
from bot.ui.words.wording import Wording

_LEAST_IMPACT: Final = 10


def facts(words: Wording, entry: TimelineEntry, *, limit: int, multiline: bool = False) -> list[str]:
    """Return the details of *entry*, in parts that are safe to show.

    Args:
        words: The team's, or one reader's.
        limit: Characters of what people wrote.
        multiline: Keep the line breaks of what people wrote.
    """
    if entry.kind.spec.has_words:
        return list(_said(words, entry, limit=limit, multiline=multiline))
    if not entry.data:
        return []
    return LOOKS.get(entry.kind, ANY).details(words, entry.data, limit=limit)


def quoted(words: Wording, entry: TimelineEntry, text: str, *, limit: int, multiline: bool = False) -> str:
    """Return *text* as the words of *entry*; those of a pinned message come with its author's name."""
    pinned = PinnedEntry.from_json(entry.data or {})
    shown = (inert_lines if multiline else inert)(text, limit=limit)
    if not shown:
        missing = "unreadable" if pinned.is_readable is False else "no_words"
        shown = words.say(f"history.fact.{missing}")
    if pinned.author_name is None:
        return shown
    return words.say("history.fact.author", who=words.who(pinned.author_name), text=shown)


def beside(words: Wording, line: Line, *, limit: int) -> Iterator[str]:
    """Yield the details of *line* beside its text: the impact, with earlier ones struck, and the next update.

    Args:
        limit: Characters of all impacts together.
    """
    if line.impact or line.earlier_impacts:
        yield words.say("history.fact.impact", impact=_impacts(words, line, limit=limit))
    next_at = UpdatedEntry.from_json(line.entry.data or {}).next_at
    if next_at is not None:
        yield words.say("history.fact.next_update", at=words.exact(next_at))


def _impacts(words: Wording, line: Line, *, limit: int) -> str:
    """Return the earlier impacts struck through, then the current one.

    The current one takes up to four fifths of *limit* when there are earlier ones; they share the rest. If
    not all fit, the latest are shown: the file has all of them.
    """
    earlier = [impact for impact in line.earlier_impacts if impact]
    own = limit * 4 // 5 if earlier else limit
    counts = inert(line.impact, limit=own) or words.say("history.fact.no_impact")
    room = max(limit - len(counts), _LEAST_IMPACT)
    shown = earlier[-(room // _LEAST_IMPACT) :]
    struck = [f"~~{inert(impact, limit=room // len(shown))}~~" for impact in shown]
    return " ".join([*(["…"] if len(shown) < len(earlier) else []), *struck, counts])


def _said(words: Wording, entry: TimelineEntry, *, limit: int, multiline: bool) -> Iterator[str]:
    if entry.said or (entry.data and entry.kind is not TimelineKind.UPDATED):
        yield quoted(words, entry, entry.said, limit=limit, multiline=multiline)
    yield from beside(words, Line(entry), limit=limit)
