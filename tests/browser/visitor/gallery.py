"""Messages that use everything that Discord offers, as bodies for the API."""

import struct
import zlib
from typing import Any, Final

from tests.browser.visitor.puppet import EPHEMERAL, V2

MARKDOWN: Final = """\
# Heading
## Smaller
### Smallest
**bold** *italic* __under__ ~~gone~~ `code \\* here` \\*plain\\*
> quoted **line**
- one
  - nested
1. first
2. second
||secret|| [a link](https://example.com/a_(b)) <https://example.org> https://example.net/x.
<@1100000000000000103> <@&1100000000000000202> <#1100000000000000301> @here
```py
print("no **bold** in here")
```
-# small print
<t:4102444800:R> <t:0:d>"""

EMBED: Final[dict[str, Any]] = {
    "title": "A title with `code`",
    "url": "https://example.com/",
    "description": "Described in **bold**",
    "color": 0x3498DB,
    "author": {"name": "An author"},
    "fields": [
        {"name": "One", "value": "1", "inline": True},
        {"name": "Two", "value": "2", "inline": True},
        {"name": "Three", "value": "3"},
    ],
    "footer": {"text": "A footer"},
    "timestamp": "2026-01-02T03:04:05+00:00",
}
ELSEWHERE: Final = "https://pictures.example/a-graph-with-a-long-name-of-the-last-seven-days.png"
EMBED_FROM_ELSEWHERE: Final[dict[str, Any]] = EMBED | {
    "title": "from elsewhere",
    "image": {"url": ELSEWHERE},
    "thumbnail": {"url": ELSEWHERE},
    "author": {"name": "x", "icon_url": ELSEWHERE},
    "footer": {"text": "y", "icon_url": ELSEWHERE},
}


def button(custom_id: str, label: str, style: int = 2, **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": 2, "style": style, "custom_id": custom_id, "label": label, **more}


def row(*components: dict[str, Any]) -> dict[str, Any]:
    """An action row."""
    return {"type": 1, "components": list(components)}


def options(*names: str) -> list[dict[str, str]]:
    """Options of a select, a radio group or a checkbox group."""
    return [{"label": name.title(), "value": name} for name in names]


SELECTS: Final = [
    row({"type": 3, "custom_id": "one", "placeholder": "Pick one", "options": options("red", "green")}),
    row(
        {
            "type": 3,
            "custom_id": "many",
            "placeholder": "Pick many",
            "max_values": 2,
            "options": options(*"abc"),
        }
    ),
    row({"type": 5, "custom_id": "user", "placeholder": "Pick a user"}),
    row({"type": 6, "custom_id": "role", "placeholder": "Pick a role"}),
    row({"type": 8, "custom_id": "channel", "placeholder": "Pick a channel"}),
]


def components_v2(url: str) -> dict[str, Any]:
    """A message of Components V2: a container with all that goes into one, and buttons below it."""
    section = {
        "type": 9,
        "components": [{"type": 10, "content": "### In a section\nwith a button"}],
        "accessory": button("beside", "Beside"),
    }
    container = {
        "type": 17,
        "accent_color": 0xE67E22,
        "components": [
            {"type": 10, "content": "**Text** display"},
            {"type": 14, "divider": True, "spacing": 2},
            section,
            {"type": 12, "items": [{"media": {"url": url}, "description": "A square"}]},
            row(button("inside", "Inside", 1)),
        ],
    }
    return {"flags": V2, "components": [container, row(button("below", "Below", 4))]}


def gallery_from_elsewhere(pictures: int) -> dict[str, Any]:
    """A message of Components V2: pictures of another site in a gallery, and beside words."""
    described = {"media": {"url": ELSEWHERE}, "description": "A dashboard"}
    section = {
        "type": 9,
        "components": [{"type": 10, "content": "beside it"}],
        "accessory": {"type": 11, "media": {"url": ELSEWHERE}},
    }
    return {"flags": V2, "components": [{"type": 12, "items": [described] * pictures}, section]}


def label(text: str, component: dict[str, Any]) -> dict[str, Any]:
    """A label with its component, as modals have them."""
    return {"type": 18, "label": text, "component": component}


MODAL: Final[dict[str, Any]] = {
    "custom_id": "form",
    "title": "A form",
    "components": [
        label("Short", {"type": 4, "custom_id": "short", "style": 1}),
        label("Long", {"type": 4, "custom_id": "long", "style": 2, "required": False, "value": "as it was"}),
        label("Colour", {"type": 3, "custom_id": "colour", "options": options("red", "green")}),
        label("Size", {"type": 21, "custom_id": "size", "options": options("small", "large")}),
        label("Extras", {"type": 22, "custom_id": "extras", "options": options("milk", "sugar")}),
    ],
}

ONLY_YOU: Final[dict[str, Any]] = {"content": "for your eyes only", "flags": EPHEMERAL}


def square_png(side: int = 64) -> bytes:
    """A one-coloured picture, made without a picture library."""
    rows = b"".join(b"\0" + b"\x56\x61\xe3" * side for _ in range(side))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
