"""The timeline as people read it: one line for each entry."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.domain.timeline import Line, TimelineEntry, TimelineKind
from bot.ui.words.inert import joined
from bot.ui.words.links import place_url
from bot.ui.words.timeline_facts import beside, facts, quoted
from bot.ui.words.wording import Wording

#: Characters of a line, its link aside; ten of them fit a screen.
LINE_LIMIT: Final = 330
_WORDS_LIMIT: Final = 200
_STRUCK_LIMIT: Final = 80
_LEAST_WORDS: Final = 20
_BESIDE_LIMIT: Final = 60

# A link is only shown when it leads into Discord: what was stored may have come from anywhere.
_SAFE_URL = re.compile(r"https://(?:\w+\.)?discord\.com/channels/(?:@me|\d{1,20})(?:/\d{1,20}){1,2}")


def entry_line(words: Wording, entry: TimelineEntry) -> str:
    """11/24 14:07:05 JST · 👀 ack · @responder · リアクション, at most some 450 characters with its link."""
    return told_line(words, Line(entry))


def told_line(words: Wording, line: Line) -> str:
    """The same with what was put right: earlier words struck through, those that count, who and when."""
    if not line.corrections:
        return _line(words, line, facts(words, line.entry, limit=_WORDS_LIMIT))
    last = line.corrections[-1]
    now = quoted(words, last, last.said, limit=_WORDS_LIMIT // 2)
    if line.versions:
        now = f"{_struck(words, line.versions, limit=_STRUCK_LIMIT)} {now}"
    said = f"{now} ({corrected_by(words, last)})"
    return _line(words, line, [said, *beside(words, line.entry, limit=_BESIDE_LIMIT)])


def _when(words: Wording, line: Line) -> str:
    """Exactly when; the time that stood there before struck through: of several the latest."""
    at, before = words.exact(line.at), line.earlier_moments
    if not before:
        return at
    struck = f"~~{words.exact(before[-1])}~~ {at}"
    return struck if len(before) == 1 else f"… {struck}"


def _struck(words: Wording, versions: Sequence[TimelineEntry], *, limit: int) -> str:
    """Each in its share of *limit*; of more than fit, the latest: the file has all of them."""
    shown = versions[-(limit // _LEAST_WORDS) :]
    share = limit // len(shown)
    struck = " ".join(f"~~{quoted(words, each, each.said, limit=share)}~~" for each in shown)
    return struck if len(shown) == len(versions) else f"… {struck}"


def corrected_by(words: Wording, correction: TimelineEntry) -> str:
    """Who has put it right, and when."""
    at = words.exact(correction.recorded_at or correction.at)
    return words.say("history.fact.corrected_by", who=words.who(correction.actor_name), at=at)


def kind_words(words: Wording, entry: TimelineEntry) -> str:
    """What happened: "👀 ack"."""
    is_drill = entry.kind is TimelineKind.CANCELLED and (entry.data or {}).get("drill") is True
    return words.say("history.kind.drill_over" if is_drill else f"history.kind.{entry.kind.value}")


def source_url(line: Line) -> str | None:
    """The message or the thread in Discord that it is about, if it says which; else what told of it there."""
    data = line.entry.data or {}
    where = data.get("where") or line.where
    if isinstance(where, list | tuple):
        return place_url(*(int(str(part)) for part in where))
    url = data.get("url")
    return url if isinstance(url, str) and _SAFE_URL.fullmatch(url) else None


def recorded(words: Wording, entry: TimelineEntry) -> str:
    """When a late entry was written down; empty for any other."""
    if entry.recorded_at is None or not entry.is_late:
        return ""
    return words.say("history.fact.recorded", at=words.exact(entry.recorded_at))


def _line(words: Wording, told: Line, said: list[str]) -> str:
    entry = told.entry
    parts = [_when(words, told), kind_words(words, entry)]
    if entry.actor_name is not None:
        parts.append(words.who(entry.actor_name))
    late = recorded(words, replace(entry, at=told.at))
    shown = [*parts, *said, *([f"({late})"] if late else [])]
    line = joined(shown, separator=" · ", limit=LINE_LIMIT, more=" …")
    url = source_url(told)
    return line if url is None else f"{line} · [{words.say('history.fact.source')}]({url})"
