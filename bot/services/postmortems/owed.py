"""Who owes the postmortem of an incident: set at the resolve, released when the incident goes on.

Everything here joins the caller's transaction, whose incident is locked.
"""

from datetime import datetime, timedelta

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import RecordedRefusal, UserError
from bot.domain.incident.aftermath import Postmortem
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.people import Person
from bot.domain.postmortem import owing
from bot.domain.postmortem.deliveries import Occasion, PostmortemDm
from bot.services.ports import Job, JobName
from bot.services.ports.store import Transaction
from bot.services.shared.access import Access, Act
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


async def owe(change: Change, resolved: Incident, *, owner: Person | None = None) -> Postmortem | None:
    """Set owner and date of the postmortem if the severity of an incident that is resolved now requires one.

    The owner gets a DM, unless they resolve it themselves: the answer names them.

    Args:
        owner: The person chosen in the form, who has passed `require_owner`; None: by the rule.

    Returns:
        The postmortem as it is now; None if it never owed one.
    """
    before = await change.tx.postmortem(resolved.id)
    terms = change.policy.postmortem_terms(change.policy.rules(resolved.severity))
    chosen = None if owner is None else PersonRef(owner.id, owner.name)
    owed = owing.owed_at_resolve(resolved, before, terms, now=change.now, chosen=chosen)
    if owed is not None and owed != before:
        await put(change.tx, resolved, owed, now=change.now)
        if owed.is_owed and owed.owner_id > 0:
            await tell_owner(change, owed, Occasion.RESOLVED, key=f"postmortem:v{resolved.version}")
    return owed


async def require_owner(access: Access, to: Person, change: Change) -> None:
    """Let *to* own the postmortem of the incident of *change*.

    Raises:
        UserError: they are a bot.
        RecordedRefusal: they may not see the incident, or have no role that may respond.
    """
    if to.is_bot:
        raise UserError("postmortem_for_bot", who=to.name)
    if not await access.sees(to, change.incident, source=change.tx):
        raise RecordedRefusal("role_not_visible", incident=change.incident.label, who=to.name)
    permission = Act.FINISH_POSTMORTEM.permission
    if not access.allows(to, permission):
        raise RecordedRefusal("postmortem_not_allowed", who=to.name, roles=access.roles(permission))


async def tell_owner(change: Change, owed: Postmortem, occasion: Occasion, *, key: str) -> None:
    """Queue the DM that tells the owner what another person has decided; none if they did it themselves.

    Args:
        key: Unique for the incident.
    """
    if owed.owner_id == change.by.id:
        return
    data = PostmortemDm(
        owner_id=owed.owner_id,
        owner=owed.owner_name,
        due_on=owed.due_on,
        by=change.by.name,
        occasion=occasion,
    )
    await change.tx.insert_deliveries([owner_dm(change.incident, data, key=f"{key}:dm")])


def owner_dm(incident: Incident, data: PostmortemDm, *, key: str) -> NewDelivery:
    """Return a DM to the owner of a postmortem.

    Args:
        key: Unique for the incident.
    """
    return NewDelivery(
        kind=DeliveryKind.POSTMORTEM_DM,
        to=f"user:{data.owner_id}",
        key=f"inc:{incident.id}:{key}",
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=data.to_json(),
    )


async def release(change: Change) -> None:
    """Release the owner from the postmortem of an incident that is reopened, until it is resolved again."""
    before = await change.tx.postmortem(change.incident.id)
    released = owing.not_owed(before)
    if released is not None and released != before:
        await put(change.tx, change.incident, released, now=change.now)
