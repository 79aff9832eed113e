"""The validation of application commands.

Source: Discord's docs, Interactions > Application Commands; Reference > Locales. Where the docs call
something invalid and do not say how it is refused, codes and places follow answers of Discord that people
published (discord-api-docs issues 7617 and 7712). The codes that end in FIELD_INVALID, MIN_MAX and
CHOICE_NAME_ALREADY_EXISTS are our own words.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from local_discord.forms import Form, Path
from local_discord.world.kinds import JSON, LOCALES, CommandType, OptionType

NESTED = (OptionType.SUBCOMMAND, OptionType.GROUP)
_MOST_TEXT = 8000
_MOST_STRING = 6000
_MOST_INTEGER, _MOST_NUMBER = 2**53 - 1, 2**53
_PLAIN = tuple(kind for kind in OptionType if kind not in NESTED)
_NUMBERS = (OptionType.INTEGER, OptionType.NUMBER)
_OPEN = (OptionType.STRING, *_NUMBERS)
# Which options a field is for; elsewhere it may only be absent, null, false or empty.
_VALID_FOR = {
    "required": _PLAIN,
    "choices": _OPEN,
    "autocomplete": _OPEN,
    "options": NESTED,
    "channel_types": (OptionType.CHANNEL,),
    "min_value": _NUMBERS,
    "max_value": _NUMBERS,
    "min_length": (OptionType.STRING,),
    "max_length": (OptionType.STRING,),
}
# Scripts whose marks may stand in a name. Source: Unicode, Scripts.txt (Deva, Thai).
_SCRIPTS = re.compile(
    "[\u0900-\u0950\u0955-\u0963\u0966-\u097f\ua8e0-\ua8ff\U00011b00-\U00011b09\u0e01-\u0e3a\u0e40-\u0e5b]"
)


def check_command(form: Form, path: Path, body: JSON) -> None:
    """Record everything that is wrong with the command *body* at *path*."""
    kind = CommandType.CHAT if body.get("type") is None else body["type"]
    form.choice((*path, "type"), kind, [int(one) for one in CommandType])
    if kind == CommandType.CHAT:
        _check_name(form, (*path, "name"), body.get("name"))
        form.text((*path, "description"), body.get("description"), least=1, most=100)
        _check_options(form, (*path, "options"), body.get("options"), tuple(OptionType))
        _check_localized_name(form, (*path, "name_localizations"), body)
    else:
        _check_menu(form, path, body)
    _localizations(form, (*path, "description_localizations"), body, most=100)
    _check_access(form, path, body)
    if not form.failed and sum(_lengths(body)) > _MOST_TEXT:
        text = f"Command exceeds maximum size ({_MOST_TEXT})"
        form.add(path, "APPLICATION_COMMAND_TOO_LARGE", text)


def _check_menu(form: Form, path: Path, body: JSON) -> None:
    """Commands of the context menus: names as people write, nothing else to say."""
    form.text((*path, "name"), body.get("name"), least=1, most=32)
    _localizations(form, (*path, "name_localizations"), body, most=32)
    if form.items((*path, "options"), body.get("options"), most=25):
        text = "Context menu commands cannot have options"
        form.add((*path, "options"), "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS", text)
    if body.get("description"):
        text = "Context menu commands cannot have description"
        form.add((*path, "description"), "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", text)


def _check_access(form: Form, path: Path, body: JSON) -> None:
    """Check the fields that say who may use a command, and where."""
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


def _localizations(form: Form, path: Path, node: JSON, *, most: int) -> dict[str, str]:
    """The texts by locale, of 1 to *most* characters each; *path* ends in the field's name."""
    texts = form.mapping(path, node.get(str(path[-1])))
    for locale, text in texts.items():
        if locale not in LOCALES:
            form.choice((*path, locale), locale, LOCALES)
        elif text is not None:
            form.text((*path, locale), text, least=1, most=most)
    return {locale: text for locale, text in texts.items() if isinstance(text, str)}


def _check_localized_name(form: Form, path: Path, command: JSON) -> None:
    """Discord names no locale when a command's own localised name is wrong; it does for an option's."""
    if not all(map(is_valid_name, _localizations(form, path, command, most=32).values())):
        _invalid_name(form, path)


def _check_name(form: Form, path: Path, name: object) -> None:
    text = form.text(path, name, least=1, most=32)
    if text and not is_valid_name(text):
        _invalid_name(form, path)


