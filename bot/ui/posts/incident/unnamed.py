"""Taking the lines about a private incident out of a message that is about other things as well."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.incident.incident import Incident
from bot.ui.posts.bodies import Body
from bot.ui.posts.incident.private import redacted
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Wording

#: What separates the facts of a line.
_BETWEEN: Final = " · "

#: Where the words for people are, by part of a message; all else are ids, addresses and numbers.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "content": frozenset({"content"}),
    "embeds": frozenset({"title", "description", "text", "name", "value"}),
    "components": frozenset({"content", "label", "placeholder", "description"}),
}

#: A line with at least so much of a title is about its incident.
_TITLE_FROM: Final = 4
_TITLE_TO: Final = 30
_OTHERS: Final = re.compile(r"(?<![A-Za-z0-9-])INC-\d+(?!\d)")


def without_incident(words: Wording, incident: Incident, message: Mapping[str, object]) -> Body:
    """Return the edit that takes a private *incident* out of a message; empty if it is not there.

    A line about it says that it is private instead; a fact about it at the end of another line goes. In a
    list of numbers its own becomes 🔒.

    Args:
        message: As Discord returns it.
    """
    cleaner = _Cleaner(
        hidden=str(redacted(words, incident)["content"]),
        own=_mention(incident.label),
        titles=_titles(incident.title),
    )
    before = {part: message[part] for part in _WORDS if message.get(part)}
    found: list[str] = []
    _rewritten(before, found.append)
    if not any(cleaner.own.search(text) for text in found):
        return {}
    after = _rewritten(before, cleaner.text)
    changed = {part: value for part, value in after.items() if value != before[part]}
    if "embeds" in changed:
        changed["embeds"] = _with_files(changed["embeds"], message)
    return {**changed, "allowed_mentions": {"parse": []}} if changed else {}


@dataclass(frozen=True, slots=True)
class _Cleaner:
    """Rewrites one text.

    Attributes:
        hidden: The line in the place of one about the incident.
        own: Finds its number, with the link around it.
        titles: How its title may be written.
    """

    hidden: str
    own: re.Pattern[str]
    titles: tuple[str, ...]

    def text(self, text: str) -> str:
        """Return *text*, with one line in the place of several that follow each other."""
        lines = [self._line(line) for line in text.split("\n")]
        kept = (
            line
            for line, last in zip(lines, ["", *lines], strict=False)
            if line != self.hidden or last != line
        )
        return "\n".join(kept)

    def _line(self, line: str) -> str:
        if self.hidden in line:
            return line
        if any(title in line for title in self.titles):
            return self.hidden
        first, *facts = line.split(_BETWEEN)
        if self.own.search(first) and not self._has_others(first):
            return self.hidden
        kept = [fact for fact in facts if not self.own.search(fact) or self._has_others(fact)]
        return _BETWEEN.join(self.own.sub("🔒", part) for part in (first, *kept))

    def _has_others(self, part: str) -> bool:
        return _OTHERS.search(self.own.sub("", part)) is not None


def _mention(label: str) -> re.Pattern[str]:
    """Return the pattern of an incident's number, in bold or as a link too."""
    number = rf"(?<![A-Za-z0-9-]){re.escape(label)}(?!\d)"
    return re.compile(rf"\[\**{number}\**\]\([^)\s]*\)|\*\*{number}\*\*|{number}")


def _titles(title: str) -> tuple[str, ...]:
    """Return how a title begins where it is shown: with and without escapes."""
    shown = (plain(title, limit=len(title) + 1), inert(title, limit=2 * len(title) + 1))
    return tuple({one[:_TITLE_TO] for one in shown if len(one) >= _TITLE_FROM})


def _rewritten(parts: Mapping[str, object], rewrite: Callable[[str], str | None]) -> dict[str, object]:
    """Return the *parts* of a message with each text for people in them rewritten."""

    def walk(value: object, key: str, keys: frozenset[str]) -> object:
        if isinstance(value, Mapping):
            return {name: walk(inner, name, keys) for name, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, key, keys) for inner in value]
        return rewrite(value) if isinstance(value, str) and key in keys else value

    return {part: walk(value, part, _WORDS[part]) for part, value in parts.items()}


def _with_files(embeds: object, message: Mapping[str, object]) -> object:
    """Return *embeds* as an edit takes them: a picture that is a file of the message is named as that file.

    Otherwise Discord would show the file twice.
    """
    files = message.get("attachments")
    names = {
        str(one.get("url")).partition("?")[0]: f"attachment://{one.get('filename')}"
        for one in (files if isinstance(files, list) else ())
    }

    def sent(embed: Mapping[str, object]) -> dict[str, object]:
        image = embed.get("image")
        url = str(image.get("url")) if isinstance(image, Mapping) else ""
        name = names.get(url.partition("?")[0])
        return {**embed, "image": {"url": name}} if name else dict(embed)

    return [sent(embed) for embed in embeds] if isinstance(embeds, list) else embeds
