"""Which entries of the DLQ can be replayed, and why not the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.dlq.batches import ReplayTarget, Skip, Via
from bot.domain.dlq.failures import DlqEntry, EntryOrigin
from bot.domain.dlq.prepared import prepared
from bot.services.dlq.reading import DlqReading
from bot.services.dlq.replay_messages import channel_of
from bot.services.ports import Store


@dataclass(frozen=True, slots=True)
class CheckedReplay:
    """An entry, with what a replay of it needs to know.

    Attributes:
        origin: The delivery of ours that it is about.
        is_private: The incident of that delivery is private.
        skip: Why it cannot be replayed; None if it can.
    """

    entry: DlqEntry
    origin: EntryOrigin | None
    is_private: bool
    skip: Skip | None

    @property
    def incident_id(self) -> int | None:
        """Return the incident that it tells of, if that is one of ours."""
        return None if self.origin is None else self.origin.incident_id


class ReplayChecks:
    """Decides for entries that were read already.

    Args:
        webhooks: The ids of the webhooks of the settings, by channel.
    """

    def __init__(self, store: Store, reading: DlqReading, webhooks: Mapping[str, int]) -> None:
        self._store = store
        self._reading = reading
        self._webhooks = webhooks

    async def check(
        self, entries: Sequence[DlqEntry], target: ReplayTarget, *, guild_id: int
    ) -> list[CheckedReplay]:
        """Return each entry with its origin and the reason why it cannot be replayed."""
        origins = await self._reading.origins(entries, guild_id=guild_id)
        private = await self._private(origins.values())
        ended = await self._store.ended_webhooks(guild_id) if target.via is Via.WEBHOOK else frozenset()
        return [self._checked(entry, origins.get(entry.id), private, target, ended) for entry in entries]

    async def replayed(self, entries: Sequence[DlqEntry]) -> frozenset[str]:
        """Return the ids of the entries that were replayed, are being replayed, or perhaps arrived."""
        records = await self._store.replays_of([entry.id for entry in entries])
        return frozenset(one.entry_id for one in records if one.is_unknown or not one.may_be_repeated)

    def _checked(
        self,
        entry: DlqEntry,
        origin: EntryOrigin | None,
        private: frozenset[int],
        target: ReplayTarget,
        ended: frozenset[int],
    ) -> CheckedReplay:
        is_private = origin is not None and origin.incident_id in private
        skip = Skip.PRIVATE if is_private else _skip(entry, origin) or self._no_way(entry, target, ended)
        if skip is None and target.via is Via.WEBHOOK and origin is not None:
            skip = None if origin.incident_id is None else Skip.OURS
        return CheckedReplay(entry, origin, is_private, skip)

    def _no_way(self, entry: DlqEntry, target: ReplayTarget, ended: frozenset[int]) -> Skip | None:
        """Return why the entry cannot go where *target* says."""
        channel = channel_of(entry, target)
        if channel is None:
            return Skip.NO_CHANNEL
        if target.via is Via.BOT:
            return None
        webhook_id = self._webhooks.get(channel)
        if webhook_id is None:
            return Skip.NO_WEBHOOK
        return Skip.WEBHOOK_ENDED if webhook_id in ended else None

    async def _private(self, origins: Iterable[EntryOrigin]) -> frozenset[int]:
        numbers = sorted({one.incident_id for one in origins if one.incident_id is not None})
        incidents = [await self._store.incident(number) for number in numbers]
        return frozenset(incident.id for incident in incidents if incident.is_private)


def _skip(entry: DlqEntry, origin: EntryOrigin | None) -> Skip | None:
    if origin is not None and origin.delivered is not None:
        return Skip.ARRIVED
    return Skip.EMPTY if prepared(entry.payload).is_empty else None
