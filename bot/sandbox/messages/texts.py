"""What Discord makes of a text before anything reads it.

Signs that change how others are laid out are dropped, and mentions are looked for afterwards. Source: Create
Message ("Discord may strip certain characters"); discord-api-docs #1189, #1193, #1286. Which ones is not
documented: that line breaks become one kind, that control characters go, and that a message of nothing but
signs without width is an empty one, is the stricter of what is known, and unproven.
"""

import re

# Bidirectional controls, and control characters but the tab and the line break.
_DROPPED = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NO_WIDTH = re.compile("[\u200b-\u200d\u2060\ufeff]")


def cleaned(text: str) -> str:
    """A text of several lines as it is kept."""
    return _DROPPED.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def cleaned_name(text: str) -> str:
    """A thread's name as it is kept: one line, without blanks around it."""
    return " ".join(cleaned(text).splitlines())


def shows_nothing(text: str) -> bool:
    """True when *text* is blank, or has nothing but signs without width."""
    return not _NO_WIDTH.sub("", text).strip()
