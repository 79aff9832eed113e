"""The DM about a role that another person gave or took over: queuing it, dropping it, and its refusal."""

from bot.domain.delivery.delivery import Delivery, DeliveryKind, NewDelivery, priority_of
from bot.domain.incident.deliveries import RoleDm
from bot.domain.incident.incident import Holder, Incident, Role
from bot.domain.incident.notices import RoleUndeliveredNotice
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import Transaction
from bot.services.shared.postings import notice


def role_dm(incident: Incident, role: Role, *, by: Person, policy: Policy) -> NewDelivery:
    """Return the DM that tells the holder of *role* that *by* has named them.

    Args:
        incident: As saved, with its holder.
    """
    holder = incident.roles[role]
    return NewDelivery(
        kind=DeliveryKind.ROLE_DM,
        to=f"user:{holder.id}",
        key=f"inc:{incident.id}:role:{incident.version}:dm",
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=RoleDm(role=role, holder_id=holder.id, holder=holder.name, by=by.name).to_json(),
        priority=priority_of(policy.rules(incident.severity).rank),
    )


def taken_over_dm(
    incident: Incident, role: Role, *, former: Holder, by: Person, policy: Policy
) -> NewDelivery:
    """Return the DM that tells *former* that *by* has taken over their *role*.

    Args:
        incident: As saved, with its new holder.
    """
    return NewDelivery(
        kind=DeliveryKind.ROLE_DM,
        to=f"user:{former.id}",
        key=f"inc:{incident.id}:role:{incident.version}:taken:dm",
        guild_id=incident.guild_id,
        incident_id=incident.id,
        data=RoleDm(
            role=role, holder_id=former.id, holder=former.name, by=by.name, taken_over=True
        ).to_json(),
        priority=priority_of(policy.rules(incident.severity).rank),
    )


def still_holds(incident: Incident, delivery: Delivery) -> bool:
    """Return True if the incident is open and the DM about its role is still true."""
    told = RoleDm.from_json(delivery.data)
    holder = incident.roles.get(told.role)
    is_theirs = holder is not None and holder.id == told.holder_id
    if told.taken_over:
        return incident.is_open and not is_theirs
    return incident.is_open and is_theirs


async def say_undelivered(tx: Transaction, delivery: Delivery, *, policy: Policy) -> None:
    """Queue a line for the thread about a DM that Discord refused, so that a responder tells the person.

    It does not page anybody.
    """
    assert delivery.incident_id is not None
    incident = await tx.incident(delivery.incident_id)
    told = RoleUndeliveredNotice.from_json(delivery.data)
    await tx.insert_deliveries([notice(incident, policy, told, key=f"role_undelivered:{delivery.id}")])
