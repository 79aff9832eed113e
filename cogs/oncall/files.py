"""`/oncall schedule export | import`: iCalendar, out and in."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.i18n.options import described
from bot.services.oncall.calendars import BIGGEST
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.people import person_from, person_of
from bot.ui.screens.oncall.console import (
    IMPORT,
    LEAVE,
    calendar_file,
    imported_screen,
    left_screen,
    preview_screen,
)
from cogs.oncall.group import PLACE_OPTION, Place, offer_places, schedule_group


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_import, press_leave_import)


@schedule_group.command(
    name="export", description=locale_str("Export an iCalendar file", key="commands.oncall_export")
)
async def export(interaction: Interaction) -> None:
    """Export the next 90 days."""
    await wait(interaction)
    services = services_of(interaction)
    data = await services.calendars.export(services.guild_id, by=person_from(interaction.user))
    await reply(interaction, voice_of(interaction).say("oncall.exported"), file=calendar_file(data))


@schedule_group.command(
    name="import",
    description=locale_str(
        "Import an iCalendar file; shows first what changes", key="commands.oncall_import"
    ),
)
@described(file=locale_str("An .ics file", key="commands.oncall_file"), place=PLACE_OPTION)
@app_commands.autocomplete(place=offer_places)
async def import_file(interaction: Interaction, file: discord.Attachment, place: Place | None = None) -> None:
    """Preview the import; nothing changes yet."""
    await wait(interaction)
    services = services_of(interaction)
    if file.size > BIGGEST:  # as Discord says: it is not fetched at all
        raise UserError("oncall_file_too_big", most=BIGGEST // 1024)
    by = person_from(interaction.user)
    preview = await services.calendars.preview(services.guild_id, await file.read(), place=place, by=by)
    drafts = [(draft.place, draft.content) for draft in preview.drafts]
    doubled = await services.oncall_checks.of_import(services.guild_id, drafts)
    await reply(interaction, view=preview_screen(voice_of(interaction), preview, doubled))


@control(IMPORT)
async def press_import(interaction: Interaction, pressed: Pressed) -> None:
    """[取り込む]: apply the import."""
    await keep(interaction)
    by = await person_of(interaction)
    services = services_of(interaction)
    numbers = [int(number) for number in pressed.fields["drafts"].split("-")]
    places = await services.calendars.confirm(services.guild_id, numbers, by=by)
    doubled = await services.oncall_checks.of_places(services.guild_id, *places)
    await redraw(interaction, imported_screen(voice_of(interaction), places, doubled))


@control(LEAVE)
async def press_leave_import(interaction: Interaction, _pressed: Pressed) -> None:
    """[やめる]: drop the import, and say that nothing has changed."""
    await keep(interaction)
    await redraw(interaction, left_screen(voice_of(interaction)))
