"""Queries for people: one action item, lists of them, and the choices of a command."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from bot.domain.actions.changes import require_open
from bot.domain.actions.issue import IssueExport
from bot.domain.actions.item import ActionItem, WatchedAlert
from bot.domain.actions.listing import ActionFilter, ActionView, AlertSearch
from bot.domain.errors import IncidentNotFound, NotPermitted
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.actions.changing import ActionChanges
from bot.services.ports import Store
from bot.services.shared.access import Access, Act

#: How long ago an alert was seen at most to be offered for an item.
_LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ActionDetails:
    """An action item with what its screen shows beside it.

    Attributes:
        incident: None if it belongs to none.
        today: The local day.
        issue: Its issue on the code host; None if it has none.
    """

    item: ActionItem
    incident: Incident | None
    today: date
    issue: IssueExport | None = None


@dataclass(frozen=True, slots=True)
class ActionPage:
    """A part of a list.

    Attributes:
        has_more: There are further items.
    """

    items: tuple[ActionItem, ...]
    today: date
    has_more: bool


class ActionQueries:
    """Reads action items, without those of private incidents that the person may not see."""

    def __init__(self, store: Store, policy: Policy, access: Access, changing: ActionChanges) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._changing = changing

    async def details(self, item_id: int, *, by: Person) -> ActionDetails:
        """Return one item.

        Raises:
            ActionNotFound: no such number, or not theirs to see.
        """
        item = await self._store.action_item(item_id)
        incident = await self._changing.visible(item, by=by)
        return ActionDetails(item, incident, await self.today(), await self._store.issue_export(item_id))

    async def to_change(self, item_id: int, *, by: Person, act: Act) -> ActionDetails:
        """Return one open item before a form opens, if *by* may do *act* to it.

        Raises:
            As `ActionChanges`; UserError: it is closed, with the way to reopen it.
        """
        item = await self._store.action_item(item_id)
        incident = await self._changing.require(item, by=by, act=act)
        require_open(item)
        return ActionDetails(item, incident, await self.today())

    async def page(
        self, guild_id: int, wanted: ActionFilter, *, by: Person, limit: int, offset: int = 0
    ) -> ActionPage:
        """Return a part of a list: open items by due date, closed ones the last to be closed first."""
        allowed = await self._allowed(guild_id, wanted, by=by)
        found = await self._store.action_items(guild_id, allowed, limit=limit + 1, offset=offset)
        return ActionPage(tuple(found[:limit]), allowed.today, has_more=len(found) > limit)

    async def choices(
        self, guild_id: int, words: str, *, closed: bool, by: Person, limit: int
    ) -> Sequence[ActionItem]:
        """Return the items that a command offers, the person's own first: open ones, or closed ones."""
        view = ActionView.DONE if closed else ActionView.OPEN
        wanted = ActionFilter(await self.today(), view, words=words or None)
        allowed = await self._allowed(guild_id, wanted, by=by)
        own = await self._store.action_items(guild_id, replace(allowed, owner_id=by.id), limit=limit)
        every = await self._store.action_items(guild_id, allowed, limit=limit)
        return list({item.id: item for item in (*own, *every)}.values())[:limit]

    async def alerts(
        self, guild_id: int, words: str, *, incident_id: int | None, by: Person, limit: int
    ) -> list[WatchedAlert]:
        """Return the alerts that an item may name: those of its incident first, then recent ones."""
        wanted = await self._alerts(guild_id, incident_id, by=by)
        return await self._store.recent_alerts(guild_id, replace(wanted, words=words or None), limit=limit)

    async def alert(
        self, guild_id: int, fingerprint: str, *, incident_id: int | None, by: Person
    ) -> WatchedAlert | None:
        """Return one of `alerts`; None if it is not among them."""
        wanted = replace(await self._alerts(guild_id, incident_id, by=by), fingerprint=fingerprint)
        return next(iter(await self._store.recent_alerts(guild_id, wanted, limit=1)), None)

    async def incident_so_far(
        self, *, item_id: int | None, number: int | None, thread_id: int | None, by: Person
    ) -> int | None:
        """Return the incident of a command that *by* is typing: of its item, else its own, or None.

        What they may not do or see leaves no audit row: they have done nothing yet.

        Raises:
            ActionNotFound, IncidentNotFound: no such number, or not theirs to see. NotPermitted: *by* may not
                change the item. UserError: it is closed.
        """
        if item_id is None:
            found = await self._incident(number, thread_id)
        else:
            item = await self._store.action_item(item_id)
            require_open(item)
            act = Act.EDIT_ACTION.permission
            if by.id != item.owner.id and not self._access.allows(by, act):
                raise NotPermitted(action=act, roles=self._access.roles(act))
            found = await self._incident(item.incident_id, None)
        if found is None or await self._access.sees(by, found):
            return None if found is None else found.id
        raise IncidentNotFound(number=found.id)

    async def _incident(self, number: int | None, thread_id: int | None) -> Incident | None:
        if number is not None:
            return await self._store.incident(number)
        return None if thread_id is None else await self._store.incident_by_thread(thread_id)

    async def today(self) -> date:
        """Return the local day."""
        return (await self._store.now()).astimezone(self._policy.timezone).date()

    async def _allowed(self, guild_id: int, wanted: ActionFilter, *, by: Person) -> ActionFilter:
        sees_all = await self._access.sight(by, guild_id=guild_id) is not None
        return replace(wanted, viewer=by.id, sees_all=sees_all)

    async def _alerts(self, guild_id: int, incident_id: int | None, *, by: Person) -> AlertSearch:
        return AlertSearch(
            since=await self._store.now() - _LATELY,
            incident_id=incident_id,
            viewer=by.id,
            sees_all=await self._access.sight(by, guild_id=guild_id) is not None,
        )
