"""Reading the audit log, and writing to it from a request. Source: Discord's docs, Resources > Audit Log."""

from typing import Any

from local_discord.errors import refused
from local_discord.forms import Form
from local_discord.rest.routing import Call, RouteTable
from local_discord.world.audit import Action, Deed, record
from local_discord.world.kinds import JSON
from local_discord.world.payloads import (
    channel_payload,
    scheduled_event_payload,
    user_payload,
    webhook_payload,
)
from local_discord.world.permissions import P, guild_permissions

routes = RouteTable()


def audited(call: Call, action: Action, target_id: str, **fields: Any) -> None:  # noqa: ANN401 (Deed's own fields)
    """Put what *call* did into the audit log. *fields* are `Deed`'s ``changes`` and ``options``."""
    record(call.core, Deed(action, target_id, call.caller or call.bot_id, call.reason, **fields))


@routes.add("GET /guilds/{guild_id}/audit-logs")
def read(call: Call) -> JSON:
    """Get Guild Audit Log: needs VIEW_AUDIT_LOG; newest first, with ``after`` oldest first."""
    call.guild()
    world = call.core.world
    if not guild_permissions(world, world.bot) & P.VIEW_AUDIT_LOG:
        raise refused(50013)
    limit = call.number("limit", 50, least=1, most=100)
    call.check_ids("user_id", "target_id", "before", "after")
    form = Form()
    action = form.integer(("action_type",), call.query.get("action_type"), 0, least=0, most=1000)
    form.finish()
    entries = [entry for entry in world.audit if _fits(call, action, entry)]
    chosen = entries[:limit] if "after" in call.query else entries[::-1][:limit]
    return _log(call, chosen)


def _fits(call: Call, action: int, entry: JSON) -> bool:
    query, number = call.query, int(entry["id"])
    return all(
        (
            query.get("user_id") in (None, entry["user_id"]),
            query.get("target_id") in (None, entry["target_id"]),
            action in (0, entry["action_type"]),
            number < int(query.get("before", 1 << 64)),
            number > int(query.get("after", 0)),
        )
    )


def _log(call: Call, entries: list[JSON]) -> JSON:
    """The entries with every object that they mention and that still exists."""
    world = call.core.world
    ids = {entry[key] for entry in entries for key in ("user_id", "target_id")}
    threads = [channel for channel in world.channels.values() if channel.is_thread and channel.id in ids]
    return {
        "audit_log_entries": entries,
        "users": [user_payload(user) for user in world.users.values() if user.id in ids],
        "webhooks": [webhook_payload(world, one) for one in world.webhooks.values() if one.id in ids],
        "threads": [channel_payload(world, thread) for thread in threads],
        "application_commands": [one for one in call.core.commands.values() if one["id"] in ids],
        "auto_moderation_rules": [],
        "guild_scheduled_events": [
            scheduled_event_payload(world, one) for one in world.scheduled_events.values() if one.id in ids
        ],
        "integrations": [],
    }
