"""Text inside of a Markdown document: what `inert` makes safe in Discord, made safe for CommonMark, too.

A value may be anywhere in a template: in a table, in a list, at the beginning of a line. It is one line,
with ``<br>`` for a line break, and nothing in it means anything but what it says. Source: CommonMark 0.31.
"""

import re
from typing import Final

from bot.ui.words.inert import inert, inert_lines

#: What begins a block at the beginning of a line; `inert` has the others: ``#``, ``>``, ``-``, ``~``, ``|``.
_BLOCK: Final = re.compile(r"^(?P<number>\d{1,9})(?=[.)])|^(?=[+=\[])", re.ASCII)

#: A character reference: "&lt;" would be shown as "<".
_REFERENCE: Final = re.compile(r"&(?=#?\w{1,32};)", re.ASCII)


def document_line(text: str, *, limit: int) -> str:
    """Return what people wrote as one line of a document, cut to *limit* characters."""
    return settled(inert(text, limit=limit))


def document_text(text: str, *, limit: int) -> str:
    """Return the text with its line breaks as ``<br>``."""
    return settled(inert_lines(text, limit=limit))


def settled(shown: str) -> str:
    """Return what is inert in Discord as one line that is inert in a document, too."""
    lines = (line.strip() for line in shown.split("\n"))
    return "<br>".join(
        _BLOCK.sub(lambda sign: f"{sign['number'] or ''}\\", _REFERENCE.sub(r"\\&", line))
        for line in lines
        if line
    )
