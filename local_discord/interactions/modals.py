"""Modals: what a bot may open, and what a person may submit.

Source: Discord's docs, Components > Reference (Label and its children); Receiving and Responding > Modal.
"""

from typing import Any

from local_discord.forms import Form, Path
from local_discord.messages.component_tree import number, walk
from local_discord.messages.selects import check_bounds, check_options, check_preselected, check_select
from local_discord.refusals import Refusal, Why
from local_discord.world.kinds import ENTITY_SELECTS, JSON, SELECTS, Component

_MOST_COMPONENTS = 5
_TOP = (Component.ACTION_ROW, Component.LABEL, Component.TEXT_DISPLAY)
_GROUPS = (Component.RADIO_GROUP, Component.CHECKBOX_GROUP)
_IN_LABEL = (Component.TEXT_INPUT, *SELECTS, Component.FILE_UPLOAD, *_GROUPS, Component.CHECKBOX)
_MOST_INPUT = 4000
_MOST_IN_GROUP = 10
# Kinds whose ``min_values`` cannot be 0 while they are required.
_COUNTED = (*SELECTS, Component.FILE_UPLOAD, Component.CHECKBOX_GROUP)


def read_modal(form: Form, data: JSON) -> JSON:
    """Validate an interaction response of type MODAL; returns it with component ids filled in."""
    form.text(("custom_id",), data.get("custom_id"), least=1, most=100)
    form.text(("title",), data.get("title"), least=1, most=45)
    path: Path = ("components",)
    components = form.items(path, data.get("components"), least=1, most=_MOST_COMPONENTS)
    for at, item in enumerate(components):
        _check_top(form, (*path, at), item)
    if form.failed:
        return data
    custom_ids = [item["custom_id"] for item in walk(components) if item.get("custom_id")]
    if len(set(custom_ids)) < len(custom_ids):
        form.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated")
    number(components)
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
    if form.failed:
        return
    form.integer((*path, "id"), item.get("id"), 0, least=0, most=2**31 - 1)
    form.text((*path, "custom_id"), item.get("custom_id"), least=1, most=100)
    form.boolean((*path, "required"), item.get("required"))
    if kind in SELECTS:
        check_select(form, path, item)
        if item.get("disabled"):
            text = "A component in a modal cannot be disabled"
            form.add((*path, "disabled"), "COMPONENT_DISABLED_IN_MODAL", text)
    elif kind == Component.TEXT_INPUT:
        _check_text_input(form, path, item)
    else:
        _check_group(form, path, item)
    if kind in _COUNTED and item.get("min_values") == 0 and item.get("required") is not False:
        text = "min_values must be at least 1 when the component is required"
        form.add((*path, "min_values"), "COMPONENT_REQUIRED_MIN_VALUES", text)


def _check_text_input(form: Form, path: Path, item: JSON) -> None:
    form.choice((*path, "style"), item.get("style"), (1, 2))
    form.text((*path, "placeholder"), item.get("placeholder"), most=100)
    form.text((*path, "value"), item.get("value"), most=_MOST_INPUT)
    least = form.integer((*path, "min_length"), item.get("min_length"), 0, least=0, most=_MOST_INPUT)
    most = form.integer((*path, "max_length"), item.get("max_length"), _MOST_INPUT, least=1, most=_MOST_INPUT)
    if least > most:
        form.add((*path, "min_length"), "TEXT_INPUT_COMPONENT_MIN_MAX", "min_length exceeds max_length")


def _check_group(form: Form, path: Path, item: JSON) -> None:
    """File uploads, radio groups, checkbox groups and single checkboxes."""
    kind, most = item["type"], 1
    if kind in (Component.FILE_UPLOAD, Component.CHECKBOX_GROUP):
        _, most = check_bounds(form, path, item, _MOST_IN_GROUP, _bounds(item)[1])
    if kind in _GROUPS:
        least = 2 if kind == Component.RADIO_GROUP else 1
        check_options(form, (*path, "options"), item.get("options"), (least, _MOST_IN_GROUP))
        check_preselected(form, (*path, "options"), item.get("options"), most)
    if kind == Component.CHECKBOX:
        form.boolean((*path, "default"), item.get("default"))


