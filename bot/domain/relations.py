"""Which incidents have to do with each other: noted on each, so that its posts can say so."""

from dataclasses import replace

from bot.domain.incident import Incident


def take_in(incident: Incident, number: int) -> Incident:
    """Incident *number* was merged into this one."""
    duplicates = _with(incident.duplicates, number)
    return replace(incident, duplicates=duplicates, version=incident.version + 1)


def let_go(incident: Incident, number: int) -> Incident:
    """Incident *number* goes on by itself again."""
    left = tuple(one for one in incident.duplicates if one != number)
    return replace(incident, duplicates=left, version=incident.version + 1)


def link(incident: Incident, number: int) -> Incident:
    """Somebody has linked incident *number* with this one."""
    return replace(incident, linked=_with(incident.linked, number), version=incident.version + 1)


def _with(numbers: tuple[int, ...], number: int) -> tuple[int, ...]:
    return tuple(sorted({*numbers, number}))
