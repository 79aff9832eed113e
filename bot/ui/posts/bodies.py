"""The JSON body of Create Message, within Discord's limits. Source: Discord's docs, Message > Limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.delivery.delivery import FileRef
from bot.domain.incident.incident import Incident, Status
from bot.domain.text import cut
from bot.ui.buttons import Component
from bot.ui.words.wording import Wording

Body = dict[str, object]

CONTENT_LIMIT: Final = 2_000
EMBED_TOTAL: Final = 6_000
DESCRIPTION_LIMIT: Final = 4_096
TITLE_LIMIT: Final = 256
FIELD_NAME_LIMIT: Final = 256
FIELD_VALUE_LIMIT: Final = 1_024
FIELDS_LIMIT: Final = 25
DESCRIPTION_OF_FILE: Final = 1_024

HERE: Final = "@here"

GREY: Final = 0x95A5A6
COLOURS: Final = {
    Status.TRIGGERED: 0xED4245,
    Status.ACKNOWLEDGED: 0xF0A020,
    Status.RESOLVED: 0x3BA55D,
    Status.CANCELLED: GREY,
    Status.MERGED: GREY,
}

#: Of an open incident, by the order of severities; the last one for all further ones.
SEVERITY_COLOURS: Final = (0xED4245, 0xF0A020, 0x3498DB)

_NOBODY: Final[dict[str, list[str]]] = {"parse": []}
_EVERYONE: Final = {"parse": ["everyone"]}  # Discord's name for both `@everyone` and `@here`


def asked_of(words: Wording, body: Body, user_id: int) -> Body:
    """Return *body* with one person mentioned in front; the mention pings them."""
    line = words.say("thread.asked", who=f"<@{user_id}>", line=body["content"])
    return {**body, "content": line, "allowed_mentions": {"parse": [], "users": [str(user_id)]}}


def colour_of(words: Wording, incident: Incident) -> int:
    """Return the colour of an incident's posts: its severity's while it is open, then that of its end.

    A drill is grey: it must not look like any severity. The state is always told by its sign and word.
    """
    if incident.is_open and not incident.is_drill:
        return severity_colour(words, incident.severity)
    return GREY if incident.is_open else COLOURS[incident.status]


def severity_colour(words: Wording, severity: str) -> int:
    """Return the colour of *severity* by its place in the policy: red, orange, then blue."""
    return SEVERITY_COLOURS[min(words.policy.rules(severity).rank, len(SEVERITY_COLOURS) - 1)]


@dataclass(frozen=True, slots=True)
class Field:
    """A named field of an embed."""

    name: str
    value: str


def embed(
    *, colour: int, description: str = "", title: str | None = None, fields: Sequence[Field] = ()
) -> Body:
    """Build an embed; what is over Discord's limits is cut, fields from the end.

    Args:
        colour: 0xRRGGBB.
        description: Markup.
        title: Markup.
        fields: In order.
    """
    body = cut(description, limit=DESCRIPTION_LIMIT)
    shown: Body = {"color": colour}
    if title is not None:
        shown["title"] = cut(title, limit=TITLE_LIMIT)
    if body:
        shown["description"] = body
    if fields:
        shown["fields"] = _fields(fields, budget=EMBED_TOTAL - TITLE_LIMIT - len(body))
    return shown


def message(
    content: str, *, embeds: Sequence[Body] = (), components: Sequence[Component] = (), rings: bool = False
) -> Body:
    """Return the body of a message that pings no one or, with *rings*, the people its `@here` reaches.

    Args:
        content: Cut to 2,000 characters.
        embeds: At most one of ours.
        components: Rows.
        rings: Let ``@here`` in the content ring: only where the bot wrote it.
    """
    return {
        "content": cut(content, limit=CONTENT_LIMIT),
        "embeds": list(embeds),
        "components": list(components),
        "allowed_mentions": _EVERYONE if rings else _NOBODY,
    }


def carrying(body: Body, files: Sequence[FileRef]) -> Body:
    """Return *body* with *files*, which are sent beside it in this order, in place of any earlier ones."""
    listed = [
        {"id": number, "filename": file.filename}
        | ({"description": cut(file.description, limit=DESCRIPTION_OF_FILE)} if file.description else {})
        for number, file in enumerate(files)
    ]
    return {**body, "attachments": listed}


def _fields(fields: Sequence[Field], *, budget: int) -> list[Body]:
    shown: list[Body] = []
    filled = [field for field in fields if field.value]  # Discord refuses the message of an empty one
    for field in filled[:FIELDS_LIMIT]:
        name, value = cut(field.name, limit=FIELD_NAME_LIMIT), cut(field.value, limit=FIELD_VALUE_LIMIT)
        budget -= len(name) + len(value)
        if budget < 0:
            break
        shown.append({"name": name, "value": value, "inline": False})
    return shown
