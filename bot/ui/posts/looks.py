"""How the looks of deliveries and of notices are registered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from bot.domain.delivery.delivery import Delivery, Notice
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.incident.incident import Incident
from bot.domain.payloads import Json
from bot.services.ports import Subject
from bot.ui.posts.bodies import Body, message
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

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
Field: TypeAlias = Callable[[Wording, Incident, Any], object]


def line(
    kind: type[Notice], key: str | Callable[[Any], str] | None = None, **fields: Field
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
