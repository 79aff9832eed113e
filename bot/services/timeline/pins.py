"""📌 under a message of an incident's thread: it is on the timeline, and what becomes of it is too."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from enum import StrEnum
from typing import Final
from weakref import WeakValueDictionary

import structlog

from bot.capability import IncidentEvent
from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery, priority_of
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DeliveryRefused, IncidentNotFound, UpstreamUnavailable, UserError
from bot.domain.incident.incident import Incident
from bot.domain.jobs import BACKGROUND, urgency
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.recorded import (
    PinDeletedEntry,
    PinEditedEntry,
    PinnedEntry,
    PinSeenData,
    ThreadMessage,
)
from bot.runbook.model import Policy
from bot.services.ports import Discord
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change, Changes, follow_entry
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import AuditWrites, TimelineRows, TimelineWrites
from bot.storage.transaction import Transaction

log = structlog.get_logger(__name__)

_QUOTED: Final = 200  # characters of a deleted message, to say which one it was


class Pinned(StrEnum):
    """What pinning a message changed on the timeline."""

    ADDED = "added"
    FILLED = "filled"  # it was there without words, and has them now
    ALREADY = "already"


class Pins:
    """Keeps what people point at. Everything here may run twice without harm.

    Events of one message are recorded one at a time, in the order in which these methods were called: Discord
    gives the edit before the deletion, and the database would take either first.
    """

    def __init__(
        self, store: Store, discord: Discord, policy: Policy, access: Access, changes: Changes
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._access = access
        self._changes = changes
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def pin_reaction(self, channel_id: int, message_id: int, *, by: Person) -> Pinned | None:
        """Handle a 📌 under a message; return None if it is not in an incident's thread, or is gone.

        Raises:
            As `Changes.change`; UpstreamUnavailable: Discord could not be asked for the message.
        """
        if by.is_bot:
            return None
        async with self._turn(message_id):
            incident = await IncidentRows(self._store.sql).incident_by_thread(channel_id)
            if incident is None:
                return None
            # Refused before Discord is asked, and on record.
            await self._access.require_incident(by, Act.PIN, incident)
            if incident.id in await TimelineRows(self._store.sql).pinned_in(message_id):
                return Pinned.ALREADY
            found = await self._discord.message(channel_id, message_id, guild_id=incident.guild_id)
            return None if found is None else await self._pin(incident.id, found, by=by)

    async def pin(self, message: ThreadMessage, *, by: Person) -> tuple[Incident, Pinned]:
        """Pin a message that *by* has chosen by its menu, which carries its words.

        Raises:
            As `Changes.change`; UserError: it is not in an incident's thread.
        """
        async with self._turn(message.id):
            incident = await IncidentRows(self._store.sql).incident_by_thread(message.channel_id)
            if incident is None:
                raise UserError("not_in_thread")
            return incident, await self._pin(incident.id, message, by=by)

    async def edited(self, message: ThreadMessage) -> None:
        """Handle the edit of a message: if it is pinned, keep its new words beside the old ones."""
        if message.edited_at is None:
            return  # Discord has only added a preview
        async with self._turn(message.id):
            for incident_id in await TimelineRows(self._store.sql).pinned_in(message.id):
                async with self._store.transaction() as tx:
                    incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
                    if await _note_edit(tx, incident_id, message, at=message.edited_at):
                        await follow_entry(tx, self._policy, incident)

    async def deleted(self, message_ids: Sequence[int]) -> None:
        """Handle the deletion of messages: pinned ones stay on the timeline, with one note of that."""
        for message_id in message_ids:
            async with self._turn(message_id):
                for incident_id in await TimelineRows(self._store.sql).pinned_in(message_id):
                    async with self._store.transaction() as tx:
                        incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
                        if await _note_deletion(tx, incident_id, message_id):
                            await follow_entry(tx, self._policy, incident)

    async def reconcile_all(self, guild_id: int) -> None:
        """Find what happened while the gateway was away, in the threads of open incidents.

        One request for each thread, and one more for each 📌 that is not on the timeline; behind everything
        else that is asked of Discord. Messages further back than the newest hundred are not looked at.
        """
        with urgency(BACKGROUND):
            for incident in await IncidentRows(self._store.sql).open_incidents(guild_id):
                try:
                    await self._reconcile(incident)
                except (UpstreamUnavailable, DeliveryRefused) as error:
                    log.warning("pins.not_reconciled", incident_id=incident.id, reason=str(error))

    async def _reconcile(self, incident: Incident) -> None:
        thread_id = incident.thread.id
        if thread_id is None:
            return
        # First: what is written and pinned while Discord answers is not among its messages, and is not gone.
        entries = await TimelineRows(self._store.sql).timeline(incident.id)
        stored = (entry.data or {} for entry in entries if entry.kind is TimelineKind.PINNED)
        known = {pin.message_id: pin.channel_id for pin in map(PinnedEntry.from_json, stored)}
        messages = await self._discord.latest_messages(thread_id, guild_id=incident.guild_id)
        await self._find_pins(incident, [one for one in messages if one.has_pin and one.id not in known])
        for message in messages:
            if message.id in known:
                await self.edited(message)
        await self.deleted(_gone(messages, [one for one, place in known.items() if place == thread_id]))

    async def _find_pins(self, incident: Incident, messages: Sequence[ThreadMessage]) -> None:
        by_id = {message.id: message for message in messages}
        places = [(message.channel_id, message.id) for message in messages]
        async for person, message_id in self._discord.pinners(places, guild_id=incident.guild_id):
            may = self._access.allows(person, "acknowledge", about=incident) and await self._access.sees(
                person, incident
            )
            if may and message_id in by_id:
                with suppress(IncidentNotFound):  # made private in this moment: on record, and no one waits
                    async with self._turn(message_id):
                        await self._pin(incident.id, by_id.pop(message_id), by=person)

    @asynccontextmanager
    async def _turn(self, message_id: int) -> AsyncIterator[None]:
        """Let the events of one message wait for each other, in the order in which they came."""
        lock = self._turns.setdefault(message_id, asyncio.Lock())
        async with lock:
            yield

    async def _pin(self, incident_id: int, message: ThreadMessage, *, by: Person) -> Pinned:
        async with self._changes.change(incident_id, by=by, act=Act.PIN) as change:
            outcome = await self._keep(change, message)
            if outcome is not Pinned.ALREADY:
                await change.then(IncidentEvent.RECORDED)
                data = AuditData(incident_id, facts={"message_id": message.id, "outcome": outcome.value})
                guild_id = change.incident.guild_id
                await AuditWrites(change.tx.sql).audit(
                    guild_id=guild_id, by=by, action=TimelineKind.PINNED.value, data=data
                )
                await change.note_act()
            await DeliveryWrites(change.tx.sql).insert_deliveries(
                [
                    NewDelivery(
                        kind=DeliveryKind.PIN_SEEN,
                        to="message",
                        key=f"inc:{change.incident.id}:pin:{message.id}",
                        guild_id=change.incident.guild_id,
                        incident_id=change.incident.id,
                        data=PinSeenData(channel_id=message.channel_id, message_id=message.id).to_json(),
                        priority=priority_of(self._policy.rules_of(change.incident).rank),
                    )
                ]
            )
        return outcome

    async def _keep(self, change: Change, message: ThreadMessage) -> Pinned:
        tx, incident_id, by = change.tx, change.incident.id, change.by
        at = min(message.content.at, change.now)  # two clocks: nothing is pinned before it was written
        entry = TimelineEntry.of(message.as_pinned(), at, by=by)
        if await TimelineRows(tx.sql).pin(incident_id, entry):
            return Pinned.ADDED
        data = {"text": message.content.text, "is_readable": True}
        if message.content.text and await TimelineRows(tx.sql).fill_pin(incident_id, message.id, data=data):
            return Pinned.FILLED
        return Pinned.ALREADY


async def _note_edit(tx: Transaction, incident_id: int, message: ThreadMessage, *, at: datetime) -> bool:
    """Keep the new words of a pinned message; return False if they are known."""
    entries = await TimelineRows(tx.sql).timeline(incident_id)
    key = f"edited:{message.id}:{at.isoformat()}"
    versions = [entry for entry in entries if entry.message_id == message.id]
    words = next((entry.said for entry in reversed(versions) if entry.said), "")
    is_known = any(entry.key == key for entry in versions)
    if is_known or (message.is_readable and words == message.content.text):
        return False
    data = PinEditedEntry(
        message_id=message.id,
        text=message.content.text,
        is_readable=message.is_readable,
        url=message.content.url,
        key=key,
    )
    author = Person(id=message.content.author_id, name=message.content.author_name)
    await TimelineWrites(tx.sql).add_timeline(incident_id, TimelineEntry.of(data, at, by=author))
    log.info("timeline.pin_edited", incident_id=incident_id, message_id=message.id)
    return True


async def _note_deletion(tx: Transaction, incident_id: int, message_id: int) -> bool:
    """Note that a pinned message was deleted; return False if that is known."""
    about = [
        entry for entry in await TimelineRows(tx.sql).timeline(incident_id) if entry.message_id == message_id
    ]
    if any(entry.kind is TimelineKind.PIN_DELETED for entry in about):
        return False
    pin = next(entry for entry in about if entry.kind is TimelineKind.PINNED)
    words = next((entry.said for entry in reversed(about) if entry.said), "")
    author = PinnedEntry.from_json(pin.data or {}).author_name
    data = PinDeletedEntry(message_id=message_id, author_name=author, text=words[:_QUOTED])
    await TimelineWrites(tx.sql).add_timeline(incident_id, TimelineEntry.of(data, await tx.now()))
    log.info("timeline.pin_deleted", incident_id=incident_id, message_id=message_id)
    return True


def _gone(messages: Sequence[ThreadMessage], pinned: Sequence[int]) -> list[int]:
    """Return the pinned messages that are no longer in the thread, as far as *messages* reach back."""
    if not messages:
        return []  # the thread is gone or hidden, which says nothing of a single message
    there = {message.id for message in messages}
    return [one for one in pinned if one >= min(there) and one not in there]
