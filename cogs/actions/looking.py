"""`/action list`, its pages, and the screen of one item."""

from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.actions.listing import ActionView
from bot.domain.errors import UserError
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.components import Screen
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.named_incidents import named_or_here, offer_incidents
from bot.ui.people import person_of
from bot.ui.screens.actions.action_items import (
    OPEN,
    PAGE,
    PAGE_SIZE,
    AskedList,
    item_screen,
    list_screen,
)
from cogs.actions.group import NUMBER_OPTION, Number, action_group

LISTS: Final = [
    Choice(name=locale_str("Open", key="commands.action_open"), value="open"),
    Choice(name=locale_str("Mine", key="commands.action_mine"), value="mine"),
    Choice(name=locale_str("Overdue", key="commands.action_overdue"), value="overdue"),
    Choice(name=locale_str("Done and dropped", key="commands.action_closed"), value="done"),
]


def register(bot: IncidentBot) -> None:
    bot.add_controls(turn_page, open_chosen)


@action_group.command(name="list", description=locale_str("List action items", key="commands.action_list"))
@described(which=locale_str("Which of them", key="commands.action_which"), number=NUMBER_OPTION)
@app_commands.choices(which=LISTS)
@app_commands.autocomplete(number=offer_incidents)
async def list_(
    interaction: Interaction, which: Choice[str] | None = None, number: Number | None = None
) -> None:
    """List the items of this thread's incident; elsewhere all that the person may see."""
    await wait(interaction)
    chosen = "open" if which is None else which.value
    incident = await named_or_here(interaction, number)
    asked = AskedList(
        view=ActionView.OPEN if chosen == "mine" else ActionView(chosen),
        mine=chosen == "mine",
        incident_id=0 if incident is None else incident.id,
    )
    await reply(interaction, view=await _list(interaction, asked))


@control(PAGE)
async def turn_page(interaction: Interaction, pressed: Pressed) -> None:
    """[◀ 前のページ] [次のページ ▶]: turn the page."""
    await keep(interaction)
    await redraw(interaction, await _list(interaction, AskedList.of(pressed.fields)))


@control(OPEN)
async def open_chosen(interaction: Interaction, pressed: Pressed) -> None:
    """Show the item that was chosen from the list, beside the list."""
    await wait(interaction)
    if not pressed.chosen.isdecimal():
        raise UserError("control_outdated")
    by, lists = await person_of(interaction), services_of(interaction).action_lists
    details = await lists.details(int(pressed.chosen), by=by)
    await reply(interaction, view=item_screen(voice_of(interaction), details))


async def _list(interaction: Interaction, asked: AskedList) -> Screen:
    by, services = await person_of(interaction), services_of(interaction)
    lists = services.action_lists
    wanted = asked.wanted(by=by.id, today=await lists.today())
    page = await lists.page(services.guild_id, wanted, by=by, limit=PAGE_SIZE, offset=asked.page * PAGE_SIZE)
    return list_screen(voice_of(interaction), page, asked)
