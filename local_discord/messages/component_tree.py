"""Trees of components: walking them, and the form in which a message carries them.

Source: Discord's docs, Components > Reference.
"""

from collections.abc import Iterator
from typing import Final

from local_discord.world.kinds import ENTITY_SELECTS, JSON, SELECTS, Component

MEDIA_KEYS = {Component.THUMBNAIL: "media", Component.FILE: "file"}
_ENTITY_FIELDS = ("custom_id", "placeholder", "min_values", "max_values", "disabled", "default_values")
_DEFAULTS: Final[dict[int, JSON]] = {
    Component.CONTAINER: {"accent_color": None, "spoiler": False},
    Component.SEPARATOR: {"spacing": 1, "divider": True},
    Component.THUMBNAIL: {"description": None, "spoiler": False},
    Component.FILE: {"spoiler": False, "name": None, "size": None},
    **{kind: {"min_values": 1, "max_values": 1} for kind in SELECTS},
}
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


def normalised(item: JSON, files: dict[str, JSON]) -> JSON:
    """A copy without nulls, with defaults, resolved media and normalised children."""
    kind = item.get("type")
    known = (*_FIELDS.get(kind or 0, ()), "type", "id")
    given = {key: value for key, value in item.items() if value is not None and key in known}
    made: JSON = {**_DEFAULTS.get(kind or 0, {}), **given}
    for key, value in given.items():
        if key == "components" and isinstance(value, list):
            made[key] = [normalised(child, files) for child in value if isinstance(child, dict)]
        elif key == "accessory" and isinstance(value, dict):
            made[key] = normalised(value, files)
        elif key in {"emoji", "options"}:
            made[key] = _without_nulls(value)  # a unicode emoji has no id, rather than a null one
    if kind == Component.MEDIA_GALLERY:
        made["items"] = [_gallery_item(entry, files) for entry in given.get("items") or []]
    if kind in MEDIA_KEYS:
        made[MEDIA_KEYS[kind]] = _media(given.get(MEDIA_KEYS[kind]) or {}, files)
    if kind == Component.FILE:
        made |= _file_facts(made["file"]["url"], files)
    return made


def _file_facts(url: str, files: dict[str, JSON]) -> JSON:
    """Name and size of the attachment that a file component shows."""
    found = next((one for one in files.values() if one["url"] == url), None)
    return {"name": found["filename"], "size": found["size"]} if found else {}


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


def number(tree: list[JSON]) -> None:
    """Give every component without an id one that no other has."""
    everything = list(walk(tree))
    taken = {component.get("id") for component in everything}
    free = (number for number in range(1, 10_000) if number not in taken)
    for component in everything:
        if not component.get("id"):
            component["id"] = next(free)


def without_interaction(body: JSON) -> JSON:
    """*body* without the components that a person could use: rows of anything but links and their like.

    Source: Resources > Webhook > Execute Webhook, ``with_components``.
    """
    raw = body.get("components")
    listed = raw if isinstance(raw, list) else []
    return body | {
        "components": [one for one in listed if isinstance(one, dict) and not _is_interactive(one)]
    }


def _is_interactive(component: JSON) -> bool:
    return any(one.get("custom_id") for one in walk([component]))
