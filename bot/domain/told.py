"""What was last told of an incident, after somebody has put it right."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.incident import Incident
from bot.domain.timeline import TimelineEntry, TimelineKind


def put_right(incident: Incident, entries: Sequence[TimelineEntry], *, entry_id: int, words: str) -> Incident:
    """The incident with *words* as what is known, if they correct the update that said it last.

    An incident that shows nothing of that entry comes back as it is.

    Args:
        entries: Its history, oldest first.
        entry_id: The entry that is corrected.
    """
    last = next((one for one in reversed(entries) if one.kind is TimelineKind.UPDATED and one.said), None)
    if incident.last_update is None or last is None or last.id != entry_id:
        return incident
    told = replace(incident.last_update, known=words)
    return replace(incident, last_update=told, version=incident.version + 1)
