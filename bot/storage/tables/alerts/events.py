"""Alerts that came as events."""

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.alerts.events import Occurrence, ReceivedEvent
from bot.storage.database.sql import Sql
from bot.storage.tables.alerts.decisions import decision_json


class AlertEventRows:
    """Alerts that came as events."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def alert_event(self, said: Occurrence) -> ReceivedEvent | None:
        """Return what became of an event; None if it has not been received before."""
        row = await self._sql.first("alert_event", said, event_id=said.id)
        return None if row is None else ReceivedEvent(row["incident_id"])

    async def note_alert_event(self, decided: AlertDecision) -> bool:
        """Record an event that fires or is over, with the decision about it; True if it fires and is new."""
        return await self._sql.has("note_alert_event", decided, **decision_json(decided))

    async def is_over_since(self, said: Occurrence) -> bool:
        """Return True if a later event, which was handled before, has said that the alert is over."""
        found: bool = (await self._sql.one("is_over_since", said, event_id=said.id))["over"]
        return found


async def forget_alert_events(sql: Sql) -> int:
    """Delete at most a thousand events, 14 days old, that were counted on no incident; return how many."""
    deleted: int = (await sql.one("forget_alert_events"))["deleted"]
    return deleted
