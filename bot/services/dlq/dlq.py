"""The DLQ from chat: the runbook's three questions, one entry, one replay."""

import re
import secrets
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final
from uuid import UUID

import structlog

from bot.domain.delivery.delivery import DeliveryKind, NewDelivery, Posted
from bot.domain.dlq import (
    DlqEntry,
    DlqFilter,
    DlqPage,
    Origin,
    ReplayData,
    ReplayRecord,
    StatusCount,
    failure_id,
    sanitise_payload,
)
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import DlqStore, Store
from bot.services.shared.access import Access

log = structlog.get_logger(__name__)

PAGE_SIZE = 10
P0_LIMIT = 20

#: How far back a short id is looked for, as far as a list reaches; and how many entries are searched at most.
OFFERED_HOURS: Final = 720
_OFFERED: Final = 200

_DIGITS: Final = re.compile(r"[0-9a-f]{4,12}")


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
        body: The message as it would be posted.
        dropped: Top-level keys that are taken out of the stored payload.
        replay: An earlier replay: then it cannot be sent again.
        incident_id: What it tells of, if that is an incident of ours.
    """

    entry: DlqEntry
    body: dict[str, object]
    dropped: tuple[str, ...]
    replay: ReplayRecord | None
    incident_id: int | None = None


class Dlq:
    """Reads `admin.notification_failures`; writes only who replayed what, in our own tables.

    The table belongs to one organisation: a guild of several sees it only if its policy says who may.
    """

    def __init__(self, store: Store, failures: DlqStore, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._failures = failures
        self._access = access

    async def recent(self, asked: DlqFilter, *, number: int, by: Person, guild_id: int) -> DlqPage:
        """直近で配信失敗した通知. Raises NotPermitted."""
        await self._admit(by, "dlq", guild_id=guild_id, act="recent")
        return await self._failures.page(asked, number=number, size=PAGE_SIZE)

    async def offered(self, typed: str, *, by: Person, limit: int) -> list[DlqEntry]:
        """Return the latest failures whose short id or title has *typed*; none to a person who may not look.

        Raises:
            DlqUnavailable: the table cannot be read.
        """
        if not (self._policy.sees_dlq and self._access.allows(by, "dlq")):
            return []
        page = await self._failures.page(DlqFilter(hours=OFFERED_HOURS), number=1, size=_OFFERED)
        wanted = typed.strip().casefold()
        fitting = (one for one in page.entries if wanted in f"{one.id} {one.title or ''}".casefold())
        return list(islice(fitting, limit))

    async def p0_email(self, *, by: Person, guild_id: int) -> list[DlqEntry]:
        """P0 で email backup が送られたか. Raises NotPermitted."""
        await self._admit(by, "dlq", guild_id=guild_id, act="p0_email")
        return await self._failures.p0_failed(limit=P0_LIMIT)

    async def http_status(self, *, hours: int, by: Person, guild_id: int) -> list[StatusCount]:
        """Discord 自体の障害を疑うとき. Raises NotPermitted."""
        await self._admit(by, "dlq", guild_id=guild_id, act="http_status")
        return await self._failures.http_statuses(hours=hours)

    async def entry(self, entry_id: str, *, by: Person, guild_id: int) -> EntryView:
        """Return one failure with its payload.

        Raises:
            NotPermitted; UserError: not an id, or no such entry.
        """
        await self._admit(by, "dlq", guild_id=guild_id, act="entry")
        key = await self._key(entry_id)
        entry, origin = await self._read(key, guild_id=guild_id)
        delivered = None if origin is None else origin.delivered
        may_replay = self._access.allows(by, "replay")
        return EntryView(entry, await self._store.replay_of(key), delivered, may_replay)

    async def preview_replay(self, entry_id: str, *, by: Person, guild_id: int) -> ReplayPreview:
        """Return the message that a replay would send.

        Raises:
            NotPermitted; UserError: no such entry, it holds nothing that can be posted, or it was posted by
                itself since.
        """
        await self._admit(by, "replay", guild_id=guild_id, act="preview_replay")
        key = await self._key(entry_id)
        entry, origin = await self._read(key, guild_id=guild_id)
        body, dropped = sanitise_payload(entry.payload or {})
        if not (body.keys() - {"allowed_mentions"}):
            raise UserError("dlq_nothing_to_replay", entry=str(key))
        if origin is not None and origin.delivered is not None:
            raise UserError("dlq_delivered_since")
        incident_id = None if origin is None else origin.incident_id
        return ReplayPreview(entry, body, dropped, await self._store.replay_of(key), incident_id)

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
                entry.id, guild_id=guild_id, channel=entry.channel, by=by, key=key
            )
            if claimed:
                await tx.insert_deliveries([_delivery(preview, key=key, guild_id=guild_id, by=by)])
        record = await self._store.replay_of(entry.id)
        if record is None or not claimed:
            raise InvalidTransition("dlq_already_replayed", by=record.requested_by_name if record else "?")
        await self._store.audit(
            guild_id=guild_id, by=by, action="replay", allowed=True, data={"entry": str(entry.id)}
        )
        log.info("dlq.entry_replayed", entry_id=str(entry.id), user_id=by.id)
        return record

    async def _key(self, text: str) -> UUID:
        """Return the id that *text* names: a whole one, or the last digits of a recent entry's.

        Raises:
            UserError: not an id, no such entry, or several.
        """
        typed = text.strip().lower().strip("`")
        if (whole := _uuid(typed)) is not None:
            return whole
        if not _DIGITS.fullmatch(typed):
            raise UserError("dlq_bad_id", value=text[:40])
        found = await self._failures.ids_ending_in(typed, hours=OFFERED_HOURS)
        if len(found) > 1:
            raise UserError("dlq_id_ambiguous", value=typed)
        if not found:
            raise UserError("dlq_entry_not_found", entry=typed)
        return found[0]

    async def _read(self, key: UUID, *, guild_id: int) -> tuple[DlqEntry, Origin | None]:
        """Read an entry and the delivery that it is about; of a private incident it has no words.

        Perhaps the incident became private a moment ago, and its rows have not been emptied yet.
        """
        entry = await self._failures.entry(key)
        owed = await self._store.origins(guild_id, entry.attempted_at)
        origin = next((one for one in owed if failure_id(one.nonce) == entry.id), None)
        if origin is not None and origin.incident_id is not None:
            incident = await self._store.incident(origin.incident_id)
            if incident.is_private:
                entry = replace(entry, title=incident.label, payload={})
        return entry, origin

    async def _admit(self, by: Person, permission: str, *, guild_id: int, act: str) -> None:
        """Let *by* pass, or record the refusal.

        Raises:
            NotPermitted; UserError: no one in this guild may.
        """
        if not self._policy.sees_dlq:
            data = {"act": act, "here": False}
            await self._store.audit(guild_id=guild_id, by=by, action=permission, allowed=False, data=data)
            raise UserError("dlq_not_here")
        await self._access.require(by, permission, guild_id=guild_id, act=act)


def _uuid(text: str) -> UUID | None:
    """Return the id if *text* is a whole one."""
    try:
        return UUID(text)
    except ValueError:
        return None


def _target(channel: str) -> str:
    """Return the target of an entry: a page of ours is stored with its on-call place instead of a channel."""
    return channel if channel.startswith("person:") else f"channel:{channel.removeprefix('#')}"


def _delivery(preview: ReplayPreview, *, key: str, guild_id: int, by: Person) -> NewDelivery:
    return NewDelivery(
        kind=DeliveryKind.REPLAY,
        to=_target(preview.entry.channel),
        key=key,
        guild_id=guild_id,
        incident_id=preview.incident_id,
        data=ReplayData(body=dict(preview.body), entry=str(preview.entry.id), by=by.name).to_json(),
    )
