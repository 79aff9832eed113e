"""The select of the first-response steps on the thread's card."""

from bot.client import IncidentBot
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.people import person_of
from bot.ui.posts.incident.checks import STEPS, checked, pick_of


def register(bot: IncidentBot) -> None:
    bot.add_controls(choose_steps)


@control(STEPS)
async def choose_steps(interaction: Interaction, pressed: Pressed) -> None:
    """済んだ手順: mark the chosen steps as done and the removed ones as open; the card is updated."""
    await wait(interaction)
    by = await person_of(interaction)
    pick = pick_of(pressed.fields, pressed.values)
    result = await services_of(interaction).checklists.choose(pressed.number, pick, by=by)
    await reply(interaction, checked(voice_of(interaction), result))
