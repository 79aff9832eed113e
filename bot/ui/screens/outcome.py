"""The outcome of an alert for the person who raised it: at once, and again when Discord has it."""

from functools import partial
from operator import attrgetter

from bot.domain.incident.incident import Incident, NewIncident
from bot.ui.interaction import Interaction, host_of, redraw, services_of, soon, voice_of
from bot.ui.people import person_from
from bot.ui.screens.emergency import opened_or_raised
from bot.ui.screens.sent_card import sent_card


def reported(interaction: Interaction, severity: str, *, title: str, is_private: bool = False) -> NewIncident:
    """Return the incident that a person reports with nothing but its severity and title."""
    return NewIncident(
        guild_id=services_of(interaction).guild_id,
        severity=severity,
        title=title,
        targets=(),
        symptoms=(),
        started_at=interaction.created_at,
        reported_by=person_from(interaction.user),
        path=(),
        key=f"interaction:{interaction.id}",
        is_private=is_private,
    )


async def open_and_show(interaction: Interaction, new: NewIncident) -> None:
    """Open an incident, or raise it without the database, and show the person what became of it."""
    incident = await opened_or_raised(interaction, new)
    if incident is not None:
        in_drill = await services_of(interaction).drills.is_played_in(interaction.channel_id)
        await show_sent(interaction, incident, in_drill=in_drill)


async def show_sent(interaction: Interaction, incident: Incident, *, in_drill: bool = False) -> None:
    """発報しました at once, and again when Discord has the posts or has refused them.

    Args:
        in_drill: As `sent_card` takes it.
    """
    if not await redraw(interaction, sent_card(voice_of(interaction), incident, in_drill=in_drill)):
        return  # the posts tell
    show_outcome = partial(_show_outcome, interaction, incident.id, in_drill=in_drill)
    if not await show_outcome(within_s=2.0):
        host_of(interaction).spawn(show_outcome(within_s=180.0), name="outcome of an alert")


async def _show_outcome(interaction: Interaction, number: int, *, in_drill: bool, within_s: float) -> bool:
    """Redraw the card once it is known what became of the alert; False when that took too long."""
    read = partial(services_of(interaction).incidents.opening, number)
    opening = await soon(read, done=attrgetter("is_settled"), within_s=within_s)
    if opening is not None:
        card = sent_card(voice_of(interaction), opening.incident, opening, in_drill=in_drill)
        await redraw(interaction, card)
    return opening is not None
