"""Corrections of timeline entries that people wrote: words, time, and the impact of a status update."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.errors import UserError
from bot.domain.incident.forms import digest_of
from bot.domain.text import storable
from bot.domain.timeline.entries import TimelineKind
from bot.domain.timeline.lines import Line
from bot.domain.timeline.recorded import CorrectedEntry, CorrectedNotice
from bot.services.incidents.updates import IMPACT_LIMIT, KNOWN_LIMIT

#: Characters of a correction: a pinned message may be this long.
CORRECTION_LIMIT: Final = 4_000


@dataclass(frozen=True, slots=True)
class ShownWords:
    """The content of a form when it was opened, each part as its `digest_of`.

    Attributes:
        moment: When it happened; None if not known, from a form of an older version.
    """

    words: str
    impact: str
    moment: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """The new content of an entry.

    Attributes:
        text: Its words; None when they were left as the form showed them.
        at: When it happened, as typed; empty leaves the time alone.
        impact: Of a status update; None as for `text`, empty when there is none.
        shown: None if not known, from a form of an older version.
    """

    text: str | None
    at: str = ""
    impact: str | None = None
    shown: ShownWords | None = None


@dataclass(frozen=True, slots=True)
class CorrectedLine:
    """The line of an entry, and what a correction makes of it."""

    line: Line
    words: str
    impact: str
    at: datetime

    @property
    def differs(self) -> bool:
        """Return True if the words, impact or time differ from the line's."""
        line = self.line
        return (self.words, self.impact, self.at) != (line.said, line.impact, line.at)

    @property
    def kept(self) -> CorrectedEntry:
        """Return the timeline entry: all that counts from now on. Earlier words stay in their own entry."""
        impact = self.impact if self.line.entry.is_update else None
        return CorrectedEntry(text=self.words, impact=impact, at=None if self.at == self.line.at else self.at)

    @property
    def told(self) -> CorrectedNotice:
        """Return the thread's line: what has changed, before and after."""
        line = self.line
        is_moved, says_impact = self.at != line.at, self.impact != line.impact
        says_words = self.words != line.said or not says_impact
        return CorrectedNotice(
            before=("" if self.words == line.said else line.said) if says_words else None,
            text=self.words if says_words else None,
            impact_before=line.impact if says_impact else None,
            impact=self.impact if says_impact else None,
            at_before=line.at if is_moved else None,
            at=self.at if is_moved else None,
        )


def editable(line: Line) -> tuple[str, str]:
    """Return words and impact as a form shows them, within the lengths that it takes."""
    limit = KNOWN_LIMIT if line.entry.is_update else CORRECTION_LIMIT
    return line.said[:limit], line.impact[:IMPACT_LIMIT]


def shown_words(line: Line) -> ShownWords:
    """Return the content that a form about *line* would show now."""
    words, impact = editable(line)
    return ShownWords(digest_of(words), digest_of(impact), digest_of(line.at.isoformat()))


def corrected(line: Line, correction: Correction, *, at: datetime, label: str) -> CorrectedLine:
    """Return *line* with *correction* applied.

    An update has words, an impact or both, or says that there is no impact.

    Raises:
        UserError: nothing is left, nothing has changed, or another person has corrected the same part since
            the form was opened.
    """
    found = (
        _of_update(line, correction, at=at) if line.entry.is_update else _of_words(line, correction, at=at)
    )
    _require_as_shown(found, correction.shown, label=label)
    if not found.differs:
        raise UserError("correction_empty", incident=label)
    return found


def cleaned(text: str, *, limit: int) -> str:
    """Return *text* without what the database refuses, cut to *limit*."""
    return storable(text).strip()[:limit]


def _of_words(line: Line, correction: Correction, *, at: datetime) -> CorrectedLine:
    words = line.said if correction.text is None else cleaned(correction.text, limit=CORRECTION_LIMIT)
    if correction.text is not None and not words:
        is_pin = line.entry.kind is TimelineKind.PINNED
        raise UserError("pin_emptied") if is_pin else UserError("note_empty")
    return CorrectedLine(line, words, line.impact, at)


def _of_update(line: Line, correction: Correction, *, at: datetime) -> CorrectedLine:
    words = line.said if correction.text is None else cleaned(correction.text, limit=KNOWN_LIMIT)
    impact = line.impact if correction.impact is None else cleaned(correction.impact, limit=IMPACT_LIMIT)
    if line.said and not (words or impact):
        raise UserError("update_emptied")
    return CorrectedLine(line, words, impact, at)


def _require_as_shown(found: CorrectedLine, shown: ShownWords | None, *, label: str) -> None:
    """Check that each corrected part is still as the form showed it."""
    line, now = found.line, shown_words(found.line)
    if shown is None:
        return
    if found.words != line.said and now.words != shown.words:
        gone = UserError("words_removed", incident=label)
        raise UserError("words_moved", incident=label, words=line.said) if line.said else gone
    if found.impact != line.impact and now.impact != shown.impact:
        gone = UserError("impact_removed", incident=label)
        raise UserError("impact_moved", incident=label, impact=line.impact) if line.impact else gone
    if found.at != line.at and shown.moment not in (None, now.moment):
        raise UserError("moment_moved", incident=label, at=line.at)
