"""What was decided about messages and events of monitors."""

from datetime import datetime
from typing import Protocol

from bot.domain.alerts.decisions import AlertDecision, DecisionCursor, DecisionFilter, ShownDecision
from bot.domain.alerts.events import ReceivedEvent
from bot.domain.alerts.occurrence import Occurrence
from bot.domain.alerts.recognition import Says


class AlertDecisionWrites(Protocol):
    """The part of a transaction that records decisions about alerts."""

    async def decide(self, decided: AlertDecision) -> None:
        """Record a decision, once; what has led to no incident may still lead to one.

        `note_alert` and `note_alert_event` record theirs themselves.
        """

    async def answer_decision(self, said: Occurrence, outcome: str, *, says: Says) -> None:
        """Record what a person has said about a message about which nothing else was decided."""

    async def times_below(self, said: Occurrence, *, since: datetime) -> int:
        """Return how often it came below its threshold since *since*, and since it was tracked last."""

    async def handled_message(self, said: Occurrence) -> ReceivedEvent | None:
        """Return what became of a message; None if nothing was decided about it."""


class AlertDecisionReads(Protocol):
    """Lists decisions about alerts, each in a statement of its own."""

    async def decisions(
        self, guild_id: int, asked: DecisionFilter, at: DecisionCursor | None, *, limit: int
    ) -> list[ShownDecision]:
        """Return at most *limit* decisions beside *at*, nearest first; without it, the newest ones."""

    async def forget_decisions(self) -> None:
        """Delete decisions that are older than 14 days."""
