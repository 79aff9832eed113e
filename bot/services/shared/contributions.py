"""Where the core asks its capabilities: for postmortems, for action items, and when an alert fires.

There are no postmortems and no action items without the capability that has them.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from bot.capability import ActionItemReads, PostmortemDuty
from bot.domain.action_items import ActionItem, OpenAction
from bot.domain.alerts.alert import FiredAlert
from bot.domain.alerts.decisions import AlertDecision
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Postmortem
from bot.domain.people import Person
from bot.domain.postmortems import OwedPostmortem, Owing
from bot.runbook.model import Policy
from bot.storage.tables.alerts import AlertRows
from bot.storage.transaction import Transaction

if TYPE_CHECKING:
    from bot.services.shared.access import Access
    from bot.services.shared.changes import Change
    from bot.storage.database.sql import Sql


async def open_action_items(sql: "Sql", policy: Policy, guild_id: int) -> list[OpenAction]:
    """Return every open item of a guild by due date, those of private incidents and drills included."""
    reads = _reads(policy)
    return [] if reads is None else await reads.open_ones(sql, guild_id)


async def actions_of_incident(sql: "Sql", policy: Policy, incident_id: int) -> list[ActionItem]:
    """Return the items of an incident in any state, in the order in which they were added."""
    reads = _reads(policy)
    return [] if reads is None else await reads.of_incident(sql, incident_id)


def _reads(policy: Policy) -> ActionItemReads | None:
    found = (one.action_items for one in policy.capabilities if one.action_items is not None)
    return next(found, None)


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


async def count_message(tx: Transaction, policy: Policy, decided: AlertDecision) -> None:
    """Count a message on the incident of the decision, and let the capabilities follow up the alert."""
    if await AlertRows(tx.sql).note_alert(decided):
        await has_fired(tx, policy, fired_in(decided))


async def has_fired(tx: Transaction, policy: Policy, fired: FiredAlert) -> None:
    """Let the capabilities follow up an alert that fires, counted or passed over."""
    for capability in policy.capabilities:
        if capability.fired is not None:
            await capability.fired(tx, fired)


def fired_in(decided: AlertDecision) -> FiredAlert:
    """Return the alert that the decision counts on its incident."""
    return FiredAlert(decided.guild_id, decided.fingerprint, decided.said_at, decided.incident_id)
