"""People's text, shown as it was typed: no mention, markup or invisible character takes effect.

There is one exception on purpose: a plain web address stays a link, in angle brackets so that it gets no
preview. The address shown is the address it leads to.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bot.domain.text import cut, storable

# Discord's parser of mentions heeds no backslash, and `@here` in an alert's content rings: the sign itself
# is replaced by its full-width twin, which reads the same and means nothing.
_AT = {ord("@"): "＠"}
_TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>\[\](){}`*~|\\@\"'、。）」]+)"
    r"|(?P<markup>[\\*_~`|<])"
    r"|(?P<masked>(?<=\])\()"
    r"|(?P<line>^[ \t]*[#>-])"
    r"|(?P<plain>.)",
    re.MULTILINE | re.DOTALL,
)


def inert(text: str, *, limit: int) -> str:
    """Return *text* as one line that means only what it says, in at most *limit* characters.

    Line breaks become blanks. Cut with … when longer, never within an escape.
    """
    return _within(_tokens(" ".join(_visible(text).split())), limit=limit)


def inert_lines(text: str, *, limit: int) -> str:
    """Return *text* as `inert` does, but with its line breaks kept."""
    return _within(_tokens(_visible(text).strip()), limit=limit)


def code_block(text: str) -> str:
    """Return *text* in a code block that it cannot leave. It is not cut: half a command is none."""
    inside = _visible(text).replace("```", "'''").strip()
    return f"```\n{inside}\n```"


def code_span(text: str, *, limit: int) -> str:
    """Return *text* for a place between two backticks, which it cannot leave: a path, for instance."""
    return cut(" ".join(_visible(text).translate(_AT).replace("`", "'").split()), limit=limit)


def plain(text: str, *, limit: int) -> str:
    """Return one visible line for places without markup: a thread's name, a mail's subject, a terminal."""
    return cut(" ".join(_visible(text).split()), limit=limit)


def joined(items: Iterable[str], *, separator: str, limit: int, more: str) -> str:
    """Return as many *items* as fit into *limit* characters.

    Args:
        items: Safe to show already; the first one is cut when it does not fit alone.
        separator: The text between two items.
        limit: Characters, > 40.
        more: The text that replaces the rest, with a placeholder ``{count}``.
    """
    waiting = list(items)
    if not waiting:
        return ""
    budget = limit - len(more.format(count=len(waiting)))
    shown = cut(waiting.pop(0), limit=budget)
    while waiting and len(shown) + len(separator) + len(waiting[0]) <= budget:
        shown += separator + waiting.pop(0)
    return shown + (more.format(count=len(waiting)) if waiting else "")


def fair_share(lengths: Sequence[int], *, limit: int) -> int:
    """Return the most that each of several may have so that all of them fit into *limit*.

    What the short ones leave goes to the long ones, so nothing is cut that need not be.
    """
    share = budget = limit
    for place, length in enumerate(sorted(lengths)):
        share = budget // (len(lengths) - place)
        if length > share:
            break
        budget -= length
        share = length
    return share


def _visible(text: str) -> str:
    """Remove control characters (line breaks stay) and signs of no width (category Cf)."""
    return "".join(
        sign
        for sign in storable(text).replace("\r\n", "\n")
        if sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cf", "Zl", "Zp")
    )


def _tokens(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        sign = found[0].translate(_AT)
        match found.lastgroup:
            case "url":
                yield f"<{sign}>"
            case "markup" | "masked":
                yield "\\" + sign
            case "line":
                yield sign[:-1] + "\\" + sign[-1]
            case _:
                yield sign


def _within(tokens: Iterable[str], *, limit: int) -> str:
    shown: list[str] = []
    lengths: list[int] = []
    total = 0
    for token in tokens:
        shown.append(token)
        lengths.append(len(token))
        total += len(token)
        if total > limit:
            break
    else:
        return "".join(shown)
    while shown and total > limit - 1:
        total -= lengths.pop()
        shown.pop()
    return "".join(shown) + "…"


# A value may be anywhere in a template: in a table, in a list, at the beginning of a line. It is one line,
# with ``<br>`` for a line break, and nothing in it means anything but what it says. Source: CommonMark 0.31.

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


#: The mark by which Excel knows UTF-8: the first character of a file.
BYTE_ORDER_MARK: Final = "\ufeff"

#: What a spreadsheet takes for the beginning of a formula. The wide signs are those of a Japanese keyboard.
#: Source: OWASP, CSV Injection.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_line(cells: Iterable[object]) -> str:
    """Return *cells* as RFC 4180 has them, with the line's end. Text that looks like a formula stays text."""
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(
        f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in cells
    )
    return line.getvalue()
