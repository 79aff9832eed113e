"""The patterns by which a team's policy reads the messages of its own monitors, and the title of an alert.

A pattern is literal text with holes, no regular expression: matching takes time in proportion to
the line, even for a hostile line or pattern. Messages that none of them matches are read by
`bot.domain.alerts.reading`. A title says what happened, and not only what it happened to. It may
hold figures that differ each time ("5xx is 2.3 %"), so alerts are never compared by it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import islice, zip_longest
from typing import Final

from bot.domain.alerts.alert import AlertMessage, AlertPart, fingerprint_of, first_line
from bot.domain.alerts.subject import words_of

WHAT: Final = "what"
WHERE: Final = "where"

#: Characters of a pattern, and of a line that is compared: an embed's title has at most 256.
PATTERN_LIMIT: Final = 200
LINE_LIMIT: Final = 300

_EMBEDS: Final = 3  # whose titles count as a headline
_HOLE: Final = re.compile(r"\*|\{(what|where)\}")
_VARIATION: Final = "\ufe0f"


class Says(StrEnum):
    """What a monitor's message means: an alert, its end, or neither."""

    FIRING = "firing"
    RESOLVED = "resolved"
    CHATTER = "chatter"


class Unknown(StrEnum):
    """The treatment of a message that no pattern matches."""

    TRACK = "track"
    ASK_THEN_TRACK = "ask_then_track"  # unless a person answers in time
    ASK = "ask"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Clue:
    """One piece of evidence for what a message says.

    Attributes:
        says: What it speaks for.
        part: Where it stands: "title", "content", "description", "author", "colour", "pattern", or the name
            of a field.
        words: What stands there, as posted; at most 60 characters.
        weight: How strong it is, over 0.
    """

    says: Says
    part: str
    words: str
    weight: float


class TextPart(StrEnum):
    """The lines of a message that a pattern is compared with."""

    HEADLINE = "headline"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Shape:
    """A line with holes: "[FIRING:*] {what} (*)".

    Attributes:
        pieces: The literal text around the holes, folded; one more than there are holes.
        holes: Their names; None for "*".
    """

    pieces: tuple[str, ...]
    holes: tuple[str | None, ...]

    @classmethod
    def parse(cls, text: str) -> "Shape":
        """Parse *text* into a shape.

        Raises:
            ValueError: it is too long, names an unknown hole, or has two holes side by side or one twice.
        """
        pieces, holes, at = [], [], 0
        for hole in _HOLE.finditer(text):
            pieces.append(text[at : hole.start()])
            holes.append(hole[1])
            at = hole.end()
        pieces.append(text[at:])
        named = [hole for hole in holes if hole is not None]
        if len(text) > PATTERN_LIMIT or "" in pieces[1:-1] or len(set(named)) < len(named):
            raise ValueError(text)
        if any(sign in piece for piece in pieces for sign in "{}"):
            raise ValueError(text)
        return cls(tuple(fold(piece.replace(_VARIATION, "")) for piece in pieces), tuple(holes))

    def __str__(self) -> str:
        """Return the shape as a pattern's text, in lower case."""
        holes = ("*" if hole is None else f"{{{hole}}}" for hole in self.holes)
        return "".join(part for pair in zip_longest(self.pieces, holes, fillvalue="") for part in pair)

    @property
    def is_bare(self) -> bool:
        """Return True if the shape has no literal text, so that it matches any line."""
        return not "".join(self.pieces).strip()

    def match(self, line: str) -> Mapping[str, str] | None:
        """Return the text in each named hole if the whole of *line* has this shape, else None.

        Each piece is searched for once, after the previous one. A named hole is never empty.
        """
        plain = line.replace(_VARIATION, "")
        folded, first = fold(plain), self.pieces[0]
        if not folded.startswith(first) or (not self.holes and folded != first):
            return None
        values, at = {}, len(first)
        for number, (hole, piece) in enumerate(zip(self.holes, self.pieces[1:], strict=True), 1):
            is_last = number == len(self.holes)
            start = len(folded) - len(piece) if is_last else folded.find(piece, at)
            if start < at or not folded.startswith(piece, start):
                return None
            value = plain[at:start].strip()
            if hole is not None:
                if not value:
                    return None
                values[hole] = value
            at = start + len(piece)
        return values


