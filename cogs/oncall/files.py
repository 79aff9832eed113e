"""`/oncall schedule export | import`: iCalendar, out and in."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.i18n.options import described
from bot.services.oncall.calendars import BIGGEST
from bot.ui.components import Control
from bot.ui.interaction import keep, redraw, reply, wait
from bot.ui.people import person_from, person_of
from bot.ui.screens.oncall_console import (
    IMPORT,
    LEAVE,
    calendar_file,
    imported_screen,
    left_screen,
    preview_screen,
)
from cogs.oncall.group import PLACE_OPTION, Place, Press, offer_places, schedule_group


def register(bot: IncidentBot) -> None:
    """The buttons."""
    bot.add_controls(Import, LeaveImport)


@schedule_group.command(
    name="export", description=locale_str("As an iCalendar file", key="commands.oncall_export")
)
async def export(interaction: Press) -> None:
    """The next 90 days."""
    await wait(interaction)
    bot = interaction.client
    services = bot.services(interaction)
    data = await services.calendars.export(services.guild_id)
    await reply(interaction, bot.voice(interaction).say("oncall.exported"), file=calendar_file(data))


@schedule_group.command(
    name="import",
    description=locale_str("From an iCalendar file; shows first what changes", key="commands.oncall_import"),
)
@described(file=locale_str("An .ics file", key="commands.oncall_file"), place=PLACE_OPTION)
@app_commands.autocomplete(place=offer_places)
async def import_file(interaction: Press, file: discord.Attachment, place: Place | None = None) -> None:
    """Preview first; nothing changes yet."""
    await wait(interaction)
    bot = interaction.client
    services = bot.services(interaction)
    if file.size > BIGGEST:  # as Discord says: it is not fetched at all
        raise UserError("oncall_file_too_big", most=BIGGEST // 1024)
    by = person_from(interaction.user)
    preview = await services.calendars.preview(services.guild_id, await file.read(), place=place, by=by)
    await reply(interaction, view=preview_screen(bot.voice(interaction), preview))


class Import(Control, template=IMPORT):
    """[取り込む]."""

    async def press(self, interaction: Press) -> None:
        """Put the import into force."""
        await keep(interaction)
        bot, by = interaction.client, await person_of(interaction)
        services = bot.services(interaction)
        numbers = [int(number) for number in self.fields["drafts"].split("-")]
        places = await services.calendars.confirm(services.guild_id, numbers, by=by)
        await redraw(interaction, imported_screen(bot.voice(interaction), places))


class LeaveImport(Control, template=LEAVE):
    """[やめる]."""

    async def press(self, interaction: Press) -> None:
        """Nothing has changed."""
        await keep(interaction)
        await redraw(interaction, left_screen(interaction.client.voice(interaction)))
