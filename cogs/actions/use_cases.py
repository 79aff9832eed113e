"""The use cases of action items of one guild, put together, and what jobs and events begin."""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain.alerts.alert import FiredAlert
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.shared.changes import Change
from bot.storage.transaction import Transaction
from bot.ui.words.wording import Wording
from cogs.actions.issues import ActionIssues, Logins
from cogs.actions.items import (
    ActionChanges,
    ActionChecks,
    ActionItems,
    ActionQueries,
    action_job,
    issue_job,
)
from cogs.actions.posts import IssueWriter
from cogs.actions.reminders import ActionDeliveries, ActionRecipients, ActionTimers
from cogs.actions.store import Actions, IssueExports


@dataclass(frozen=True, slots=True)
class ActionUseCases:
    """The use cases of one guild: what people ask for, and what the queue runs."""

    guild_id: int
    items: ActionItems
    lists: ActionQueries
    timers: ActionTimers
    issues: ActionIssues


def build(core: Core) -> ActionUseCases:
    """Put the use cases of one guild together."""
    store, policy, access, host = core.store, core.policy, core.access, core.code_host
    tracker = host.repository if host is not None and policy.github.issues else None
    changing = ActionChanges(store, policy, access, tracker=tracker)
    writer, logins = IssueWriter(Wording(core.texts, policy)), Logins(policy, core.discord)
    return ActionUseCases(
        guild_id=core.guild_id,
        items=ActionItems(store, policy, ActionChecks(store, policy, access), changing),
        lists=ActionQueries(store, policy, access, changing),
        timers=ActionTimers(store, policy, changing, ActionRecipients(core.oncall, core.recipients)),
        issues=ActionIssues(store, policy, host, writer, logins, changing),
    )


def deliveries(_actions: ActionUseCases, core: Core) -> list[DeliveryHandler]:
    """Make the handler of the DMs about items."""
    return [ActionDeliveries(core.policy, core.oncall)]


async def begin(actions: ActionUseCases) -> None:
    """Let open items from before the code host was set up become issues."""
    await actions.issues.begin(actions.guild_id)


async def look(actions: ActionUseCases, payload: str) -> timedelta | None:
    """Run the job that reminds of an item, verifies or reopens it."""
    await actions.timers.run_job(int(payload))
    return None


async def write_issue(actions: ActionUseCases, payload: str) -> timedelta | None:
    """Run the job that brings the issue of an item up to date."""
    await actions.issues.run_job(int(payload))
    return None


async def poll(actions: ActionUseCases, payload: str) -> timedelta | None:
    """Run the job that reads what people changed in the issues of a guild."""
    await actions.issues.poll(int(payload))
    return None


async def wake_unheld(tx: Transaction, fired: FiredAlert) -> None:
    """Wake the done items that name the alert: their fix has not held."""
    broken = await Actions(tx.sql).note_fired(fired)
    await tx.enqueue(*(action_job(item_id) for item_id in broken))


async def end_issues(change: Change) -> None:
    """Queue the jobs that end the issues of an incident that has become private, and name those there are."""
    items = await IssueExports(change.tx.sql).end(change.incident.id)
    await change.tx.enqueue(*(issue_job(item_id) for item_id in items))
