"""The language of a terminal: what its environment asks for."""

import re
from collections.abc import Mapping
from typing import Final

JAPANESE: Final = "ja"
ENGLISH: Final = "en"

#: As POSIX reads them: the first one that is not empty counts.
_LOCALE_KEYS: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
#: A locale that names no language.
_NO_LANGUAGE: Final = frozenset({"", "C", "POSIX"})


def terminal_language(environ: Mapping[str, str]) -> str | None:
    """Return "ja" or "en" as the environment's locale asks; None if it names no language."""
    locale = next((value for key in _LOCALE_KEYS if (value := environ.get(key, ""))), "")
    name = re.split(r"[.@]", locale, maxsplit=1)[0]
    if name in _NO_LANGUAGE:
        return None
    return JAPANESE if name.lower().split("_")[0] in {"ja", "japanese"} else ENGLISH
