"""Bodies of messages as Discord takes them, and how the looks of deliveries and of notices are registered."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar

from bot.domain.delivery.delivery import Delivery, FileRef, Notice
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.incident.incident import Incident, Status
from bot.domain.payloads import Json
from bot.domain.text import cut
from bot.services.ports import Subject
from bot.ui.buttons import Component
from bot.ui.words.inert import inert
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


N = TypeVar("N", bound=Notice)
S = TypeVar("S")

_REASON_LIMIT = 620  # 300 characters as typed, escaped

#: Renders a delivery about its subject.
Renderer: TypeAlias = Callable[[Wording, Delivery, Subject], Body]


def about(kind: type[S], delivery: Delivery, subject: Subject) -> S:
    """Return *subject*, which has to be a *kind*.

    Raises:
        TypeError: the subject does not go with the delivery: a bug.
    """
    if not isinstance(subject, kind):
        raise TypeError(f"{delivery.kind} about {type(subject).__name__}")
    return subject


def of(kind: type[S], compose: Callable[[Wording, S], Body]) -> Renderer:
    """Return the renderer of a delivery that shows nothing but its subject, which is a *kind*."""
    return lambda words, delivery, subject: compose(words, about(kind, delivery, subject))


def alone(compose: Callable[[Wording, Delivery], Body]) -> Renderer:
    """Return the renderer of a delivery that shows nothing that changes."""
    return lambda words, delivery, _subject: compose(words, delivery)


def _never(_words: Wording, _incident: Incident, _notice: Notice, _post: Delivery) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class NoticeLook(Generic[N]):
    """How a line in the thread looks.

    Attributes:
        type: What it says.
        render: Composes it.
        is_stale: Return True if a sent line has to be edited; most say nothing that changes.
    """

    type: type[N]
    render: Callable[[Wording, Incident, N], Body]
    is_stale: Callable[[Wording, Incident, N, Delivery], bool] = _never

    def compose(self, words: Wording, incident: Incident, stored: Json) -> Body:
        """Compose the line that was stored as *stored*."""
        return self.render(words, incident, self.type.from_json(stored))

    def needs_edit(self, words: Wording, incident: Incident, post: Delivery) -> bool:
        """Return True if *post*, which shows it, has to be edited.

        A line that only a newer version can read is left as it is: the other posts must still be edited.
        """
        if self.is_stale is _never:
            return False
        try:
            shown = self.type.from_json(post.data)
        except ValueError:
            return False
        return self.is_stale(words, incident, shown, post)


def by(words: Wording, notice: Notice) -> str:
    """Return the name of the person whose act the notice reports."""
    return words.who(notice.by or "?")


#: Returns the value of one placeholder of a notice's text.
NoticeField: TypeAlias = Callable[[Wording, Incident, Any], object]


def line(
    kind: type[Notice], key: str | Callable[[Any], str] | None = None, **fields: NoticeField
) -> NoticeLook[Any]:
    """Return the look of a notice that is one text.

    Args:
        key: The text's, or chosen by the notice; ``thread.notice.<name>`` if left out.
        fields: Its placeholders, besides ``label`` (the incident) and ``who`` (the person who acted). The
            reason of a notice that has one is appended.
    """

    def render(words: Wording, incident: Incident, notice: Notice) -> Body:
        chosen = f"thread.notice.{kind.name}" if key is None else key if isinstance(key, str) else key(notice)
        values = {"label": incident.label, "who": by(words, notice)}
        values |= {name: str(field(words, incident, notice)) for name, field in fields.items()}
        return message(with_reason(words, words.say(chosen, **values), getattr(notice, "reason", None)))

    return NoticeLook(kind, render)


def with_reason(words: Wording, line: str, reason: str | None) -> str:
    """Append the person's reason to *line*, if there is one."""
    shown = inert(reason or "", limit=_REASON_LIMIT)
    return words.say("thread.notice.reason", line=line, reason=shown) if shown else line


#: The looks of deliveries that one module registers.
Renderers: TypeAlias = Mapping[AnyDeliveryKind, Renderer]

#: The looks of notices that one module registers.
NoticeLooks: TypeAlias = tuple[NoticeLook[Any], ...]
