"""`/incident list | show | resolve | note`. In an incident's thread its number can be left out."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot.client import IncidentBot
from bot.domain.errors import BotError
from bot.domain.incident import Incident, Status
from bot.services.incidents import NOTE_LIMIT
from bot.ui.components import Control
from bot.ui.incident_console import (
    ANY_STATUS,
    PAGE_SIZE,
    list_screen,
    quit_screen,
    resolve_question,
    resolved_screen,
    show_screen,
)
from bot.ui.inert import plain
from bot.ui.interaction import redraw, reply, wait
from bot.ui.people import person_from

Press = discord.Interaction[IncidentBot]
Number = app_commands.Range[int, 1, 2**53 - 1]  # Discord: the integers that an option can carry
Note = app_commands.Range[str, 1, NOTE_LIMIT]

_OFFERED: Final = 25  # Discord: choices of an autocomplete

NUMBER_OPTION: Final = locale_str("The INC number; not needed in its thread", key="commands.incident_number")
STATUSES: Final = [
    Choice(name=locale_str("Not acknowledged", key="commands.status_triggered"), value="triggered"),
    Choice(name=locale_str("Being handled", key="commands.status_acknowledged"), value="acknowledged"),
    Choice(name=locale_str("Resolved", key="commands.status_resolved"), value="resolved"),
]


@app_commands.guild_only()
class IncidentCommands(
    commands.GroupCog,
    name="incident",
    description=locale_str("See, annotate and resolve incidents", key="commands.incident"),
):
    """What people ask of an incident by name."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Register the controls of the screens."""
        self.bot.add_controls(Page, Open, ResolveNow, Quit)

    @app_commands.command(name="list", description=locale_str("List incidents", key="commands.incident_list"))
    @app_commands.describe(status=locale_str("Only this state", key="commands.incident_status"))
    @app_commands.choices(status=STATUSES)
    async def list_(self, interaction: Press, status: Choice[str] | None = None) -> None:
        """Newest first."""
        await wait(interaction)
        await reply(
            interaction, view=await _list(interaction, status.value if status else ANY_STATUS, page=0)
        )

    @app_commands.command(
        name="show",
        description=locale_str("State, deadlines and what is due next", key="commands.incident_show"),
    )
    @app_commands.describe(number=NUMBER_OPTION)
    async def show(self, interaction: Press, number: Number | None = None) -> None:
        """One incident."""
        await wait(interaction)
        incident = await self._find(interaction, number)
        await _show(interaction, incident.id)

    @app_commands.command(
        name="resolve", description=locale_str("Resolve an incident", key="commands.incident_resolve")
    )
    @app_commands.describe(number=NUMBER_OPTION)
    async def resolve(self, interaction: Press, number: Number | None = None) -> None:
        """Ask first: it cannot be undone."""
        await wait(interaction)
        incident = await self._find(interaction, number)
        await self.bot.services.incidents.require_responder(incident.id, person_from(interaction.user))
        await reply(interaction, view=resolve_question(self.bot.voice(interaction), incident))

    @app_commands.command(
        name="note",
        description=locale_str("Put a note on the timeline and in the thread", key="commands.incident_note"),
    )
    @app_commands.describe(
        text=locale_str("What should be kept", key="commands.incident_text"), number=NUMBER_OPTION
    )
    async def note(self, interaction: Press, text: Note, number: Number | None = None) -> None:
        """A note of one line; the button 📝 takes several."""
        await wait(interaction)
        incident = await self._find(interaction, number)
        by, key = person_from(interaction.user), f"interaction:{interaction.id}"
        await self.bot.services.incidents.note(incident.id, by=by, text=text, key=key)
        await reply(interaction, self.bot.voice(interaction).say("consoles.said.note", label=incident.label))

    @show.autocomplete("number")
    @resolve.autocomplete("number")
    @note.autocomplete("number")
    async def _offer(self, _interaction: Press, typed: int | str) -> list[Choice[int]]:
        """Open incidents whose number or title holds what was typed; none while they cannot be read."""
        try:
            found = await self.bot.services.incidents.open_ones(self.bot.guild_id)
        except BotError:
            return []
        wanted = str(typed or "").casefold()
        names = {one.id: f"{one.label} {one.severity} {plain(one.title, limit=60)}" for one in found}
        fitting = [number for number, name in names.items() if wanted in name.casefold()]
        return [Choice(name=names[number], value=number) for number in fitting[:_OFFERED]]

    async def _find(self, interaction: Press, number: int | None) -> Incident:
        return await self.bot.services.incidents.find(number=number, thread_id=interaction.channel_id)


class Page(Control, template=r"inc:v1:list:(?P<status>[a-z]{1,12}):(?P<page>\d{1,6})"):
    """[◀ 新しい方] [古い方 ▶]."""

    async def press(self, interaction: Press) -> None:
        """Turn the page."""
        await interaction.response.defer()
        page = int(self.fields["page"])
        await redraw(interaction, await _list(interaction, self.fields["status"], page=page))


class Open(Control, template=r"inc:v1:open"):
    """One of the list."""

    async def press(self, interaction: Press) -> None:
        """Show it beside the list."""
        await wait(interaction)
        await _show(interaction, int(self.chosen))


class ResolveNow(Control, template=r"inc:v1:resolve-now:(?P<number>\d{1,18})"):
    """[✅ 解決にする], after the question."""

    async def press(self, interaction: Press) -> None:
        """End the incident."""
        await interaction.response.defer()
        by = person_from(interaction.user)
        incident = await interaction.client.services.incidents.resolve(self.number, by=by)
        await redraw(interaction, resolved_screen(interaction.client.voice(interaction), incident))


class Quit(Control, template=r"ui:v1:quit"):
    """[やめる] of any question."""

    async def press(self, interaction: Press) -> None:
        """Nothing is changed, and the question says so."""
        await interaction.response.edit_message(view=quit_screen(interaction.client.voice(interaction)))


async def _list(interaction: Press, status: str, *, page: int) -> discord.ui.LayoutView:
    only = Status(status) if status in set(Status) else None
    bot = interaction.client
    incidents = await bot.services.incidents.recent(
        bot.guild_id, status=only, limit=PAGE_SIZE + 1, offset=page * PAGE_SIZE
    )
    return list_screen(bot.voice(interaction), incidents, status=only, page=page)


async def _show(interaction: Press, number: int) -> None:
    view = await interaction.client.services.incidents.view(number)
    await reply(interaction, view=show_screen(interaction.client.voice(interaction), view))


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(IncidentCommands(bot))
