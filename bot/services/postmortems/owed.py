"""Who owes the postmortem of an incident: set at the resolve, released when the incident goes on.

Everything here joins the caller's transaction, whose incident is locked.
"""

from datetime import datetime, timedelta

from bot.domain.incident.aftermath import Postmortem
from bot.domain.incident.incident import Incident
from bot.domain.postmortem import owing
from bot.services.ports import Job, JobName
from bot.services.ports.store import Transaction
from bot.services.shared.changes import Change


def postmortem_key(incident_id: int) -> str:
    """Return the queue's key for the next reminder of a postmortem."""
    return f"postmortem:{incident_id}"


async def put(tx: Transaction, incident: Incident, postmortem: Postmortem, *, now: datetime) -> None:
    """Write a postmortem, and queue the job of its next reminder in the place of an earlier one."""
    key = postmortem_key(incident.id)
    await tx.save_postmortem(incident, postmortem)
    await tx.cancel_jobs([key])
    if postmortem.remind_at is not None:
        after = max(postmortem.remind_at - now, timedelta())
        # Sooner: the job of the last one may be on its way back into the queue at this moment.
        await tx.enqueue(Job(JobName.POSTMORTEM, str(incident.id), key, after=after, sooner=True))


async def owe(change: Change, resolved: Incident) -> Postmortem | None:
    """Set owner and date of the postmortem if the severity of an incident that is resolved now requires one.

    Returns:
        The postmortem as it is now; None if it never owed one.
    """
    before = await change.tx.postmortem(resolved.id)
    terms = change.policy.postmortem_terms(change.policy.rules(resolved.severity))
    owed = owing.owed_at_resolve(resolved, before, terms, now=change.now)
    if owed is not None and owed != before:
        await put(change.tx, resolved, owed, now=change.now)
    return owed


async def release(change: Change) -> None:
    """Release the owner from the postmortem of an incident that is reopened, until it is resolved again."""
    before = await change.tx.postmortem(change.incident.id)
    released = owing.not_owed(before)
    if released is not None and released != before:
        await put(change.tx, change.incident, released, now=change.now)
