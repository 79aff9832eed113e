"""What was decided about messages and events of monitors."""

from datetime import datetime
from typing import Final

from bot.domain.alerts.decisions import (
    AlertDecision,
    AlertOutcome,
    DecisionCursor,
    DecisionDetail,
    DecisionFilter,
    HoldingWindow,
    ShownDecision,
)
from bot.domain.alerts.events import Occurrence, ReceivedEvent
from bot.domain.alerts.recognition import Says
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row

_FORGOTTEN: Final = 1_000  # rows of one statement: none of them locks many
_OUTCOMES: Final = frozenset(AlertOutcome)
_SAYS: Final = frozenset(Says)


class AlertDecisionRows:
    """What was decided about messages and events of monitors."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def decisions(
        self, guild_id: int, asked: DecisionFilter, at: DecisionCursor | None, *, limit: int
    ) -> list[ShownDecision]:
        """Return at most *limit* decisions beside *at*, nearest first; without it, the newest ones."""
        is_newer = at is not None and at.is_newer
        rows = await self._sql.all(
            "newer_decisions" if is_newer else "decisions",
            asked,
            guild_id=guild_id,
            said_id=None if at is None else at.said_id,
            nth=None if at is None else at.nth,
            limit=limit,
        )
        return [_shown(row) for row in rows if row["outcome"] in _OUTCOMES]  # a newer version may know more

    async def forget_decisions(self) -> None:
        """Delete decisions that are older than 14 days."""
        while len(await self._sql.all("forget_decisions", limit=_FORGOTTEN)) == _FORGOTTEN:
            pass

    async def decide(self, decided: AlertDecision) -> None:
        """Record a decision, once; what has led to no incident may still lead to one.

        `note_alert` and `note_alert_event` record theirs themselves.
        """
        await self._sql.all("decide", decided, **decision_json(decided))

    async def answer_decision(self, said: Occurrence, outcome: str, *, says: Says) -> None:
        """Record what a person has said about a message about which nothing else was decided."""
        await self._sql.all("answer_decision", said, said_id=said.id, outcome=outcome, says=says)

    async def times_below(self, said: Occurrence, *, since: datetime) -> int:
        """Return how often it came below its threshold since *since*, and since it was tracked last."""
        times: int = (await self._sql.one("times_below", said, since=since))["times"]
        return times

    async def handled_message(self, said: Occurrence) -> ReceivedEvent | None:
        """Return what became of a message; None if nothing was decided about it."""
        row = await self._sql.first("handled_message", said, said_id=said.id)
        return None if row is None else ReceivedEvent(row["incident_id"])


def decision_json(decided: AlertDecision) -> dict[str, object]:
    """Return the parameters of the query `decide` that are stored as JSON."""
    return {"detail": decided.detail.to_json()}


def _shown(row: Row) -> ShownDecision:
    decision = from_row(
        AlertDecision,
        row,
        says=Says(row["says"]) if row["says"] in _SAYS else None,
        outcome=AlertOutcome(row["outcome"]),
        detail=DecisionDetail.from_json(row["detail"]),
    )
    return ShownDecision(
        decision,
        is_hidden=row["is_hidden"],
        channel_id=row["home_channel_id"],
        message_id=row["home_message_id"],
        holding=None if row["held_until"] is None else HoldingWindow(row["held_until"], row["held_by_name"]),
    )
