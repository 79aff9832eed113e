"""`/oncall show`, and the button that ends an override."""

from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.ui.answers import Pressed, control
from bot.ui.components import Screen, text
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.people import person_of
from bot.ui.screens.oncall.console import END, END_CONFIRMED, end_asked_screen, ended_said, show_screen
from cogs.oncall.group import oncall_group


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_end, press_end_confirmed)


@oncall_group.command(
    name="show",
    description=locale_str("Who is on call now, and who comes next", key="commands.oncall_show"),
)
async def show(interaction: Interaction) -> None:
    """Show who is on call and until when, the next two weeks, and the overrides."""
    await wait(interaction)
    services = services_of(interaction)
    view = await services.schedules.view(services.guild_id)
    await reply(interaction, view=show_screen(voice_of(interaction), view))


@control(END)
async def press_end(interaction: Interaction, pressed: Pressed) -> None:
    """[#3 を終える]: ask once before ending an override."""
    await wait(interaction)
    services = services_of(interaction)
    view = await services.schedules.view(services.guild_id)
    found = view.ended_by(pressed.number)
    if not found:
        raise UserError("oncall_override_over")
    await reply(interaction, view=end_asked_screen(voice_of(interaction), found))


@control(END_CONFIRMED)
async def press_end_confirmed(interaction: Interaction, pressed: Pressed) -> None:
    """[いま終える]: end the override; the schedule applies again."""
    await keep(interaction)
    services = services_of(interaction)
    by = await person_of(interaction)
    ended = await services.schedules.end_override(services.guild_id, pressed.number, by=by)
    told = [(one, await services.oncall.person(services.guild_id, one.who)) for one in ended]
    await redraw(interaction, Screen(text(ended_said(voice_of(interaction), told))))
