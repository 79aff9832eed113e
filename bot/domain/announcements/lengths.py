"""The length of a text for users, as its channel counts it."""

import re
import unicodedata
from typing import Final

from bot.domain.emoji import is_one_emoji

#: X counts these as one and every other character as two.
#: Source: twitter-text's configuration v3, https://github.com/twitter/twitter-text/tree/master/config.
_LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

#: X replaces every address by one of its own, of this length.
_ADDRESS_LENGTH: Final = 23

#: An address, with or without its scheme. X knows every top-level domain; here any two letters or more are
#: taken for one, so that a name ("node.js") may be counted as too long, never an address as too short.
_ADDRESS: Final = re.compile(
    r"(?:https?://(?:[^\s/.、。「」（）]+\.)+|(?<![@A-Za-z0-9_.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+)"
    r"[a-z]{2,}(?::[0-9]+)?(?:/[!-~]*[A-Za-z0-9_/=#&+-])?/?",
    re.IGNORECASE,
)

#: A sign with what belongs to it: its presentation, a skin tone, further signs joined to it; or a flag.
_CLUSTER: Final = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3"
    "|.[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
    "(?:\u200d.[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*)*",
    re.DOTALL,
)


def length(text: str) -> int:
    """Return the length of *text* in characters, for channels that count those."""
    return len(text)


def length_on_x(text: str) -> int:
    """Return the weighted length of *text* on X, which takes 280: 140 Japanese characters, 280 Latin ones."""
    composed = unicodedata.normalize("NFC", text)
    addresses = len(_ADDRESS.findall(composed))
    rest = _ADDRESS.sub("", composed)
    return addresses * _ADDRESS_LENGTH + sum(_weight(part) for part in _CLUSTER.findall(rest))


def _weight(cluster: str) -> int:
    """Return the weight of a character, or of an emoji of several, which counts as one character."""
    if len(cluster) > 1 and is_one_emoji(cluster):
        return 2
    return sum(1 if any(first <= ord(sign) <= last for first, last in _LIGHT) else 2 for sign in cluster)
