"""Modals and their fields as Discord's raw components.

No form is kept, and the person who presses waits while it is built: discord.py's objects would be built only
to be turned into the same JSON.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from discord import ui

from bot.domain.text import cut
from bot.ui.buttons import Component, Option, select
from bot.ui.first_response import show
from bot.ui.interaction import Interaction

_TEXT_INPUT: Final = 4
_USER_SELECT: Final = 5
_TEXT_DISPLAY: Final = 10
_LABEL: Final = 18
_SHORT, _PARAGRAPH = 1, 2

LABEL_LIMIT: Final = 45  # Discord: a modal's title and the label of a field
_HINT_LIMIT: Final = 100  # Discord: the description of a field, and the placeholder of an input


class Form:
    """A modal, as much of it as `InteractionResponse.send_modal` asks for.

    `IncidentBot` finds its handler by the custom id, so a form that was open during a restart of the bot can
    still be sent.

    Attributes:
        fields: Labels with a component each, and lines of text; Nones are left out.
    """

    def __init__(self, title: str, custom_id: str, fields: Iterable[Component | None]) -> None:
        self.title = cut(title, limit=LABEL_LIMIT)
        self.custom_id = custom_id
        self.fields = [field for field in fields if field is not None]

    def to_dict(self) -> Mapping[str, Any]:
        """Return Discord's JSON."""
        return {"title": self.title, "custom_id": self.custom_id, "components": self.fields}

    def is_finished(self) -> bool:
        """Return True: discord.py need not keep the form."""
        return True


async def ask(interaction: Interaction, form: Form) -> None:
    """Open *form*. Discord takes it only as the first response; refused, there is nothing to record yet."""

    async def send() -> None:
        await interaction.response.send_modal(cast("ui.Modal", form))

    await show(interaction, first=send, later=send)


def label(text: str, component: Component, *, hint: str | None = None) -> Component:
    """Build a field: what is asked for, a smaller line below that, and where it is typed or chosen."""
    given = {
        "type": _LABEL,
        "label": cut(text, limit=LABEL_LIMIT),
        "description": None if hint is None else cut(hint, limit=_HINT_LIMIT),
        "component": component,
    }
    return _without_none(given)


def text_line(content: str) -> Component:
    """Build a line that only says something. It counts as one of a form's five components."""
    return {"type": _TEXT_DISPLAY, "content": content}


def text_input(
    custom_id: str,
    *,
    limit: int,
    several_lines: bool = False,
    required: bool = True,
    value: str = "",
    example: str | None = None,
) -> Component:
    """Build an input for a text of at most *limit* characters.

    Args:
        value: What the field holds already.
        example: What is shown while it is empty.
    """
    given = {
        "type": _TEXT_INPUT,
        "custom_id": custom_id,
        "style": _PARAGRAPH if several_lines else _SHORT,
        "max_length": limit,
        "required": required,
        "value": value or None,
        "placeholder": None if example is None else cut(example, limit=_HINT_LIMIT),
    }
    return _without_none(given)


def choice(
    custom_id: str,
    options: Sequence[Option],
    *,
    several: bool = False,
    required: bool | None = None,
    placeholder: str = "",
) -> Component:
    """Build a select of one of *options*, or of any number of them.

    Args:
        required: Something must be chosen; by default, unless it is a select of several.
    """
    is_required = not several if required is None else required
    made = select(
        custom_id,
        options=options,
        placeholder=placeholder,
        least=int(is_required),
        most=None if several else 1,
    )
    return made | {"required": is_required}


def person_choice(custom_id: str, *, chosen: int | None = None, required: bool = True) -> Component:
    """Build a select of one member of the server; *chosen* is the id of the one who is chosen already."""
    made: Component = {"type": _USER_SELECT, "custom_id": custom_id, "required": required}
    made |= {} if required else {"min_values": 0}
    return made if chosen is None else made | {"default_values": [{"id": str(chosen), "type": "user"}]}


def _without_none(given: Mapping[str, object]) -> Component:
    return {name: value for name, value in given.items() if value is not None}
