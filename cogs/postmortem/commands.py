"""`/postmortem`, and the buttons [📄 ふりかえり], [✅ 書いた] and [↩️ 元に戻す]."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import UserError
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.buttons import template
from bot.ui.choices import NUMBER_OPTION, Number, named, offer_incidents, offered
from bot.ui.interaction import (
    Interaction,
    person_from,
    person_of,
    reply,
    reply_with_files,
    services_of,
    voice_of,
    wait,
)
from cogs.postmortem.posts import DONE, SHOW, UNDO
from cogs.postmortem.screens import attached, done_screen, drafted, given, shown, undone
from cogs.postmortem.use_cases import PostmortemUseCases

postmortem_group: Final = app_commands.Group(
    name="postmortem",
    description=locale_str("Postmortems of resolved incidents", key="commands.postmortem"),
    guild_only=True,
)


async def offer_owed(interaction: Interaction, typed: int | str) -> list[Choice[int]]:
    """Offer the incidents that owe a postmortem, the earliest date first."""
    services, by = services_of(interaction), person_from(interaction.user)
    owing = services.of(PostmortemUseCases).postmortems
    return await offered(interaction, owing.offered(services.guild_id, by=by), typed)


@postmortem_group.command(
    name="draft",
    description=locale_str(
        "Draft the postmortem, and attach it to the thread", key="commands.postmortem_draft"
    ),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def draft(interaction: Interaction, number: Number | None = None) -> None:
    """Draft the postmortem from the current facts; a later draft replaces the file."""
    await wait(interaction)
    incident, by = await named(interaction, number), person_from(interaction.user)
    made = await _use_cases(interaction).documents.draft(incident.id, by=by)
    await reply(interaction, drafted(voice_of(interaction), made))


@postmortem_group.command(
    name="show",
    description=locale_str("The draft of the postmortem, its owner and date", key="commands.postmortem_show"),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def show(interaction: Interaction, number: Number | None = None) -> None:
    """Show the latest draft to the person who asks, with its owner and due date."""
    await wait(interaction)
    await _show(interaction, (await named(interaction, number)).id)


@control(template(SHOW))
async def press_show(interaction: Interaction, pressed: Pressed) -> None:
    """[📄 ふりかえり]: show the same."""
    await wait(interaction)
    await _show(interaction, pressed.number)


async def _show(interaction: Interaction, number: int) -> None:
    view = await _use_cases(interaction).documents.show(number, by=person_from(interaction.user))
    voice = voice_of(interaction)
    today = interaction.created_at.astimezone(voice.policy.timezone).date()
    said = shown(voice, view, today=today)
    await reply_with_files(interaction, said, embeds=[], files=lambda: attached(view.file))


#: A date as people type it.
Due = app_commands.Range[str, 1, 40]


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
    postmortems = _use_cases(interaction).postmortems
    result = await postmortems.give(incident.id, to=to, due=due or "", by=by)
    await reply(interaction, given(voice_of(interaction), result))


@control(template(DONE))
async def press_done(interaction: Interaction, pressed: Pressed) -> None:
    """[✅ 書いた] of a reminder: mark the postmortem as done."""
    await wait(interaction)
    await _done(interaction, pressed.number)


@control(template(UNDO))
async def press_undo(interaction: Interaction, pressed: Pressed) -> None:
    """[↩️ 元に戻す]: the postmortem is owed again."""
    await wait(interaction)
    by = await person_of(interaction)
    result = await _use_cases(interaction).postmortems.undo(pressed.number, by=by)
    await reply(interaction, undone(voice_of(interaction), result))


async def _done(interaction: Interaction, number: int) -> None:
    by = await person_of(interaction)
    result = await _use_cases(interaction).postmortems.done(number, by=by)
    await reply(interaction, view=done_screen(voice_of(interaction), result))


def _use_cases(interaction: Interaction) -> PostmortemUseCases:
    return services_of(interaction).of(PostmortemUseCases)
