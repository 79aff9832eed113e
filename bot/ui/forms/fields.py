"""Modals and their fields as Discord's raw components.

Nothing of a form is kept, and whoever presses waits while it is made: discord.py's objects would be made only
to be turned into the same JSON.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from discord import ui

from bot.ui.buttons import Component
from bot.ui.interaction import Interaction

_SELECT: Final = 3
_TEXT_INPUT: Final = 4
_LABEL: Final = 18
_SHORT, _PARAGRAPH = 1, 2

_TITLE_LIMIT: Final = 45  # Discord: a modal's title and the label of a field
_OPTION_LIMIT: Final = 100  # Discord: an option's label, value and description


class Form:
    """A modal, as much of it as `InteractionResponse.send_modal` asks for.

    `IncidentBot` finds its handler by the custom id, so a form that was open during a restart of the bot can
    still be sent.

    Attributes:
        fields: Labels with a component each; Nones are left out.
    """

    def __init__(self, title: str, custom_id: str, fields: Iterable[Component | None]) -> None:
        self.title = title[:_TITLE_LIMIT]
        self.custom_id = custom_id
        self.fields = [field for field in fields if field is not None]

    def to_dict(self) -> Mapping[str, Any]:
        """Discord's JSON."""
        return {"title": self.title, "custom_id": self.custom_id, "components": self.fields}

    def is_finished(self) -> bool:
        """discord.py need not keep it."""
        return True


async def ask(interaction: Interaction, form: Form) -> None:
    """Open *form*. Discord takes it only as the first response."""
    await interaction.response.send_modal(cast("ui.Modal", form))


def label(text: str, component: Component, *, hint: str | None = None) -> Component:
    """A field: what is asked for, a smaller line below that, and where it is typed or chosen."""
    return _without_none({"type": _LABEL, "label": text, "description": hint, "component": component})


def text_input(
    custom_id: str,
    *,
    limit: int,
    several_lines: bool = False,
    required: bool = True,
    value: str = "",
    example: str | None = None,
) -> Component:
    """A text of at most *limit* characters.

    Args:
        value: What stands there already.
        example: What is shown while it is empty.
    """
    given = {
        "type": _TEXT_INPUT,
        "custom_id": custom_id,
        "style": _PARAGRAPH if several_lines else _SHORT,
        "max_length": limit,
        "required": required,
        "value": value or None,
        "placeholder": example,
    }
    return _without_none(given)


def select(
    custom_id: str, options: list[Component], *, several: bool = False, placeholder: str | None = None
) -> Component:
    """One of *options*, or any number of them, none included."""
    given = {
        "type": _SELECT,
        "custom_id": custom_id,
        "options": options,
        "min_values": 0 if several else 1,
        "max_values": len(options) if several else 1,
        "required": not several,
        "placeholder": placeholder,
    }
    return _without_none(given)


def option(words: str, value: str, *, chosen: bool = False, description: str | None = None) -> Component:
    """One of a select's; its words and description are cut at what Discord shows."""
    given = {
        "label": words[:_OPTION_LIMIT],
        "value": value,
        "default": chosen,
        "description": None if description is None else description[:_OPTION_LIMIT],
    }
    return _without_none(given)


def _without_none(given: Mapping[str, object]) -> Component:
    return {name: value for name, value in given.items() if value is not None}
