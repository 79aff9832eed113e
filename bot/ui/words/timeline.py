"""The timeline as people read it: one line for each entry."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.incident.records import CancelledEntry, UpdatedEntry
from bot.domain.payloads import Payload
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import FoldedLines, Line, TimelineRow
from bot.domain.timeline.recorded import PinDeletedEntry, PinnedEntry, TriagedEntry
from bot.ui.words.inert import fair_share, inert, inert_lines, joined
from bot.ui.words.timeline_details import look_of
from bot.ui.words.triage_words import triaged
from bot.ui.words.wording import Wording, place_url

#: Characters of a line, its link aside.
LINE_LIMIT: Final = 330
#: The characters for people's words, for earlier words struck through, and for details; the first that fit.
_SHARES: Final = ((200, 80, 60), (120, 48, 40), (60, 24, 20))
_LEAST_WORDS: Final = 20
_LEAST_IMPACT: Final = 10
_MINUTE_S: Final = 60
_BETWEEN: Final = " · "

# A link is only shown when it leads into Discord: what was stored may have come from anywhere.
_SAFE_URL = re.compile(
    r"https://(?:\w+\.)?discord\.com/channels/(?:@me|\d{1,20})(?:/\d{1,20}){1,2}", re.ASCII
)


class _Source(Payload):
    """Where in Discord an entry of any kind leads."""

    where: tuple[int, ...] = ()
    url: str = ""


def told_line(words: Wording, line: Line, *, budget: int | None = None, when: str = "") -> str:
    """Return "11/24 14:07:05 JST · 👀 ack · @responder · リアクション", at most some 450 characters.

    What was put right comes with it: the earlier words struck through, who corrected them, and when.

    Args:
        budget: Characters, > 200, its link included; None: as many as a line may have anywhere.
        when: The time as it is to be shown; empty: date and time to the second.
    """
    url = source_url(line)
    source = "" if url is None else f"{_BETWEEN}[{words.say('history.fact.source')}]({url})"
    limit = LINE_LIMIT if budget is None else min(LINE_LIMIT, budget - len(source))
    # A time that was corrected is struck through, of several the latest.
    at = when or _struck_when(words.exact(line.at), [words.exact(each) for each in line.earlier_moments])
    for shares in _SHARES:
        parts = [at, *_parts(words, line, shares)]
        if len(_BETWEEN.join(parts)) <= limit:
            break
    shown = joined(parts, separator=_BETWEEN, limit=limit, more=" …")
    return shown.replace(f"{_BETWEEN}\n", "\n") + source


def told_rows(words: Wording, rows: Sequence[TimelineRow], *, since: datetime, limit: int) -> list[str]:
    """Return *rows* below the date of each day, cut so that all of them, and the breaks between, fit.

    "**11/24 JST**", then "14:07 +0:02 · 👀 ack · @responder · リアクション" and "14:07 +0:02 · ⚙ 通知 4 件".

    Args:
        since: The start of the incident, from which the offsets count.
        limit: Characters, > 200 for each of *rows* and 20 for each day.
    """
    days = [words.day(row.at) for row in rows]
    heads = [f"**{day}**" if not number or day != days[number - 1] else "" for number, day in enumerate(days)]
    budget = limit - sum(len(head) + 1 for head in heads if head)
    whole = [told_row(words, row, since=since) for row in rows]
    share = fair_share([len(one) + 1 for one in whole], limit=budget) - 1
    fitting = [
        one if len(one) <= share else told_row(words, row, since=since, budget=share)
        for one, row in zip(whole, rows, strict=True)
    ]
    return [line for head, one in zip(heads, fitting, strict=True) for line in (head, one) if line]


def told_row(words: Wording, row: TimelineRow, *, since: datetime, budget: int | None = None) -> str:
    """Return "14:07 +0:02 · 👀 ack · @responder · リアクション"; *since* and *budget* as above."""
    if isinstance(row, FoldedLines):
        at = words.time_of_day(row.at)
        count = words.say("history.folded", count=len(row.lines))
        return f"{at} {offset(row.at, since=since)}{_BETWEEN}{count}"
    at = f"{words.time_of_day(row.at)} {offset(row.at, since=since)}"  # below the date of the day
    before = [
        words.time_of_day(each) if words.day(each) == words.day(row.at) else words.moment(each)
        for each in row.earlier_moments
    ]
    return told_line(words, row, budget=budget, when=_struck_when(at, before))


def offset(at: datetime, *, since: datetime) -> str:
    """Return the time from *since* to *at* in hours and minutes: "+0:52", "-1:05".

    Both are taken to the minute, so that it is the difference of the times that are shown.
    """
    minutes = int(at.timestamp() // _MINUTE_S - since.timestamp() // _MINUTE_S)
    hours, left = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours}:{left:02}"


def _struck_when(at: str, before: Sequence[str]) -> str:
    if not before:
        return at
    struck = f"~~{before[-1]}~~ {at}"
    return struck if len(before) == 1 else f"… {struck}"


def _struck(words: Wording, versions: Sequence[TimelineEntry], *, limit: int) -> str:
    """Return earlier versions struck through, each in its share of *limit*; if not all fit, the latest."""
    shown = versions[-(limit // _LEAST_WORDS) :]
    share = limit // len(shown)
    struck = " ".join(f"~~{quoted(words, each, each.said, limit=share)}~~" for each in shown)
    return struck if len(shown) == len(versions) else f"… {struck}"


def corrected_by(words: Wording, correction: TimelineEntry) -> str:
    """Say who corrected an entry, and when."""
    at = words.exact(correction.recorded_at or correction.at)
    return words.say("history.fact.corrected_by", who=words.who(correction.actor_name), at=at)


def kind_words(words: Wording, entry: TimelineEntry) -> str:
    """Return the words for the entry's kind: "👀 ack"."""
    data, key = entry.data or {}, entry.kind.value
    if entry.kind is TimelineKind.CANCELLED and CancelledEntry.from_json(data).drill:
        key = "drill_over"
    elif entry.kind is TimelineKind.PIN_DELETED and PinDeletedEntry.from_json(data).text == "":
        key = "pin_deleted_unread"
    return words_of_kind(words, key)