def _invalid_name(form: Form, path: Path) -> None:
    form.add(path, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")


def is_valid_name(name: str) -> bool:
    r"""The naming rule: ``^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$``, lower case where one exists."""
    letters = all(
        char in "-_'" or unicodedata.category(char)[0] in "LN" or _SCRIPTS.match(char) for char in name
    )
    return letters and name == name.lower()


def _check_options(form: Form, path: Path, value: object, kinds: tuple[OptionType, ...]) -> None:
    """Check options of *kinds*: subcommands do not mix with others, and required options come first."""
    options = form.items(path, value, most=25)
    optional_seen = False
    for at, option in enumerate(options):
        here = (*path, at)
        _check_option(form, here, option, kinds)
        if (option.get("type") in NESTED) != (options[0].get("type") in NESTED):
            text = "Sub-command and sub-command group option types are mutually exclusive to all other types"
            form.add(here, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", text)
        elif option.get("required") and optional_seen:
            text = "Required options must be placed before non-required options"
            form.add(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", text)
        optional_seen = optional_seen or not option.get("required")
    if _has_duplicates(options):
        form.add(path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option names must be unique")


def _has_duplicates(options: list[JSON]) -> bool:
    """Return whether two options share a name in any one language, which makes them ambiguous."""
    named = [("", str(option.get("name"))) for option in options]
    for option in options:
        localized = option.get("name_localizations")
        named += [(locale, str(name)) for locale, name in _texts(localized) if name is not None]
    return len(set(named)) < len(named)


def _texts(localized: object) -> Iterable[tuple[str, object]]:
    return localized.items() if isinstance(localized, dict) else ()


def _check_option(form: Form, path: Path, option: JSON, kinds: tuple[OptionType, ...]) -> None:
    kind = option.get("type")
    if kind is None:
        form.add(path, "TAG_FIELD_MISSING", 'Field "type" is required to determine the model type.')
        return
    if isinstance(kind, (bool, float)) or kind not in kinds:
        text = f'Value of field "type" must be one of ({", ".join(str(int(one)) for one in kinds)}).'
        form.add(path, "UNION_TYPE_CHOICES", text)
        return
    _check_name(form, (*path, "name"), option.get("name"))
    names = _localizations(form, (*path, "name_localizations"), option, most=32)
    for locale, name in names.items():
        if not is_valid_name(name):
            _invalid_name(form, (*path, "name_localizations", locale))
    form.text((*path, "description"), option.get("description"), least=1, most=100)
    _localizations(form, (*path, "description_localizations"), option, most=100)
    for key in ("required", "autocomplete"):
        form.boolean((*path, key), option.get(key))
    _check_fields(form, path, option)
    if kind in NESTED:
        inner = (OptionType.SUBCOMMAND,) if kind == OptionType.GROUP else _PLAIN
        _check_options(form, (*path, "options"), option.get("options"), inner)
    else:
        _check_bounds(form, path, option)
        _check_choices(form, path, option)


def _check_fields(form: Form, path: Path, option: JSON) -> None:
    """Fields that options of this type do not have."""
    for key, kinds in _VALID_FOR.items():
        unset = option.get(key) is None or option[key] is False or option[key] == []
        if not unset and option["type"] not in kinds:
            text = f"{key} is only valid for option types ({', '.join(str(int(one)) for one in kinds)})."
            form.add((*path, key), "APPLICATION_COMMAND_OPTION_FIELD_INVALID", text)


def _check_bounds(form: Form, path: Path, option: JSON) -> None:
    """Lengths of strings (0 to 6,000), values of numbers, kinds of channels; the least before the most."""
    whole = option["type"] == OptionType.INTEGER
    top = _MOST_INTEGER if whole else _MOST_NUMBER
    for key, least in (("min_length", 0), ("max_length", 1)):
        _number(form, (*path, key), option.get(key), (least, _MOST_STRING), whole=True)
    for key in ("min_value", "max_value"):
        _number(form, (*path, key), option.get(key), (-top, top), whole=whole)
    for low, high in (("min_length", "max_length"), ("min_value", "max_value")):
        bottom, most = option.get(low), option.get(high)
        if _is_number(bottom) and _is_number(most) and bottom > most:
            form.add((*path, low), "APPLICATION_COMMAND_OPTION_MIN_MAX", f"{low} exceeds {high}")
    form.snowflakes((*path, "channel_types"), option.get("channel_types"))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(form: Form, path: Path, value: object, bounds: tuple[int, int], *, whole: bool) -> None:
    if whole and isinstance(value, float):
        form.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
    else:
        form.number(path, value, least=bounds[0], most=bounds[1])


def _check_choices(form: Form, path: Path, option: JSON) -> None:
    choices = form.items((*path, "choices"), option.get("choices"), most=25)
    whole = option["type"] == OptionType.INTEGER
    top = _MOST_INTEGER if whole else _MOST_NUMBER
    for at, choice in enumerate(choices):
        here = (*path, "choices", at)
        form.text((*here, "name"), choice.get("name"), least=1, most=100)
        _localizations(form, (*here, "name_localizations"), choice, most=100)
        if option["type"] == OptionType.STRING:
            form.text((*here, "value"), choice.get("value"), least=1, most=100)
        elif choice.get("value") is None:
            form.add((*here, "value"), "BASE_TYPE_REQUIRED", "This field is required")
        else:
            _number(form, (*here, "value"), choice["value"], (-top, top), whole=whole)
    names = [str(choice.get("name")) for choice in choices]
    if len(set(names)) < len(names):
        text = "Option choice names must be unique"
        form.add((*path, "choices"), "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", text)
    if choices and option.get("autocomplete"):
        text = "Choices cannot be used with autocomplete"
        form.add((*path, "autocomplete"), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", text)


def _lengths(node: JSON) -> Iterator[int]:
    """Yield the lengths that the size limit counts: the longest localisation of each text, and each value."""
    for key in ("name", "description"):
        texts = [node.get(key), *(node.get(f"{key}_localizations") or {}).values()]
        yield max((len(text) for text in texts if isinstance(text, str)), default=0)
    yield len(node["value"]) if isinstance(node.get("value"), str) else 0
    for key in ("options", "choices"):
        for child in node.get(key) or ():
            yield from _lengths(child)
