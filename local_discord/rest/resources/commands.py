"""Application commands. Source: Discord's docs, Interactions > Application Commands > Endpoints."""

from local_discord.errors import refused, unknown
from local_discord.forms import Form, Path
from local_discord.gateway.hub import Event
from local_discord.interactions import commands
from local_discord.ratelimit import Limit
from local_discord.rest.resources.audit import audited
from local_discord.rest.routing import Auth, Call, Reply, RouteTable
from local_discord.world.audit import Action, changes
from local_discord.world.kinds import JSON
from local_discord.world.permissions import P, guild_permissions

routes = RouteTable()
_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
_WRITE = Limit(20, 20.0)
_MAY_SET = P.MANAGE_GUILD | P.MANAGE_ROLES
_MOST_PERMISSIONS = 100


def _scope(call: Call) -> str | None:
    """The guild's id, None for global commands."""
    world = call.core.world
    if call.params["application_id"] != world.application.id:
        raise unknown("Application")
    guild_id = call.params.get("guild_id")
    if guild_id not in (None, world.guild.id):
        raise unknown("Guild")
    return guild_id


@routes.add(f"GET {_GLOBAL}")
@routes.add(f"GET {_GUILD}")
def listed(call: Call) -> list[JSON]:
    """Get Global or Guild Application Commands."""
    found = commands.listed(call.core, _scope(call))
    if call.flag("with_localizations"):
        return found
    return [commands.without_localizations(command) for command in found]


@routes.add(f"POST {_GLOBAL}", limit=_WRITE)
@routes.add(f"POST {_GUILD}", limit=_WRITE)
def create(call: Call) -> Reply:
    """Create Application Command: 201, or 200 when it overwrote one."""
    command, is_new = commands.upsert(call.core, _scope(call), call.data)
    return Reply(201 if is_new else 200, command)


@routes.add(f"PUT {_GLOBAL}", limit=_WRITE)
@routes.add(f"PUT {_GUILD}", limit=_WRITE)
def overwrite(call: Call) -> list[JSON]:
    """Bulk Overwrite Application Commands."""
    form = Form()
    bodies = call.items(form, 130)
    form.finish()
    return commands.overwrite_all(call.core, _scope(call), bodies)


@routes.add(f"GET {_GUILD}/permissions")
def all_permissions(call: Call) -> list[JSON]:
    """Get Guild Application Command Permissions: of every command with changed permissions."""
    _scope(call)
    return [_permissions(call, target_id) for target_id in call.core.world.command_permissions]


@routes.add(f"GET {_GUILD}/{{command_id}}/permissions")
def permissions(call: Call) -> JSON:
    """Get Application Command Permissions; by the application's id its own. 10066 when none were set."""
    _scope(call)
    if call.params["command_id"] not in call.core.world.command_permissions:
        raise unknown("application command permissions")
    return _permissions(call, call.params["command_id"])


@routes.add(f"PUT {_GUILD}/{{command_id}}/permissions", auth=Auth.PERSON)
def set_permissions(call: Call) -> JSON:
    """Edit Application Command Permissions: for people who manage guild and roles; 20001 for bots."""
    guild_id, target_id, world = _scope(call), call.params["command_id"], call.core.world
    bits = guild_permissions(world, world.members[call.caller])
    if bits & _MAY_SET != _MAY_SET:
        raise refused(50013)
    if target_id != world.application.id:
        _usable(call, guild_id, target_id)
    form = Form()
    items = form.items(("permissions",), call.data.get("permissions"), most=_MOST_PERMISSIONS)
    found = [_permission(form, ("permissions", at), item) for at, item in enumerate(items)]
    form.finish()
    old = world.command_permissions.get(target_id, [])
    world.command_permissions[target_id] = found
    _tell(call, target_id, old)
    return _permissions(call, target_id)


def _usable(call: Call, guild_id: str | None, command_id: str) -> None:
    """Raise 10063 unless the command is the guild's or a global one."""
    command = call.core.commands.get(command_id)
    if command is None or command.get("guild_id") not in (None, guild_id):
        raise unknown("application command")


def _permission(form: Form, path: Path, item: JSON) -> JSON:
    if item.get("id") is None:
        form.add((*path, "id"), "BASE_TYPE_REQUIRED", "This field is required")
    form.choice((*path, "type"), item.get("type"), (1, 2, 3))
    if item.get("permission") is None:
        form.add((*path, "permission"), "BASE_TYPE_REQUIRED", "This field is required")
    return {
        "id": form.snowflake((*path, "id"), item.get("id")),
        "type": item.get("type"),
        "permission": form.boolean((*path, "permission"), item.get("permission")),
    }


def _permissions(call: Call, target_id: str) -> JSON:
    world = call.core.world
    return {
        "id": target_id,
        "application_id": world.application.id,
        "guild_id": world.guild.id,
        "permissions": world.command_permissions[target_id],
    }


def _tell(call: Call, target_id: str, old: list[JSON]) -> None:
    """The audit log's entry, with one change per target, and the event."""
    shown = _permissions(call, target_id)
    was, now = ({one["id"]: one for one in listed} for listed in (old, shown["permissions"]))
    options = {"application_id": shown["application_id"]}
    audited(call, Action.COMMAND_PERMISSIONS, target_id, changes=changes(was, now), options=options)
    call.core.hub.emit(Event("APPLICATION_COMMAND_PERMISSIONS_UPDATE", shown))


@routes.add(f"GET {_GLOBAL}/{{command_id}}")
@routes.add(f"GET {_GUILD}/{{command_id}}")
def get(call: Call) -> JSON:
    """Get Application Command. 10063."""
    return commands.find(call.core, _scope(call), call.params["command_id"])


@routes.add(f"PATCH {_GLOBAL}/{{command_id}}", limit=_WRITE)
@routes.add(f"PATCH {_GUILD}/{{command_id}}", limit=_WRITE)
def edit(call: Call) -> JSON:
    """Edit Application Command."""
    command = commands.find(call.core, _scope(call), call.params["command_id"])
    return commands.edit(call.core, command, call.data)


@routes.add(f"DELETE {_GLOBAL}/{{command_id}}", limit=_WRITE)
@routes.add(f"DELETE {_GUILD}/{{command_id}}", limit=_WRITE)
def delete(call: Call) -> None:
    """Delete Application Command."""
    command = commands.find(call.core, _scope(call), call.params["command_id"])
    del call.core.commands[command["id"]]
    call.core.world.command_permissions.pop(command["id"], None)