def words_of_kind(words: Wording, key: str) -> str:
    """Return the words for a kind of entry; its bare name if nothing here knows it."""
    text = f"history.kind.{key}"
    return words.say(text) if text in words.texts else f"`{key}`"


def source_url(line: Line) -> str | None:
    """Return the URL of the message or thread that it is about, else of what told of it there."""
    source = _Source.from_json(line.entry.data or {})
    where = source.where or line.where
    if where:
        return place_url(*where)
    return source.url if _SAFE_URL.fullmatch(source.url) else None


def recorded(words: Wording, entry: TimelineEntry) -> str:
    """Say when a late entry was written down; empty for any other."""
    if entry.recorded_at is None or not entry.is_late:
        return ""
    return words.say("history.fact.recorded", at=words.exact(entry.recorded_at))


def _parts(words: Wording, line: Line, shares: tuple[int, int, int]) -> list[str]:
    """Return the parts of a line without its time and link; *shares* limits the signs of people's words."""
    entry = line.entry
    parts = [kind_words(words, entry)]
    if entry.actor_name is not None:
        parts.append(words.who(entry.actor_name))
    late = recorded(words, replace(entry, at=line.at))
    return [*parts, *_said(words, line, shares), *([f"({late})"] if late else [])]


def _said(words: Wording, line: Line, shares: tuple[int, int, int]) -> list[str]:
    said, struck, aside = shares
    if not line.corrections:
        entry = line.entry
        if entry.kind is not TimelineKind.TRIAGED or not entry.data:
            return facts(words, entry, limit=said)
        # A triage's answers have a line each, without what the entry's own line says.
        data = TriagedEntry.from_json(entry.data)
        return [f"\n- {answer}" for answer in triaged(words, data, said, beside=entry)]
    last = line.corrections[-1]
    earlier = spoken(line, line.versions)
    parts = [
        *([_struck(words, earlier, limit=struck)] if earlier else []),
        *(quoted(words, one, one.said, limit=said // 2) for one in spoken(line, [last])),
        f"({corrected_by(words, last)})",
    ]
    return [" ".join(parts), *beside(words, line, limit=aside)]


def spoken(line: Line, versions: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """Return those of *versions* that have words to show; an update may consist of the impact alone."""
    return [one for one in versions if one.said or not line.entry.is_update]


def facts(words: Wording, entry: TimelineEntry, *, limit: int, multiline: bool = False) -> list[str]:
    """Return the details of *entry*, in parts that are safe to show.

    Args:
        words: The team's, or one reader's.
        limit: Characters of what people wrote.
        multiline: Keep the line breaks of what people wrote.
    """
    if entry.kind.spec.has_words:
        shown = []
        if entry.said or (entry.data and entry.kind is not TimelineKind.UPDATED):
            shown.append(quoted(words, entry, entry.said, limit=limit, multiline=multiline))
        return [*shown, *beside(words, Line(entry), limit=limit)]
    if not entry.data:
        return []
    return look_of(words.policy, entry.kind).details(words, entry.data, limit=limit)


def quoted(words: Wording, entry: TimelineEntry, text: str, *, limit: int, multiline: bool = False) -> str:
    """Return *text* as the words of *entry*; those of a pinned message come with its author's name."""
    pinned = PinnedEntry.from_json(entry.data or {})
    shown = (inert_lines if multiline else inert)(text, limit=limit)
    if not shown:
        missing = "unreadable" if pinned.is_readable is False else "no_words"
        shown = words.say(f"history.fact.{missing}")
    if pinned.author_name is None:
        return shown
    return words.say("history.fact.author", who=words.who(pinned.author_name), text=shown)


def beside(words: Wording, line: Line, *, limit: int) -> Iterator[str]:
    """Yield the details of *line* beside its text: phase, users, impact (earlier ones struck), next update.

    Args:
        limit: Characters of all impacts together.
    """
    update = UpdatedEntry.from_json(line.entry.data or {})
    if update.phase is not None:
        yield words.phase(update.phase)
    if update.users is not None:
        yield words.say("updates.form.users", users=words.users(update.users))
    if line.impact or line.earlier_impacts:
        yield words.say("history.fact.impact", impact=_impacts(words, line, limit=limit))
    if update.next_at is not None:
        yield words.say("history.fact.next_update", at=words.moment(update.next_at))


def _impacts(words: Wording, line: Line, *, limit: int) -> str:
    """Return the earlier impacts struck through, then the current one.

    The current one takes up to four fifths of *limit* when there are earlier ones; they share the rest. If
    not all fit, the latest are shown: the file has all of them.
    """
    earlier = [impact for impact in line.earlier_impacts if impact]
    own = limit * 4 // 5 if earlier else limit
    counts = inert(line.impact, limit=own) or words.say("history.fact.no_impact")
    budget = max(limit - len(counts), _LEAST_IMPACT)
    shown = earlier[-(budget // _LEAST_IMPACT) :]
    struck = [f"~~{inert(impact, limit=budget // len(shown))}~~" for impact in shown]
    return " ".join([*(["…"] if len(shown) < len(earlier) else []), *struck, counts])