@dataclass(frozen=True, slots=True)
class Pattern:
    """A row of the table.

    Attributes:
        says: What a message that matches means.
        line: What one of its lines looks like; ``{what}`` names the trouble, ``{where}`` what has it.
        sender: The name that it is posted under; None: any.
        part: The lines to compare with.
        exact: Two messages are the same alert if their sender, channel, ``{what}`` and ``{where}`` are equal,
            figures included. The sender names its alert or group of alerts there, so a target or a figure
            elsewhere makes no difference. Sender and channel count because staging and production share
            names.
        same_within: How long a repetition counts as the same alert; None: as the policy says for all.
        title: How its alert's title says what happened, "{what} is DOWN"; None: ``{what}`` does.
        next_line: The message's next line says what happened.
        team: Whose alert it is; None: its channel decides.
    """

    says: Says
    line: Shape
    sender: Shape | None = None
    part: TextPart = TextPart.HEADLINE
    exact: bool = False
    same_within: timedelta | None = None
    title: str | None = None
    next_line: bool = False
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading a message.

    Attributes:
        says: None: no pattern matches.
        title: The subject of the message, by which it may be compared; empty when nothing of it can be read.
            What people read of an alert: `bot.domain.alerts.recognition`.
        same_within: As in `Pattern`.
        exact: As in `Pattern`.
        what, where: As the pattern found them; empty when it names none.
        pattern: The pattern that matches.
        clues: The evidence, the strongest first.
        subject: What it is about, as `bot.domain.alerts.reading.Subject` stores it.
        is_success: It says that some work went well, which ends only the alert about just that work.
        look: What messages that look alike have in common: its headline, in lower case, with "*" in the place
            of names and figures. Empty when nothing of it can be read.
    """

    says: Says | None
    title: str
    same_within: timedelta | None = None
    exact: bool = False
    what: str = ""
    where: str = ""
    pattern: Pattern | None = None
    clues: tuple[Clue, ...] = ()
    subject: str = ""
    is_success: bool = False
    look: str = ""

    def fingerprint(self, message: AlertMessage, parts: Sequence[AlertPart], *, target: str | None) -> str:
        """Return the alert's fingerprint, equal for firing and resolved messages; see `fingerprint_of`."""
        if not self.what:
            about = self.subject.split("\n")[0] or words_of(self.title)
            return fingerprint_of(message, parts, target=target, title=about)
        if not self.exact:
            title = "\n".join([words_of(self.what), fold(self.where)])
            return fingerprint_of(message, parts, target=target, title=title)
        posted_by = [str(message.channel_id), message.sender]
        title = "\n".join(["exact", *posted_by, fold(self.what), fold(self.where)])
        return fingerprint_of(message, [AlertPart.TITLE], target=None, title=title)


def match_patterns(
    message: AlertMessage, patterns: Iterable[Pattern], names: Sequence[str]
) -> tuple[Pattern, Mapping[str, str]] | None:
    """Return the first pattern that matches a line of a message, the most telling line first, and its holes.

    Args:
        patterns: In the order in which they are tried.
        names: Titles that only name a sender.
    """
    known = [one for one in patterns if _is_from(message, one.sender)]
    own = own_names(message, names)
    headlines = (line for line in _headlines(message) if fold(line) not in own)
    fields = (
        f"{first_line(name, limit=LINE_LIMIT)}: {first_line(value, limit=LINE_LIMIT)}"
        for embed in message.embeds[:_EMBEDS]
        for name, value in embed.fields
    )
    for part, lines in ((TextPart.HEADLINE, headlines), (TextPart.FIELD, fields)):
        for line in lines:
            for pattern in known:
                holes = pattern.line.match(line) if pattern.part is part else None
                if holes is not None:
                    return pattern, holes
    return None


def is_from(message: AlertMessage, senders: Iterable[Shape]) -> bool:
    """Return True if the name that a message is posted under, or its author's id, matches *senders*."""
    return any(_is_from(message, sender) for sender in senders)


def _is_from(message: AlertMessage, sender: Shape | None) -> bool:
    if sender is None:
        return True
    return any(sender.match(name) is not None for name in names_of(message))


