"""Taking the lines about a private incident out of a message that is about other things as well."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.incident.incident import Incident
from bot.domain.statistics.figures import ExampleOf
from bot.ui.posts.bodies import Body
from bot.ui.posts.incident.private import redacted
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Wording

#: What separates the facts of a line.
_BETWEEN: Final = " · "
#: What lines of figures lead to; that of drills ends as a line about an action item does.
_FIGURES: Final = [of for of in ExampleOf if of is not ExampleOf.DRILL]
#: How a line begins that belongs to the one above.
_SMALL_PRINT: Final = "-# "

#: Where the words for people are, by part of a message; all else are ids, addresses and numbers.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "content": frozenset({"content"}),
    "embeds": frozenset({"title", "description", "text", "name", "value"}),
    "components": frozenset({"content", "label", "placeholder", "description"}),
}

#: A line with at least so much of a title is about its incident.
_TITLE_FROM: Final = 4
_TITLE_TO: Final = 30
_OTHERS: Final = re.compile(r"(?<![A-Za-z0-9-])INC-\d+(?!\d)", re.ASCII)


def without_incident(words: Wording, incident: Incident, message: Mapping[str, object]) -> Body:
    """Return the edit that takes a private *incident* out of a message; empty if it is not there.

    A line that names it says that it is private instead, and the small print below goes. A line of figures
    only loses where it led; of a list of numbers its own becomes 🔒.

    Args:
        message: As Discord returns it.
    """
    number = rf"(?<![A-Za-z0-9-]){re.escape(incident.label)}(?!\d)"
    own = rf"(?:\[\**{number}\**\]\([^)\s]*\)|\*\*{number}\*\*|{number})"  # as a link or in bold, too
    title = incident.title
    shown = (plain(title, limit=len(title) + 1), inert(title, limit=2 * len(title) + 1))
    cleaner = _Cleaner(
        hidden=str(redacted(words, incident)["content"]),
        own=re.compile(own),
        example=re.compile("|".join(_example(words, of, own) for of in _FIGURES)),
        titles=tuple({each[:_TITLE_TO] for each in shown if len(each) >= _TITLE_FROM}),
    )
    before = {part: message[part] for part in _WORDS if message.get(part)}
    texts: list[str] = []
    _rewritten(before, texts.append)
    if not any(cleaner.own.search(text) for text in texts):
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
        example: Finds the end of a line of figures that leads to the incident.
        titles: How its title begins where it is shown: with and without escapes.
    """

    hidden: str
    own: re.Pattern[str]
    example: re.Pattern[str]
    titles: tuple[str, ...]

    def text(self, text: str) -> str:
        """Return *text*, with one line in the place of several that follow each other."""
        lines: list[str] = []
        for line in map(self._line, text.split("\n")):
            is_below = bool(lines) and lines[-1] == self.hidden
            if not (is_below and (line == self.hidden or line.startswith(_SMALL_PRINT))):
                lines.append(line)
        return "\n".join(lines)

    def _line(self, line: str) -> str:
        if self.hidden in line:
            return line
        if any(title in line for title in self.titles):
            return self.hidden
        rest = self.example.sub("", line)
        if not self.own.search(rest):
            return rest
        naming = (part for part in rest.split(_BETWEEN) if self.own.search(part))
        is_list = all(_OTHERS.search(self.own.sub("", part)) for part in naming)
        return self.own.sub("🔒", rest) if is_list else self.hidden


def _example(words: Wording, of: ExampleOf, own: str) -> str:
    """Return the pattern of what the digest appends to a line."""
    before, _, after = words.say(f"figures.example.{of}", name="\0").partition("\0")
    return f"{re.escape(before)}{own}{re.escape(after)}"


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
