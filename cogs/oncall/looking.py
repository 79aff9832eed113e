"""`/oncall show`, and ending what it shows."""

from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.ui.components import Control, Screen, text
from bot.ui.interaction import keep, redraw, reply, wait
from bot.ui.people import person_of
from bot.ui.screens.oncall_console import END, END_CONFIRMED, end_asked_screen, ended_said, show_screen
from cogs.oncall.group import Press, oncall_group


def register(bot: IncidentBot) -> None:
    """The buttons."""
    bot.add_controls(End, EndConfirmed)


@oncall_group.command(
    name="show",
    description=locale_str("Who is on call now, and who comes next", key="commands.oncall_show"),
)
async def show(interaction: Press) -> None:
    """Show who is on call and until when, the next two weeks, and the overrides."""
    await wait(interaction)
    bot = interaction.client
    services = bot.services(interaction)
    view = await services.schedules.view(services.guild_id)
    await reply(interaction, view=show_screen(bot.voice(interaction), view))


class End(Control, template=END):
    """[#3 を終える]."""

    async def press(self, interaction: Press) -> None:
        """Ask once."""
        await wait(interaction)
        bot = interaction.client
        services = bot.services(interaction)
        view = await services.schedules.view(services.guild_id)
        found = view.ended_by(self.number)
        if not found:
            raise UserError("oncall_override_over")
        await reply(interaction, view=end_asked_screen(bot.voice(interaction), found))


class EndConfirmed(Control, template=END_CONFIRMED):
    """[今終える]."""

    async def press(self, interaction: Press) -> None:
        """End the override; the schedule applies again."""
        await keep(interaction)
        bot = interaction.client
        services = bot.services(interaction)
        by = await person_of(interaction)
        ended = await services.schedules.end_override(services.guild_id, self.number, by=by)
        told = [(one, await services.oncall.known(services.guild_id, one.who)) for one in ended]
        await redraw(interaction, Screen(text(ended_said(bot.voice(interaction), told))))
