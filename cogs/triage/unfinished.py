"""The buttons under the question whether to continue an unfinished triage, in a DM or in a channel."""

from bot.client import IncidentBot
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, services_of, wait
from bot.ui.people import person_of
from bot.ui.screens.triage_card import show_card
from bot.ui.verbs import TriageVerb, template


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_continue, press_stop)


@control(template(TriageVerb.CONTINUE))
async def press_continue(interaction: Interaction, pressed: Pressed) -> None:
    """[続ける]: continue the triage, and show its card."""
    await wait(interaction)
    view = await services_of(interaction).unfinished.go_on(pressed.number, by=await person_of(interaction))
    await show_card(interaction, view)


@control(template(TriageVerb.STOP))
async def press_stop(interaction: Interaction, pressed: Pressed) -> None:
    """[やめる]: cancel the triage, and show its card. A triage that has ended by then shows how it ended."""
    await wait(interaction)
    view = await services_of(interaction).triages.cancel(pressed.number, by=await person_of(interaction))
    await show_card(interaction, view)
