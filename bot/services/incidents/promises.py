"""The button that adapts the promised time of the next status update to a changed severity."""

from bot.domain.errors import InvalidTransition
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.incidents.update_posts import post_update
from bot.services.shared.access import Act
from bot.services.shared.changes import Changes
from bot.services.shared.reminders import remind_later


class Promises:
    """Moves the promised time of the next status update to what the severity asks for, when a person says so.

    A change of severity alone leaves the promise as it was.
    """

    def __init__(self, policy: Policy, changes: Changes) -> None:
        self._policy = policy
        self._changes = changes

    async def follow_severity(self, incident_id: int, *, severity: str, by: Person, key: str) -> Incident:
        """Promise the next update when *severity* asks for it, from now on, and tell the thread.

        Args:
            severity: As the button showed it.
            key: The same key promises once ("interaction:123").

        Raises:
            As `Changes.change`; InvalidTransition: it has ended, or has another severity by now.
        """
        async with self._changes.change(incident_id, by=by, act=Act.UPDATE) as change:
            if await change.recorded_under(key):  # Discord has delivered the same press twice
                return change.incident
            transitions.require_open(change.incident)
            now = change.incident.severity
            if now != severity:
                raise InvalidTransition("severity_moved", incident=change.incident.label, severity=now)
            next_at = self._policy.update_due(self._policy.rules(severity), at=change.now)
            await change.save(transitions.apply_status_update(change.incident, None, next_update_at=next_at))
            await remind_later(change.tx, change.incident, now=change.now)
            await post_update(change, (None, None), key=key)
        return change.incident
