"""What each question about undelivered notifications begins with: who may ask, and which entry is meant."""

from collections.abc import Sequence
from typing import Final

from bot.domain.audit import AuditData
from bot.domain.dlq.failures import SHORTEST, DlqEntry, EntryOrigin, failure_id, is_ours
from bot.domain.errors import UserError
from bot.domain.incident.incident import label_of
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.ports import DlqStore, Store
from bot.services.shared.access import Access

#: How far back a short id is looked for, as far as a list reaches.
OFFERED_HOURS: Final = 720


class DlqReading:
    """Reads entries for a guild.

    The table belongs to one organisation: a guild of several sees it only if its policy says who may.
    """

    def __init__(self, store: Store, failures: DlqStore, policy: Policy, access: Access) -> None:
        self._store = store
        self._failures = failures
        self._policy = policy
        self._access = access

    def allows(self, by: Person, permission: str) -> bool:
        """Return True if *by* may ask; nothing is recorded."""
        return self._policy.sees_dlq and self._access.allows(by, permission)

    async def admit(self, by: Person, permission: str, *, guild_id: int, act: str) -> None:
        """Let *by* pass, or record the refusal.

        Raises:
            NotPermitted; UserError: no one in this guild may.
        """
        if not self._policy.sees_dlq:
            data = AuditData(act=act, facts={"here": False})
            await self._store.audit(guild_id=guild_id, by=by, action=permission, allowed=False, data=data)
            raise UserError("dlq_not_here")
        await self._access.require(by, permission, guild_id=guild_id, act=act)

    async def key(self, text: str) -> str:
        """Return the id that *text* names: a whole one, or the last characters of a recent entry's.

        Raises:
            UserError: not an id, no such entry, or several.
        """
        typed = text.strip().strip("`")
        found = await self._failures.named(typed, hours=OFFERED_HOURS) if typed else []
        if len(found) > 1:
            raise UserError("dlq_id_ambiguous", value=typed)
        if not found and len(typed) < SHORTEST:
            raise UserError("dlq_bad_id", value=typed)
        if not found:
            raise UserError("dlq_entry_not_found", entry=typed)
        return found[0]

    async def entry(self, key: str, *, guild_id: int) -> tuple[DlqEntry, EntryOrigin | None]:
        """Read an entry and the delivery that it is about; of a private incident it has no words.

        Perhaps the incident became private a moment ago, and its rows have not been emptied yet.
        """
        entry = await self._failures.entry(key)
        origin = (await self.origins([entry], guild_id=guild_id)).get(entry.id)
        if origin is not None and origin.incident_id is not None:
            incident = await self._store.incident(origin.incident_id)
            if incident.is_private:
                entry = entry.without_words(incident.label)
        return entry, origin

    async def origins(self, entries: Sequence[DlqEntry], *, guild_id: int) -> dict[str, EntryOrigin]:
        """Return the deliveries of ours that the entries are about, by the entry's id; others have none."""
        times = sorted({entry.attempted_at for entry in entries})
        ours = [(failure_id(one.nonce), one) for one in await self._store.origins(guild_id, times)]
        return {
            entry.id: origin for entry in entries for failure, origin in ours if is_ours(entry.id, failure)
        }

    async def masked(self, entries: tuple[DlqEntry, ...], *, guild_id: int) -> tuple[DlqEntry, ...]:
        """Return *entries*, those about private incidents without words, as `entry` does for one."""
        if not entries:
            return entries
        moments = [entry.attempted_at for entry in entries]
        secret = await self._store.private_origins(guild_id, min(moments), max(moments))
        owned = [(failure_id(one.nonce), one.incident_id) for one in secret if one.incident_id is not None]
        shown = []
        for entry in entries:
            of = next((number for failure, number in owned if is_ours(entry.id, failure)), None)
            shown.append(entry if of is None else entry.without_words(label_of(of)))
        return tuple(shown)
