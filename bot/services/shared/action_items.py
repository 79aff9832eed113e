"""Reads action items where the core needs them. There are none without the capability that has them."""

from typing import TYPE_CHECKING

from bot.capability import ActionItemReads
from bot.domain.action_items import ActionItem, OpenAction
from bot.runbook.model import Policy

if TYPE_CHECKING:
    from bot.storage.database.sql import Sql


async def open_action_items(sql: "Sql", policy: Policy, guild_id: int) -> list[OpenAction]:
    """Return every open item of a guild by due date, those of private incidents and drills included."""
    reads = _reads(policy)
    return [] if reads is None else await reads.open_ones(sql, guild_id)


async def actions_of_incident(sql: "Sql", policy: Policy, incident_id: int) -> list[ActionItem]:
    """Return the items of an incident in any state, in the order in which they were added."""
    reads = _reads(policy)
    return [] if reads is None else await reads.of_incident(sql, incident_id)


def _reads(policy: Policy) -> ActionItemReads | None:
    found = (one.action_items for one in policy.capabilities if one.action_items is not None)
    return next(found, None)
