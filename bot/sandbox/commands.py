"""Application commands: registration. Source: Discord's docs, Interactions > Application Commands."""

import unicodedata
from collections.abc import Iterator

from bot.sandbox.core import Core
from bot.sandbox.errors import refused, unknown
from bot.sandbox.forms import Form, Path
from bot.sandbox.kinds import JSON, CommandType, OptionType

MOST_COMMANDS = {CommandType.CHAT: 100, CommandType.USER: 15, CommandType.MESSAGE: 15}
_MOST_TEXT = 8000
_MOST_STRING = 6000
_NESTED = (OptionType.SUBCOMMAND, OptionType.GROUP)
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
        ApiError: 50035 when invalid, 30032 when there are too many.
    """
    form = Form()
    _check_command(form, (), body)
    form.finish()
    return _store(core, guild_id, body)


def overwrite_all(core: Core, guild_id: str | None, bodies: list[JSON]) -> list[JSON]:
    """Replace every command of the scope; a command that stays keeps its id."""
    form = Form()
    for at, body in enumerate(bodies):
        _check_command(form, (at,), body)
    _check_unique(form, bodies)
    form.finish()
    kept = [_store(core, guild_id, body)[0] for body in bodies]
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
            text = "Application command names must be unique"
            form.add((at, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", text)
        seen.add(key)


def _store(core: Core, guild_id: str | None, body: JSON) -> tuple[JSON, bool]:
    kind = body.get("type") or CommandType.CHAT
    same_kind = [command for command in listed(core, guild_id) if command["type"] == kind]
    old = next((command for command in same_kind if command["name"] == body["name"]), None)
    if old is None and len(same_kind) >= MOST_COMMANDS[CommandType(kind)]:
        raise refused(30032)
    made = _made(core, guild_id, body)
    if old is not None:
        made["id"] = old["id"]
        if all(old.get(key) == made.get(key) for key in _COMPARED):
            made["version"] = old["version"]
    core.commands[made["id"]] = made
    return made, old is None


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
    if raw["type"] in _NESTED and raw.get("options"):
        option["options"] = [_option(child) for child in raw["options"]]
    if raw["type"] not in _NESTED and raw.get("choices"):
        kept = ("name", "value", "name_localizations")
        option["choices"] = [
            {key: one[key] for key in kept if one.get(key) is not None} for one in raw["choices"]
        ]
    return option


def edit(core: Core, command: JSON, body: JSON) -> JSON:
    """Apply a PATCH to *command*."""
    form = Form()
    merged = {**command, **body}
    _check_command(form, (), merged)
    form.finish()
    made = _made(core, command.get("guild_id"), merged) | {"id": command["id"]}
    core.commands[command["id"]] = made
    return made


def without_localizations(command: JSON) -> JSON:
    """How lists show a command when ``with_localizations`` was not asked for."""
    dropped = ("name_localizations", "description_localizations")
    shown = {key: value for key, value in command.items() if key not in dropped}
    if "options" in shown:
        shown["options"] = [without_localizations(option) for option in shown["options"]]
    return shown


def _check_command(form: Form, path: Path, body: JSON) -> None:
    kind = CommandType.CHAT if body.get("type") is None else body["type"]
    form.choice((*path, "type"), kind, [int(one) for one in CommandType])
    if kind == CommandType.CHAT:
        _check_name(form, (*path, "name"), body.get("name"))
        form.text((*path, "description"), body.get("description"), least=1, most=100)
        _check_options(form, (*path, "options"), body.get("options"))
    else:
        form.text((*path, "name"), body.get("name"), least=1, most=32)
        if form.items((*path, "options"), body.get("options"), most=25):
            text = "Context menu commands cannot have options"
            form.add((*path, "options"), "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS", text)
        if body.get("description"):
            text = "Context menu commands cannot have description"
            form.add((*path, "description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", text)
    _check_localizations(form, path, body)
    form.snowflake((*path, "id"), body.get("id"))
    bits = (*path, "default_member_permissions")
    form.integer(bits, body.get("default_member_permissions"), 0, least=0, most=(1 << 63) - 1)
    for key in ("nsfw", "dm_permission"):
        form.boolean((*path, key), body.get(key))
    for key, allowed in (("contexts", (0, 1, 2)), ("integration_types", (0, 1))):
        form.unique((*path, key), form.snowflakes((*path, key), body.get(key)))
        if body.get(key) == []:
            text = f"Must be between 1 and {len(allowed)} in length."
            form.add((*path, key), "BASE_TYPE_BAD_LENGTH", text)
        for at, value in enumerate(body[key] if isinstance(body.get(key), list) else ()):
            form.choice((*path, key, at), value, allowed)
    if body.get("handler") is not None:
        form.choice((*path, "handler"), body["handler"], (1, 2))
    if not form.failed and sum(map(len, _texts(body))) > _MOST_TEXT:
        text = f"Command exceeds maximum size ({_MOST_TEXT})"
        form.add(path, "APPLICATION_COMMAND_TOO_LARGE", text)


def _check_localizations(form: Form, path: Path, node: JSON) -> None:
    for key, most in (("name_localizations", 32), ("description_localizations", 100)):
        for locale, text in form.mapping((*path, key), node.get(key)).items():
            form.text((*path, key, locale), text, least=1, most=most)


def _check_name(form: Form, path: Path, name: object) -> None:
    text = form.text(path, name, least=1, most=32)
    if text and not is_valid_name(text):
        form.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def is_valid_name(name: str) -> bool:
    r"""The naming rule: ``^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$``, lower case where one exists."""
    letters = all(char in "-_'" or unicodedata.category(char)[0] in "LNM" for char in name)
    return letters and name == name.lower()


def _check_options(form: Form, path: Path, value: object) -> None:
    options = form.items(path, value, most=25)
    optional_seen = False
    for at, option in enumerate(options):
        kind = option.get("type")
        here = (*path, at)
        form.choice((*here, "type"), kind, [int(one) for one in OptionType])
        _check_name(form, (*here, "name"), option.get("name"))
        form.text((*here, "description"), option.get("description"), least=1, most=100)
        _check_localizations(form, here, option)
        if kind in _NESTED:
            _check_options(form, (*here, "options"), option.get("options"))
            continue
        if option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            form.add(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen = optional_seen or not option.get("required")
        _check_bounds(form, here, option)
        _check_choices(form, here, option)
    names = [str(option.get("name")) for option in options]
    if len(set(names)) < len(names):
        form.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option names must be unique")


def _check_bounds(form: Form, path: Path, option: JSON) -> None:
    """Lengths of strings (0 to 6,000), values of numbers, and kinds of channels."""
    for key, least in (("min_length", 0), ("max_length", 1)):
        form.number((*path, key), option.get(key), least=least, most=_MOST_STRING)
    for key in ("min_value", "max_value"):
        form.number((*path, key), option.get(key), least=-(2**53), most=2**53)
    form.snowflakes((*path, "channel_types"), option.get("channel_types"))


def _check_choices(form: Form, path: Path, option: JSON) -> None:
    choices = form.items((*path, "choices"), option.get("choices"), most=25)
    for at, choice in enumerate(choices):
        form.text((*path, "choices", at, "name"), choice.get("name"), least=1, most=100)
        _check_localizations(form, (*path, "choices", at), choice)
        if option.get("type") == OptionType.STRING:
            form.text((*path, "choices", at, "value"), choice.get("value"), least=1, most=100)
        else:
            form.number((*path, "choices", at, "value"), choice.get("value"), least=-(2**53), most=2**53)
    if choices and option.get("autocomplete"):
        text = "Choices cannot be used with autocomplete"
        form.add((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", text)


def _texts(node: JSON) -> Iterator[str]:
    """Name, description and value of a command and everything in it: what the size limit counts."""
    for key in ("name", "description", "value"):
        if isinstance(node.get(key), str):
            yield node[key]
    for key in ("options", "choices"):
        children = node.get(key)
        for child in children if isinstance(children, list) else ():
            if isinstance(child, dict):
                yield from _texts(child)
