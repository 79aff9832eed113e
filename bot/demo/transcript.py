"""Discord as text: who wrote what, where and when, with its buttons below."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from local_discord.client import Interaction, Message, controls

_MARKUP: Final = re.compile(
    r"<@!?(?P<user>\d+)>|<@&(?P<role>\d+)>|<#(?P<channel>\d+)>|<t:(?P<moment>\d+)(?::(?P<style>\w))?>"
    r"|<(?P<command>/[^:<>]+):\d+>"
    r"|\*\*(?P<bold>.+?)\*\*|`(?P<code>[^`]+)`|\\(?P<sign>[\\*_~`|<>#-])"
    r"|\[(?P<label>[^\]]+)\]\((?P<url>https?://[^)]+)\)|(?P<ping>@here|@everyone)",
    re.ASCII,
)
_STYLES: Final = {"command": "cyan", "code": "green", "label": "underline", "ping": "bold red"}
_SMALL: Final = "-# "
_INDENT: Final = " " * 10
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400


class Transcript:
    """Prints the story as it happens.

    Args:
        names: What a username, and an id of a person, role, channel or thread, is called.
    """

    def __init__(self, console: Console, *, names: Mapping[str, str], zone: ZoneInfo) -> None:
        self._console = console
        self._names = dict(names)
        self._zone = zone
        self._now: datetime | None = None

    def name(self, snowflake: str, name: str) -> None:
        """Remember the name to print for *snowflake*."""
        self._names[snowflake] = name

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self._console.print()
        self._console.print(Rule(title, align="left", style="cyan"))

    def act(self, user: str, what: str, *, where: str = "") -> None:
        """Print what a person does."""
        line = Text(_INDENT)
        line.append(f"{self._names.get(user, user)} ", style="bold yellow")
        line.append(what)
        line.append(f"  {where}" if where else "", style="dim")
        self._print(line)

    def moved(self, words: str) -> None:
        """Print that the clock was moved on."""
        self._print(Text(f"{_INDENT}⏩ {words}", style="magenta"))

    def seen(self, what: str) -> None:
        """Print that a step was seen to happen."""
        self._print(Text.assemble(_INDENT, ("✓ ", "bold green"), (what, "green")))

    def missed(self, what: str) -> None:
        """Print that a step of the story did not happen."""
        self._print(Text.assemble(_INDENT, ("✗ ", "bold red"), (what, "red")))

    def post(self, place: str, message: Message, *, edited: bool = False) -> None:
        """Print a message as it looks in *place*."""
        self._now = message.edited_at or message.at
        head = Text(f"{self._now.astimezone(self._zone):%H:%M:%S}  ", style="dim")
        head.append(self._place(place), style="bold blue")
        head.append(f"  {message.author}", style="bold")
        head.append("  (書き換え)" if edited else "", style="dim")
        self._print(head)
        self._body(message)

    def reply(self, interaction: Interaction, *, to: str) -> None:
        """Print what only the person who asked sees."""
        for message in interaction.messages:
            self.card(message, to=to)

    def card(self, message: Message, *, to: str) -> None:
        """Print a message that only *to* sees."""
        self._now = message.at
        reader = self._names.get(to, to)
        self._print(Text(f"{_INDENT}{message.author} → {reader} (本人だけに表示)", style="dim"))
        self._body(message)

    def form(self, interaction: Interaction, fields: Mapping[str, str | Sequence[str]]) -> None:
        """Print a form as it was filled in."""
        modal = interaction.modal or {}
        self._quoted(str(modal.get("title", "")), style="bold")
        for part in modal.get("components", []):
            field = part.get("component") or {}
            value = fields.get(field.get("custom_id", ""), field.get("value") or "")
            words = {option["value"]: option["label"] for option in field.get("options") or []}
            shown = value if isinstance(value, str) else " · ".join(words.get(one, one) for one in value)
            self._quoted(f"{part.get('label', '')}  {shown or '–'}")

    def _place(self, place: str) -> str:
        if place.startswith("dm:"):
            user = place.removeprefix("dm:")
            return f"DM @{self._names.get(user, user)}"
        name = self._names.get(place, place)
        return name if name.startswith("INC-") else f"#{name}"

    def _body(self, message: Message) -> None:
        for number, block in enumerate(message.blocks()):
            bar = "┃" if number or not message.content else "│"
            for line in block:
                self._quoted(line, bar=bar)
        buttons = [f"[{control.label}]" for control in controls(message.raw["components"]) if control.label]
        if buttons:
            self._quoted(" ".join(buttons), style="cyan", plain=True)

    def _quoted(self, line: str, *, bar: str = "│", style: str = "", plain: bool = False) -> None:
        text = Text(line, style=style) if plain else self._rendered(line, style)
        for part in text.wrap(self._console, max(self._console.width - len(_INDENT) - 3, 20)):
            self._print(Text.assemble(f"{_INDENT}", (f"{bar} ", "dim"), part))

    def _rendered(self, line: str, style: str) -> Text:
        """Return *line* with Discord's markup as its app shows it."""
        if line.startswith(_SMALL):
            return self._rendered(line.removeprefix(_SMALL), "dim")
        text, at = Text(style=style), 0
        for markup in _MARKUP.finditer(line):
            text.append(line[at : markup.start()])
            text.append(*self._shown(markup))
            at = markup.end()
        text.append(line[at:])
        return text

    def _shown(self, markup: re.Match[str]) -> tuple[str, str]:
        """Return the words and the style of one piece of markup."""
        groups = markup.groupdict().items()
        kind, words = next((kind, words) for kind, words in groups if words is not None)
        match kind:
            case "user" | "role" | "channel":
                sign = "#" if kind == "channel" else "@"
                return sign + self._names.get(words, words).lstrip("@#"), "cyan"
            case "moment":
                return self._moment(int(words), markup["style"] or "f"), "italic"
            case "bold":
                return self._rendered(words, "").plain, "bold"
            case _:
                return words, _STYLES.get(kind, "")

    def _moment(self, epoch_s: int, style: str) -> str:
        at = datetime.fromtimestamp(epoch_s, self._zone)
        if style != "R" or self._now is None:
            return f"{at:%Y-%m-%d %H:%M}"
        ahead_s = (at - self._now).total_seconds()
        return f"{_span(abs(ahead_s))}{'後' if ahead_s >= 0 else '前'}"

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=True, highlight=False)


def _span(seconds: float) -> str:
    """Return a span as Discord rounds it."""
    for unit_s, word in ((_DAY_S, "日"), (_HOUR_S, "時間"), (_MINUTE_S, "分")):
        if seconds >= unit_s:
            return f"{round(seconds / unit_s)} {word}"
    return f"{round(seconds)} 秒"
