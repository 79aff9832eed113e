"""How an action item ends and begins again, for a person, an alert, or an issue of the tracker.

Each function makes one change that has begun (`ActionChanges`), and records it.
"""

from dataclasses import replace

from bot.domain.actions import changes
from bot.domain.actions.entries import (
    ActionDoneEntry,
    ActionDroppedEntry,
    ActionReopenedEntry,
    ActionVerifiedEntry,
)
from bot.domain.actions.item import Reopening
from bot.domain.actions.notices import (
    ActionDoneNotice,
    ActionDroppedNotice,
    ActionReopenedNotice,
    ActionVerifiedNotice,
)
from bot.domain.actions.reminders import next_reminder
from bot.runbook.model import Policy
from bot.services.actions.changing import ActionChange


async def finish(change: ActionChange, policy: Policy) -> None:
    """Mark the item as done; if it names an alert, watch that for as long as the policy says.

    Raises:
        UserError: it is closed.
    """
    until = change.now + policy.actions.verify_after
    item = changes.done(change.item, by=change.by, at=change.now, watched_until=until)
    facts = ActionDoneEntry(item=item.id, what=item.what, watched_until=item.watched_until)
    told = ActionDoneNotice(item=item.id, what=item.what, watched_until=item.watched_until)
    await change.save(item, facts, told)


async def drop(change: ActionChange, *, reason: str) -> None:
    """Drop the item.

    Raises:
        UserError: it is closed.
    """
    item = changes.dropped(change.item, by=change.by, at=change.now, reason=reason)
    entry = ActionDroppedEntry(item=item.id, what=item.what, reason=reason)
    await change.save(item, entry, ActionDroppedNotice(item=item.id, what=item.what, reason=reason))


async def reopen(change: ActionChange, how: Reopening, *, policy: Policy, tells_number: bool = True) -> None:
    """Open the item again, and remind its owner from now on.

    Args:
        how: By whom or by which alert.
        tells_number: Readers of the thread may know the number of that alert.

    Raises:
        UserError: it is open.
    """
    reminder = next_reminder(change.item.due_on, policy.business_hours, after=change.now)
    item = replace(changes.reopened(change.item, how), next_at=reminder.at)
    is_fired = how.by is None
    entry = ActionReopenedEntry(
        item=item.id, what=item.what, reason=None if is_fired else how.reason, with_=how.incident_id
    )
    told = ActionReopenedNotice(
        item=item.id,
        what=item.what,
        owner=item.owner.name,
        reason=how.reason or None,
        fired=is_fired,
        number=how.incident_id if tells_number else None,
    )
    await change.save(item, entry, told)


async def verify(change: ActionChange) -> None:
    """Record that the item's alert has been silent for as long as the policy asks."""
    item = changes.verified(change.item, at=change.now)
    facts = ActionVerifiedEntry(item=item.id, what=item.what)
    await change.save(item, facts, ActionVerifiedNotice(item=item.id, what=item.what))
