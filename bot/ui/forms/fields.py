"""Modals and their fields as Discord's raw components.

No form is kept, and the person who presses waits while it is built: discord.py's objects would be built only
to be turned into the same JSON.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from discord import ui

from bot.domain.text import cut
from bot.runbook.model import Policy
from bot.services.incidents.opening import TITLE_LIMIT
from bot.ui.buttons import Component, Option, select
from bot.ui.first_response import show
from bot.ui.interaction import Interaction, host_of
from bot.ui.words.wording import Voice

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
    host_of(interaction).forms.opened(form, by=interaction.user.id)

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


TITLE: Final = "title"
TARGETS: Final = "targets"
SYMPTOMS: Final = "symptoms"
STARTED: Final = "started"

TRIAGE_FORM: Final = r"tri:v1:form(?::(?P<channel>\d{1,20}):(?P<message>\d{1,20}))?"

STARTED_LIMIT: Final = 60


@dataclass(frozen=True, slots=True)
class Submitted:
    """A form as it was sent.

    Attributes:
        fields: What the custom id says.
        values: By the input's id: one text, or the chosen values.
    """

    fields: Mapping[str, str]
    values: Mapping[str, tuple[str, ...]]

    @property
    def number(self) -> int:
        """Return the incident or triage of the custom id."""
        return int(self.fields["number"])

    def text(self, name: str) -> str:
        """Return the text typed into a field; empty when there is none."""
        return (*self.values.get(name, ()), "")[0]

    def typed(self, policy: Policy) -> "Typed":
        """Return the content of a submitted triage form."""
        return Typed(
            title=self.text(TITLE),
            started=self.text(STARTED),
            targets=self.chosen(TARGETS, known=policy.targets),
            symptoms=self.chosen(SYMPTOMS, known=policy.symptoms),
        )

    def chosen(self, name: str, *, known: Iterable[str]) -> tuple[str, ...]:
        """Return the chosen values that the policy still knows, in its order."""
        return tuple(value for value in known if value in self.values.get(name, ()))


def submitted(interaction: Interaction, fields: Mapping[str, str]) -> Submitted:
    """Read a modal's submission from its payload."""
    chosen = {
        each["custom_id"]: tuple(each["values"]) if "values" in each else (each["value"] or "",)
        for each in _inputs(interaction)
    }
    return Submitted(fields, chosen)


def written(interaction: Interaction) -> tuple[str, Mapping[str, str]]:
    """Return the custom id of a form that was sent, and what was typed into each input, by its id.

    For a press or a command there is nothing of the latter.
    """
    data = cast("Mapping[str, Any]", interaction.data or {})
    typed = {
        str(each["custom_id"]): (each["value"] or "").strip()
        for each in _inputs(interaction)
        if "value" in each
    }
    return str(data.get("custom_id", "")), typed


def _inputs(interaction: Interaction) -> Iterator[Mapping[str, Any]]:
    """Yield the fields of a sent form: with its ``values``, or the ``value`` that was typed."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    waiting = list(data.get("components", []))
    while waiting:
        component = waiting.pop(0)
        inside = [component["component"]] if "component" in component else component.get("components", [])
        waiting = [*inside, *waiting]  # a label holds one, a row several
        if "values" in component or "value" in component:
            yield component


@dataclass(frozen=True, slots=True)
class Typed:
    """The initial content of a triage form: blank at first, the earlier input when it is corrected."""

    started: str
    title: str = ""
    targets: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageSource:
    """The place of the message that a triage is about."""

    channel_id: int
    message_id: int


def triage_form(voice: Voice, typed: Typed, *, source: MessageSource | None = None) -> Form:
    """Build the form of a triage: 件名, 対象, 症状, 開始時刻."""
    title = text_input(
        TITLE, limit=TITLE_LIMIT, value=typed.title, example=voice.say("consoles.form.title_example")
    )
    started = text_input(STARTED, limit=STARTED_LIMIT, required=False, value=typed.started[:STARTED_LIMIT])
    return Form(
        voice.say("consoles.form.triage"),
        "tri:v1:form" if source is None else f"tri:v1:form:{source.channel_id}:{source.message_id}",
        [
            label(voice.say("consoles.form.title"), title),
            *where_and_how(voice, typed.targets, typed.symptoms),
            label(voice.say("consoles.form.started"), started, hint=voice.say("consoles.form.started_hint")),
        ],
    )


def started_now(voice: Voice, now: datetime) -> str:
    """Return *now* (aware) as the form shows it; `parse_start_time` reads it back."""
    return f"{now.astimezone(voice.policy.timezone):%Y-%m-%d %H:%M}"


def where_and_how(
    voice: Voice, targets: tuple[str, ...], symptoms: tuple[str, ...]
) -> list[Component | None]:
    """Build 対象 and 症状 with what is known chosen; None in place of what the policy does not list."""
    policy = voice.policy
    where = {target: target for target in policy.targets}
    how = {name: voice.raw(words) for name, words in policy.symptoms.items()}
    return [_choices(voice, TARGETS, where, targets), _choices(voice, SYMPTOMS, how, symptoms)]


def _choices(voice: Voice, name: str, known: Mapping[str, str], chosen: tuple[str, ...]) -> Component | None:
    """Build a select of several; None when there is nothing to choose from."""
    if not known:
        return None
    options = [Option(value, words, chosen=value in chosen) for value, words in known.items()]
    chosen_of = choice(name, options, several=True, placeholder=voice.say("consoles.form.several"))
    return label(voice.say(f"consoles.form.{name}"), chosen_of)
