"""The promise of a status update: when the next is owed, and how often it is asked for."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.incident.incident import Incident

#: A reminder that nobody heeds is repeated less and less often: after 1, 2, 4 and then every 8 intervals.
_SLOWEST: Final = 8


def promised(incident: Incident, due_at: datetime | None) -> Incident:
    """A status update is owed at *due_at*, and asked for then; None: none is owed.

    A part of a change: the version stays what it is.
    """
    return replace(incident, next_update_at=due_at, remind_at=due_at, reminders=0)


def renewed(incident: Incident, due_at: datetime | None) -> Incident:
    """Somebody is there, though they have told nothing: an update is owed at *due_at*, and asked for then."""
    return replace(promised(incident, due_at), version=incident.version + 1)


def patience(incident: Incident) -> int:
    """After how many intervals, >= 1, the reminder that is due now is repeated when nobody heeds it."""
    return min(1 << incident.reminders, _SLOWEST)


def remind(incident: Incident, *, again_at: datetime) -> Incident:
    """A status update was owed and has been asked for; nobody heeds it: once more at *again_at*.

    When it was owed stays what people were told.
    """
    return replace(
        incident,
        remind_at=again_at,
        reminders=incident.reminders + 1,
        version=incident.version + 1,
    )
