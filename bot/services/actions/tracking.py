"""When the issue of an action item has to follow it."""

from bot.domain.actions.item import ActionItem
from bot.domain.incident.incident import Incident
from bot.services.ports import Transaction
from bot.services.shared.jobs import issue_job


async def want_issue(
    tx: Transaction, item: ActionItem, incident: Incident | None, *, tracker: str | None
) -> None:
    """Let the issue of *item* follow its change, once the caller's transaction commits.

    Args:
        tracker: The repository; None if action items are tracked nowhere else.
    """
    if tracker is not None and is_tracked(incident):
        await tx.want_issue_export(item.id, guild_id=item.guild_id, repository=tracker)
        await tx.enqueue(issue_job(item.id))


def is_tracked(incident: Incident | None) -> bool:
    """Return True unless the items of an incident stay in Discord: it is private, or a drill."""
    return incident is None or not (incident.is_private or incident.is_drill)
