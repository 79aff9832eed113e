"""Modals: what is asked, and what came back. Like the buttons they keep nothing in memory."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from bot.runbook.model import Policy
from bot.services.incidents.opening import TITLE_LIMIT
from bot.ui.buttons import Component, Option
from bot.ui.forms.fields import Form, choice, label, text_input
from bot.ui.interaction import Interaction
from bot.ui.words.voice import Voice

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
