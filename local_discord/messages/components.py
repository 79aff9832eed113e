"""Check message components: which may be nested in which, and what each kind requires.

Source: Discord's docs, Components > Reference.
"""

from local_discord.forms import Form, Path
from local_discord.messages.component_tree import MEDIA_KEYS, normalised, number, walk
from local_discord.messages.selects import check_emoji, check_select
from local_discord.world.kinds import JSON, SELECTS, ButtonStyle, Component

MOST_ROWS = 5
MOST_V2_COMPONENTS = 40
MOST_V2_TEXT = 4000
_MOST_BUTTONS = 5
_MAX_COLOR = 0xFFFFFF
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
    _check_whole(form, raw, v2=v2)
    _check_attached(form, raw, files)
    if form.failed:
        return []
    tree = [normalised(item, files) for item in raw]
    number(tree)
    return tree


def _check(form: Form, path: Path, item: JSON, allowed: tuple[Component, ...]) -> None:
    kind = item.get("type")
    if isinstance(kind, (bool, float)) or kind not in allowed:
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
    """Button rules: style, label (80), emoji; exactly one of custom id, URL and SKU, by the style."""
    style = button.get("style")
    form.choice((*path, "style"), style, range(ButtonStyle.PRIMARY, ButtonStyle.PREMIUM + 1))
    form.text((*path, "label"), button.get("label"), most=80)
    form.boolean((*path, "disabled"), button.get("disabled"))
    check_emoji(form, (*path, "emoji"), button.get("emoji"))
    if style == ButtonStyle.LINK:
        _check_link(form, (*path, "url"), button.get("url"))
        if button.get("custom_id"):
            message = "A custom id and url cannot both be specified"
            form.add((*path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE", message)
    elif style == ButtonStyle.PREMIUM:
        _check_premium(form, path, button)
        return
    else:
        form.text((*path, "custom_id"), button.get("custom_id"), least=1, most=100)
        if button.get("url"):
            message = "A custom id and url cannot both be specified"
            form.add((*path, "url"), "BUTTON_COMPONENT_CUSTOM_ID_URL_EXCLUSIVE", message)
    if not button.get("label") and not button.get("emoji"):
        form.add((*path, "label"), "BUTTON_COMPONENT_LABEL_REQUIRED", "A label or emoji is required")


def _check_link(form: Form, path: Path, value: object) -> None:
    url = form.text(path, value, least=1, most=512)
    if url and not url.startswith(("http://", "https://", "discord://")):
        scheme = url.partition(":")[0][:50]
        text = f"Scheme \"{scheme}\" is not supported. Scheme must be one of ('http', 'https', 'discord')."
        form.add(path, "URL_TYPE_INVALID_SCHEME", text)


def _check_premium(form: Form, path: Path, button: JSON) -> None:
    """A premium button has a SKU and nothing else; this application sells none."""
    form.snowflake((*path, "sku_id"), button.get("sku_id"))
    for key in ("custom_id", "url", "label", "emoji"):
        if button.get(key):
            form.add((*path, key), "BUTTON_COMPONENT_PREMIUM_EXCLUSIVE", "Not for premium buttons")
    form.add((*path, "sku_id"), "BUTTON_COMPONENT_INVALID_SKU", "Invalid SKU")


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
    form.integer((*path, "accent_color"), item.get("accent_color"), 0, least=0, most=_MAX_COLOR)
    form.boolean((*path, "spoiler"), item.get("spoiler"))
    children = form.items((*path, "components"), item.get("components"), least=1, most=MOST_V2_COMPONENTS)
    for at, child in enumerate(children):
        _check(form, (*path, "components", at), child, _IN_CONTAINER)


def _check_gallery(form: Form, path: Path, item: JSON) -> None:
    entries = form.items((*path, "items"), item.get("items"), least=1, most=10)
    for at, entry in enumerate(entries):
        _check_url(form, (*path, "items", at, "media"), entry.get("media"))
        form.text((*path, "items", at, "description"), entry.get("description"), most=1024)
        form.boolean((*path, "items", at, "spoiler"), entry.get("spoiler"))


def _check_media(form: Form, path: Path, item: JSON) -> None:
    key = MEDIA_KEYS[item["type"]]
    _check_url(form, (*path, key), item.get(key))
    form.text((*path, "description"), item.get("description"), most=1024)
    form.boolean((*path, "spoiler"), item.get("spoiler"))


def _check_url(form: Form, path: Path, media: object) -> None:
    url = media.get("url") if isinstance(media, dict) else None
    text = form.text((*path, "url"), url, least=1, most=2048)
    if text and not text.startswith(("http://", "https://", "attachment://")):
        form.add((*path, "url"), "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def _check_separator(form: Form, path: Path, item: JSON) -> None:
    if item.get("spacing") is not None:
        form.choice((*path, "spacing"), item["spacing"], (1, 2))
    form.boolean((*path, "divider"), item.get("divider"), default=True)


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
    ids = [component["id"] for component in everything if component.get("id")]
    if len(set(map(str, ids))) < len(ids):
        form.add(("components",), "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated")
    if not v2:
        return
    if len(everything) > MOST_V2_COMPONENTS:
        message = f"The total number of components exceeds {MOST_V2_COMPONENTS}"
        form.add(("components",), "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", message)
    if sum(len(str(item.get("content") or "")) for item in everything) > MOST_V2_TEXT:
        message = f"The total size of the displayable text exceeds {MOST_V2_TEXT}"
        form.add(("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)


def _check_attached(form: Form, tree: list[JSON], files: dict[str, JSON]) -> None:
    """Every ``attachment://`` names a file of the message; a file component shows nothing else."""
    own = {one["url"] for one in files.values()}
    for component in walk(tree):
        key = MEDIA_KEYS.get(component["type"], "")
        shown = [component[key]] if key else [entry["media"] for entry in component.get("items") or []]
        for url in (str(media.get("url")) for media in shown):
            missing = url.startswith("attachment://") and url.removeprefix("attachment://") not in files
            foreign = (
                component["type"] == Component.FILE and not url.startswith("attachment://") and url not in own
            )
            if missing or foreign:
                code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
                form.add(
                    ("components",), code, "The referenced attachment was not found in the message payload"
                )
