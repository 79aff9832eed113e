"""Modals: what a bot may open, and what a person may submit.

Source: Discord's docs, Components > Reference (Label, Text Input); Receiving and Responding > Modal.
"""

from typing import Any

from bot.sandbox.components import check_select, walk
from bot.sandbox.forms import Form, Path
from bot.sandbox.kinds import ENTITY_SELECTS, JSON, SELECTS, Component

_MOST_COMPONENTS = 5
_TOP = (Component.ACTION_ROW, Component.LABEL, Component.TEXT_DISPLAY)
_IN_LABEL = (Component.TEXT_INPUT, *SELECTS)
_MOST_INPUT = 4000


def read_modal(form: Form, data: JSON) -> JSON:
    """Validate an interaction response of type MODAL; returns it with component ids filled in."""
    form.text(("data", "custom_id"), data.get("custom_id"), least=1, most=100)
    form.text(("data", "title"), data.get("title"), least=1, most=45)
    path: Path = ("data", "components")
    components = form.items(path, data.get("components"), least=1, most=_MOST_COMPONENTS)
    for at, item in enumerate(components):
        _check_top(form, (*path, at), item)
    if form.failed:
        return data
    custom_ids = [item["custom_id"] for item in walk(components) if item.get("custom_id")]
    if len(set(custom_ids)) < len(custom_ids):
        form.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    for number, item in enumerate(walk(components), start=1):
        item["id"] = item.get("id") or number
    return data


def _check_top(form: Form, path: Path, item: JSON) -> None:
    kind = item.get("type")
    form.choice((*path, "type"), kind, [int(one) for one in _TOP])
    if kind == Component.TEXT_DISPLAY:
        form.text((*path, "content"), item.get("content"), least=1, most=_MOST_INPUT)
    elif kind == Component.LABEL:
        _check_label(form, path, item)
    elif kind == Component.ACTION_ROW:
        children = form.items((*path, "components"), item.get("components"), least=1, most=1)
        for at, child in enumerate(children):
            form.text((*path, "components", at, "label"), child.get("label"), least=1, most=45)
            _check_input(form, (*path, "components", at), child, (Component.TEXT_INPUT,))


def _check_label(form: Form, path: Path, label: JSON) -> None:
    form.text((*path, "label"), label.get("label"), least=1, most=45)
    form.text((*path, "description"), label.get("description"), most=100)
    child = label.get("component")
    if isinstance(child, dict):
        _check_input(form, (*path, "component"), child, _IN_LABEL)
    else:
        form.add((*path, "component"), "BASE_TYPE_REQUIRED", "This field is required")


def _check_input(form: Form, path: Path, item: JSON, allowed: tuple[Component, ...]) -> None:
    kind = item.get("type")
    form.choice((*path, "type"), kind, [int(one) for one in allowed])
    if kind in SELECTS:
        check_select(form, path, item)
    elif kind == Component.TEXT_INPUT:
        form.text((*path, "custom_id"), item.get("custom_id"), least=1, most=100)
        form.choice((*path, "style"), item.get("style"), (1, 2))
        form.text((*path, "placeholder"), item.get("placeholder"), most=100)
        form.text((*path, "value"), item.get("value"), most=_MOST_INPUT)
        form.integer((*path, "min_length"), item.get("min_length"), 0, least=0, most=_MOST_INPUT)
        form.integer((*path, "max_length"), item.get("max_length"), _MOST_INPUT, least=1, most=_MOST_INPUT)


class BadFields(ValueError):
    """A person's client would not let them submit this."""


def submitted(modal: JSON, fields: dict[str, Any]) -> list[JSON]:
    """The ``components`` of the modal-submit interaction.

    Args:
        modal: The modal as the bot opened it.
        fields: custom id -> text, or a list of values for a select.

    Raises:
        BadFields: When a field is unknown, missing, too short, too long or not on offer.
    """
    known = {item["custom_id"] for item in walk(modal["components"]) if item.get("custom_id")}
    if strange := set(fields) - known:
        raise BadFields(f"the modal has no field {sorted(strange)}; it has {sorted(known)}")
    return [_submit_top(item, fields) for item in modal["components"]]


def _submit_top(item: JSON, fields: dict[str, Any]) -> JSON:
    head: JSON = {"type": item["type"], "id": item["id"]}
    if item["type"] == Component.LABEL:
        return {**head, "component": _submit_input(item["component"], fields)}
    if item["type"] == Component.ACTION_ROW:
        return {**head, "components": [_submit_input(child, fields) for child in item["components"]]}
    return head


def _submit_input(item: JSON, fields: dict[str, Any]) -> JSON:
    custom_id = item["custom_id"]
    head: JSON = {"type": item["type"], "id": item["id"], "custom_id": custom_id}
    if item["type"] == Component.TEXT_INPUT:
        return {**head, "value": _text_value(item, fields.get(custom_id, item.get("value") or ""))}
    given = fields.get(custom_id, _preselected(item))
    return {**head, "values": select_values(item, [given] if isinstance(given, str) else list(given))}


def _preselected(item: JSON) -> list[str]:
    defaults = [option["value"] for option in item.get("options") or [] if option.get("default")]
    return defaults or [str(default["id"]) for default in item.get("default_values") or []]


def _text_value(item: JSON, value: object) -> str:
    custom_id, text = item["custom_id"], str(value)
    if not text:
        if item.get("required", True) is not False:
            raise BadFields(f"{custom_id} is required")
        return text
    least, most = item.get("min_length") or 0, item.get("max_length") or _MOST_INPUT
    if not least <= len(text) <= most:
        raise BadFields(f"{custom_id} takes {least} to {most} characters, not {len(text)}")
    return text


def select_values(item: JSON, values: list[str]) -> list[str]:
    """*values* when the select *item* allows them.

    Raises:
        BadFields: Too few, too many, or not among the options.
    """
    required = item.get("required", True) is not False
    least, most = item.get("min_values", 1), item.get("max_values", 1)
    if not least <= len(values) <= most and (values or required):
        raise BadFields(f"{item['custom_id']} takes {least} to {most} values, not {len(values)}")
    if item["type"] not in ENTITY_SELECTS:
        offered = [option["value"] for option in item.get("options") or []]
        if strange := [value for value in values if value not in offered]:
            raise BadFields(f"{item['custom_id']} does not offer {strange}; it offers {offered}")
    return values
