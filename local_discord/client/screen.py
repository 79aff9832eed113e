"""What a person sees of a message: its words, its buttons, whether it rings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

JSON: TypeAlias = dict[str, Any]

_BUTTON: Final = 2
_SELECTS: Final = (3, 5, 6, 7, 8)
_TEXT: Final = 10


class NotOnScreen(LookupError):
    """No such button or field; the message lists what there is."""


@dataclass(frozen=True, slots=True)
class Control:
    """A button, a select, or a field of a form.

    Attributes:
        label: What stands on it, its emoji included.
        options: Of a select: value by label.
    """

    label: str
    custom_id: str | None
    url: str | None = None
    disabled: bool = False
    options: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message as Discord's JSON has it, with readable parts."""

    raw: JSON

    @property
    def id(self) -> str:
        """Its id; for a thread's first post also the thread's."""
        return str(self.raw["id"])

    @property
    def channel_id(self) -> str:
        """Where it is."""
        return str(self.raw["channel_id"])

    @property
    def author(self) -> str:
        """Who wrote it."""
        return str(self.raw.get("author_name") or self.raw["author"]["username"])

    @property
    def content(self) -> str:
        """What a phone's lock screen shows."""
        return str(self.raw["content"])

    @property
    def at(self) -> datetime:
        """When it was posted, aware."""
        return datetime.fromisoformat(self.raw["timestamp"])

    @property
    def edited_at(self) -> datetime | None:
        """When it was last edited, aware."""
        edited = self.raw["edited_timestamp"]
        return datetime.fromisoformat(edited) if edited else None

    @property
    def pings_here(self) -> bool:
        """Whether it rang for everybody who is here."""
        return bool(self.raw["mention_everyone"])

    @property
    def is_private(self) -> bool:
        """Only one person sees it."""
        return bool(self.raw.get("only_for"))

    @property
    def thread_id(self) -> str | None:
        """The thread that hangs on it."""
        thread = self.raw.get("thread")
        return str(thread["id"]) if thread else None

    @property
    def reactions(self) -> dict[str, int]:
        """How often each emoji stands under it."""
        return {found["emoji"]["name"]: found["count"] for found in self.raw.get("reactions", [])}

    @property
    def text(self) -> str:
        """Every word of it, from top to bottom, without its buttons."""
        return "\n".join(line for block in self.blocks() for line in block)

    @property
    def controls(self) -> list[Control]:
        """Its buttons and selects, from top to bottom."""
        return [*controls(self.raw["components"])]

    def blocks(self) -> Iterator[list[str]]:
        """The content, then each embed and each text of its components, as lines."""
        if self.content:
            yield self.content.split("\n")
        for embed in self.raw["embeds"]:
            yield [*_embed_lines(embed)]
        for component in walk(self.raw["components"]):
            if component["type"] == _TEXT:
                yield str(component["content"]).split("\n")

    def control(self, label: str) -> Control:
        """The button or select with *label* on it.

        Raises:
            NotOnScreen: There is none that can be used.
        """
        shown = self.controls
        for control in shown:
            if label in control.label and control.custom_id and not control.disabled:
                return control
        raise NotOnScreen(f"no {label!r} among {[control.label for control in shown]} of:\n{self.text}")


@dataclass(frozen=True, slots=True)
class Interaction:
    """What a command, a press or a form led to.

    Attributes:
        state: "pending", "deferred", "responded" or "failed".
        first_response_ms: From the press to the bot's first response.
        modal: The form that it opened, as Discord's JSON.
    """

    id: str
    state: str
    first_response_ms: int | None
    messages: tuple[Message, ...]
    modal: JSON | None

    @classmethod
    def of(cls, raw: JSON) -> "Interaction":
        """Read the human side's JSON."""
        messages = tuple(Message(found) for found in raw["messages"])
        return cls(raw["id"], raw["state"], raw["first_response_ms"], messages, raw["modal"])

    @property
    def text(self) -> str:
        """Every word of what it led to."""
        return "\n".join(message.text for message in self.messages)


def controls(components: Sequence[JSON]) -> Iterator[Control]:
    """The buttons and selects among *components*."""
    for component in walk(components):
        if component["type"] == _BUTTON:
            emoji = (component.get("emoji") or {}).get("name") or ""
            yield Control(
                label=f"{emoji} {component.get('label') or ''}".strip(),
                custom_id=component.get("custom_id"),
                url=component.get("url"),
                disabled=bool(component.get("disabled")),
            )
        elif component["type"] in _SELECTS:
            options = {option["label"]: option["value"] for option in component.get("options", [])}
            yield Control(component.get("placeholder") or "", component["custom_id"], options=options)


def walk(components: Sequence[JSON]) -> Iterator[JSON]:
    """Every component, parents first."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        yield from walk([component[key] for key in ("component", "accessory") if component.get(key)])


def _embed_lines(embed: JSON) -> Iterator[str]:
    for part in (embed.get("title"), embed.get("description")):
        yield from (part or "").split("\n") if part else ()
    for field in embed.get("fields") or []:
        yield f"**{field['name']}**"
        yield from field["value"].split("\n")
    if embed.get("footer"):
        yield embed["footer"]["text"]
