"""Find the times that a DM or an escalation states, and whether a newer message has replaced it."""

from datetime import datetime, timedelta
from typing import Final

from bot.domain.escalation.ladder import present_deadline, waits_since
from bot.domain.escalation.payloads import PagingData
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import marked
from bot.ui.words.wording import Wording, relative

#: How far apart the messages of one step may be.
SAME_MOMENT: Final = timedelta(seconds=1)


def is_of_this_ladder(incident: Incident, data: PagingData) -> bool:
    """Return whether the severity is still the one whose ladder queued this; another has its own deadline."""
    return data.severity in (None, incident.severity)


def has_missed(incident: Incident, data: PagingData) -> bool:
    """Return True if the deadline had passed when this step of the present ladder was taken."""
    due = present_deadline(incident)
    return is_of_this_ladder(incident, data) and due is not None and asked_at(incident, data) >= due


def asked_at(incident: Incident, data: PagingData) -> datetime:
    """Return when the message was decided."""
    return incident.triggered_at + timedelta(seconds=data.waited_s)


def times_waited(words: Wording, incident: Incident, data: PagingData) -> dict[str, str]:
    """Return the placeholders `since` (when the wait began) and `waited` (its length) of a message."""
    at = asked_at(incident, data)
    since = waits_since(incident, at=at)
    return {"waited": words.span(at - since), "since": words.clock(since, on=incident.triggered_at)}


def had_a_responder(incident: Incident, data: PagingData) -> bool:
    """Return True if an acknowledgement had ended when the message was decided: "no ack" would be untrue."""
    return waits_since(incident, at=asked_at(incident, data)) != incident.triggered_at


def missed(words: Wording, incident: Incident) -> dict[str, str]:
    """Return `at`, the deadline that has passed, and `ago`, which Discord counts."""
    due = present_deadline(incident) or incident.ack_due_at
    return {"at": words.clock(due, on=incident.triggered_at), "ago": relative(due)}


def has_newer_page(
    words: Wording, incident: Incident, data: PagingData, *, reader: str, queued_at: datetime
) -> bool:
    """Return True if *reader* was sent a later DM, which has the state from then on.

    Args:
        queued_at: When this one was stored: of one sent without the database, that is later than its step.
    """
    own = words.on_call([marked(reader)])
    after = max(asked_at(incident, data) + SAME_MOMENT, queued_at)
    later = [page for page in incident.calls.pages if page.asked_at > after and not page.is_refused]
    return any(words.on_call([page.who]) == own for page in later)


def has_newer_step(incident: Incident, data: PagingData) -> bool:
    """Return True if a step was taken that came due after this one, which may be on record as taken later."""
    return incident.calls.is_past(asked_at(incident, data) + SAME_MOMENT)
