"""Buttons, selects and screens that keep nothing in memory: what a press means is in its custom id."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias, cast

import discord
from discord import ButtonStyle, SelectOption, ui

from bot.domain.incident.incident import Incident
from bot.domain.text import cut
from bot.ui.buttons import BUTTON_LIMIT, OPTION_LIMIT, PLACEHOLDER_LIMIT, Component
from bot.ui.words.wording import Wording, alert_url, thread_url

ID_LIMIT: Final = 100  # Discord: a custom id
TEXT_LIMIT: Final = 4_000  # Discord: characters of all text displays of a message
COMPONENT_LIMIT: Final = 40  # Discord: components of a message, nested ones included
GREY: Final = 0x95A5A6

#: The row of a screen's buttons, or of its select.
Row: TypeAlias = ui.ActionRow[Any]


class Screen(ui.LayoutView):
    """A message of Components V2, drawn once.

    Args:
        body: Texts and separators, inside a coloured frame.
        rows: Buttons and selects below it.
        colour: 0xRRGGBB; never the only bearer of a meaning.
    """

    def __init__(self, *body: ui.Item[Any], rows: Sequence[Row | None] = (), colour: int = GREY) -> None:
        super().__init__(timeout=None)
        self.add_item(ui.Container(*body, accent_colour=colour))
        for row in rows:
            if row is not None:
                self.add_item(row)
        # Finished before it is sent, so discord.py keeps no view of it: the custom ids say everything.
        self.stop()


def text(*lines: str) -> ui.TextDisplay[Any]:
    """Return a text of several lines; empty ones are left out."""
    return ui.TextDisplay("\n".join(line for line in lines if line))


def row(*items: ui.Item[Any] | None) -> Row | None:
    """Return a row of at most five buttons or one select; Nones are left out, nothing makes no row."""
    shown = [item for item in items if item is not None]
    return ui.ActionRow(*shown) if shown else None


def select_row(custom_id: str, placeholder: str, options: Sequence[SelectOption]) -> Row | None:
    """Return a row with a select of one of *options*, cut to Discord's limits; None without any."""
    if not options:
        return None
    for option in options:
        option.label = cut(option.label, limit=OPTION_LIMIT)
        option.description = option.description and cut(option.description, limit=OPTION_LIMIT)
    placeholder = cut(placeholder, limit=PLACEHOLDER_LIMIT)
    return ui.ActionRow(ui.Select(custom_id=custom_id, placeholder=placeholder, options=list(options)))


def buttons_view(*items: ui.Item[Any] | None) -> ui.View:
    """Return the buttons under an answer of plain text; Nones are left out. As `Screen`, it is finished."""
    view = ui.View(timeout=None)
    for item in items:
        if item is not None:
            view.add_item(item)
    view.stop()
    return view


def or_quit(voice: Wording, yes: ui.Button[Any]) -> Row | None:
    """Return the row below a question: the button that changes nothing comes first."""
    return row(button(voice.say("consoles.quit"), "ui:v1:quit"), yes)


def to_places(voice: Wording, incident: Incident) -> list[ui.Button[Any] | None]:
    """Return the buttons to the incident's post and thread, once Discord has them."""
    return [
        link(voice.say("buttons.to_post"), alert_url(incident)),
        link(voice.say("buttons.to_thread"), thread_url(incident)),
    ]


def button(
    label: str,
    custom_id: str,
    *,
    style: ButtonStyle = ButtonStyle.secondary,
    emoji: str | None = None,
) -> ui.Button[Any]:
    """Return a button; its label is cut at Discord's 80 characters."""
    if len(custom_id) > ID_LIMIT:
        raise ValueError(f"a custom id has at most {ID_LIMIT} characters: {custom_id}")
    return ui.Button(label=cut(label, limit=BUTTON_LIMIT), custom_id=custom_id, style=style, emoji=emoji)


def link(label: str, url: str | None) -> ui.Button[Any] | None:
    """Return a button that opens *url*; None when there is none yet."""
    return None if url is None else ui.Button(label=cut(label, limit=BUTTON_LIMIT), url=url)


def made_of(raw: Component | None) -> ui.Button[Any] | None:
    """Return a button of `bot.ui.buttons` as discord.py's."""
    if raw is None:
        return None
    emoji = cast("Any", raw.get("emoji"))
    return ui.Button(
        label=cast("str", raw["label"]),
        style=ButtonStyle(cast("int", raw["style"])),
        custom_id=cast("str | None", raw.get("custom_id")),
        url=cast("str | None", raw.get("url")),
        emoji=discord.PartialEmoji.from_dict(emoji) if emoji else None,
    )
