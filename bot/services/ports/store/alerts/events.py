"""Alerts that came as events, without a message in Discord."""

from typing import Protocol

from bot.domain.alerts.decisions import AlertDecision
from bot.domain.alerts.events import ReceivedEvent
from bot.domain.alerts.occurrence import Occurrence


class AlertEventWrites(Protocol):
    """The part of a transaction that records events. The fingerprint of the event is locked."""

    async def alert_event(self, said: Occurrence) -> ReceivedEvent | None:
        """Return what became of an event; None if it has not been received before."""

    async def note_alert_event(self, decided: AlertDecision) -> bool:
        """Record an event that fires or is over, with the decision about it; True if it fires and is new."""

    async def is_over_since(self, said: Occurrence) -> bool:
        """Return True if a later event, which was handled before, has said that the alert is over."""
