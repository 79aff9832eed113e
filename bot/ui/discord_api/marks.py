"""What makes a message recognisable as the one that was asked for, whichever way Discord gives it back."""

from collections.abc import Iterator, Mapping

from bot.domain.text import folded
from bot.ui.words.written import written_embeds


def marks(message: Mapping[str, object]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Content, titles and descriptions of its embeds, and the custom ids of its components.

    Discord adds much to a message, previews of links among it, and may strip some signs; these it gives back.
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
