"""Application commands. Source: Discord's docs, Interactions > Application Commands > Endpoints."""

from bot.sandbox import commands
from bot.sandbox.errors import unknown
from bot.sandbox.forms import Form
from bot.sandbox.kinds import JSON
from bot.sandbox.ratelimit import Limit
from bot.sandbox.rest.routing import Call, Reply, RouteTable

routes = RouteTable()
_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
_WRITE = Limit(20, 20.0)


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
    bodies = form.items((), call.body, most=130)
    form.finish()
    return commands.overwrite_all(call.core, _scope(call), bodies)


@routes.add(f"GET {_GUILD}/permissions")
def all_permissions(call: Call) -> list[JSON]:
    """Get Guild Application Command Permissions: nobody has changed any."""
    _scope(call)
    return []


@routes.add(f"GET {_GUILD}/{{command_id}}/permissions")
def permissions(call: Call) -> JSON:
    """Get Application Command Permissions. 10066: none were set."""
    _scope(call)
    raise unknown("application command permissions")


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
