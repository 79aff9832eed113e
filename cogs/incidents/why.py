"""[なぜ私に?] under a page or an escalation, and in the select of `/incident show`."""

from bot.client import IncidentBot
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.people import person_of
from bot.ui.screens.why_me import why_said
from bot.ui.verbs import IncidentVerb, template


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_why)


@control(template(IncidentVerb.WHY))
async def press_why(interaction: Interaction, pressed: Pressed) -> None:
    """[なぜ私に?]: say why this came to the person who asks, as of the time of the call."""
    message = interaction.message
    await answer_why(interaction, pressed.number, message_id=None if message is None else message.id)


async def answer_why(interaction: Interaction, number: int, *, message_id: int | None = None) -> None:
    """Explain the page or escalation with this *message_id*; without one, the latest."""
    await wait(interaction)
    by, explaining = await person_of(interaction), services_of(interaction).explaining
    why = await explaining.why(number, by=by, message_id=message_id)
    await reply(interaction, why_said(voice_of(interaction), why))
