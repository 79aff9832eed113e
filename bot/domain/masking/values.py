"""Values that are no secret, whatever name they have."""

import re
from typing import Final

#: Values that are none.
_NO_SECRET: Final = re.compile(
    r"(?:true|false|null|none|nil|undefined|unknown|required|missing|invalid|expired|unset|empty|set|not|"
    r"yes|no|ok|ng|string|redacted|masked|hidden|bearer|basic|bot|inherit|[*•x.…-]+)[.!]?",
    re.IGNORECASE,
)
_REFERENCE: Final = re.compile(
    r"\$[({]|\$(?-i:[A-Z_][A-Z0-9_]*|[a-z_]+)(?:\Z|(?=[;,]|&\w+=))|<|%[s(]|\{\{|"
    r"op://|process\.env|env\.|secrets\.|vault:|\[masked:|\*{3,}|\x01",
    re.IGNORECASE | re.ASCII,
)


def is_none(value: str) -> bool:
    """Return True for what is no value, or stands for one that is elsewhere."""
    return not value or _NO_SECRET.fullmatch(value) is not None or is_reference(value)


def is_reference(value: str) -> bool:
    """Return True for what refers to a value: a variable, a place in a vault, a mask."""
    return _REFERENCE.match(value) is not None
