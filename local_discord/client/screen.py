"""Read a message as a person sees it: its text, its buttons, whether it pings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

JSON: TypeAlias = dict[str, Any]

_BUTTON: Final = 2
_SELECTS: Final = (3, 5, 6, 7, 8)
_TEXT: Final = 10


class NotOnScreen(LookupError):
    """Raised when no usable button or select has the label; the error lists those of the message."""


@dataclass(frozen=True, slots=True)
class Control:
    """A button or a select of a message.

    Attributes:
        label: A button's emoji and label, "👀 Acknowledge"; a select's placeholder. "" if it has none.
        custom_id: None for a link button.
        url: The address of a link button, otherwise None.
        disabled: True for a button that cannot be pressed.
        options: The values of a select by their labels (empty for selects of users, roles and channels);
            None for a button.
    """

    label: str
    custom_id: str | None
    url: str | None = None
    disabled: bool = False
    options: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message, with properties for what a person sees of it.

    Attributes:
        raw: Discord's message object (Resources > Message). The human side adds `author_name`, and
            `only_for`, the name of the one person who sees an ephemeral message.
    """

    raw: JSON

    @property
    def id(self) -> str:
        """Return the message's id (a snowflake). A thread started from the message has the same id."""
        return str(self.raw["id"])

    @property
    def channel_id(self) -> str:
        """Return the id of the channel, thread or DM channel that the message is in."""
        return str(self.raw["channel_id"])

    @property
    def author(self) -> str:
        """Return the author's user name; for a webhook, the name that it posted under."""
        return str(self.raw.get("author_name") or self.raw["author"]["username"])

    @property
    def content(self) -> str:
        """Return the content, without embeds and components: the part that a push notification shows."""
        return str(self.raw["content"])

    @property
    def at(self) -> datetime:
        """Return the time when the message was posted, with its UTC offset."""
        return datetime.fromisoformat(self.raw["timestamp"])

    @property
    def edited_at(self) -> datetime | None:
        """Return the time of the last edit, with its UTC offset; None if the message was never edited."""
        edited = self.raw["edited_timestamp"]
        return datetime.fromisoformat(edited) if edited else None

    @property
    def pings_here(self) -> bool:
        """Return True if the message pinged with @everyone or @here."""
        return bool(self.raw["mention_everyone"])

    @property
    def is_private(self) -> bool:
        """Return True for an ephemeral message, which one person alone sees."""
        return bool(self.raw.get("only_for"))

    @property
    def thread_id(self) -> str | None:
        """Return the id of the thread that was started from the message; None if there is none."""
        thread = self.raw.get("thread")
        return str(thread["id"]) if thread else None

    @property
    def reactions(self) -> dict[str, int]:
        """Return the number of reactions by emoji, {"👀": 2}. Custom emojis are keyed by their name."""
        return {found["emoji"]["name"]: found["count"] for found in self.raw.get("reactions", [])}

    @property
    def text(self) -> str:
        """Return the whole text as lines: content, embeds and text components, without labels of controls."""
        return "\n".join(line for block in self.blocks() for line in block)

    @property
    def controls(self) -> list[Control]:
        """Return the message's buttons and selects, from top to bottom."""
        return [*controls(self.raw["components"])]

    def blocks(self) -> Iterator[list[str]]:
        """Yield the lines of the content, then of each embed, then of each text component."""
        if self.content:
            yield self.content.split("\n")
        for embed in self.raw["embeds"]:
            yield [*_embed_lines(embed)]
        for component in walk(self.raw["components"]):
            if component["type"] == _TEXT:
                yield str(component["content"]).split("\n")

    def control(self, label: str) -> Control:
        """Return the first enabled button or select whose label contains *label*; link buttons do not count.

        Raises:
            NotOnScreen: The message has no such button or select.
        """
        shown = self.controls
        for control in shown:
            if label in control.label and control.custom_id and not control.disabled:
                return control
        raise NotOnScreen(f"no {label!r} among {[control.label for control in shown]} of:\n{self.text}")


@dataclass(frozen=True, slots=True)
class Interaction:
    """The bot's answer to a command, a press or a form, as far as it has come.

    Attributes:
        state: "pending", "deferred", "responded" or "failed". It fails if the bot misses Discord's deadlines:
            three seconds for the first response, 15 minutes for the one that it deferred.
        first_response_ms: Milliseconds until the bot's first response; None before it.
        messages: The messages that the bot answered with or edited, as the person sees them.
        modal: The form that the bot opened, as Discord's JSON; None if it opened none.
    """

    id: str
    state: str
    first_response_ms: int | None
    messages: tuple[Message, ...]
    modal: JSON | None

    @classmethod
    def of(cls, raw: JSON) -> "Interaction":
        """Return the interaction that the human side's JSON describes."""
        messages = tuple(Message(found) for found in raw["messages"])
        return cls(raw["id"], raw["state"], raw["first_response_ms"], messages, raw["modal"])

    @property
    def text(self) -> str:
        """Return the text of all its messages, each from a new line."""
        return "\n".join(message.text for message in self.messages)


def controls(components: Sequence[JSON]) -> Iterator[Control]:
    """Yield each button and select in *components*, Discord's component objects, nested ones included."""
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
    """Yield *components* and everything nested in them, parents first."""
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
