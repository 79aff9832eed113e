"""The timeline as people read it: entries with their corrections, and runs of them folded."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeAlias

from bot.domain.delivery.delivery import REPOST_SUFFIX, Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.privacy import SETTLED
from bot.domain.timeline.entries import EntryKind, TimelineEntry, TimelineKind


@dataclass(frozen=True, slots=True)
class Line:
    """An entry with its corrections.

    Attributes:
        corrections: Entries of the kind CORRECTED, oldest first; the last one counts.
        where: Guild, channel and id of the message that reported the entry, if there is one.
    """

    entry: TimelineEntry
    corrections: tuple[TimelineEntry, ...] = ()
    where: tuple[int, int, int] | None = None

    @property
    def can_be_corrected(self) -> bool:
        """Return True if the entry holds a person's words."""
        has_words = bool(self.said) or self.entry.kind is TimelineKind.PINNED or self.entry.is_update
        return self.entry.kind.spec.is_written and self.entry.id is not None and has_words

    @property
    def said(self) -> str:
        """Return the words after the last correction."""
        return self.corrections[-1].said if self.corrections else self.entry.said

    @property
    def impact(self) -> str:
        """Return the impact after the last correction; empty when there is none."""
        return self._impacts[-1]

    @property
    def earlier_impacts(self) -> tuple[str, ...]:
        """Return the impacts before corrections, oldest first; empty if it was never corrected."""
        return tuple(one for one, next_ in pairwise(self._impacts) if one != next_)

    @property
    def can_be_moved(self) -> bool:
        """Return True if a person gave the time; the time of a Discord message is known."""
        return self.entry.kind is TimelineKind.NOTE

    @property
    def versions(self) -> tuple[TimelineEntry, ...]:
        """Return the entries whose words were replaced, oldest first; empty if none were corrected."""
        all_of_them = (self.entry, *self.corrections)
        return tuple(one for one, next_ in pairwise(all_of_them) if one.said != next_.said)

    @property
    def at(self) -> datetime:
        """Return the time after the last correction."""
        return self._moments[-1]

    @property
    def earlier_moments(self) -> tuple[datetime, ...]:
        """Return the times before corrections, oldest first; empty if it was never corrected."""
        return self._moments[:-1]

    @property
    def _impacts(self) -> tuple[str, ...]:
        corrected = (one.impact for one in self.corrections)
        return (self.entry.impact or "", *(impact for impact in corrected if impact is not None))

    @property
    def _moments(self) -> tuple[datetime, ...]:
        moved = (one.moved_to for one in self.corrections)
        return (self.entry.at, *(at for at in moved if at is not None))


def lines_of(entries: Iterable[TimelineEntry], posts: Iterable[Delivery] = ()) -> tuple[Line, ...]:
    """Return the history as people read it, oldest first, with each entry joined to its corrections.

    Args:
        posts: The incident's sent deliveries, in which an entry's line in the thread is found.
    """
    known = tuple(entries)
    last_posts: dict[object, tuple[int, int, int]] = {}  # by a line's key, without emptied posts
    for post in posts:
        channel, message, is_there = post.channel_id, post.message_id, post.shown_version < SETTLED
        if post.kind is DeliveryKind.NOTICE and is_there and channel is not None and message is not None:
            key = post.key.removeprefix(f"inc:{post.incident_id}:").removesuffix(REPOST_SUFFIX)
            last_posts[key] = (post.guild_id, channel, message)
    ids = {entry.id for entry in known if entry.id is not None}
    corrections: dict[int, list[TimelineEntry]] = {}
    for entry in known:
        if entry.corrects is not None and entry.corrects in ids:
            corrections.setdefault(entry.corrects, []).append(entry)
    lines = [
        Line(entry, tuple(corrections.get(entry.id or 0, ())), last_posts.get(entry.line))
        for entry in known
        if entry.corrects is None or entry.corrects not in ids
    ]
    return tuple(sorted(lines, key=lambda line: line.at))


@dataclass(frozen=True, slots=True)
class FoldedLines:
    """Several messages that the bot has sent within a minute; at least two, in order."""

    lines: tuple[Line, ...]

    @property
    def at(self) -> datetime:
        """Return the time of the first of the folded lines."""
        return self.lines[0].at

    @property
    def kinds(self) -> Mapping[EntryKind, int]:
        """Return how many there are of each kind, in the order in which the kinds appear."""
        return Counter(line.entry.kind for line in self.lines)


#: A row of the timeline as it is shown.
TimelineRow: TypeAlias = Line | FoldedLines


def folded(lines: Iterable[Line]) -> tuple[TimelineRow, ...]:
    """Return *lines*, oldest first, with what the bot sent within a minute in one row, where the first was.

    A single one stays as it is: a row that counts it would say less in as much room.
    """
    known = tuple(lines)
    of_minute: dict[datetime, list[Line]] = {}
    for line in known:
        if line.entry.kind.spec.is_machine:
            of_minute.setdefault(_minute(line), []).append(line)
    rows: list[TimelineRow] = []
    for line in known:
        together = of_minute[_minute(line)] if line.entry.kind.spec.is_machine else [line]
        if line is together[0]:
            rows.append(line if len(together) == 1 else FoldedLines(tuple(together)))
    return tuple(rows)


def _minute(line: Line) -> datetime:
    return line.at.replace(second=0, microsecond=0)