class BadFields(Refusal):
    """A person's client would not let them submit this."""


def submitted(modal: JSON, fields: dict[str, Any]) -> list[JSON]:
    """The ``components`` of the modal-submit interaction.

    Args:
        modal: The modal as the bot opened it.
        fields: custom id -> text; a list of values for a select or a checkbox group, of attachment ids for a
            file upload; one value for a radio group; true or false for a checkbox.

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
        return {**head, "component": _submit_input(item["component"], item["label"], fields)}
    if item["type"] == Component.ACTION_ROW:
        inside = [_submit_input(child, child["label"], fields) for child in item["components"]]
        return {**head, "components": inside}
    return head


def _submit_input(item: JSON, label: str, fields: dict[str, Any]) -> JSON:
    custom_id = item["custom_id"]
    head: JSON = {"type": item["type"], "id": item["id"], "custom_id": custom_id}
    if item["type"] == Component.TEXT_INPUT:
        return {**head, "value": _text_value(item, label, fields.get(custom_id, item.get("value") or ""))}
    if item["type"] == Component.CHECKBOX:
        return {**head, "value": _checked(custom_id, fields.get(custom_id, item.get("default") or False))}
    values = _chosen(custom_id, fields.get(custom_id, _preselected(item)))
    if item["type"] == Component.RADIO_GROUP:
        chosen = select_values(item, label, values)
        return {**head, "value": chosen[0] if chosen else None}
    return {**head, "values": select_values(item, label, values)}


def _checked(custom_id: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadFields(f"{custom_id} is true or false")
    return value


def _chosen(custom_id: str, given: object) -> list[str]:
    """One value, or a list of them; none for null."""
    values: list[Any] = given if isinstance(given, list) else [] if given is None else [given]
    if not all(isinstance(value, str) for value in values):
        raise BadFields(f"{custom_id} takes strings")
    return values


def _preselected(item: JSON) -> list[str]:
    defaults = [option["value"] for option in item.get("options") or [] if option.get("default")]
    return defaults or [str(default["id"]) for default in item.get("default_values") or []]


def _text_value(item: JSON, label: str, value: object) -> str:
    custom_id, text = item["custom_id"], value
    named = {"label": label, "field": custom_id}
    if not isinstance(text, str):
        raise BadFields(f"{custom_id} is a string")
    if not text:
        if item.get("required", True) is not False:
            raise BadFields(f"{custom_id} is required", Why.REQUIRED, **named)
        return text
    least, most = item.get("min_length") or 0, item.get("max_length") or _MOST_INPUT
    if not least <= len(text) <= most:
        message = f"{custom_id} takes {least} to {most} characters, not {len(text)}"
        raise BadFields(message, Why.LENGTH, least=least, most=most, n=len(text), **named)
    return text


def select_values(item: JSON, label: str, values: list[str]) -> list[str]:
    """*values* when the select *item*, which people know by its *label*, allows them.

    Raises:
        BadFields: Too few, too many, or not among the options.
    """
    required = item.get("required", True) is not False
    least, most = _bounds(item)
    named = {"label": label, "field": item["custom_id"]}
    if not least <= len(values) <= most and (values or required):
        message = f"{item['custom_id']} takes {least} to {most} values, not {len(values)}"
        why = Why.CHOOSE if most == 1 else Why.COUNT
        raise BadFields(message, why, least=least, most=most, n=len(values), **named)
    if item["type"] not in (*ENTITY_SELECTS, Component.FILE_UPLOAD):
        offered = [option["value"] for option in item.get("options") or []]
        if strange := [value for value in values if value not in offered]:
            message = f"{item['custom_id']} does not offer {strange}; it offers {offered}"
            raise BadFields(message, Why.NOT_OFFERED, **named)
    return values


def _bounds(item: JSON) -> tuple[int, int]:
    """Return the least and most values a component takes; by default, a checkbox group takes all options."""
    options = item.get("options")
    usual = len(options) if item["type"] == Component.CHECKBOX_GROUP and isinstance(options, list) else 1
    least, most = item.get("min_values"), item.get("max_values")
    return (1 if least is None else least), (max(usual, 1) if most is None else most)
