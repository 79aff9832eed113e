"""One undelivered notification: what it says, and what became of it."""

from dataclasses import dataclass

from bot.domain.delivery.delivery import Posted
from bot.domain.dlq.failures import DlqEntry
from bot.domain.dlq.replays import ReplayRecord
from bot.domain.people import Person
from bot.services.dlq.reading import DlqReading
from bot.services.ports import Store


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


class Dlq:
    """Shows one DLQ entry with its payload."""

    def __init__(self, store: Store, reading: DlqReading) -> None:
        self._store = store
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
        may_replay = self._reading.allows(by, "replay")
        return EntryView(entry, await self._store.replay_of(key), delivered, may_replay)
