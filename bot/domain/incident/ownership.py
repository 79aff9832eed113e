"""The owner of an incident: one value, from which every post, screen, document and figure speaks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import zip_longest
from typing import Final

from bot.domain.timeline.entries import TimelineEntry, TimelineKind


class OwnerWhy(StrEnum):
    """How a person came to own an incident, or why it has no owner."""

    ACKED = "acked"
    COMMAND = "command"  # took command while it had no owner
    HANDED = "handed"  # the owner let go, and this responder had acknowledged it, too
    REOPENED = "reopened"
    NEW = "new"  # no owner: it was not acknowledged yet
    LAPSED = "lapsed"  # no owner: the last one did not answer a reminder
    RELEASED = "released"  # no owner: the last one let go
    ENDED = "ended"  # it is over


@dataclass(frozen=True, slots=True)
class Ownership:
    """The owner of an incident, since when, and why.

    Attributes:
        id, name: The person's; None: no owner. Of an ended incident: of the person who ended it.
        since: When this began; of an ended incident: when it ended.
        former: The name of the last owner, if it has none now; None if it never had one.
    """

    id: int | None
    name: str | None
    since: datetime
    why: OwnerWhy
    former: str | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time during which an incident had one owner, or none.

    Attributes:
        name: The owner's; None: no owner.
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
    """Return the owners of the incident from its trigger on, one after the other, as its timeline has them.

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
    """Return the time without an owner between *since* and *until*."""
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

    It is met if the incident had an owner, or had ended, at *due_at*. An acknowledgement that lapsed does not
    count, unless a responder wrote an update, a note or a message before it lapsed.

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
