"""Rules of selects and of other lists of choices, in messages and modals.

Source: Discord's docs, Components > Reference > String Select and following.
"""

from local_discord.forms import Form, Path
from local_discord.messages.emojis import is_unicode_emoji
from local_discord.world.kinds import JSON, ChannelType, Component

MOST_OPTIONS = 25
_MOST_CHANNEL_TYPES = 20
_DEFAULT_KINDS = {
    Component.USER_SELECT: ("user",),
    Component.ROLE_SELECT: ("role",),
    Component.MENTIONABLE_SELECT: ("user", "role"),
    Component.CHANNEL_SELECT: ("channel",),
}


def check_select(form: Form, path: Path, select: JSON) -> None:
    """Select rules: custom id, placeholder (150), 25 options, values between min and max."""
    form.text((*path, "custom_id"), select.get("custom_id"), least=1, most=100)
    form.text((*path, "placeholder"), select.get("placeholder"), most=150)
    form.boolean((*path, "disabled"), select.get("disabled"))
    form.boolean((*path, "required"), select.get("required"))
    kind = Component(select["type"])
    if kind is Component.STRING_SELECT:
        _, most = check_bounds(form, path, select, MOST_OPTIONS)
        check_options(form, (*path, "options"), select.get("options"), (1, MOST_OPTIONS))
        _enough(form, (*path, "options"), select.get("options"), most)
        check_preselected(form, (*path, "options"), select.get("options"), most)
        return
    least, most = check_bounds(form, path, select, MOST_OPTIONS)
    _check_defaults(form, (*path, "default_values"), select, _DEFAULT_KINDS[kind], (least, most))
    _check_channel_types(form, (*path, "channel_types"), select.get("channel_types"))


def check_bounds(form: Form, path: Path, item: JSON, top: int, usual: int = 1) -> tuple[int, int]:
    """``min_values`` (0 to *top*, 1 when absent) and ``max_values`` (1 to *top*, else *usual*), in order."""
    least = form.integer((*path, "min_values"), item.get("min_values"), 1, least=0, most=top)
    most = form.integer((*path, "max_values"), item.get("max_values"), usual, least=1, most=top)
    if least > most:
        form.add((*path, "min_values"), "SELECT_COMPONENT_MIN_MAX", "min_values exceeds max_values")
    return least, most


def check_options(form: Form, path: Path, value: object, size: tuple[int, int]) -> None:
    """*size* options with label, value (different ones) and description, 100 characters each."""
    options = form.items(path, value, least=size[0], most=size[1])
    for at, option in enumerate(options):
        form.text((*path, at, "label"), option.get("label"), least=1, most=100)
        form.text((*path, at, "value"), option.get("value"), least=1, most=100)
        form.text((*path, at, "description"), option.get("description"), most=100)
        form.boolean((*path, at, "default"), option.get("default"))
        check_emoji(form, (*path, at, "emoji"), option.get("emoji"))
    values = [str(option.get("value")) for option in options]
    if len(set(values)) < len(values):
        message = "The specified option value is already used"
        form.add(path, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)


def check_preselected(form: Form, path: Path, options: object, most: int) -> None:
    """No more options chosen beforehand than may be chosen."""
    listed = options if isinstance(options, list) else []
    if sum(isinstance(one, dict) and one.get("default") is True for one in listed) > most:
        text = f"Only {most} options may be selected by default"
        form.add(path, "SELECT_COMPONENT_TOO_MANY_DEFAULTS", text)


def check_emoji(form: Form, path: Path, value: object) -> None:
    """A partial emoji: a Unicode one by name; there are no custom ones here."""
    emoji = form.mapping(path, value)
    if not emoji:
        return
    name = form.text((*path, "name"), emoji.get("name"), most=32)
    form.boolean((*path, "animated"), emoji.get("animated"))
    if form.snowflake((*path, "id"), emoji.get("id")) or not is_unicode_emoji(name):
        form.add((*path, "name"), "BUTTON_COMPONENT_INVALID_EMOJI", "Invalid emoji")


def _enough(form: Form, path: Path, options: object, most_values: int) -> None:
    if isinstance(options, list) and options and most_values > len(options):
        text = f"Must be between {most_values} and {MOST_OPTIONS} in length."
        form.add(path, "BASE_TYPE_BAD_LENGTH", text)


def _check_defaults(
    form: Form, path: Path, select: JSON, kinds: tuple[str, ...], bounds: tuple[int, int]
) -> None:
    """``default_values`` of the select's own kinds, as many as may be chosen."""
    items = form.items(path, select.get("default_values"), most=MOST_OPTIONS)
    for at, item in enumerate(items):
        if item.get("id") is None:
            form.add((*path, at, "id"), "BASE_TYPE_REQUIRED", "This field is required")
        form.snowflake((*path, at, "id"), item.get("id"))
        form.choice((*path, at, "type"), item.get("type"), kinds)
    if items and not bounds[0] <= len(items) <= bounds[1]:
        text = f"Must be between {bounds[0]} and {bounds[1]} in length."
        form.add(path, "BASE_TYPE_BAD_LENGTH", text)


def _check_channel_types(form: Form, path: Path, value: object) -> None:
    if value is not None and not isinstance(value, list):
        form.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        return
    known = [*map(int, ChannelType), 3, 13, 14, 16]
    for at, item in enumerate((value or [])[:_MOST_CHANNEL_TYPES]):
        form.choice((*path, at), item, known)
