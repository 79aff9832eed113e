"""The embeds that a message's author wrote, as opposed to the previews that Discord makes of links."""

from collections.abc import Mapping
from typing import Any

#: Discord: the type of what apps and webhooks send. Previews are "link", "article", "image" and others.
_WRITTEN = "rich"


def written_embeds(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the embeds of *message* that its author wrote.

    A preview may appear at once, a moment later, or never, and it is not part of the author's text.

    Args:
        message: As Discord's JSON has it, or a body that is about to be sent.
    """
    embeds = message.get("embeds")
    made = (
        [embed for embed in embeds if isinstance(embed, Mapping)] if isinstance(embeds, list | tuple) else []
    )
    return [embed for embed in made if embed.get("type", _WRITTEN) == _WRITTEN]
