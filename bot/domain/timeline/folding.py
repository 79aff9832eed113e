"""Fold the messages that the bot has sent into one timeline row for each minute."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.domain.timeline.entries import EntryKind
from bot.domain.timeline.lines import Line


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
