"""The tables of action items and of their issues."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.domain.action_items import (
    ActionItem,
    ActionSource,
    ActionStatus,
    OpenAction,
    Reopening,
    WatchedAlert,
)
from bot.domain.alerts.alert import FiredAlert
from bot.domain.code_host import ExportTrouble
from bot.domain.errors import LockConflict
from bot.domain.incident.incident import ByPerson, Incident, PersonRef
from bot.domain.people import Person
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import act_as_columns, from_row
from bot.storage.transaction import Transaction
from cogs.actions.rules import (
    ActionFilter,
    ActionNotFound,
    ActionView,
    AlertSearch,
    IssueExport,
    IssuePoll,
    NewActionItem,
)

_CLOSED: Final = sorted({ActionStatus.DONE, ActionStatus.DROPPED})


class Actions:
    """The action items of the guild that *sql* is for, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def item(self, item_id: int, *, lock: bool = False) -> ActionItem:
        """Return one item, with *lock* until the commit. Lock its incident before.

        Raises:
            ActionNotFound: no such number.
        """
        query = "lock_action_item" if lock else "action_item"
        row = await self._sql.first(query, item_id=item_id, guild_id=self._sql.guild_id)
        if row is None:
            raise ActionNotFound(number=item_id)
        return action_from_row(row)

    async def page(
        self, guild_id: int, wanted: ActionFilter, *, limit: int, offset: int = 0
    ) -> list[ActionItem]:
        """Return the items of a list: open ones by due date, closed ones the last to be closed first."""
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

    async def recent_alerts(self, guild_id: int, wanted: AlertSearch, *, limit: int) -> list[WatchedAlert]:
        """Return the alerts that an item may name, each once: those of the incident first, then latest.

        Drills are left out.
        """
        rows = await self._sql.all(
            "recent_alerts", wanted, guild_id=guild_id, viewer_id=wanted.viewer, limit=limit
        )
        return [from_row(WatchedAlert, row) for row in rows]

    async def add(self, new: NewActionItem, *, by: Person) -> tuple[ActionItem, bool]:
        """Store an item; for a key that is known, return the item that is there, and False."""
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

    async def save(self, item: ActionItem) -> None:
        """Write a locked item, whose version has grown by one."""
        columns = {
            **act_as_columns("closed", item.closed),
            **_alert_as_columns(item.alert),
            "owner_id": item.owner.id,
            "owner_name": item.owner.name,
            "reopened": None if item.reopened is None else item.reopened.to_json(),
        }
        if not await self._sql.has("save_action_item", item, **columns):
            raise LockConflict(item.label)

    async def note_fired(self, fired: FiredAlert) -> list[int]:
        """Mark the done items whose fix has not held, and return their numbers: they are due now."""
        return [row["id"] for row in await self._sql.all("alert_fired", fired)]

    async def set_next(self, item_id: int, at: datetime) -> None:
        """Set when a locked item is looked at next; its version stays."""
        await self._sql.all("set_action_next", item_id=item_id, next_at=at)


async def open_ones(sql: Sql, guild_id: int) -> list[OpenAction]:
    """Return every open item of a guild by due date, those of private incidents and drills included."""
    rows = await sql.all("open_action_items", guild_id=guild_id)
    return [OpenAction(action_from_row(row), row["is_private"], row["is_drill"]) for row in rows]


async def of_incident(sql: Sql, incident_id: int) -> list[ActionItem]:
    """Return the items of an incident in any state, in the order in which they were added."""
    rows = await sql.all("actions_of_incident", incident_id=incident_id, guild_id=sql.guild_id)
    return [action_from_row(row) for row in rows]


@dataclass(frozen=True, slots=True)
class ItemsShown:
    """The items of an incident, as they are at a moment."""

    items: list[ActionItem]
    now: datetime


async def items_shown(sql: Sql, incident: Incident) -> ItemsShown:
    """Return the items of an incident, for `/incident show`."""
    now: datetime = (await sql.one("now"))["now"]
    return ItemsShown(await of_incident(sql, incident.id), now)


class IssueExports:
    """The issues of action items, and how far they were read, of the guild that *sql* is for.

    Lock the item before one of them is changed.
    """

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, item_id: int, *, lock: bool = False) -> IssueExport | None:
        """Return an action item on the code host; None if it was never asked for."""
        row = await self._sql.first("lock_issue_export" if lock else "issue_export", item_id=item_id)
        return None if row is None else from_row(IssueExport, row, trouble=_trouble(row))

    async def untracked(self, guild_id: int, *, limit: int) -> list[int]:
        """Return open action items that were never to become issues, without what stays in Discord."""
        rows = await self._sql.all("untracked_items", guild_id=guild_id, limit=limit)
        return [row["id"] for row in rows]

    async def items(self, guild_id: int, repository: str, numbers: list[int]) -> dict[int, int]:
        """Return the action items of issues, by the number of the issue."""
        rows = await self._sql.all(
            "items_of_issues", guild_id=guild_id, repository=repository, numbers=numbers
        )
        return {row["number"]: row["item_id"] for row in rows}

    async def known_since(self, guild_id: int, repository: str) -> datetime | None:
        """Return the earliest last known change of the guild's issues there; None if it has opened none."""
        row = await self._sql.one("issues_known_since", guild_id=guild_id, repository=repository)
        since: datetime | None = row["since"]
        return since

    async def want(self, item_id: int, *, guild_id: int, repository: str) -> None:
        """Note that an action item is to go to the code host, now."""
        await self._sql.all("want_issue_export", item_id=item_id, guild_id=guild_id, repository=repository)

    async def save(self, export: IssueExport) -> None:
        """Store the state of a locked issue."""
        await self._sql.all("save_issue_export", export, trouble=_stored(export.trouble))

    async def end(self, incident_id: int) -> list[int]:
        """Let the issues of an incident be looked at now: it has become private. Return their items."""
        rows = await self._sql.all("end_issue_exports", incident_id=incident_id)
        return sorted(row["item_id"] for row in rows)

    async def poll(self, guild_id: int) -> IssuePoll | None:
        """Return how far the issues of a guild have been read; None if it has opened none."""
        row = await self._sql.first("issue_poll", guild_id=guild_id)
        return None if row is None else from_row(IssuePoll, row, trouble=_trouble(row))

    async def begin_poll(self, guild_id: int, *, repository: str, since: datetime) -> bool:
        """Begin to read the issues of a guild; False if that has begun for this repository."""
        return await self._sql.has("begin_issue_poll", guild_id=guild_id, repository=repository, since=since)

    async def save_poll(self, poll: IssuePoll) -> None:
        """Store how far the issues of a guild have been read."""
        await self._sql.all("save_issue_poll", poll, trouble=_stored(poll.trouble))


async def rename_repository(tx: Transaction, guild_id: int, before: str, now: str) -> None:
    """Let all issues of a guild in a repository go on under its new name."""
    await tx.sql.all("rename_repository_of_issues", guild_id=guild_id, before=before, now=now)


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


def _alert_as_columns(alert: WatchedAlert | None) -> dict[str, object]:
    """Return the parameters for the two columns of an alert."""
    return {
        "fingerprint": None if alert is None else alert.fingerprint,
        "alert_title": None if alert is None else alert.title,
    }


def _trouble(row: Row) -> ExportTrouble | None:
    return None if row["trouble"] is None else ExportTrouble.from_json(row["trouble"])


def _stored(trouble: ExportTrouble | None) -> dict[str, object] | None:
    return None if trouble is None else trouble.to_json()
