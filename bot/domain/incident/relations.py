"""How incidents are related: linked, or one merged into the other. Their posts name each other.

Anyone in its channel or thread can read a post, so an incident never names a private one. The timeline keeps
the numbers of private ones, and `readable` removes them for readers who may not see those.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from enum import StrEnum

from bot.domain.errors import DrillAndReal, InvalidTransition
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.timeline.entries import TimelineEntry


class Other(StrEnum):
    """The keys of an entry's data that hold the number of another incident."""

    WITH = "with"
    MERGED = "merged"
    INTO = "into"


def require_mergeable(into: Incident, incident: Incident) -> None:
    """Require that *incident* may be merged into *into*.

    Raises:
        InvalidTransition: *into* has ended, or is the same incident; only one of the two is a drill, or
            private; or *into* is a tracked alert, without a thread, and *incident* is not.
    """
    if into.id == incident.id:
        raise InvalidTransition("merge_with_itself", incident=incident.label)
    require_alike(incident, into)
    if not into.is_open:
        raise InvalidTransition("merge_into_ended", incident=into.label)
    if incident.is_private is not into.is_private:
        raise InvalidTransition("merge_unlike", incident=incident.label, other=into.label)
    if (incident.kind, into.kind) == (IncidentKind.INCIDENT, IncidentKind.ALERT):
        raise InvalidTransition("merge_into_alert", incident=incident.label, other=into.label)


def require_alike(one: Incident, other: Incident) -> None:
    """Require that two incidents are both drills or both real, so that a drill is never taken for real.

    Raises:
        DrillAndReal.
    """
    if one.is_drill is not other.is_drill:
        drill, real = (one, other) if one.is_drill else (other, one)
        raise DrillAndReal(drill=drill.label, real=real.label)


def add_duplicate(incident: Incident, number: int) -> Incident:
    """Record that incident *number* was merged into this one."""
    duplicates = _with(incident.duplicates, number)
    return replace(incident, duplicates=duplicates, version=incident.version + 1)


def remove_duplicate(incident: Incident, number: int) -> Incident:
    """Record that incident *number* is no duplicate of this one any more."""
    return replace(incident, duplicates=_without(incident.duplicates, number), version=incident.version + 1)


def link(incident: Incident, number: int) -> Incident:
    """Return *incident* with a link to the incident *number*."""
    return replace(incident, linked=_with(incident.linked, number), version=incident.version + 1)


def unlink(incident: Incident, number: int) -> Incident:
    """Remove the link with incident *number*; return the incident unchanged if there is none."""
    if number not in incident.linked:
        return incident
    return replace(incident, linked=_without(incident.linked, number), version=incident.version + 1)


def hide(incident: Incident, number: int) -> Incident:
    """Remove incident *number*, which is private now, from what posts show; unchanged if they did not."""
    if number not in (*incident.duplicates, *incident.linked, incident.told_merged_into):
        return incident
    return replace(
        incident,
        duplicates=_without(incident.duplicates, number),
        linked=_without(incident.linked, number),
        merged_into_hidden=incident.merged_into_hidden or incident.merged_into_id == number,
        version=incident.version + 1,
    )


def others_in(entries: Iterable[TimelineEntry]) -> set[int]:
    """Return the numbers of other incidents that a history names."""
    numbers = (number for entry in entries for number in _numbers(entry).values())
    return {int(number) for number in numbers if number.isdecimal()}


def readable(entry: TimelineEntry, hidden: Collection[int]) -> TimelineEntry:
    """Return *entry* without the numbers that its reader must not know: that something was linked stays."""
    names = {name for name, number in _numbers(entry).items() if number in {str(one) for one in hidden}}
    if not names:
        return entry
    data = {name: value for name, value in (entry.data or {}).items() if name not in names}
    return replace(entry, data=data)


def _numbers(entry: TimelineEntry) -> dict[str, str]:
    data = entry.data or {}
    return {name.value: str(data[name]) for name in Other if data.get(name) is not None}


def _with(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    return tuple(sorted({*numbers, number}))


def _without(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    return tuple(one for one in numbers if one != number)
