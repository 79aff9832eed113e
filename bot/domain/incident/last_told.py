"""The latest status update of an incident after a correction."""

from collections.abc import Iterable
from dataclasses import replace

from bot.domain.incident.incident import Incident
from bot.domain.timeline.lines import Line


def put_right(incident: Incident, lines: Iterable[Line], *, entry_id: int) -> Incident:
    """Return the incident with its latest update corrected: the words, the impact, or both.

    The words may be older than the impact: an update that names only an impact keeps the earlier words.
    An incident that shows nothing of the entry comes back unchanged.
    """
    told = [line for line in lines if line.entry.is_update]
    last = incident.updates.last
    if last is None or entry_id not in (line.entry.id for line in told):
        return incident
    known = next((line.said for line in reversed(told) if line.said), "")
    true = replace(last, known=known, impact=told[-1].impact)
    if true == last:
        return incident
    return replace(incident, updates=replace(incident.updates, last=true), version=incident.version + 1)
