"""The parts of a message that identify it, in whichever form Discord returns it."""

from collections.abc import Iterator, Mapping

from bot.domain.text import folded
from bot.ui.words.written import written_embeds


def marks(message: Mapping[str, object]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return a message's content, its embeds' titles and descriptions, and its components' custom ids.

    Discord returns these. It adds other things, such as previews of links, and may strip some characters.
    """
    shown = written_embeds(message)
    texts = (folded(str(made.get(part) or "")) for made in shown for part in ("title", "description"))
    return folded(str(message.get("content") or "")), tuple(texts), tuple(_ids(message.get("components")))


def _ids(components: object) -> Iterator[str]:
    for component in components if isinstance(components, list | tuple) else ():
        if isinstance(component, Mapping):
            if "custom_id" in component:
                yield str(component["custom_id"])
            yield from _ids(component.get("components"))
