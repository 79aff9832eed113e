"""The outcome of an alert for the person who raised it: at once, and again when Discord has it."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from operator import attrgetter
from typing import Any, Protocol, cast

from bot.domain.incident.incident import Incident
from bot.services.incidents.commands import Opening
from bot.ui.components import Screen
from bot.ui.interaction import Interaction, redraw, soon
from bot.ui.screens.sent_card import sent_card
from bot.ui.words.voice import Voice

#: Reads how far the posts of an incident are.
Read = Callable[[int], Awaitable[Opening]]


class _Host(Protocol):
    """What this module needs of the client besides the use case."""

    def voice(self, interaction: Interaction) -> Voice: ...

    def spawn(self, work: Coroutine[Any, Any, object], *, name: str) -> object: ...


async def show_sent(
    interaction: Interaction, incident: Incident, *, read: Read, in_drill: bool = False
) -> None:
    """発報しました at once, and again when Discord has the posts or has refused them.

    Args:
        read: `Incidents.opening`.
        in_drill: As `sent_card` takes it.
    """
    host = cast("_Host", interaction.client)
    show = partial(sent_card, host.voice(interaction), in_drill=in_drill)
    if not await redraw(interaction, show(incident)):
        return  # the posts tell
    if not await _show_outcome(interaction, partial(read, incident.id), show, within_s=2.0):
        late = _show_outcome(interaction, partial(read, incident.id), show, within_s=180.0)
        host.spawn(late, name="outcome of an alert")


async def _show_outcome(
    interaction: Interaction,
    read: Callable[[], Awaitable[Opening]],
    show: Callable[[Incident, Opening], Screen],
    *,
    within_s: float,
) -> bool:
    """Redraw the card once it is known what became of the alert; False when that took too long."""
    opening = await soon(read, done=attrgetter("is_settled"), within_s=within_s)
    if opening is not None:
        await redraw(interaction, show(opening.incident, opening))
    return opening is not None
