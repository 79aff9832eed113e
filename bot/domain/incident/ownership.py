"""Who has an incident: one value, from which every post, screen, document and figure speaks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from bot.domain.timeline.entries import TimelineEntry, TimelineKind


class OwnerWhy(StrEnum):
    """Why a person has the incident, or why nobody has it."""

    ACKED = "acked"
    COMMAND = "command"  # took command while nobody had it
    HANDED = "handed"  # the person who had it let go, and this responder had joined or took it on
    REOPENED = "reopened"
    NEW = "new"  # nobody has acknowledged it yet
    LAPSED = "lapsed"  # nobody: the acknowledgement ended, as a reminder was not answered
    RELEASED = "released"  # nobody: the person who had it let go
    ENDED = "ended"  # it is over


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who has an incident, since when, and why.

    Attributes:
        id, name: The person's; None: nobody has it. Of an ended incident: who ended it.
        since: Since when they have it, or nobody has; of an ended incident: when it ended.
        former: The name of the person who had it before nobody did; None: nobody ever had it.
    """

    id: int | None
    name: str | None
    since: datetime
    why: OwnerWhy
    former: str | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of an incident during which one person had it, or nobody.

    Attributes:
        name: The person's; None: nobody had it.
        end: None: it goes on.
    """

    name: str | None
    start: datetime
    end: datetime | None
    why: OwnerWhy


#: A person who has done one of these responds.
_JOINS: Final = frozenset({TimelineKind.ACKNOWLEDGED, TimelineKind.JOINED, TimelineKind.REOPENED})

#: The words of a responder show that the work goes on; to join, or to take or free a role, is only a press.
_SIGNS_OF_LIFE: Final = frozenset(
    {TimelineKind.UPDATED, TimelineKind.NOTE, TimelineKind.OUTPUT, TimelineKind.PINNED}
)

_ENDS: Final = frozenset({TimelineKind.RESOLVED, TimelineKind.CANCELLED, TimelineKind.MERGED})


def spells(entries: Iterable[TimelineEntry], *, triggered_at: datetime) -> tuple[Spell, ...]:
    """Return who had the incident from its trigger on, one after the other, as its timeline has it.

    An ended incident has no spell until it is opened again.

    Args:
        entries: In the order of their times.
        triggered_at: When the incident was raised.
    """
    found: list[Spell] = []
    open_: Spell | None = Spell(None, triggered_at, None, OwnerWhy.NEW)
    for entry in entries:
        following = _after(entry, open_)
        if following is open_:
            continue
        if open_ is not None and open_.start < entry.at:
            found.append(Spell(open_.name, open_.start, entry.at, open_.why))
        open_ = following
    return (*found, open_) if open_ is not None else tuple(found)


def unowned(found: Iterable[Spell], *, since: datetime, until: datetime) -> timedelta:
    """Return for how long nobody had the incident between *since* and *until*."""
    total = timedelta()
    since, until = since.astimezone(UTC), until.astimezone(UTC)  # else `-` may be that of wall clocks
    for spell in found:
        if spell.name is None:
            start, end = max(spell.start, since), min(spell.end or until, until)
            total += max(end - start, timedelta())
    return total


def acked_in_time(
    entries: Sequence[TimelineEntry], *, triggered_at: datetime, due_at: datetime, now: datetime
) -> bool | None:
    """Return True if the ack deadline *due_at* was met, False if it was missed; None while it is ahead.

    It is met if a person had the incident when it came, or the incident had ended. An acknowledgement that
    lapsed before a responder wrote an update, a note or a message was none.

    Args:
        entries: In the order of their times.
        triggered_at: When the incident was raised.
    """
    moment, found = min(due_at, now), spells(entries, triggered_at=triggered_at)
    for spell, following in zip_longest(found, found[1:]):
        if spell.start > moment or (spell.end is not None and spell.end <= moment):
            continue
        if spell.name is None:
            return False if now > due_at else None
        has_lapsed = following is not None and following.why is OwnerWhy.LAPSED
        return not has_lapsed or _is_sign_of_life_in(spell, entries)
    return True


def _is_sign_of_life_in(spell: Spell, entries: Sequence[TimelineEntry]) -> bool:
    responders = {one.actor_id for one in entries if one.kind in _JOINS}
    return any(
        spell.start < one.at and (spell.end is None or one.at < spell.end)
        for one in entries
        if one.kind in _SIGNS_OF_LIFE and one.actor_id is not None and one.actor_id in responders
    )


def _after(entry: TimelineEntry, spell: Spell | None) -> Spell | None:
    """Return the spell that begins with *entry*; *spell* itself if it goes on."""
    data = entry.data or {}
    who: str | None = entry.actor_name or "?"
    why: OwnerWhy
    match entry.kind:
        case kind if kind in _ENDS:
            return None
        case TimelineKind.ACKNOWLEDGED:
            why = OwnerWhy.COMMAND if data.get("via") == "role" else OwnerWhy.ACKED
        case TimelineKind.REOPENED:
            why = OwnerWhy.REOPENED
        case TimelineKind.LAPSED:
            who, why = None, OwnerWhy.LAPSED
        case TimelineKind.RELEASED if data.get("resumed"):
            who, why = None, OwnerWhy.RELEASED
        case TimelineKind.RELEASED if isinstance(to := data.get("to"), dict):
            who, why = str(to.get("name") or "?"), OwnerWhy.HANDED
        case _:
            return spell
    return Spell(who, entry.at, None, why)
