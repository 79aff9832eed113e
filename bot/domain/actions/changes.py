"""How an action item changes. Each function returns the item as it is to be saved, its version one higher."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.domain.actions.item import ActionItem, ActionStatus, Reopening, WatchedAlert
from bot.domain.errors import UserError
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.people import Person


@dataclass(frozen=True, slots=True)
class ActionEdit:
    """New values of an open item. What is None stays as it is.

    Attributes:
        alert: The alert to watch for.
    """

    what: str | None = None
    owner: PersonRef | None = None
    due_on: date | None = None
    verification: str | None = None
    alert: WatchedAlert | None = None


def edited(item: ActionItem, edit: ActionEdit) -> ActionItem:
    """Return *item* with the new values, unchanged if none differs.

    Raises:
        UserError: it is closed.
    """
    require_open(item)
    is_other = edit.owner is not None and edit.owner.id != item.owner.id  # a new name alone is no change
    changed = replace(
        item,
        what=edit.what or item.what,
        owner=edit.owner if edit.owner is not None and is_other else item.owner,
        due_on=edit.due_on or item.due_on,
        verification=edit.verification or item.verification,
        alert=edit.alert or item.alert,
    )
    return item if changed == item else replace(changed, version=item.version + 1)


def done(item: ActionItem, *, by: Person, at: datetime, watched_until: datetime) -> ActionItem:
    """Mark *item* as done. If it names an alert, it is watched until *watched_until*.

    Raises:
        UserError: it is closed.
    """
    require_open(item)
    until = None if item.alert is None else watched_until
    closed = _closed(item, ActionStatus.DONE, by=by, at=at)
    return replace(closed, watched_until=until, next_at=until)


def dropped(item: ActionItem, *, by: Person, at: datetime, reason: str) -> ActionItem:
    """Drop *item*: it will not be done.

    Raises:
        UserError: it is closed.
    """
    require_open(item)
    return replace(_closed(item, ActionStatus.DROPPED, by=by, at=at), reason=reason, next_at=None)


def verified(item: ActionItem, *, at: datetime) -> ActionItem:
    """Record that the alert of a done *item* has been silent for as long as the policy asks."""
    return replace(item, verified_at=at, next_at=None, version=item.version + 1)


def reopened(item: ActionItem, how: Reopening) -> ActionItem:
    """Open a closed *item* again. The caller sets when it is looked at next.

    Raises:
        UserError: it is open.
    """
    if item.is_open:
        raise UserError("action_item.still_open", label=item.label)
    return replace(
        item,
        status=ActionStatus.OPEN,
        closed=None,
        reason="",
        watched_until=None,
        verified_at=None,
        reopened=how,
        reopenings=item.reopenings + 1,
        version=item.version + 1,
    )


def has_fired(item: ActionItem) -> bool:
    """Return True if the alert of a done *item* fired after it was marked as done."""
    if item.status is not ActionStatus.DONE or item.closed is None or item.fired_at is None:
        return False
    return item.fired_at > item.closed.at


def require_open(item: ActionItem) -> None:
    """Require that *item* is open.

    Raises:
        UserError: it is done or dropped, with who did that.
    """
    if not item.is_open:
        by = "?" if item.closed is None else item.closed.name
        raise UserError(f"action_item.already_{item.status.value}", label=item.label, who=by)


def _closed(item: ActionItem, status: ActionStatus, *, by: Person, at: datetime) -> ActionItem:
    return replace(
        item,
        status=status,
        closed=ByPerson(by.id, by.name, at),
        fired_at=None,
        fired_in=None,
        version=item.version + 1,
    )
