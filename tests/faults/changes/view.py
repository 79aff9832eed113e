"""All public messages of the local Discord at one moment, read once for all changes."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from tests.faults.stage.stage import Stage


class Written(NamedTuple):
    """A message that is not for one person alone.

    Attributes:
        place: The channel's or the thread's id.
        text: With its embeds and components.
    """

    id: str
    place: str
    text: str
    reactions: str


View: TypeAlias = Sequence[Written]


def view_of(stage: Stage) -> View:
    """Return every such message."""
    return [
        Written(
            message.id,
            place,
            f"{message.content}{message.embeds}{message.components}",
            f"{message.reactions}",
        )
        for place, messages in stage.world.sandbox.core.world.messages.items()
        for message in messages.values()
        if message.ephemeral_to is None
    ]
