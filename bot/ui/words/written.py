"""The embeds that somebody wrote, apart from the previews that Discord makes of links."""

from collections.abc import Mapping
from typing import Any

#: Discord: the type of what apps and webhooks send. Previews are "link", "article", "image" and others.
_WRITTEN = "rich"


def written_embeds(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those of *message* that are part of what it says.

    A preview is there at once, a moment later, or never, and says nothing of what the author meant.

    Args:
        message: As Discord's JSON has it, or a body that is about to be sent.
    """
    embeds = message.get("embeds")
    made = (
        [embed for embed in embeds if isinstance(embed, Mapping)] if isinstance(embeds, list | tuple) else []
    )
    return [embed for embed in made if embed.get("type", _WRITTEN) == _WRITTEN]
