"""How Discord cleans a text before it looks for mentions.

Discord drops characters that change the layout of others. Source: Create Message ("Discord may strip certain
characters"); discord-api-docs #1189, #1193, #1286. Which characters it drops is not documented. This module
takes the stricter reading, which is unproven: all line breaks become line feeds, control characters are
dropped, and a message of nothing but characters without width is empty.
"""

import re

# Bidirectional controls, and control characters but the tab and the line break.
_DROPPED = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_WIDTH = re.compile("[\u200b-\u200d\u2060\ufeff]")


def cleaned(text: str) -> str:
    """Return a text of several lines as Discord stores it."""
    return _DROPPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def cleaned_name(text: str) -> str:
    """A thread's name as it is kept: one line, without blanks around it."""
    return " ".join(cleaned(text).splitlines())


def shows_nothing(text: str) -> bool:
    """True when *text* is blank, or has nothing but signs without width."""
    return not _NO_WIDTH.sub("", text).strip()
