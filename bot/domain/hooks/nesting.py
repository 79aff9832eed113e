"""How deeply JSON is nested, found without parsing it: a parser would recurse as deeply."""

import re
from typing import Final

#: Lists and objects within each other, at most. What monitors send has about ten.
DEEPEST: Final = 32

_STRING: Final = re.compile(rb'"(?:[^"\\]+|\\.)*+"?', re.DOTALL)
_OPENING: Final = bytes.maketrans(b"{}", b"[]")
_OTHERS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


def is_utf_8(body: bytes) -> bool:
    """Return True if *body* is UTF-8, ASCII included."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def is_shallow(body: bytes) -> bool:
    """Return True if *body* is nested no more than `DEEPEST`, or is no JSON and has few brackets.

    A body that is not UTF-8 is passed: its reader decodes it and asks again, because half a sign of Shift_JIS
    may be a bracket. It takes time in proportion to the body, whatever is in it.
    """
    if not is_utf_8(body):
        return True
    left = _STRING.sub(b"", body).translate(_OPENING, _OTHERS)
    for _ in range(DEEPEST):
        left = left.replace(b"[]", b"")
    return b"[]" not in left and left.count(b"[") <= DEEPEST
