"""Why an alert became an incident or did not: the decisions of the last 14 days, page by page."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.domain.alerts.decisions import DecisionCursor, DecisionFilter, DecisionPage, ShownDecision
from bot.domain.people import Person
from bot.services.shared.access import Access
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertDecisionRows

#: Decisions on a page: two lines each, so that a page fits a phone and Discord's 4,000 characters.
PAGE_SIZE: Final = 8

#: The key below ``[permissions]``.
_PERMISSION: Final = "acknowledge"


class AlertHistory:
    """Reads what the bot decided about monitors' messages and events."""

    def __init__(self, store: Store, access: Access) -> None:
        self._store = store
        self._access = access

    async def page(
        self, guild_id: int, asked: DecisionFilter, at: DecisionCursor | None = None, *, by: Person
    ) -> DecisionPage:
        """Return the page beside *at*; the newest decisions without it.

        Titles of private incidents are hidden from people who do not see all of these.

        Raises:
            NotPermitted, StorageUnavailable.
        """
        await self._access.require(by, _PERMISSION, guild_id=guild_id, act="recent_alerts")
        found = await AlertDecisionRows(self._store.sql).decisions(guild_id, asked, at, limit=PAGE_SIZE + 1)
        goes_on, shown = len(found) > PAGE_SIZE, found[:PAGE_SIZE]
        if at is not None and at.is_newer:
            if not goes_on:
                return await self.page(guild_id, asked, by=by)  # a full page from the beginning
            shown = shown[::-1]
        if await self._access.sight(by, guild_id=guild_id) is not None:
            shown = [replace(one, is_hidden=False) for one in shown]
        return _placed(asked, shown, has_newer=at is not None, has_older=goes_on or bool(at and at.is_newer))


def _placed(
    asked: DecisionFilter, shown: Sequence[ShownDecision], *, has_newer: bool, has_older: bool
) -> DecisionPage:
    if not shown:
        return DecisionPage(asked, ())
    first, last = shown[0].decision, shown[-1].decision
    return DecisionPage(
        asked,
        tuple(shown),
        newer=DecisionCursor(first.said_id, first.nth, is_newer=True) if has_newer else None,
        older=DecisionCursor(last.said_id, last.nth) if has_older else None,
    )
