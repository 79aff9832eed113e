"""Forms that were refused: each opens again with everything that was typed and chosen in it.

A sent form says neither its labels nor its options, and no message holds what all of its fields may have. So
the process remembers the forms that it opened last. After a restart the refusal still has the words.
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final, cast

from cachetools import LRUCache

from bot.domain.errors import (
    IncidentNotFound,
    InvalidTransition,
    NotPermitted,
    RecordedRefusal,
    UserError,
)
from bot.ui.buttons import Component
from bot.ui.forms.fields import Form, Submitted

#: The button below a refusal.
AGAIN: Final = r"ui:v1:again:(?P<token>[0-9a-f]{16})"

#: How many forms are remembered: those that were opened, and those that were refused.
_FORMS: Final = 500

_TOKEN_BYTES: Final = 8

#: Where an input of text and one of people say what they show.
_SHOWN: Final = ("value", "default_values")

#: The same form would be refused again: by what the person may do, or by what has happened meanwhile.
_FINAL: Final = (IncidentNotFound, InvalidTransition, NotPermitted, RecordedRefusal)
_MEANWHILE: Final = "_moved"


class OpenedForms:
    """The forms that this process has opened, and those that were refused, by who filled them in."""

    def __init__(self) -> None:
        self._opened: LRUCache[tuple[int, str], Form] = LRUCache(_FORMS)
        self._refused: LRUCache[tuple[int, str], Form] = LRUCache(_FORMS)

    def opened(self, form: Form, *, by: int) -> None:
        """Remember *form*, which opens for the user *by*."""
        self._opened[by, form.custom_id] = form

    def refused(self, custom_id: str, sent: Submitted, *, by: int, why: Exception) -> str | None:
        """Return the custom id of the button that opens the form again as it was sent.

        None if the form is not known any more, or would be refused again whatever is corrected.
        """
        form = self._opened.get((by, custom_id))
        if form is None or not _may_be_corrected(why):
            return None
        token = secrets.token_hex(_TOKEN_BYTES)
        self._refused[by, token] = filled(form, sent.values)
        return f"ui:v1:again:{token}"

    def again(self, token: str, *, by: int) -> Form:
        """Return the refused form as the user *by* has sent it.

        Raises:
            UserError: it is not known any more.
        """
        form = self._refused.get((by, token))
        if form is None:
            raise UserError("form_forgotten")
        return form


def filled(form: Form, values: Mapping[str, tuple[str, ...]]) -> Form:
    """Return *form* with *values* typed and chosen, by the input's id; an input without any is as it was."""
    fields = [
        {**field, "component": _filled(field["component"], values)} if "component" in field else field
        for field in form.fields
    ]
    return Form(form.title, form.custom_id, fields)


def _filled(shown: object, values: Mapping[str, tuple[str, ...]]) -> Component:
    component = cast("dict[str, Any]", shown)
    chosen = values.get(component["custom_id"])
    if chosen is None:
        return component
    made: Component = {key: value for key, value in component.items() if key not in _SHOWN}
    if "options" in component:
        made["options"] = [option | {"default": option["value"] in chosen} for option in component["options"]]
    elif "max_length" not in component:
        made["default_values"] = [{"id": user_id, "type": "user"} for user_id in chosen]
    elif any(chosen):
        made["value"] = chosen[0]
    return made


def _may_be_corrected(why: Exception) -> bool:
    is_moved = isinstance(why, UserError) and why.key.endswith(_MEANWHILE)
    return not is_moved and not isinstance(why, _FINAL)
