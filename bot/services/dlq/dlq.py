"""One undelivered notification: what it says, and sending it again."""

import secrets
from dataclasses import dataclass

import structlog

from bot.domain.delivery.delivery import DeliveryKind, NewDelivery, Posted
from bot.domain.dlq.entries import DlqEntry
from bot.domain.dlq.replays import ReplayData, ReplayRecord, sanitise_payload
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.people import Person
from bot.services.dlq.reading import DlqReading
from bot.services.ports import Store
from bot.services.shared.access import Access

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EntryView:
    """One failure, whether a person sent it again, and where it arrived by itself later.

    Attributes:
        may_replay: The reader may send it again, as far as their roles go.
    """

    entry: DlqEntry
    replay: ReplayRecord | None
    delivered: Posted | None = None
    may_replay: bool = True


@dataclass(frozen=True, slots=True)
class ReplayPreview:
    """What a replay would send.

    Attributes:
        channel: Where it was meant for.
        body: The message as it would be posted.
        dropped: Top-level keys that are taken out of the stored payload.
        replay: An earlier replay: then it cannot be sent again.
        incident_id: What it tells of, if that is an incident of ours.
    """

    entry: DlqEntry
    channel: str
    body: dict[str, object]
    dropped: tuple[str, ...]
    replay: ReplayRecord | None
    incident_id: int | None = None


class Dlq:
    """Shows one entry and sends it again; writes only who replayed what, in our own tables."""

    def __init__(self, store: Store, access: Access, reading: DlqReading) -> None:
        self._store = store
        self._access = access
        self._reading = reading

    async def entry(self, entry_id: str, *, by: Person, guild_id: int) -> EntryView:
        """Return one failure with its payload.

        Raises:
            NotPermitted; UserError: not an id, or no such entry.
        """
        await self._reading.admit(by, "dlq", guild_id=guild_id, act="entry")
        key = await self._reading.key(entry_id)
        entry, origin = await self._reading.entry(key, guild_id=guild_id)
        delivered = None if origin is None else origin.delivered
        may_replay = self._access.allows(by, "replay")
        return EntryView(entry, await self._store.replay_of(key), delivered, may_replay)

    async def preview_replay(self, entry_id: str, *, by: Person, guild_id: int) -> ReplayPreview:
        """Return the message that a replay would send.

        Raises:
            NotPermitted; UserError: no such entry, it holds nothing that can be posted, or it was posted by
                itself since.
        """
        await self._reading.admit(by, "replay", guild_id=guild_id, act="preview_replay")
        key = await self._reading.key(entry_id)
        entry, origin = await self._reading.entry(key, guild_id=guild_id)
        body, dropped = sanitise_payload(entry.payload or {})
        if not (body.keys() - {"allowed_mentions"}):
            raise UserError("dlq_nothing_to_replay", entry=key)
        if origin is not None and origin.delivered is not None:
            raise UserError("dlq_delivered_since")
        if entry.channel is None:
            raise UserError("dlq_no_channel")
        incident_id = None if origin is None else origin.incident_id
        replay = await self._store.replay_of(key)
        return ReplayPreview(entry, entry.channel, body, dropped, replay, incident_id)

    async def replay(self, entry_id: str, *, by: Person, guild_id: int) -> ReplayRecord:
        """Send an entry again, to where it was meant for, once; a replay that failed may be repeated.

        Raises:
            NotPermitted; UserError: as in `preview_replay`; InvalidTransition: it was replayed before.
        """
        preview = await self.preview_replay(entry_id, by=by, guild_id=guild_id)
        entry = preview.entry
        key = f"replay:{entry.id}:{secrets.token_hex(4)}"  # a repeated one is another message
        async with self._store.transaction() as tx:
            claimed = await tx.claim_replay(
                entry.id, guild_id=guild_id, channel=preview.channel, by=by, key=key
            )
            if claimed:
                await tx.insert_deliveries([_delivery(preview, key=key, guild_id=guild_id, by=by)])
        record = await self._store.replay_of(entry.id)
        if record is None or not claimed:
            raise InvalidTransition("dlq_already_replayed", by=record.requested_by_name if record else "?")
        await self._store.audit(
            guild_id=guild_id, by=by, action="replay", allowed=True, data={"entry": entry.id}
        )
        log.info("dlq.entry_replayed", entry_id=entry.id, user_id=by.id)
        return record


def _target(channel: str) -> str:
    """Return the target of an entry: a page of ours is stored with its on-call place instead of a channel."""
    return channel if channel.startswith("person:") else f"channel:{channel.removeprefix('#')}"


def _delivery(preview: ReplayPreview, *, key: str, guild_id: int, by: Person) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.REPLAY,
        to=_target(preview.channel),
        key=key,
        guild_id=guild_id,
        incident_id=preview.incident_id,
        data=ReplayData(body=dict(preview.body), entry=preview.entry.id, by=by.name).to_json(),
    )
