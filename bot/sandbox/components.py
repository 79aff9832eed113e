"""Message components: rules, and the form in which a message carries them.

Source: Discord's docs, Components > Reference.
"""

from collections.abc import Iterator
from typing import Final

from bot.sandbox.forms import Form, Path
from bot.sandbox.kinds import ENTITY_SELECTS, JSON, SELECTS, ButtonStyle, Component

MOST_ROWS = 5
MOST_V2_COMPONENTS = 40
MOST_V2_TEXT = 4000
_MOST_BUTTONS = 5
_TOP_V2 = (
    Component.ACTION_ROW,
    Component.SECTION,
    Component.TEXT_DISPLAY,
    Component.MEDIA_GALLERY,
    Component.FILE,
    Component.SEPARATOR,
    Component.CONTAINER,
)
_IN_CONTAINER = tuple(kind for kind in _TOP_V2 if kind is not Component.CONTAINER)
_IN_ROW = (Component.BUTTON, *SELECTS)
_DEFAULTS: Final[dict[int, JSON]] = {
    Component.CONTAINER: {"accent_color": None, "spoiler": False},
    Component.SEPARATOR: {"spacing": 1, "divider": True},
    Component.THUMBNAIL: {"description": None, "spoiler": False},
    Component.FILE: {"spoiler": False, "name": None, "size": None},
    **{kind: {"min_values": 1, "max_values": 1} for kind in SELECTS},
}
_ENTITY_FIELDS = ("custom_id", "placeholder", "min_values", "max_values", "disabled", "default_values")
# What each kind carries; anything else in a request is dropped.
_FIELDS: Final[dict[int, tuple[str, ...]]] = {
    Component.ACTION_ROW: ("components",),
    Component.BUTTON: ("style", "label", "emoji", "custom_id", "url", "sku_id", "disabled"),
    Component.STRING_SELECT: ("custom_id", "placeholder", "min_values", "max_values", "disabled", "options"),
    **dict.fromkeys(ENTITY_SELECTS, _ENTITY_FIELDS),
    Component.CHANNEL_SELECT: (*_ENTITY_FIELDS, "channel_types"),
    Component.SECTION: ("components", "accessory"),
    Component.TEXT_DISPLAY: ("content",),
    Component.THUMBNAIL: ("media", "description", "spoiler"),
    Component.MEDIA_GALLERY: ("items",),
    Component.FILE: ("file", "spoiler"),
    Component.SEPARATOR: ("spacing", "divider"),
    Component.CONTAINER: ("components", "accent_color", "spoiler"),
}
_MEDIA_KEYS = {Component.THUMBNAIL: "media", Component.FILE: "file"}


def read_components(form: Form, value: object, files: dict[str, JSON], *, v2: bool) -> list[JSON]:
    """Validate the request's ``components`` and return them with ids and defaults filled in.

    Args:
        form: Collects the errors.
        value: The request's ``components``.
        files: The message's attachments by filename, for ``attachment://`` URLs.
        v2: Whether the message has the IS_COMPONENTS_V2 flag.
    """
    most = MOST_V2_COMPONENTS if v2 else MOST_ROWS
    raw = form.items(("components",), value, most=most)
    allowed = _TOP_V2 if v2 else (Component.ACTION_ROW,)
    for at, item in enumerate(raw):
        _check(form, ("components", at), item, allowed)
    if form.failed:
        return []
    tree = [_normalised(item, files) for item in raw]
    _check_whole(form, tree, v2=v2)
    _number(tree)
    return tree


def walk(components: list[JSON]) -> Iterator[JSON]:
    """Every component of the tree, parents first."""
    for component in components:
        yield component
        children = component.get("components")
        if isinstance(children, list):
            yield from walk([child for child in children if isinstance(child, dict)])
        for key in ("accessory", "component"):
            if isinstance(component.get(key), dict):
                yield from walk([component[key]])


