"""Since when an incident waits for a responder, and by when it must have one.

An acknowledge may end. From then on people wait anew; the ack deadline, if it has passed, is only kept for
the statistics, and the ladder's next step takes its place.
"""

from dataclasses import replace
from datetime import datetime

from bot.domain.incident.incident import Incident, Status


def is_again(incident: Incident) -> bool:
    """Return True if *incident* waits since an acknowledgement that ended after the ack deadline."""
    ended = incident.ack_ended
    return incident.status is Status.TRIGGERED and ended is not None and ended.at > incident.ack_due_at


def waits_since(incident: Incident, *, at: datetime) -> datetime:
    """Return the start of the wait for a responder that was under way at the time *at* (aware)."""
    ended = incident.ack_ended
    return incident.triggered_at if ended is None or ended.at >= at else ended.at


def present_deadline(incident: Incident) -> datetime | None:
    """Return by when the waiting *incident* must be acknowledged.

    It is the ack deadline or, after an acknowledgement that ended later, the ladder's first step since then.
    None: no step was left.
    """
    ended = incident.ack_ended
    if ended is None or ended.at <= incident.ack_due_at:
        return incident.ack_due_at
    return next((step.due_at for step in incident.calls.steps if step.due_at > ended.at), None)


def is_overdue(incident: Incident) -> bool:
    """Return True if the ladder's step at the present deadline was taken without a responder."""
    waits = incident.status is Status.TRIGGERED and (
        incident.acknowledged is None or incident.ack_ended is not None
    )
    due = present_deadline(incident)
    return waits and due is not None and incident.calls.is_past(due)


def called_in_vain(incident: Incident) -> Incident:
    """Return *incident* without the DMs that the last acknowledge answered, if that has ended since."""
    ended = incident.ack_ended
    if ended is None:
        return incident
    pages = tuple(page for page in incident.calls.pages if page.asked_at >= ended.at)
    return replace(incident, calls=replace(incident.calls, pages=pages))
