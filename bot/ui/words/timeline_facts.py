"""The details of a timeline entry, beside its kind, time and actor: one function per kind.

The data come from the database, perhaps from an older version. Missing data are left out, and unknown data
are shown unchanged and inert.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from bot.domain.incident.incident import label_of
from bot.domain.incident.relations import Other
from bot.domain.incident.title_and_start import Corrected, StartChange, TitleChange
from bot.domain.timeline.entries import Line, TimelineEntry, TimelineKind
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.triage_history import triage_history
from bot.ui.words.voice import channel_name
from bot.ui.words.wording import Wording

Data: TypeAlias = Mapping[str, object]
Facts: TypeAlias = Callable[[Wording, Data, int], Iterator[str]]

_WORD_LIMIT = 120
_LIST_LIMIT = 300
_LEAST_IMPACT = 10


def facts(words: Wording, entry: TimelineEntry, *, limit: int, multiline: bool = False) -> list[str]:
    """Return the details of *entry*, in parts that are safe to show.

    Args:
        words: The team's, or one reader's.
        limit: Characters of what people wrote.
        multiline: Keep the line breaks of what people wrote.
    """
    data = entry.data or {}
    if entry.kind in _TRIAGE:
        return triage_history(words, entry, limit=limit) if data else []
    if entry.kind in SAYING:
        return list(_said(words, entry, limit=limit, multiline=multiline))
    found = _FACTS.get(entry.kind, _reason)
    return [part for part in found(words, data, limit) if part]


def quoted(words: Wording, entry: TimelineEntry, text: str, *, limit: int, multiline: bool = False) -> str:
    """Return *text* as the words of *entry*; those of a pinned message come with its author's name."""
    data = entry.data or {}
    shown = (inert_lines if multiline else inert)(text, limit=limit)
    if not shown:
        missing = "unreadable" if data.get("is_readable") is False else "no_words"
        shown = words.say(f"history.fact.{missing}")
    author = data.get("author_name")
    if author is None:
        return shown
    return words.say("history.fact.author", who=words.who(str(author)), text=shown)


def beside(words: Wording, line: Line, *, limit: int) -> Iterator[str]:
    """Yield the details of *line* beside its text: the impact, with earlier ones struck, and the next update.

    Args:
        limit: Characters of all impacts together.
    """
    if line.impact or line.earlier_impacts:
        yield words.say("history.fact.impact", impact=_impacts(words, line, limit=limit))
    if at := _moment(words, line.entry.data or {}, "next_at"):
        yield words.say("history.fact.next_update", at=at)


