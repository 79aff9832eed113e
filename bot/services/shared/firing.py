"""What follows an alert that fires."""

from bot.domain.alerts.alert import FiredAlert
from bot.domain.alerts.decisions import AlertDecision
from bot.runbook.model import Policy
from bot.storage.tables.alerts import AlertRows
from bot.storage.transaction import Transaction


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
