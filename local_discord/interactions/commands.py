"""Application commands: registration. Source: Discord's docs, Interactions > Application Commands."""

from collections import Counter

from local_discord.core import Core
from local_discord.errors import refused, unknown
from local_discord.forms import Form
from local_discord.interactions.command_rules import NESTED, check_command
from local_discord.world.kinds import JSON, CommandType

MOST_COMMANDS = {CommandType.CHAT: 100, CommandType.USER: 15, CommandType.MESSAGE: 15}
_MOST_CREATES = 200
_DAY_S = 86_400.0
_KEPT = (
    *("type", "name", "description", "name_localizations", "description_localizations"),
    *("min_value", "max_value", "min_length", "max_length", "channel_types"),
)
_COMPARED = (
    "name",
    "description",
    "options",
    "name_localizations",
    "description_localizations",
    "default_member_permissions",
    "contexts",
    "integration_types",
    "nsfw",
    "dm_permission",
)


def listed(core: Core, guild_id: str | None) -> list[JSON]:
    """The registered commands of the guild, or the global ones."""
    return [command for command in core.commands.values() if command.get("guild_id") == guild_id]


def find(core: Core, guild_id: str | None, command_id: str) -> JSON:
    """The command, or 10063."""
    command = core.commands.get(command_id)
    if command is None or command.get("guild_id") != guild_id:
        raise unknown("application command")
    return command


def upsert(core: Core, guild_id: str | None, body: JSON) -> tuple[JSON, bool]:
    """Create the command, or overwrite the one of the same name and type.

    Returns:
        The command, and whether it is new.

    Raises:
        ApiError: 50035 when invalid, 30032 when there are too many, 30034 when too many were made today.
    """
    form = Form()
    check_command(form, (), body)
    form.finish()
    is_new = _named(core, guild_id, body) is None
    if is_new:
        same_kind = [one for one in listed(core, guild_id) if one["type"] == _kind(body)]
        _check_count(_kind(body), len(same_kind) + 1)
        _count_creates(core, guild_id, 1)
    return _store(core, guild_id, body), is_new


def overwrite_all(core: Core, guild_id: str | None, bodies: list[JSON]) -> list[JSON]:
    """Replace every command of the scope, or none; a command that stays keeps its id.

    Raises:
        ApiError: As `upsert` does; commands that there were not before count as made today.
    """
    form = Form()
    for at, body in enumerate(bodies):
        check_command(form, (at,), body)
    _check_unique(form, bodies)
    form.finish()
    for kind, count in Counter(map(_kind, bodies)).items():
        _check_count(kind, count)
    _count_creates(core, guild_id, sum(_named(core, guild_id, body) is None for body in bodies))
    kept = [_store(core, guild_id, body) for body in bodies]
    ids = {command["id"] for command in kept}
    for command in listed(core, guild_id):
        if command["id"] not in ids:
            del core.commands[command["id"]]
    return kept


def _check_unique(form: Form, bodies: list[JSON]) -> None:
    seen: set[tuple[str, str]] = set()
    for at, body in enumerate(bodies):
        key = (str(body.get("type") or 1), str(body.get("name")))
        if key in seen:
            _duplicate(form, at)
        seen.add(key)


def _duplicate(form: Form, *at: int) -> None:
    text = "Application command names must be unique"
    form.add((*at, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", text)


def _kind(body: JSON) -> int:
    return int(body.get("type") or CommandType.CHAT)


def _named(core: Core, guild_id: str | None, body: JSON) -> JSON | None:
    """The registered command of the same name and type."""
    same = (_kind(body), body["name"])
    return next((one for one in listed(core, guild_id) if (one["type"], one["name"]) == same), None)


def _check_count(kind: int, count: int) -> None:
    if count > MOST_COMMANDS[CommandType(kind)]:
        raise refused(30032)


def _count_creates(core: Core, guild_id: str | None, more: int) -> None:
    """Count *more* commands as made today; 200 a day and guild, the global ones for themselves.

    Like every rate limit, this one is off, and nothing is counted, when limits are off.
    """
    if not core.limiter.enabled or not more:
        return
    now = core.clock.monotonic()
    recent = [at for at in core.command_creates.get(guild_id or "", []) if now - at < _DAY_S]
    if len(recent) + more > _MOST_CREATES:
        raise refused(30034)
    core.command_creates[guild_id or ""] = recent + [now] * more


def _store(core: Core, guild_id: str | None, body: JSON) -> JSON:
    old, made = _named(core, guild_id, body), _made(core, guild_id, body)
    if old is not None:
        made["id"] = old["id"]
        if all(old.get(key) == made.get(key) for key in _COMPARED):
            made["version"] = old["version"]
    core.commands[made["id"]] = made
    return made


def _made(core: Core, guild_id: str | None, body: JSON) -> JSON:
    snowflake = core.ids.next()
    permissions = body.get("default_member_permissions")
    command: JSON = {
        "id": snowflake,
        "application_id": core.world.application.id,
        "version": snowflake,
        "default_member_permissions": None if permissions is None else str(permissions),
        "type": body.get("type") or 1,
        "name": body["name"],
        "name_localizations": body.get("name_localizations") or None,
        "description": body.get("description") or "",
        "description_localizations": body.get("description_localizations") or None,
        "nsfw": bool(body.get("nsfw")),
    }
    if body.get("options"):
        command["options"] = [_option(option) for option in body["options"]]
    if guild_id:
        return command | {"guild_id": guild_id}
    contexts = body.get("contexts")
    dm_permission = body.get("dm_permission") is not False and (contexts is None or 1 in contexts)
    kinds = body.get("integration_types") or [0]
    return command | {"contexts": contexts, "integration_types": kinds, "dm_permission": dm_permission}


def _option(raw: JSON) -> JSON:
    """An option as the API returns it: known fields only, none that are null or false."""
    option = {key: raw[key] for key in _KEPT if raw.get(key) is not None}
    option |= {key: True for key in ("required", "autocomplete") if raw.get(key)}
    if raw["type"] in NESTED and raw.get("options"):
        option["options"] = [_option(child) for child in raw["options"]]
    if raw["type"] not in NESTED and raw.get("choices"):
        kept = ("name", "value", "name_localizations")
        option["choices"] = [
            {key: one[key] for key in kept if one.get(key) is not None} for one in raw["choices"]
        ]
    return option


def edit(core: Core, command: JSON, body: JSON) -> JSON:
    """Apply a PATCH to *command*; its type stays.

    Raises:
        ApiError: 50035 when it would be invalid, or have the name of another one.
    """
    form = Form()
    merged = {**command, **body, "type": command["type"]}
    check_command(form, (), merged)
    form.finish()
    if (_named(core, command.get("guild_id"), merged) or command)["id"] != command["id"]:
        _duplicate(form)
        form.finish()
    made = _made(core, command.get("guild_id"), merged) | {"id": command["id"]}
    core.commands[command["id"]] = made
    return made


def without_localizations(command: JSON) -> JSON:
    """Return a command as lists show it unless ``with_localizations`` is requested."""
    dropped = ("name_localizations", "description_localizations")
    shown = {key: value for key, value in command.items() if key not in dropped}
    if "options" in shown:
        shown["options"] = [without_localizations(option) for option in shown["options"]]
    return shown