def _impacts(words: Wording, line: Line, *, limit: int) -> str:
    """Return the earlier impacts struck through, then the current one.

    The current one takes up to four fifths of *limit* when there are earlier ones; they share the rest. If
    not all fit, the latest are shown: the file has all of them.
    """
    earlier = [impact for impact in line.earlier_impacts if impact]
    own = limit * 4 // 5 if earlier else limit
    counts = inert(line.impact, limit=own) or words.say("history.fact.no_impact")
    room = max(limit - len(counts), _LEAST_IMPACT)
    shown = earlier[-(room // _LEAST_IMPACT) :]
    struck = [f"~~{inert(impact, limit=room // len(shown))}~~" for impact in shown]
    return " ".join([*(["…"] if len(shown) < len(earlier) else []), *struck, counts])


def _said(words: Wording, entry: TimelineEntry, *, limit: int, multiline: bool) -> Iterator[str]:
    if entry.said or (entry.data and entry.kind is not TimelineKind.UPDATED):
        yield quoted(words, entry, entry.said, limit=limit, multiline=multiline)
    yield from beside(words, Line(entry), limit=limit)


def _opened(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    yield _text(data, "severity")
    if (reporter := data.get("reporter")) is not None:
        yield words.say("history.fact.reporter", who=words.who(str(reporter)))


def _repeated(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if (count := data.get("count")) is not None:
        yield words.say("history.fact.times_seen", count=inert(str(count), limit=20))


def _paged(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if (place := data.get("place")) is not None:
        yield words.on_call([str(data.get("who", place))])


def _acknowledged(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    via = f"history.fact.via_{data.get('via')}"
    yield words.say(via) if via in words.texts else _text(data, "via")


def _declined(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if "to" not in data:
        return
    if data["to"] is None:
        yield words.say("history.fact.passed_to_nobody")
    else:
        yield words.say("history.fact.passed_to", people=words.on_call([str(data["to"])]))


def _lapsed(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if (who := data.get("who")) is not None:
        yield words.who(str(who))


def _escalated(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if places := _texts(data, "dm"):
        yield words.say("history.fact.called", people=words.on_call(places))
    if times := _texts(data, "overdue"):
        yield words.say("history.fact.stands_in", count=len(times))


def _failed(words: Wording, data: Data, limit: int) -> Iterator[str]:
    yield _text(data, "kind")
    kind, _, name = str(data.get("to") or "").partition(":")
    if kind == "channel":
        yield channel_name(name)
    elif kind == "person":
        yield words.on_call([name])
    elif "name" in data:
        yield words.who(str(data["name"]))
    yield _text(data, "reason", limit=limit)


def _emailed(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if (count := data.get("recipients")) is not None:
        yield words.say("history.fact.recipients", count=inert(str(count), limit=20))


def put_right(
    words: Wording, title: TitleChange | None, start: StartChange | None, *, limit: int
) -> Iterator[str]:
    """Yield title and start, before and after.

    Args:
        limit: Characters of both titles together.
    """
    if title is not None:
        before, after = (inert(one, limit=limit // 2) for one in (title.before, title.after))
        yield words.say("history.fact.title", before=before, after=after)
    if start is not None:
        before, after = (words.exact(one) for one in (start.before, start.after))
        yield words.say("history.fact.started_at", before=before, after=after)


def _details(words: Wording, data: Data, limit: int) -> Iterator[str]:
    changed = Corrected.from_json(data)
    yield from put_right(words, changed.title, changed.started_at, limit=limit)
    if targets := words.targets(_texts(data, "targets"), limit=_LIST_LIMIT):
        yield words.say("history.fact.targets", targets=targets)
    if symptoms := words.symptoms(_texts(data, "symptoms"), limit=_LIST_LIMIT):
        yield words.say("history.fact.symptoms", symptoms=symptoms)


def _severity(words: Wording, data: Data, limit: int) -> Iterator[str]:
    before, after = _text(data, "before"), _text(data, "after")
    if after:
        yield words.say("history.fact.severity", before=before or "?", after=after)
    if other := _other(data, Other.MERGED):
        yield words.say("history.fact.merged_with", other=other, severity=after or "?")
    yield from _reason(words, data, limit)
    if at := _moment(words, data, "next_at"):
        yield words.say("history.fact.next_update", at=at)


def _role(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    role = _text(data, "role")
    if not role:
        return
    name = f"role.{role}"
    yield words.say(
        "history.fact.role",
        role=words.say(name) if name in words.texts else role,
        holder=_holder(words, data, "holder") or words.say("history.fact.vacant"),
    )
    if former := _holder(words, data, "former"):
        yield words.say("history.fact.former", who=former)
    if data.get("gone") is True:
        yield words.say("history.fact.gone")


def _step(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    """Which step it was: its words as they were then, in the reader's language."""
    said = data.get("words")
    step = str(said.get(words.policy.language) or "") if isinstance(said, Mapping) else ""
    if step:
        number = inert(str(data.get("number") or "?"), limit=20)
        yield f"{_text(data, 'severity')} {number}. {inert(step, limit=_WORD_LIMIT)}".strip()


def _update_due(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if (lead := data.get("lead")) is not None:
        yield words.who(str(lead))
    if at := _moment(words, data, "due_at"):
        yield words.say("history.fact.was_due", at=at)


def _reason(words: Wording, data: Data, limit: int) -> Iterator[str]:
    if reason := _text(data, "reason", limit=limit):
        yield words.say("history.fact.reason", reason=reason)


def _deleted(words: Wording, data: Data, limit: int) -> Iterator[str]:
    """Whose message it was, and how it began."""
    author, text = data.get("author_name"), _text(data, "text", limit=min(limit, _WORD_LIMIT))
    if author is None:
        yield text
    elif text:
        yield words.say("history.fact.author", who=words.who(str(author)), text=text)
    else:
        yield words.who(str(author))


def _merged(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if other := _other(data, Other.INTO):
        yield words.say("history.fact.goes_on_in", other=other)


def _drill_scored(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    yield words.say("history.fact.missed", count=len(_texts(data, "missed")))


def _linked(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if other := _other(data, Other.MERGED):
        yield words.say("history.fact.taken_in", other=other)
    if other := _other(data, Other.WITH):
        yield words.say("history.fact.same_as", other=other)


def _unmerged(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if other := _other(data, Other.WITH):
        yield words.say("history.fact.let_go", other=other)


def _voice(_words: Wording, data: Data, _limit: int) -> Iterator[str]:
    yield _text(data, "channel")


def _named(words: Wording, data: Data, _limit: int) -> Iterator[str]:
    if (name := data.get("name")) is not None:
        yield words.who(str(name))


def _other(data: Data, key: Other) -> str:
    number = str(data.get(key) or "")
    return label_of(int(number)) if number.isdecimal() else inert(number, limit=_WORD_LIMIT)


def _holder(words: Wording, data: Data, key: str) -> str:
    found = data.get(key)
    return words.who(str(found.get("name"))) if isinstance(found, Mapping) else ""


def _moment(words: Wording, data: Data, key: str) -> str:
    found = data.get(key)
    return "" if found is None else words.exact(datetime.fromisoformat(str(found)))


def _text(data: Data, key: str, *, limit: int = _WORD_LIMIT) -> str:
    found = data.get(key)
    return "" if found is None else inert(str(found), limit=limit)


def _texts(data: Data, key: str) -> list[str]:
    found = data.get(key)
    return [str(each) for each in found] if isinstance(found, list | tuple) else []


_TRIAGE: Final = frozenset(
    {TimelineKind.TRIAGED, TimelineKind.EVIDENCE, TimelineKind.PROMOTED, TimelineKind.UNFINISHED}
)

#: Kinds that are somebody's words.
SAYING: Final = frozenset(
    {
        TimelineKind.NOTE,
        TimelineKind.PINNED,
        TimelineKind.PIN_EDITED,
        TimelineKind.UPDATED,
        TimelineKind.CORRECTED,
    }
)

_FACTS: Final[Mapping[TimelineKind, Facts]] = {
    TimelineKind.OPENED: _opened,
    TimelineKind.REPEATED: _repeated,
    TimelineKind.PAGED: _paged,
    TimelineKind.ACKNOWLEDGED: _acknowledged,
    TimelineKind.JOINED: _acknowledged,
    TimelineKind.DECLINED: _declined,
    TimelineKind.LAPSED: _lapsed,
    TimelineKind.ESCALATED: _escalated,
    TimelineKind.DELIVERY_FAILED: _failed,
    TimelineKind.EMAILED: _emailed,
    TimelineKind.DETAILS_CHANGED: _details,
    TimelineKind.SEVERITY_CHANGED: _severity,
    TimelineKind.ROLE_CHANGED: _role,
    TimelineKind.STEP_DONE: _step,
    TimelineKind.STEP_UNDONE: _step,
    TimelineKind.UPDATE_DUE: _update_due,
    TimelineKind.VOICE_JOINED: _voice,
    TimelineKind.LINKED: _linked,
    TimelineKind.UNLINKED: _linked,
    TimelineKind.UNMERGED: _unmerged,
    TimelineKind.MEMBER_ADDED: _named,
    TimelineKind.MEMBER_REMOVED: _named,
    TimelineKind.DRILL_SCORED: _drill_scored,
    TimelineKind.MERGED: _merged,
    TimelineKind.PIN_DELETED: _deleted,
}
