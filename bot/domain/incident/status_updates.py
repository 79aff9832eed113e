"""Status updates: the promise of the next one, its reminders, and the latest one after a correction."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.incident.incident import Incident, StatusUpdates
from bot.domain.timeline.lines import Line

#: A reminder without effect is repeated less and less often: after 1, 2, 4 and then every 8 intervals.
_SLOWEST: Final = 8


def promised(incident: Incident, due_at: datetime | None) -> Incident:
    """Set the next status update and its reminder to *due_at*; None: no update is due.

    This is part of a larger change, so the version stays the same.
    """
    updates = StatusUpdates(incident.updates.last, due_at=due_at, remind_at=due_at)
    return replace(incident, updates=updates)


def taken_on(incident: Incident, owed: datetime | None) -> Incident:
    """Return the incident as a new responder takes it: a promised update keeps its time, else *owed* counts.

    An update may have promised it before the first acknowledgement. An overdue promise stays as well: it was
    announced, and it was missed.
    """
    return promised(incident, owed) if incident.updates.due_at is None else incident


def regraded(incident: Incident, owed: datetime | None, *, is_more_severe: bool) -> Incident:
    """Return the incident with its promise under a severity that asks for updates by *owed* (None: never).

    A promise stays, overdue or not: it was announced. Only a higher severity brings it forward, as
    no promise overrides the policy's deadline. Without a promise, *owed* counts.
    """
    promise = incident.updates
    if promise.due_at is None:
        return promised(incident, owed)
    if owed is None or not is_more_severe:
        return incident
    remind_at = owed if promise.remind_at is None else min(promise.remind_at, owed)
    sooner = replace(promise, due_at=min(promise.due_at, owed), remind_at=remind_at)
    return replace(incident, updates=sooner)


def promise_renewed(incident: Incident, due_at: datetime | None) -> Incident:
    """Renew the promise after a sign of life without an update: the next update is due at *due_at*."""
    return replace(promised(incident, due_at), version=incident.version + 1)


def intervals_until_repeat(incident: Incident) -> int:
    """Return after how many intervals, >= 1, the reminder due now is repeated if no update follows."""
    return min(1 << incident.updates.reminders, _SLOWEST)


def remind(incident: Incident, *, again_at: datetime) -> Incident:
    """Count a reminder of an overdue status update, and schedule the next at *again_at*.

    The promised time of the update stays what people were told.
    """
    updates = replace(incident.updates, remind_at=again_at, reminders=incident.updates.reminders + 1)
    return replace(incident, updates=updates, version=incident.version + 1)


def correct_last_update(incident: Incident, lines: Iterable[Line], *, entry_id: int) -> Incident:
    """Return the incident with its latest update corrected: the words, the impact, or both.

    The words may be older than the impact: an update that names only an impact keeps the earlier words.
    An incident that shows nothing of the entry comes back unchanged.
    """
    updates = [line for line in lines if line.entry.is_update]
    last = incident.updates.last
    if last is None or entry_id not in (line.entry.id for line in updates):
        return incident
    known = next((line.said for line in reversed(updates) if line.said), "")
    corrected = replace(last, known=known, impact=updates[-1].impact)
    if corrected == last:
        return incident
    return replace(incident, updates=replace(incident.updates, last=corrected), version=incident.version + 1)
