"""What keeps an announcement from being published: internal names, mentions, secrets, length."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.domain.announcements.announcement import AnnouncementText
from bot.domain.announcements.rules import AnnouncementRules
from bot.domain.masking.spans import MASK


class FindingKind(StrEnum):
    """What is wrong with the text of an announcement."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    INTERNAL = "internal"  # a name of ours
    MENTION = "mention"  # of Discord's, which means nothing elsewhere
    MASKED = "masked"  # it had a secret in it


@dataclass(frozen=True, slots=True)
class TextFinding:
    """One thing that is wrong with the text for a channel in a language.

    Attributes:
        what: The name or the mention; empty for the others.
    """

    channel: str
    language: str
    kind: FindingKind
    what: str = ""


_MENTION: Final = re.compile(r"@everyone|@here|<(?:@[!&]?|#|a?:\w+:)\d+>", re.ASCII)
_LABEL: Final = re.compile(r"\bINC-\d+", re.ASCII | re.IGNORECASE)

#: A plain word may be a worker's name, and is a word all the same: "public", "admin".
_NAMELIKE: Final = re.compile(r"[._/\d-]", re.ASCII)


def internal_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the *names* that can only be internal: with a dot, a hyphen or a digit; each once."""
    return tuple(dict.fromkeys(name for name in names if _NAMELIKE.search(name)))


def findings_in(
    rules: AnnouncementRules, texts: Mapping[str, AnnouncementText], *, internal: Iterable[str]
) -> list[TextFinding]:
    """Return what is wrong with *texts*; empty if they may be published.

    Args:
        internal: Names that users must not read, as of `internal_names`. ``*`` stands for any signs.
    """
    forbidden = [_pattern(name) for name in internal if name not in rules.public]
    found: list[TextFinding] = []
    for name, channel in rules.channels.items():
        words = texts.get(name, AnnouncementText("", ""))
        for language in ("ja", "en"):
            said = words.say(language)
            kinds = [*_simple(said), *_named(said, forbidden)]
            if channel.length(said) > channel.limit:
                kinds.append((FindingKind.TOO_LONG, ""))
            found += (TextFinding(name, language, kind, what) for kind, what in kinds)
    return found


def _simple(said: str) -> Iterator[tuple[FindingKind, str]]:
    if not said.strip():
        yield FindingKind.EMPTY, ""
    if MASK.search(said):
        yield FindingKind.MASKED, ""
    if mention := _MENTION.search(said):
        yield FindingKind.MENTION, mention[0]


def _named(said: str, forbidden: Iterable[re.Pattern[str]]) -> Iterator[tuple[FindingKind, str]]:
    plain = unicodedata.normalize("NFKC", said)  # full-width signs say the same
    found = [one.search(plain) for one in (*forbidden, _LABEL)]
    for name in dict.fromkeys(each[0] for each in found if each is not None):
        yield FindingKind.INTERNAL, name


def _pattern(name: str) -> re.Pattern[str]:
    inside = r"[\w.-]*".join(re.escape(part) for part in name.split("*"))
    return re.compile(rf"(?<![\w.-]){inside}(?![\w-]|\.\w)", re.IGNORECASE | re.ASCII)
