"""The secrets that detect-secrets knows by their shape, beside our own.

Only its patterns are used. Its detectors of entropy and of names want quotes and would mask commit hashes:
`bot.domain.masking.assignments` does that. IP addresses stay, because an incident needs them.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, cast

from bot.domain.masking.spans import SecretSpan, token_end

#: Left out: an IP address is no secret, and the time of the others grows with the square of a line's length.
#: `bot.domain.masking.shapes` knows their secrets.
_LEFT_OUT: Final = frozenset(
    {"IPPublicDetector", "JwtTokenDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector"}
)

#: Detectors that take long and only match beside a vendor's name.
_BESIDE: Final = {
    "CloudantDetector": "cloudant",
    "SoftlayerDetector": "softlayer",
    "IbmCloudIamDetector": "ibm",
    "IbmCosHmacDetector": "cos",
}


def known_secrets(part: str) -> Iterator[SecretSpan]:
    """Yield what detect-secrets' patterns find in *part*, each to the end of its token."""
    lowered = part.lower()
    for name, kind, pattern in _patterns():
        if _BESIDE.get(name, "") not in lowered:
            continue
        for found in pattern.finditer(part):
            group = next((n for n, text in enumerate(found.groups(), 1) if text), 0)
            start, end = found.span(group if pattern.groups == 1 else 0)
            yield SecretSpan(start, max(end, token_end(part, end)), kind)


@cache
def _patterns() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Return the patterns: detector, kind and expression; loaded when the first output comes."""
    from detect_secrets.settings import (  # noqa: PLC0415  # half a second, which a start is spared
        default_settings,
        get_plugins,
    )

    with default_settings():
        plugins = [plugin for plugin in get_plugins() if type(plugin).__name__ not in _LEFT_OUT]
    return tuple(
        (type(plugin).__name__, _kind(plugin.secret_type), cast("re.Pattern[str]", pattern))
        for plugin in plugins
        for pattern in getattr(plugin, "denylist", ())
    )


def _kind(words: str) -> str:
    """Return the kind for a detector's words: "Twilio API Key" is "twilio_api_key"."""
    return "_".join(re.findall(r"[a-z0-9]+", words.lower()))[:40]