def names_of(message: AlertMessage) -> tuple[str, ...]:
    """Return what the author of a message may be called: its name there, its own name, its id."""
    author = message.evidence
    return author.author_name.strip(), message.username.strip(), str(author.author_id)


def own_names(message: AlertMessage, names: Iterable[str]) -> frozenset[str]:
    """Return the lines, in lower case, that only name the sender; such a line is never the subject."""
    own = {fold(name) for name in (*names, message.evidence.author_name, message.username)}
    return frozenset(own | {fold(first_line(embed.footer)) for embed in message.embeds} - {""})


def _headlines(message: AlertMessage) -> Iterator[str]:
    """Yield the lines that may be a headline, best first; each without its leading emoji, then with them."""
    shown = message.embeds[:_EMBEDS]
    texts = [embed.title for embed in shown]
    texts += [message.content, *(embed.description for embed in shown), *(embed.author for embed in shown)]
    for text in texts:
        line = first_line(text, limit=LINE_LIMIT)
        if bare := without_signs(line):
            yield bare
        if line and line != bare:
            yield line


def without_signs(line: str) -> str:
    """Return *line* without the emoji and blanks that it begins with."""
    for at, sign in enumerate(line):
        if not (sign.isspace() or sign == _VARIATION or unicodedata.category(sign) == "So"):
            return line[at:]
    return ""


def fold(text: str) -> str:
    """Return *text* in lower case at the same length: only İ would become two characters."""
    return text.replace("İ", "I").lower()


#: Characters of a title to which what happened was added: two lines on a phone.
_DETAILED_LIMIT: Final = 120
_LINES: Final = 100  # of a message that are looked at
_SIGN: Final = "{what}"


@dataclass(frozen=True, slots=True)
class TitleShapes:
    """The lines of a message that say what its alert is about: a text's line, or "name: value" of a field.

    Attributes:
        subjects: Lines that name it, for messages whose headline does not, best first.
        details: Lines that say what happened, best first.
    """

    subjects: tuple[Shape, ...] = ()
    details: tuple[Shape, ...] = ()


def alert_title(message: AlertMessage, reading: Reading, names: Sequence[str], shapes: TitleShapes) -> str:
    """Return the title for the alert of a message: "HighErrorRate: 5xx above 2 % on api".

    Args:
        names: As in `read_message`.
    """
    pattern = reading.pattern
    if reading.says is not Says.FIRING:
        return reading.title
    own, lines = own_names(message, names), list(islice(_lines(message), _LINES))
    subject, named = reading.title, _found(shapes.subjects, lines)
    if named and fold(subject) in own:  # "Uptime Robot Notice"
        subject = named
    elif named and subject.startswith("("):  # Grafana's "(web-1)"
        subject = f"{named} {subject}"
    title = ((pattern and pattern.title) or _SIGN).replace(_SIGN, subject)
    detail = _found(shapes.details, lines)
    if not detail and pattern and pattern.next_line:
        others = (line for line in lines if pattern.line.match(without_signs(line)) is None)
        detail = next((line for line in others if fold(line) not in {*own, fold(reading.title)}), "")
    if fold(detail) in fold(title):
        return title
    joined = detail if fold(title) in fold(detail) else f"{title.rstrip('.。 ')}: {detail}"
    return first_line(joined, limit=max(len(title), _DETAILED_LIMIT))


def _found(shapes: Iterable[Shape], lines: Sequence[str]) -> str:
    """Return what the first of *shapes* that a line matches finds in it, or ""."""
    matches = (shape.match(line) for shape in shapes for line in lines)
    return next((holes[WHAT] for holes in matches if holes is not None), "")


def _lines(message: AlertMessage) -> Iterator[str]:
    """Yield the lines with text: the message's own, then those of its embeds, then a line for each field."""
    for text in (
        message.content,
        *(text for embed in message.embeds for text in (embed.title, embed.description)),
    ):
        yield from (line for each in text.splitlines() if (line := first_line(each, limit=LINE_LIMIT)))
    for embed in message.embeds:
        for name, value in embed.fields:
            yield f"{first_line(name)}: {first_line(value, limit=LINE_LIMIT)}"
