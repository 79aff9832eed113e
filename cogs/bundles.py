"""The controls under a message that bundles many escalations: acknowledge all, or open one."""

from bot.client import IncidentBot
from bot.ui.answers import Pressed, control
from bot.ui.buttons import BundleVerb, template
from bot.ui.interaction import Interaction, person_of, reply, services_of, voice_of, wait
from bot.ui.screens.incident_answers import all_acknowledged, all_question
from bot.ui.screens.incident_console import show_screen


@control(template(BundleVerb.ALL))
async def press_all(interaction: Interaction, pressed: Pressed) -> None:
    """[👀 すべて ack]: ask first, because this acknowledges many incidents at once."""
    await wait(interaction)
    bundle = await services_of(interaction).bundles.show(pressed.number)
    await reply(interaction, view=all_question(voice_of(interaction), bundle))


@control(template(BundleVerb.YES))
async def press_yes(interaction: Interaction, pressed: Pressed) -> None:
    """[37 件すべて ack する]: acknowledge all incidents of the bundle."""
    await wait(interaction)
    by, bundles = await person_of(interaction), services_of(interaction).bundles
    result = await bundles.acknowledge(pressed.number, by=by)
    await reply(interaction, all_acknowledged(voice_of(interaction), result))


@control(template(BundleVerb.PICK))
async def choose_incident(interaction: Interaction, pressed: Pressed) -> None:
    """Show the chosen incident as `/incident show` does, with its buttons."""
    await wait(interaction)
    by, looking = await person_of(interaction), services_of(interaction).looking
    view = await looking.view(int(pressed.chosen), by=by)
    await reply(interaction, view=show_screen(voice_of(interaction), view))


async def setup(bot: IncidentBot) -> None:
    bot.add_controls(press_all, press_yes, choose_incident)
