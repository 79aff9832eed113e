"""Asks for the next announcement when an incident is in another state than users know of."""

from bot.domain.announcements.announcement import state_of
from bot.domain.announcements.notices import FollowUpNotice
from bot.domain.incident.incident import Status
from bot.services.shared.changes import Change


async def ask_follow_up(change: Change) -> None:
    """Ask the thread to tell users what has changed, in the caller's transaction, once for each state.

    Nothing is asked for an incident of which users were never told.
    """
    if change.incident.status is Status.MERGED:  # the incident that goes on tells them
        return
    last = await change.tx.last_announced(change.incident)
    if last is None:
        return
    state = state_of(change.incident, told=last.state)
    if state is not last.state:
        line = FollowUpNotice(state=state, told=last.state)
        await change.say(line, key=f"follow_up:{last.incident_id}:{last.number}:{state}")
