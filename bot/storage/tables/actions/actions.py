"""Action items, and the alerts that they may name."""

from datetime import datetime
from typing import Final

from bot.domain.actions.item import (
    ActionItem,
    ActionNotFound,
    ActionSource,
    ActionStatus,
    NewActionItem,
    Reopening,
    WatchedAlert,
)
from bot.domain.actions.listing import ActionFilter, ActionView, AlertSearch, OpenAction
from bot.domain.alerts.alert import FiredAlert
from bot.domain.errors import LockConflict
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.people import Person
from bot.storage.database.sql import Row
from bot.storage.rows import act_as_columns, from_row
from bot.storage.tables.bases import ReadPart, TransactionPart

_CLOSED: Final = sorted({ActionStatus.DONE, ActionStatus.DROPPED})


class PostgresActionReads(ReadPart):
    """A `bot.services.ports.store.actions.actions.ActionReads`."""

    async def action_item(self, item_id: int) -> ActionItem:
        row = await self._sql.first("action_item", item_id=item_id, guild_id=self._guild_id)
        return _found(row, number=item_id)

    async def action_items(
        self, guild_id: int, wanted: ActionFilter, *, limit: int, offset: int = 0
    ) -> list[ActionItem]:
        rows = await self._sql.all(
            "action_items",
            guild_id=guild_id,
            statuses=_CLOSED if wanted.view is ActionView.DONE else [ActionStatus.OPEN],
            due_before=wanted.today if wanted.view is ActionView.OVERDUE else None,
            owner_id=wanted.owner_id,
            incident_id=wanted.incident_id,
            words=wanted.words,
            viewer_id=wanted.viewer,
            sees_all=wanted.sees_all,
            limit=limit,
            offset=offset,
        )
        return [action_from_row(row) for row in rows]

    async def open_action_items(self, guild_id: int) -> list[OpenAction]:
        rows = await self._sql.all("open_action_items", guild_id=guild_id)
        return [OpenAction(action_from_row(row), row["is_private"], row["is_drill"]) for row in rows]

    async def actions_of_incident(self, incident_id: int) -> list[ActionItem]:
        rows = await self._sql.all("actions_of_incident", incident_id=incident_id, guild_id=self._guild_id)
        return [action_from_row(row) for row in rows]

    async def recent_alerts(self, guild_id: int, wanted: AlertSearch, *, limit: int) -> list[WatchedAlert]:
        rows = await self._sql.all(
            "recent_alerts", wanted, guild_id=guild_id, viewer_id=wanted.viewer, limit=limit
        )
        return [from_row(WatchedAlert, row) for row in rows]


class PostgresActionWrites(TransactionPart):
    """A `bot.services.ports.store.actions.actions.ActionWrites`."""

    async def actions_of_incident(self, incident_id: int) -> list[ActionItem]:
        rows = await self._sql.all("actions_of_incident", incident_id=incident_id, guild_id=self._guild_id)
        return [action_from_row(row) for row in rows]

    async def add_action_item(self, new: NewActionItem, *, by: Person) -> tuple[ActionItem, bool]:
        row = await self._sql.first(
            "add_action_item",
            new,
            owner_id=new.owner.id,
            owner_name=new.owner.name,
            **_alert_as_columns(new.alert),
            by_id=by.id,
            by_name=by.name,
        )
        if row is not None:
            return action_from_row(row), True
        known = await self._sql.one("action_item_by_key", guild_id=new.guild_id, key=new.key)
        return action_from_row(known), False

    async def action_item(self, item_id: int, *, lock: bool = False) -> ActionItem:
        query = "lock_action_item" if lock else "action_item"
        return _found(await self._sql.first(query, item_id=item_id, guild_id=self._guild_id), number=item_id)

    async def save_action_item(self, item: ActionItem) -> None:
        columns = {
            **act_as_columns("closed", item.closed),
            **_alert_as_columns(item.alert),
            "owner_id": item.owner.id,
            "owner_name": item.owner.name,
            "reopened": None if item.reopened is None else item.reopened.to_json(),
        }
        if not await self._sql.has("save_action_item", item, **columns):
            raise LockConflict(item.label)

    async def alert_fired(self, guild_id: int, fired: FiredAlert) -> list[int]:
        return [row["id"] for row in await self._sql.all("alert_fired", fired, guild_id=guild_id)]

    async def set_action_next(self, item_id: int, at: datetime) -> None:
        await self._sql.all("set_action_next", item_id=item_id, next_at=at)


def action_from_row(row: Row) -> ActionItem:
    """Return the action item of a row of `action_items`."""
    fingerprint, closed_at = row["fingerprint"], row["closed_at"]
    title = "" if row.get("hides_alert") else row["alert_title"] or ""
    closed = ByPerson(row["closed_by_id"], row["closed_by_name"], closed_at) if closed_at else None
    return from_row(
        ActionItem,
        row,
        owner=PersonRef(row["owner_id"], row["owner_name"]),
        source=ActionSource(row["source"]),
        status=ActionStatus(row["status"]),
        created=ByPerson(row["created_by_id"], row["created_by_name"], row["created_at"]),
        alert=None if fingerprint is None else WatchedAlert(fingerprint, title),
        closed=closed,
        reason=row["closed_reason"] or "",
        reopened=None if row["reopened"] is None else Reopening.from_json(row["reopened"]),
    )


def _found(row: Row | None, *, number: int) -> ActionItem:
    if row is None:
        raise ActionNotFound(number=number)
    return action_from_row(row)


def _alert_as_columns(alert: WatchedAlert | None) -> dict[str, object]:
    """Return the parameters for the two columns of an alert."""
    return {
        "fingerprint": None if alert is None else alert.fingerprint,
        "alert_title": None if alert is None else alert.title,
    }
