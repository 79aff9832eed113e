"""Alerts that are held: when a hold ends, each that still fires is tracked, unless another one holds it."""

from dataclasses import replace

from bot.domain.alerts.decisions import HeldOccurrences
from bot.domain.incident.parts import AlertWait
from bot.runbook.model import Policy
from bot.services.alerts.opening import AlertStops
from bot.services.incidents.opening import Incidents
from bot.storage.tables.alerts import AlertRows, HeldAlertRows
from bot.storage.transaction import Transaction


class HeldAlerts:
    """Decides about one alert in the caller's transaction, whose first lock is the alert's fingerprint.

    All of the alert is dealt with, whatever holds it, so two holds that end together open it once.
    """

    def __init__(self, policy: Policy, incidents: Incidents) -> None:
        self._policy = policy
        self._incidents = incidents
        self._stops = AlertStops(policy)

    async def let_go(
        self, tx: Transaction, guild_id: int, fingerprint: str, *, waited: AlertWait
    ) -> int | None:
        """Track an alert that a hold has let go, with a full deadline; a second call changes nothing.

        Every hold is asked as about a new alert, and the first one that answers holds it from then on.

        Args:
            waited: For what it has waited; how often it came is filled in.

        Returns:
            The incident on which it counts; None if it is over, held by another, or dealt with.
        """
        held = await self._locked(tx, guild_id, fingerprint)
        if held is None:
            return None
        if held.counted_on is None:
            if not held.fires:
                await HeldAlertRows(tx.sql).forget(held)
                return None
            severity = self._policy.rules(held.alert.severity)
            if (reason := await self._stops.held_back(tx, held.latest(severity))) is not None:
                await HeldAlertRows(tx.sql).hold(held, reason)
                return None
        return await self._track(tx, held, waited)

    async def track(
        self, tx: Transaction, guild_id: int, fingerprint: str, *, waited: AlertWait
    ) -> int | None:
        """Track an alert although it is held; the same as `let_go` else. None if it is not held any more."""
        held = await self._locked(tx, guild_id, fingerprint)
        return None if held is None else await self._track(tx, held, waited)

    async def _locked(self, tx: Transaction, guild_id: int, fingerprint: str) -> HeldOccurrences | None:
        await AlertRows(tx.sql).lock_fingerprint(guild_id, fingerprint)
        return await HeldAlertRows(tx.sql).held(guild_id, fingerprint)

    async def _track(self, tx: Transaction, held: HeldOccurrences, waited: AlertWait) -> int:
        number = held.counted_on
        if number is None:
            waited = replace(waited, count=held.times)
            new = held.alert.as_incident(held.guild_id, waited, began=held.first_at)
            known = self._policy.rules(new.severity).name  # the policy may have changed meanwhile
            number = (await self._incidents.open_within(tx, replace(new, severity=known), by=None)).id
        await HeldAlertRows(tx.sql).adopt(held, incident_id=number)
        return number
