"""Replaying one entry of the DLQ: a preview, then the message, once."""

from dataclasses import dataclass, replace

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import NewDelivery
from bot.domain.dlq.batches import ReplayTarget, Skip, Via
from bot.domain.dlq.failures import DlqEntry
from bot.domain.dlq.prepared import Prepared, prepared
from bot.domain.dlq.replays import ReplayRecord
from bot.domain.errors import InvalidTransition, UserError
from bot.domain.people import Person
from bot.services.dlq.reading import DlqReading
from bot.services.dlq.replay_checks import ReplayChecks
from bot.services.dlq.replay_messages import ReplayRequest, channel_of, replay_delivery, replay_key
from bot.services.ports import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReplayPreview:
    """What a replay would send.

    Attributes:
        channel: Where it would go: a channel's name or id, or the place of a page of ours.
        made: The message as it would be posted, and what is left out of it.
        replay: An earlier replay: unless that has failed, it cannot be sent again.
        incident_id: What it tells of, if that is an incident of ours.
        may_ping: The reader may let it notify the people that it mentions.
        has_webhook: That channel has a webhook that could send it.
    """

    entry: DlqEntry
    target: ReplayTarget
    channel: str
    made: Prepared
    replay: ReplayRecord | None
    incident_id: int | None = None
    may_ping: bool = False
    has_webhook: bool = False


class Replays:
    """One entry at a time. Every method raises NotPermitted, DlqUnavailable."""

    def __init__(self, store: Store, reading: DlqReading, checks: ReplayChecks) -> None:
        self._store = store
        self._reading = reading
        self._checks = checks

    async def preview(
        self, entry_id: str, *, by: Person, guild_id: int, target: ReplayTarget | None = None
    ) -> ReplayPreview:
        """Return the message that a replay would send.

        Args:
            target: By default it goes to where it was meant for, by the bot, and notifies no one.

        Raises:
            UserError: no such entry, or it cannot be sent there, with the reason.
        """
        target = target or ReplayTarget()
        permission = "replay_mentions" if target.keeps_mentions else "replay"
        await self._reading.admit(by, permission, guild_id=guild_id, act="preview_replay")
        key = await self._reading.key(entry_id)
        entry, _ = await self._reading.entry(key, guild_id=guild_id)
        (checked,) = await self._checks.check([entry], target, guild_id=guild_id)
        if checked.skip is not None:
            raise _refusal(checked.skip, key)
        channel = channel_of(entry, target)
        assert channel is not None
        return ReplayPreview(
            entry=entry,
            target=target,
            channel=channel,
            made=prepared(entry.payload, keeps_mentions=target.keeps_mentions),
            replay=await self._store.replay_of(key),
            incident_id=checked.incident_id,
            may_ping=self._reading.allows(by, "replay_mentions"),
            has_webhook=await self._has_webhook(entry, target, guild_id=guild_id),
        )

    async def replay(
        self, entry_id: str, *, by: Person, guild_id: int, target: ReplayTarget | None = None
    ) -> ReplayRecord:
        """Send an entry again, once; a replay that failed may be repeated.

        Raises:
            UserError: as in `preview`; InvalidTransition: it was replayed before.
        """
        preview = await self.preview(entry_id, by=by, guild_id=guild_id, target=target)
        entry = preview.entry
        key = replay_key(entry.id)
        async with self._store.transaction() as tx:
            claimed = await tx.claim_replay(
                entry.id, guild_id=guild_id, channel=preview.channel, by=by, key=key
            )
            if claimed:
                await tx.insert_deliveries([_delivery(preview, key=key, guild_id=guild_id, by=by)])
                await tx.audit(guild_id=guild_id, by=by, action="replay", data=_audited(preview))
        record = await self._store.replay_of(entry.id)
        if record is None or not claimed:
            raise InvalidTransition("dlq_already_replayed", by=record.requested_by_name if record else "?")
        log.info("dlq.entry_replayed", entry_id=entry.id, user_id=by.id)
        return record

    async def _has_webhook(self, entry: DlqEntry, target: ReplayTarget, *, guild_id: int) -> bool:
        asked = replace(target, via=Via.WEBHOOK)
        (checked,) = await self._checks.check([entry], asked, guild_id=guild_id)
        return checked.skip is None


def _refusal(skip: Skip, key: str) -> UserError:
    """Return the error that says why an entry cannot be sent where it is asked to."""
    match skip:
        case Skip.ARRIVED:
            return UserError("dlq_delivered_since")
        case Skip.NO_CHANNEL:
            return UserError("dlq_no_channel")
        case Skip.NO_WEBHOOK:
            return UserError("dlq_no_webhook")
        case Skip.WEBHOOK_ENDED:
            return UserError("dlq_webhook_ended")
        case Skip.OURS:
            return UserError("dlq_bot_only")
        case _:
            return UserError("dlq_nothing_to_replay", entry=key)


def _delivery(preview: ReplayPreview, *, key: str, guild_id: int, by: Person) -> NewDelivery:
    asked = ReplayRequest(guild_id, preview.target, by.name)
    return replay_delivery(preview.entry, preview.made, asked, key=key, incident_id=preview.incident_id)


def _audited(preview: ReplayPreview) -> AuditData:
    target = preview.target
    facts = {
        "entry": preview.entry.id,
        "to": preview.channel,
        "via": target.via.value,
        "mentions": target.keeps_mentions,
    }
    return AuditData(facts=facts)
