"""Requests the card of suspects, where the policy wants one and a source is configured."""

from datetime import timedelta

from bot.domain.delivery.delivery import priority_of
from bot.domain.incident.incident import Incident, IncidentKind
from bot.runbook.model import Policy
from bot.services.ports import Job, JobName
from bot.services.ports.store.jobs import JobWrites


class SuspectRequests:
    """Queues the job that makes the card, or makes it anew.

    Args:
        has_sources: At least one source is configured; without one there is no card.
    """

    def __init__(self, policy: Policy, *, has_sources: bool) -> None:
        self._policy = policy
        self._has_sources = has_sources

    def wants(self, incident: Incident) -> bool:
        """Return True if *incident* is to have a card."""
        is_theirs = incident.is_open and incident.kind is IncidentKind.INCIDENT
        return self._has_sources and is_theirs and self._policy.suspects.has(incident.severity)

    async def ask(self, tx: JobWrites, incident: Incident) -> None:
        """Queue the job in the caller's transaction."""
        if self.wants(incident):
            await tx.enqueue(self.job(incident))

    def job(self, incident: Incident, *, after: timedelta = timedelta()) -> Job:
        """Return the job: behind the messages that people wait for."""
        priority = priority_of(self._policy.rules(incident.severity).rank) - 2
        return Job(
            JobName.SUSPECTS,
            str(incident.id),
            f"suspects:{incident.id}",
            priority=priority,
            after=after,
            sooner=True,
        )