def _check(form: Form, path: Path, item: JSON, allowed: tuple[Component, ...]) -> None:
    kind = item.get("type")
    if kind not in allowed:
        form.choice((*path, "type"), kind, [int(one) for one in allowed])
        return
    form.integer((*path, "id"), item.get("id"), 0, least=0, most=2**31 - 1)
    checks = {
        Component.ACTION_ROW: _check_row,
        Component.BUTTON: check_button,
        Component.SECTION: _check_section,
        Component.TEXT_DISPLAY: _check_text,
        Component.CONTAINER: _check_container,
        Component.MEDIA_GALLERY: _check_gallery,
        Component.THUMBNAIL: _check_media,
        Component.FILE: _check_media,
        Component.SEPARATOR: _check_separator,
        **dict.fromkeys(SELECTS, check_select),
    }
    if check := checks.get(Component(kind)):
        check(form, path, item)


def _check_row(form: Form, path: Path, row: JSON) -> None:
    children = form.items((*path, "components"), row.get("components"), least=1, most=_MOST_BUTTONS)
    for at, child in enumerate(children):
        _check(form, (*path, "components", at), child, _IN_ROW)
    if len(children) > 1 and any(child.get("type") in SELECTS for child in children):
        message = "The specified component exceeds the maximum width"
        form.add((*path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", message)


def check_button(form: Form, path: Path, button: JSON) -> None:
    """Button rules: style, label (80), custom id or URL."""
    style = button.get("style")
    form.choice((*path, "style"), style, range(ButtonStyle.PRIMARY, ButtonStyle.PREMIUM + 1))
    form.text((*path, "label"), button.get("label"), most=80)
    if style == ButtonStyle.LINK:
        form.text((*path, "url"), button.get("url"), least=1, most=512)
        if button.get("custom_id"):
            message = "A custom id and url cannot both be specified"
            form.add((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE", message)
    else:
        form.text((*path, "custom_id"), button.get("custom_id"), least=1, most=100)
    form.mapping((*path, "emoji"), button.get("emoji"))
    if not button.get("label") and not button.get("emoji"):
        form.add((*path, "label"), "BUTTON_COMPONENT_LABEL_REQUIRED", "A label or emoji is required")


def check_select(form: Form, path: Path, select: JSON) -> None:
    """Select rules: custom id, placeholder (150), 25 options, values between min and max."""
    form.text((*path, "custom_id"), select.get("custom_id"), least=1, most=100)
    form.text((*path, "placeholder"), select.get("placeholder"), most=150)
    least = form.integer((*path, "min_values"), select.get("min_values"), 1, least=0, most=25)
    most = form.integer((*path, "max_values"), select.get("max_values"), 1, least=1, most=25)
    if least > most:
        form.add((*path, "min_values"), "SELECT_COMPONENT_MIN_MAX", "min_values exceeds max_values")
    if select["type"] == Component.STRING_SELECT:
        _check_options(form, (*path, "options"), select.get("options"), most)


def _check_options(form: Form, path: Path, value: object, most_values: int) -> None:
    options = form.items(path, value, least=1, most=25)
    for at, option in enumerate(options):
        form.text((*path, at, "label"), option.get("label"), least=1, most=100)
        form.text((*path, at, "value"), option.get("value"), least=1, most=100)
        form.text((*path, at, "description"), option.get("description"), most=100)
    values = [str(option.get("value")) for option in options]
    if len(set(values)) < len(values):
        message = "The specified option value is already used"
        form.add(path, "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", message)
    if options and most_values > len(options):
        form.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {most_values} and 25 in length.")


def _check_section(form: Form, path: Path, section: JSON) -> None:
    children = form.items((*path, "components"), section.get("components"), least=1, most=3)
    for at, child in enumerate(children):
        _check(form, (*path, "components", at), child, (Component.TEXT_DISPLAY,))
    accessory = section.get("accessory")
    if not isinstance(accessory, dict):
        form.add((*path, "accessory"), "BASE_TYPE_REQUIRED", "This field is required")
        return
    _check(form, (*path, "accessory"), accessory, (Component.BUTTON, Component.THUMBNAIL))


def _check_text(form: Form, path: Path, item: JSON) -> None:
    form.text((*path, "content"), item.get("content"), least=1, most=MOST_V2_TEXT)


def _check_container(form: Form, path: Path, item: JSON) -> None:
    children = form.items((*path, "components"), item.get("components"), least=1, most=MOST_V2_COMPONENTS)
    for at, child in enumerate(children):
        _check(form, (*path, "components", at), child, _IN_CONTAINER)


def _check_gallery(form: Form, path: Path, item: JSON) -> None:
    entries = form.items((*path, "items"), item.get("items"), least=1, most=10)
    for at, entry in enumerate(entries):
        _check_url(form, (*path, "items", at, "media"), entry.get("media"))


def _check_media(form: Form, path: Path, item: JSON) -> None:
    key = _MEDIA_KEYS[item["type"]]
    _check_url(form, (*path, key), item.get(key))
    form.text((*path, "description"), item.get("description"), most=1024)


def _check_url(form: Form, path: Path, media: object) -> None:
    url = media.get("url") if isinstance(media, dict) else None
    form.text((*path, "url"), url, least=1, most=2048)


def _check_separator(form: Form, path: Path, item: JSON) -> None:
    form.choice((*path, "spacing"), item.get("spacing", 1), (1, 2))


def _check_whole(form: Form, tree: list[JSON], *, v2: bool) -> None:
    """Rules over the whole tree: unique custom ids; for V2 the total number and length of text."""
    everything = list(walk(tree))
    seen: set[str] = set()
    for component in everything:
        custom_id = component.get("custom_id")
        if custom_id and custom_id in seen:
            message = "Component custom id cannot be duplicated"
            form.add(("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", message)
        seen.add(str(custom_id))
    if not v2:
        return
    if len(everything) > MOST_V2_COMPONENTS:
        message = f"The total number of components exceeds {MOST_V2_COMPONENTS}"
        form.add(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", message)
    if sum(len(str(item.get("content") or "")) for item in everything) > MOST_V2_TEXT:
        message = f"The total size of the displayable text exceeds {MOST_V2_TEXT}"
        form.add(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)


def _normalised(item: JSON, files: dict[str, JSON]) -> JSON:
    """A copy without nulls, with defaults, resolved media and normalised children."""
    kind = item.get("type")
    known = (*_FIELDS.get(kind or 0, ()), "type", "id")
    given = {key: value for key, value in item.items() if value is not None and key in known}
    made: JSON = {**_DEFAULTS.get(kind or 0, {}), **given}
    for key, value in given.items():
        if key == "components" and isinstance(value, list):
            made[key] = [_normalised(child, files) for child in value if isinstance(child, dict)]
        elif key == "accessory" and isinstance(value, dict):
            made[key] = _normalised(value, files)
        elif key in {"emoji", "options"}:
            made[key] = _without_nulls(value)  # a unicode emoji has no id, rather than a null one
    if kind == Component.MEDIA_GALLERY:
        made["items"] = [_gallery_item(entry, files) for entry in given.get("items") or []]
    if kind in _MEDIA_KEYS and isinstance(given.get(_MEDIA_KEYS[kind]), dict):
        made[_MEDIA_KEYS[kind]] = _media(given[_MEDIA_KEYS[kind]], files)
    return made


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _gallery_item(entry: JSON, files: dict[str, JSON]) -> JSON:
    described = {"description": entry.get("description"), "spoiler": bool(entry.get("spoiler"))}
    return {"media": _media(entry.get("media") or {}, files), **described}


def _media(raw: JSON, files: dict[str, JSON]) -> JSON:
    """An unfurled media item; ``attachment://name`` becomes the file's own URL."""
    url = str(raw.get("url", ""))
    attachment = files.get(url.removeprefix("attachment://")) if url.startswith("attachment://") else None
    found = attachment["url"] if attachment else url
    media: JSON = {"id": "0", "url": found, "proxy_url": found, "width": None, "height": None}
    media["content_type"] = attachment.get("content_type") if attachment else None
    return media | ({"attachment_id": attachment["id"]} if attachment else {})


def _number(tree: list[JSON]) -> None:
    """Give every component without an id one that no other has."""
    everything = list(walk(tree))
    taken = {component.get("id") for component in everything}
    free = (number for number in range(1, 10_000) if number not in taken)
    for component in everything:
        if not component.get("id"):
            component["id"] = next(free)
