"""The audit log: what was done, by whom, and why. Source: Discord's docs, Resources > Audit Log."""

from dataclasses import dataclass, field
from enum import IntEnum

from local_discord.core import Core
from local_discord.gateway.hub import Event
from local_discord.world.kinds import JSON
from local_discord.world.permissions import P, guild_permissions

_MOST_ENTRIES = 10_000


class Action(IntEnum):
    """Audit Log Events."""

    CHANNEL_CREATE = 10
    CHANNEL_UPDATE = 11
    CHANNEL_DELETE = 12
    OVERWRITE_CREATE = 13
    OVERWRITE_UPDATE = 14
    OVERWRITE_DELETE = 15
    MEMBER_KICK = 20
    MEMBER_UPDATE = 24
    MEMBER_ROLE_UPDATE = 25
    ROLE_CREATE = 30
    ROLE_UPDATE = 31
    ROLE_DELETE = 32
    WEBHOOK_CREATE = 50
    WEBHOOK_UPDATE = 51
    WEBHOOK_DELETE = 52
    MESSAGE_DELETE = 72
    MESSAGE_BULK_DELETE = 73
    MESSAGE_PIN = 74
    MESSAGE_UNPIN = 75
    EVENT_CREATE = 100
    EVENT_UPDATE = 101
    EVENT_DELETE = 102
    THREAD_CREATE = 110
    THREAD_UPDATE = 111
    THREAD_DELETE = 112
    COMMAND_PERMISSIONS = 121


@dataclass(frozen=True, slots=True)
class Deed:
    """One administrative action.

    Attributes:
        action: What.
        target_id: To which channel, role, member...
        by: The user who did it.
        reason: What the request's ``X-Audit-Log-Reason`` said.
        changes: From `changes`.
        options: Optional Audit Entry Info; all of its values are strings.
    """

    action: Action
    target_id: str
    by: str
    reason: str | None = None
    changes: list[JSON] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


def record(core: Core, deed: Deed) -> None:
    """Add *deed* to the log; GUILD_AUDIT_LOG_ENTRY_CREATE goes to bots with VIEW_AUDIT_LOG."""
    entry: JSON = {
        "id": core.ids.next(),
        "action_type": int(deed.action),
        "user_id": deed.by,
        "target_id": deed.target_id,
    }
    optional = {"changes": deed.changes, "options": deed.options, "reason": deed.reason}
    entry |= {key: value for key, value in optional.items() if value}
    core.world.audit.append(entry)
    del core.world.audit[:-_MOST_ENTRIES]
    if guild_permissions(core.world, core.world.bot) & P.VIEW_AUDIT_LOG:
        data = {**entry, "guild_id": core.world.guild.id}
        core.hub.emit(Event("GUILD_AUDIT_LOG_ENTRY_CREATE", data))


def changes(before: JSON, after: JSON) -> list[JSON]:
    """Audit Log Change objects for every key that differs; a value that is or was null is left out."""
    found = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if key != "id" and old != new:
            change: JSON = {"key": key}
            change |= {"old_value": old} if old is not None else {}
            found.append(change | ({"new_value": new} if new is not None else {}))
    return found
