"""The dry run of an alert event, or of a message: what the bot would do with it, without any change."""

from dataclasses import replace
from typing import NoReturn

from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.decisions import AlertOutcome
from bot.domain.alerts.events import AlertEvent, AlertSender, EventOrigin, Occurrence, event_id
from bot.domain.alerts.recognition import Says, Unknown
from bot.runbook.model import Policy
from bot.services.alerts.counting import AlertCounting
from bot.services.alerts.events import as_incident, occurrence_of
from bot.services.alerts.identity import identified
from bot.services.alerts.opening import AlertStops, Decided
from bot.services.alerts.questions import as_incident as question_as_incident
from bot.services.alerts.tracking import AlertReader, Understood, read_as_taught
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertQuestionRows
from bot.storage.transaction import Transaction


class _Undone(Exception):  # it carries the answer out of the transaction, which it rolls back
    def __init__(self, decided: Decided) -> None:
        super().__init__()
        self.decided = decided


def _undo(decided: Decided) -> NoReturn:
    raise _Undone(decided)


class AlertDryRun:
    """Decides about events by the rules of `AlertEvents`, in transactions that are rolled back."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._policy = policy
        self._counting = AlertCounting(policy)
        self._stops = AlertStops(policy)

    async def decide(self, event: AlertEvent, sender: AlertSender, *, guild_id: int) -> Decided:
        """Return what would become of *event* if it came now. TRACKED has no incident.

        Raises:
            StorageUnavailable.
        """
        if event.says is Says.CHATTER:
            return Decided(AlertOutcome.CHATTER)
        now = await self._store.now()
        said = occurrence_of(event, sender, EventOrigin(guild_id, event_id(now, 0), now), self._policy)
        try:
            async with self._store.transaction() as tx:
                _undo(await self._decided(tx, event, sender, said))
        except _Undone as undone:
            return undone.decided

    async def _decided(
        self, tx: Transaction, event: AlertEvent, sender: AlertSender, said: Occurrence
    ) -> Decided:
        same = await self._counting.same(tx, said, or_lesser=True)
        if event.says is Says.RESOLVED:
            return Decided(AlertOutcome.NOTHING_OPEN if same is None else AlertOutcome.RECOVERED, same)
        if same is not None:
            return Decided(AlertOutcome.COUNTED, same)
        new = as_incident(event, sender, said)
        return await self._stops.passed_over(tx, said) or await self._stops.kept_back(tx, said, new)


class MessageDryRun:
    """Decides about messages by the rules of `AlertTracking`, in transactions that are rolled back."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store = store
        self._counting = AlertCounting(policy)
        self._stops = AlertStops(policy)

    async def decide(self, message: AlertMessage, reader: AlertReader) -> tuple[Understood | None, Decided]:
        """Return how *message* is read, and what would become of it if it came now. TRACKED has no incident.

        Raises:
            StorageUnavailable.
        """
        understood = await read_as_taught(self._store, reader, message)
        if understood is None:
            return None, Decided(reader.passed_over(message) or AlertOutcome.NOT_HEEDED)
        if understood.reading.says is Says.CHATTER:
            return understood, Decided(AlertOutcome.CHATTER)
        unknown = reader.unknown(message) if understood.reading.says is None else Unknown.TRACK
        if unknown is Unknown.IGNORE:
            return understood, Decided(AlertOutcome.UNKNOWN)
        try:
            async with self._store.transaction() as tx:
                _undo(await self._decided(tx, understood, unknown))
        except _Undone as undone:
            return understood, undone.decided

    async def _decided(self, tx: Transaction, understood: Understood, unknown: Unknown) -> Decided:
        is_over = understood.reading.says is Says.RESOLVED
        said = await identified(tx, understood.occurrence, is_over=is_over)
        asked = replace(understood.would_be, fingerprint=said.fingerprint)
        same = await self._counting.same(tx, said, or_lesser=is_over)
        if is_over:
            return Decided(AlertOutcome.NOTHING_OPEN if same is None else AlertOutcome.RECOVERED, same)
        if same is not None:
            return Decided(AlertOutcome.COUNTED, same)
        if (stopped := await self._stops.passed_over(tx, said)) is not None:
            return stopped
        if unknown is not Unknown.TRACK and await AlertQuestionRows(tx.sql).is_ignored_sender(
            asked.guild_id, asked.channel_id, asked.sender
        ):
            return Decided(AlertOutcome.NOT_ASKED)
        if unknown is Unknown.ASK:
            return Decided(AlertOutcome.ASKED)
        kept = await self._stops.kept_back(tx, said, question_as_incident(asked))
        is_asked = unknown is Unknown.ASK_THEN_TRACK and kept.outcome is AlertOutcome.TRACKED
        return Decided(AlertOutcome.ASKED) if is_asked else kept
