"""The timeline as people read it: one line for each entry."""

import re
from typing import Final

from bot.domain.timeline import Line, TimelineEntry
from bot.ui.words.inert import joined
from bot.ui.words.links import place_url
from bot.ui.words.timeline_facts import facts, quoted
from bot.ui.words.wording import Wording

#: Characters of a line, its link aside; ten of them fit a screen.
LINE_LIMIT: Final = 330
_WORDS_LIMIT: Final = 200

# A link is only shown when it leads into Discord: what was stored may have come from anywhere.
_SAFE_URL = re.compile(r"https://(?:\w+\.)?discord\.com/channels/(?:@me|\d{1,20})(?:/\d{1,20}){1,2}")


def entry_line(words: Wording, entry: TimelineEntry) -> str:
    """11/24 14:07:05 JST · 👀 ack · @responder · リアクション, at most some 450 characters with its link."""
    return _line(words, entry, facts(words, entry, limit=_WORDS_LIMIT))


def told_line(words: Wording, line: Line) -> str:
    """The same with what was put right: the first words struck through, the last ones, who and when."""
    if not line.corrections:
        return entry_line(words, line.entry)
    last = line.corrections[-1]
    half = _WORDS_LIMIT // 2
    first = quoted(words, line.entry, line.entry.said, limit=half)
    now = quoted(words, last, last.said, limit=half)
    by = corrected_by(words, last)
    return _line(words, line.entry, [f"~~{first}~~ {now} ({by})"])


def corrected_by(words: Wording, correction: TimelineEntry) -> str:
    """Who has put it right, and when."""
    at = words.exact(correction.recorded_at or correction.at)
    return words.say("history.fact.corrected_by", who=words.who(correction.actor_name), at=at)


def kind_words(words: Wording, entry: TimelineEntry) -> str:
    """What happened: "👀 ack"."""
    return words.say(f"history.kind.{entry.kind.value}")


def source_url(entry: TimelineEntry) -> str | None:
    """The message or the thread in Discord that *entry* is about, if it says which."""
    data = entry.data or {}
    where = data.get("where")
    if isinstance(where, list | tuple):
        return place_url(*(int(str(part)) for part in where))
    url = data.get("url")
    return url if isinstance(url, str) and _SAFE_URL.fullmatch(url) else None


def recorded(words: Wording, entry: TimelineEntry) -> str:
    """When a late entry was written down; empty for any other."""
    if entry.recorded_at is None or not entry.is_late:
        return ""
    return words.say("history.fact.recorded", at=words.exact(entry.recorded_at))


def _line(words: Wording, entry: TimelineEntry, said: list[str]) -> str:
    parts = [words.exact(entry.at), kind_words(words, entry)]
    if entry.actor_name is not None:
        parts.append(words.who(entry.actor_name))
    late = recorded(words, entry)
    shown = [*parts, *said, *([f"({late})"] if late else [])]
    line = joined(shown, separator=" · ", limit=LINE_LIMIT, more=" …")
    url = source_url(entry)
    return line if url is None else f"{line} · [{words.say('history.fact.source')}]({url})"
