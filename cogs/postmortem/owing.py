"""`/postmortem done` and `owner`, and the buttons [✅ 書いた] and [↩️ 元に戻す]."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.named_incidents import NUMBER_OPTION, Number, named
from bot.ui.people import person_from, person_of
from bot.ui.screens.postmortems.answers import done_screen, given, undone
from bot.ui.verbs import IncidentVerb, template
from cogs.postmortem.group import offer_owed, postmortem_group

#: A date as people type it.
Due = app_commands.Range[str, 1, 40]


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_done, press_undo)


@postmortem_group.command(
    name="done", description=locale_str("The postmortem is written", key="commands.postmortem_done")
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_owed)
async def done(interaction: Interaction, number: Number | None = None) -> None:
    """Mark the postmortem as done, which ends its reminders; the answer has a button to undo that."""
    await wait(interaction)
    await _done(interaction, (await named(interaction, number)).id)


@postmortem_group.command(
    name="owner",
    description=locale_str("Hand the postmortem over, or move its date", key="commands.postmortem_owner"),
)
@described(
    user=locale_str("Who writes it from now on (empty: as before)", key="commands.postmortem_user"),
    due=locale_str(
        "The new date: 12/5, next friday, 3 business days (empty: as before)", key="commands.postmortem_due"
    ),
    number=NUMBER_OPTION,
)
@app_commands.autocomplete(number=offer_owed)
async def owner(
    interaction: Interaction,
    user: discord.Member | discord.User | None = None,
    due: Due | None = None,
    number: Number | None = None,
) -> None:
    """Hand the postmortem over to another person, or move its date.

    Discord also offers people who have left.
    """
    await wait(interaction)
    if user is not None and not isinstance(user, discord.Member):
        raise UserError("owner_not_member", who=user.display_name)
    incident, by = await named(interaction, number), person_from(interaction.user)
    to = None if user is None else person_from(user)
    postmortems = services_of(interaction).postmortems
    result = await postmortems.give(incident.id, to=to, due=due or "", by=by)
    await reply(interaction, given(voice_of(interaction), result))


@control(template(IncidentVerb.POSTMORTEM_DONE))
async def press_done(interaction: Interaction, pressed: Pressed) -> None:
    """[✅ 書いた] of a reminder: mark the postmortem as done."""
    await wait(interaction)
    await _done(interaction, pressed.number)


@control(template(IncidentVerb.POSTMORTEM_UNDO))
async def press_undo(interaction: Interaction, pressed: Pressed) -> None:
    """[↩️ 元に戻す]: the postmortem is owed again."""
    await wait(interaction)
    by = await person_of(interaction)
    result = await services_of(interaction).postmortems.undo(pressed.number, by=by)
    await reply(interaction, undone(voice_of(interaction), result))


async def _done(interaction: Interaction, number: int) -> None:
    by = await person_of(interaction)
    result = await services_of(interaction).postmortems.done(number, by=by)
    await reply(interaction, view=done_screen(voice_of(interaction), result))
