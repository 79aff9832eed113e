"""Why an alert became an incident or did not, and what would become of one (the dry run)."""

from dataclasses import replace
from typing import Final, NoReturn

from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.decisions import (
    AlertOutcome,
    DecisionCursor,
    DecisionFilter,
    DecisionPage,
)
from bot.domain.alerts.events import AlertEvent, AlertSender, EventOrigin, Occurrence, event_id
from bot.domain.alerts.recognition import Says, Unknown
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.alerts.events import as_incident, occurrence_of
from bot.services.alerts.opening import AlertCounting, AlertStops, Decided
from bot.services.alerts.questions import as_incident as question_as_incident
from bot.services.alerts.recoveries import identified
from bot.services.alerts.tracking import AlertReader, Understood, read_as_taught
from bot.services.shared.access import Access
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertDecisionRows, AlertQuestionRows
from bot.storage.transaction import Transaction

#: Decisions on a page: two lines each, so that a page fits a phone and Discord's 4,000 characters.
PAGE_SIZE: Final = 8

#: The key below ``[permissions]``.
_PERMISSION: Final = "acknowledge"


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
        self, tx: Transaction, event: AlertEvent, sender: AlertSender, occurrence: Occurrence
    ) -> Decided:
        same = await self._counting.same(tx, occurrence, or_lesser=True)
        if event.says is Says.RESOLVED:
            return Decided(AlertOutcome.NOTHING_OPEN if same is None else AlertOutcome.RECOVERED, same)
        if same is not None:
            return Decided(AlertOutcome.COUNTED, same)
        new = as_incident(event, sender, occurrence)
        return await self._stops.passed_over(tx, occurrence) or await self._stops.kept_back(
            tx, occurrence, new
        )


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
        occurrence = await identified(tx, understood.occurrence, is_over=is_over)
        asked = replace(understood.would_be, fingerprint=occurrence.fingerprint)
        same = await self._counting.same(tx, occurrence, or_lesser=is_over)
        if is_over:
            return Decided(AlertOutcome.NOTHING_OPEN if same is None else AlertOutcome.RECOVERED, same)
        if same is not None:
            return Decided(AlertOutcome.COUNTED, same)
        if (stopped := await self._stops.passed_over(tx, occurrence)) is not None:
            return stopped
        if unknown is not Unknown.TRACK and await AlertQuestionRows(tx.sql).is_ignored_sender(
            asked.guild_id, asked.channel_id, asked.sender
        ):
            return Decided(AlertOutcome.NOT_ASKED)
        if unknown is Unknown.ASK:
            return Decided(AlertOutcome.ASKED)
        kept = await self._stops.kept_back(tx, occurrence, question_as_incident(asked))
        is_asked = unknown is Unknown.ASK_THEN_TRACK and kept.outcome is AlertOutcome.TRACKED
        return Decided(AlertOutcome.ASKED) if is_asked else kept


class AlertHistory:
    """Reads what the bot decided about monitors' messages and events."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    async def page(
        self, guild_id: int, search: DecisionFilter, at: DecisionCursor | None = None, *, by: Person
    ) -> DecisionPage:
        """Return the page beside *at*; the newest decisions without it.

        Titles of private incidents are hidden from people who do not see all of these.

        Raises:
            NotPermitted, StorageUnavailable.
        """
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="recent_alerts")
        found = await AlertDecisionRows(self._store.sql).decisions(guild_id, search, at, limit=PAGE_SIZE + 1)
        goes_on, shown = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
        if at is not None and at.is_newer:
            if not goes_on:
                return await self.page(guild_id, search, by=by)  # a full page from the beginning
            shown = shown[::-1]
        if await self._access.private_access(by, guild_id=guild_id) is not None:
            shown = [replace(one, is_hidden=False) for one in shown]
        has_newer = at is not None
        has_older = goes_on or bool(at and at.is_newer)
        if not shown:
            return DecisionPage(search, ())
        first, last = shown[0].decision, shown[-1].decision
        return DecisionPage(
            search,
            tuple(shown),
            newer=DecisionCursor(first.said_id, first.nth, is_newer=True) if has_newer else None,
            older=DecisionCursor(last.said_id, last.nth) if has_older else None,
        )
