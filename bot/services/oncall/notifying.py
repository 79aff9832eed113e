"""How people want to be paged outside Discord: each person's own settings (`/oncall notify`)."""

from collections.abc import Collection

import structlog

from bot.domain.audit import AuditData
from bot.domain.oncall.notify import NotifySettings
from bot.domain.paging.ways import Way
from bot.domain.people import Person
from bot.services.ports import Store
from bot.services.shared.access import Access

log = structlog.get_logger(__name__)


class Notifying:
    """Reads and changes the notification settings of the person who asks, never another person's.

    Args:
        ways: Those that the bot is set up for.
    """

    def __init__(self, store: Store, access: Access, *, ways: Collection[Way]) -> None:
        self._store = store
        self._access = access
        self._ways = ways

    def unusable(self, own: NotifySettings) -> list[Way]:
        """Return the push services that have an address although the bot is not set up for them."""
        given = {Way.NTFY: own.ntfy, Way.PUSHOVER: own.pushover}
        return [way for way, address in given.items() if address is not None and way not in self._ways]

    async def settings(self, guild_id: int, *, by: Person) -> NotifySettings:
        """Return the settings of *by*; empty ones if they have set nothing."""
        found = await self._store.notify_settings(guild_id, by.id)
        return found or NotifySettings(by.id, by.username)

    async def save(self, guild_id: int, new: NotifySettings, *, by: Person) -> None:
        """Store the settings of *by* in place of the earlier ones. They count from the next page on.

        Raises:
            NotPermitted: *by* may not respond, so they are never paged.
        """
        await self._access.require(by, "acknowledge", guild_id=guild_id, act="set_notify")
        async with self._store.transaction() as tx:
            await tx.save_notify_settings(guild_id, new)
            # Not the addresses: others may read the audit log.
            facts = {"ways": [way.value for way in new.ways], "wait_s": new.wait.total_seconds()}
            await tx.audit(guild_id=guild_id, by=by, action="set_notify", data=AuditData(facts=facts))
        log.info("oncall.notify_set", guild_id=guild_id, user_id=by.id, is_removed=new.is_empty)
