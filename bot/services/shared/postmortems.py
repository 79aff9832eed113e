"""Asks for postmortems where the core needs them. There are none without the capability that has them."""

from datetime import datetime
from typing import TYPE_CHECKING

from bot.capability import PostmortemDuty
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Postmortem
from bot.domain.people import Person
from bot.domain.postmortems import OwedPostmortem, Owing
from bot.runbook.model import Policy

if TYPE_CHECKING:
    from bot.services.shared.access import Access
    from bot.services.shared.changes import Change
    from bot.storage.database.sql import Sql


async def owed_postmortems(sql: "Sql", policy: Policy, guild_id: int) -> list[OwedPostmortem]:
    """Return the postmortems that a guild owes, the earliest date first; private incidents included."""
    duty = _duty(policy)
    return [] if duty is None else await duty.owed(sql, guild_id)


async def postmortem_of(sql: "Sql", policy: Policy, incident_id: int) -> Postmortem | None:
    """Return an incident's postmortem; None if it never owed one."""
    duty = _duty(policy)
    return None if duty is None else await duty.of_incident(sql, incident_id)


def shown_postmortem(policy: Policy, incident: Incident) -> Postmortem | None:
    """Return the postmortem that was read with *incident* to be shown."""
    return None if _duty(policy) is None else incident.aftermath.postmortem


def owing_if_resolved(policy: Policy, incident: Incident, *, by: Person, now: datetime) -> Owing | None:
    """Return who would owe the postmortem, and by when, if *by* resolved the open incident *now* (aware)."""
    duty = _duty(policy)
    return None if duty is None else duty.expected(policy, incident, by, now)


async def owe(
    access: "Access", change: "Change", resolved: Incident, *, owner: Person | None
) -> Postmortem | None:
    """Set who owes the postmortem of an incident that is resolved now; return it as it is then.

    Args:
        owner: The person chosen in the form; None: by the rule.

    Raises:
        UserError, RecordedRefusal: *owner* cannot own it.
    """
    duty = _duty(change.policy)
    return None if duty is None else await duty.owe(access, change, resolved, owner)


def _duty(policy: Policy) -> PostmortemDuty | None:
    return next((one.postmortems for one in policy.capabilities if one.postmortems is not None), None)
