"""The title of a tracked alert: what happened, and not only what it happened to.

It may hold figures that differ each time ("5xx is 2.3 %"), so alerts are never compared by it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bot.domain.alerts.alert import AlertMessage, first_line
from bot.domain.alerts.recognition import (
    LINE_LIMIT,
    WHAT,
    Reading,
    Says,
    Shape,
    fold,
    own_names,
    without_signs,
)

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
