"""Dispatch of presses and forms to their controls by custom id, which works across restarts."""

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import discord
from discord import app_commands

from bot.domain.errors import UserError
from bot.ui.forms.fields import Submitted, submitted
from bot.ui.interaction import Interaction, run

FormHandler: TypeAlias = Callable[[Interaction, Submitted], Awaitable[None]]
PressHandler: TypeAlias = Callable[[Interaction, "Pressed"], Awaitable[None]]

_Fields: TypeAlias = Mapping[str, str]
_Answer: TypeAlias = Callable[[Interaction, _Fields], Awaitable[None]]

#: Templates and what answers them by `_beginning`: of more than a hundred, a press then tries a few.
_Templates: TypeAlias = dict[str, list[tuple[re.Pattern[str], _Answer]]]

#: The beginning of a template that is fixed text, up to its last colon.
_LITERAL_PARTS: Final = re.compile(r"(?:[a-z0-9_-]+:)*", re.ASCII)

_TRIGGERS: Final = {
    discord.InteractionType.component: "component",
    discord.InteractionType.modal_submit: "form",
}


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button or a select as it was used; its custom id carries all its state.

    Attributes:
        fields: The groups of the control's template.
        values: The chosen values of a select.
    """

    fields: Mapping[str, str]
    values: Sequence[str] = ()

    @property
    def number(self) -> int:
        """Return the incident or triage of the custom id's group ``number``."""
        return int(self.fields["number"])

    @property
    def chosen(self) -> str:
        """Return the value chosen in a select of one value."""
        return self.values[0]


@dataclass(frozen=True, slots=True)
class Control:
    """What answers a button or a select: acknowledge or defer, call one service, render.

    It is not a discord.py `DynamicItem`. For each press, that rebuilds the message's view, searches all
    templates, and loses errors (2.7.1).

    Attributes:
        template: The custom ids that it answers, as a regular expression.
    """

    template: re.Pattern[str]
    handler: PressHandler


def control(template: str) -> Callable[[PressHandler], Control]:
    """Make a handler answer the presses whose custom id fits *template*; `Answers` has to know it, too."""
    return lambda handler: Control(re.compile(template), handler)


class Answers:
    """The controls and the forms that there are."""

    def __init__(self) -> None:
        self._of: dict[str, _Templates] = {each: defaultdict(list) for each in _TRIGGERS.values()}

    def add_control(self, control: Control) -> None:
        """Let *control* answer the presses whose custom id fits it."""

        async def press(interaction: Interaction, fields: _Fields) -> None:
            await control.handler(interaction, Pressed(fields, _data(interaction).get("values", ())))

        self._add("component", control.template, press)

    def add_form(self, template: str, handler: FormHandler) -> None:
        """Let *handler* answer the forms whose custom id fits *template*, a regular expression."""

        async def send(interaction: Interaction, fields: _Fields) -> None:
            await handler(interaction, submitted(interaction, fields))

        self._add("form", re.compile(template), send)

    async def answer(self, interaction: Interaction) -> None:
        """Answer a press or a form; any error becomes one reply."""
        trigger = _TRIGGERS[interaction.type]
        await run(interaction, self._handler(trigger, custom_id_of(interaction)), trigger=trigger)

    def _add(self, trigger: str, template: re.Pattern[str], answer: _Answer) -> None:
        self._of[trigger][_beginning(template)].append((template, answer))

    def _handler(self, trigger: str, custom_id: str) -> Callable[[Interaction], Awaitable[None]]:
        beginning = custom_id
        while beginning:
            beginning = beginning[: beginning.rfind(":", 0, -1) + 1]
            for template, answer in self._of[trigger].get(beginning, ()):
                if match := template.fullmatch(custom_id):
                    fields = match.groupdict()
                    return lambda interaction: answer(interaction, fields)
        return _outdated


def _beginning(template: re.Pattern[str]) -> str:
    """Return the colon-separated parts, as ``inc:v1:``, with which each custom id of *template* begins."""
    return cast("re.Match[str]", _LITERAL_PARTS.match(template.pattern))[0]


def custom_id_of(interaction: Interaction) -> str:
    """Return the custom id of the used control or of the sent form; empty for a command."""
    return str(_data(interaction).get("custom_id", ""))


def _data(interaction: Interaction) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", interaction.data or {})


async def _outdated(_interaction: Interaction) -> None:
    raise UserError("control_outdated")


Subcommand: TypeAlias = "app_commands.Command[Any, ..., Any] | app_commands.Group"

AnyCommand: TypeAlias = "app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu"
