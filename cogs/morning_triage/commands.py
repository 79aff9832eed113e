"""The morning triage's post: a person takes one of its incidents by choosing it."""

from bot.domain.errors import UserError
from bot.domain.incident.transitions import AckVia
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, person_of, reply, services_of, voice_of, wait
from bot.ui.screens.incident_answers import acknowledged
from cogs.morning_triage.posts import TAKE


@control(TAKE)
async def choose_item(interaction: Interaction, pressed: Pressed) -> None:
    """[引き受ける]: acknowledge the chosen incident; the post is updated."""
    await wait(interaction)
    if not pressed.chosen.isdigit():
        raise UserError("control_outdated")
    by = await person_of(interaction)
    acknowledger = services_of(interaction).acknowledger
    result = await acknowledger.acknowledge(int(pressed.chosen), by=by, via=AckVia.BUTTON)
    await reply(interaction, acknowledged(voice_of(interaction), result))
