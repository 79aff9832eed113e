"""Action items from before the code host was set up: they become issues too, a few at a time."""

from contextlib import suppress
from typing import Final

import structlog

from bot.services.actions.changing import ActionChanges
from bot.services.actions.tracking import want_issue
from bot.services.ports import Store
from bot.services.shared.access import MaySeeLess

log = structlog.get_logger(__name__)

#: How many at a time: a new issue notifies people, and GitHub limits how fast content is made.
_AT_A_TIME: Final = 5


class EarlierItems:
    """Finds open items that were never to become issues.

    A change of an item asks for its issue (`want_issue`), but these may never change again. Items whose
    issue is in another repository stay there until their next change.
    """

    def __init__(self, store: Store, changing: ActionChanges) -> None:
        self._store = store
        self._changing = changing

    async def track(self, guild_id: int) -> bool:
        """Export the next few earlier items as issues; return True if there may be more.

        Private incidents and drills keep theirs in Discord. Running twice is harmless.
        """
        if self._changing.tracker is None:
            return False
        found = await self._store.untracked_items(guild_id, limit=_AT_A_TIME)
        for item_id in found:
            with suppress(MaySeeLess):  # its incident has become private just now
                await self._track(item_id)
        if found:
            log.info("issues.earlier_items_found", guild_id=guild_id, count=len(found))
        return len(found) == _AT_A_TIME

    async def _track(self, item_id: int) -> None:
        item = await self._store.action_item(item_id)
        incident = None if item.incident_id is None else await self._store.incident(item.incident_id)
        async with self._changing.locked(item, incident) as change:
            if change.item.is_open:
                await want_issue(change.tx, change.item, change.incident, tracker=change.tracker)
