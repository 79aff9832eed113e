"""Action items, and the alerts that they may name."""

from datetime import datetime
from typing import Protocol

from bot.domain.actions.item import ActionItem, NewActionItem, WatchedAlert
from bot.domain.actions.listing import ActionFilter, AlertSearch, OpenAction
from bot.domain.alerts.alert import FiredAlert
from bot.domain.people import Person


class ActionReads(Protocol):
    """Reads action items, each in a statement of its own."""

    async def action_item(self, item_id: int) -> ActionItem:
        """Return one action item.

        Raises:
            ActionNotFound: no such number.
        """

    async def action_items(
        self, guild_id: int, wanted: ActionFilter, *, limit: int, offset: int = 0
    ) -> list[ActionItem]:
        """Return the items of a list: open ones by due date, closed ones the last to be closed first."""

    async def open_action_items(self, guild_id: int) -> list[OpenAction]:
        """Return every open item of a guild by due date, those of private incidents and drills included."""

    async def actions_of_incident(self, incident_id: int) -> list[ActionItem]:
        """Return the items of an incident in any state, in the order in which they were added."""

    async def recent_alerts(self, guild_id: int, wanted: AlertSearch, *, limit: int) -> list[WatchedAlert]:
        """Return the alerts that an item may name, each once: those of the incident first, then latest.

        Drills are left out.
        """


class ActionWrites(Protocol):
    """The part of a transaction that adds and changes action items."""

    async def add_action_item(self, new: NewActionItem, *, by: Person) -> tuple[ActionItem, bool]:
        """Store an item; for a key that is known, return the item that is there, and False."""

    async def action_item(self, item_id: int, *, lock: bool = False) -> ActionItem:
        """Return one item, with *lock* until the commit. Lock its incident before.

        Raises:
            ActionNotFound: no such number.
        """

    async def save_action_item(self, item: ActionItem) -> None:
        """Write a locked item, whose version has grown by one."""

    async def alert_fired(self, guild_id: int, fired: FiredAlert) -> list[int]:
        """Mark the done items whose fix has not held, and return their numbers.

        For an alert that counts on no incident; `AlertWrites.note_alert` does it for others.
        """

    async def actions_of_incident(self, incident_id: int) -> list[ActionItem]:
        """Return the items of an incident in any state, as this transaction sees them."""

    async def set_action_next(self, item_id: int, at: datetime) -> None:
        """Set when a locked item is looked at next; its version stays."""
