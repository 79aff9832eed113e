"""`/triage` and its form, first and once more when it was refused. And `/sev1 件名`."""

from dataclasses import replace
from typing import cast

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.capability import RefusedReport
from bot.client import IncidentBot
from bot.domain.calendar.typed_times import parse_start_time
from bot.domain.errors import StorageUnavailable, UserError
from bot.domain.triage.session import NewTriage
from bot.i18n.translator import described
from bot.services.incidents.opening import TITLE_LIMIT
from bot.services.triage.sources import AlreadyRaised
from bot.ui.answers import Pressed, control
from bot.ui.forms.fields import TRIAGE_FORM, Submitted, ask, triage_form
from bot.ui.interaction import Interaction, person_from, reply, services_of, voice_of, wait
from bot.ui.screens.outcome import (
    RETRY,
    URGENT,
    offer,
    open_and_show,
    opened_or_raised,
    raised_card,
    reported,
    retry_message,
    typed_before,
)
from bot.ui.screens.triage_card import show_card
from cogs.triage.form import admit, evidence_for, open_form, source_of

Title = app_commands.Range[str, 1, TITLE_LIMIT]


def register(bot: IncidentBot) -> None:
    """Add the commands, the form, and in each server one short command per severity of its policy."""
    bot.add_form(TRIAGE_FORM, send_triage)
    bot.add_controls(press_retry, press_urgent)
    bot.tree.add_command(triage)
    for services in bot.served:
        for name in services.policy.severities:
            bot.tree.add_command(short_command(name), guild=discord.Object(services.guild_id))


@app_commands.command(
    name="triage",
    description=locale_str("Report a problem: a few questions decide the severity", key="commands.triage"),
)
@app_commands.guild_only()
async def triage(interaction: Interaction) -> None:
    """Open the form. Discord takes a modal only as the first response: nothing slow is awaited before it."""
    if await admit(interaction, RefusedReport()):
        await open_form(interaction)


@control(RETRY)
async def press_retry(interaction: Interaction, pressed: Pressed) -> None:
    """[直して送る]: open the form again with what was typed, read from the message that was pressed on."""
    voice = voice_of(interaction)
    typed = typed_before(voice, cast("discord.Message", interaction.message), pressed.fields)
    await ask(interaction, triage_form(voice, typed, source=source_of(pressed.fields)))


def short_command(severity: str) -> app_commands.Command[app_commands.Group, ..., None]:
    """Make `/sev1 件名` for the severity of this name."""

    @app_commands.command(
        name=severity.lower(),
        description=locale_str("Raise an alert of this severity at once", key="commands.short"),
    )
    @described(title=locale_str("What is happening", key="commands.title"))
    @app_commands.guild_only()
    async def declare(interaction: Interaction, title: Title) -> None:
        await wait(interaction)
        await open_and_show(interaction, reported(interaction, severity, title=title))

    return declare


async def send_triage(interaction: Interaction, form: Submitted) -> None:
    """Begin the walk, or say what is wrong with the start time."""
    await wait(interaction)
    policy, source = services_of(interaction).policy, source_of(form.fields)
    typed = form.typed(policy)
    try:
        started_at = parse_start_time(typed.started, now=interaction.created_at, timezone=policy.timezone)
    except UserError as refused:
        text, embed, view = retry_message(voice_of(interaction), typed, refused, source=source)
        await reply(interaction, text, embed=embed, view=view)
        return
    try:
        new = NewTriage(
            guild_id=services_of(interaction).guild_id,
            by=person_from(interaction.user),
            title=typed.title,
            targets=typed.targets,
            symptoms=typed.symptoms,
            started_at=started_at,
            key=f"interaction:{interaction.id}",
            channel_id=interaction.channel_id if source is None else source.channel_id,
            source_message_id=None if source is None else source.message_id,
            evidence=None if source is None else await evidence_for(interaction, source),
        )
        triage = await services_of(interaction).triages.start(new)
    except AlreadyRaised as raised:
        await reply(interaction, view=raised_card(voice_of(interaction), raised.incident))
    except StorageUnavailable:
        services = services_of(interaction)
        urgent = [name for name in services.policy.severities if services.emergency.covers(name)]
        if not urgent:  # the policy has no severity that may be raised without the database
            raise
        text, embed, offered = offer(voice_of(interaction), typed, urgent)
        await reply(interaction, text, embed=embed, view=offered)
    else:
        await show_card(interaction, triage)


@control(URGENT)
async def press_urgent(interaction: Interaction, pressed: Pressed) -> None:
    """[SEV1 を発報する] under a triage that cannot go on: raise it without the database.

    When the database is back by now, it is opened as always.
    """
    await wait(interaction)
    services, voice = services_of(interaction), voice_of(interaction)
    message = cast("discord.Message", interaction.message)
    typed = typed_before(voice, message, pressed.fields)
    new = reported(interaction, str(pressed.fields["severity"]), title=typed.title)
    try:
        started_at = parse_start_time(
            typed.started, now=message.created_at, timezone=services.policy.timezone
        )
    except UserError:
        started_at = message.created_at
    incident = await opened_or_raised(
        interaction,
        # One per offer: pressed twice it is one incident.
        replace(
            new,
            targets=typed.targets,
            symptoms=typed.symptoms,
            started_at=started_at,
            key=f"urgent:{message.id}",
        ),
    )
    if incident is not None:
        await reply(interaction, voice.say("consoles.triage.sent", label=incident.label))
